/** The state of the pipeline in the status bar; a click leads to the panel. */

import type { IStatusBar } from '@jupyterlab/statusbar';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import React from 'react';

import { StateMark } from './components/statemark';
import { pipelineIcon } from './icon';
import type { PipelineModel } from './model';
import { isOver, progress } from './reduce';
import type { State } from './state';
import { CommandIDs } from './tokens';
import { trans } from './translation';

/** Add the item; it is shown while there is a run to speak of. */
export function addStatus(
  statusBar: IStatusBar,
  model: PipelineModel,
  commands: CommandRegistry
): void {
  const item = new StatusItem(model, commands);
  statusBar.registerStatusItem('jupyterlab-nbpipe:run', {
    item,
    align: 'left',
    rank: 20,
    isActive: () => item.isActive,
    activeStateChanged: item.activeChanged
  });
}

class StatusItem extends ReactWidget {
  constructor(
    private readonly model: PipelineModel,
    private readonly commands: CommandRegistry
  ) {
    super();
    this.addClass('nbpipe-Status');
    model.changed.connect(this.onChanged, this);
  }

  readonly activeChanged = new Signal<this, void>(this);

  get isActive(): boolean {
    const { run, settings } = this.model.state;
    return run !== null && settings.statusBar;
  }

  protected override render(): React.JSX.Element {
    return (
      <UseSignal signal={this.model.changed} shouldUpdate={() => this.isDue()}>
        {() => (
          <RunStatus
            state={this.model.state}
            onClick={() => void this.commands.execute(CommandIDs.showPanel)}
          />
        )}
      </UseSignal>
    );
  }

  private isDue(): boolean {
    const words = wordsOf(this.model.state);
    const isDue = words !== this.shown;
    this.shown = words;
    return isDue;
  }

  private onChanged(): void {
    if (this.isActive !== this.wasActive) {
      this.wasActive = this.isActive;
      this.activeChanged.emit();
    }
  }

  private shown = '';
  private wasActive = false;
}

interface IRunStatusProps {
  readonly state: State;
  readonly onClick: () => void;
}

export function RunStatus({ state, onClick }: IRunStatusProps): React.JSX.Element | null {
  const { run, path } = state;
  if (run === null) {
    return null;
  }
  const { done, total } = progress(run);
  return (
    <button
      type="button"
      className="nbpipe-Status-button"
      title={trans.__('Pipeline of %1: show it', path ?? run.path)}
      onClick={onClick}
    >
      <pipelineIcon.react tag="span" className="nbpipe-Status-icon" />
      <span>{trans.__('Pipeline')}</span>
      <StateMark state={run.state} />
      {isOver(run.state) ? null : <span>{`${done}/${total}`}</span>}
    </button>
  );
}

/** What is shown, in short: drawn again only when it differs. */
function wordsOf({ run, path }: State): string {
  return run === null ? '' : [path, run.id, run.state, ...Object.values(progress(run))].join();
}
