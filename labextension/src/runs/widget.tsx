/** A tab of the main area: the list of runs, a run, or runs side by side. */

import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import React from 'react';

import { pipelineIcon } from '../icon';
import { trans } from '../translation';
import type { IDoors, IPast, Spec } from './contracts';

const View = React.lazy(() => import('./view'));

export interface IPastOptions {
  readonly past: IPast;
  readonly doors: IDoors;
  readonly isDark: () => boolean;
}

/** Asks nothing of the server while it is hidden. */
export class PastWidget extends ReactWidget {
  constructor(
    readonly spec: Spec,
    private readonly options: IPastOptions
  ) {
    super();
    this.id = nameOf(spec);
    this.addClass('nbpipe-PastWidget');
    this.title.label = titleOf(spec);
    this.title.caption = captionOf(spec);
    this.title.icon = pipelineIcon;
    this.title.closable = true;
    document.addEventListener('visibilitychange', this.look);
  }

  override dispose(): void {
    document.removeEventListener('visibilitychange', this.look);
    super.dispose();
  }

  protected override render(): React.JSX.Element {
    const { past, doors, isDark } = this.options;
    return (
      <React.Suspense fallback={<div className="nbpipe-Past" aria-busy="true" />}>
        <View
          spec={this.spec}
          past={past}
          doors={doors}
          visible={this.isVisible && document.visibilityState === 'visible'}
          dark={isDark()}
        />
      </React.Suspense>
    );
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.update();
  }

  private readonly look = (): void => this.update();
}

/** The same for the same spec, so that a tab that is open is found again. */
export function nameOf(spec: Spec): string {
  const rest = spec.kind === 'run' ? spec.id : spec.kind === 'compare' ? spec.ids.join(' ') : '';
  return `nbpipe-past ${spec.kind} ${spec.path} ${rest}`.trim();
}

function titleOf(spec: Spec): string {
  switch (spec.kind) {
    case 'runs':
      return trans.__('Runs');
    case 'run':
      return trans.__('Run %1', spec.id.slice(-4));
    case 'compare':
      return trans.__('Compare runs');
  }
}

function captionOf(spec: Spec): string {
  return spec.kind === 'run' ? trans.__('Run %1 of %2', spec.id, spec.path) : spec.path;
}
