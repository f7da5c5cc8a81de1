/** Tells when a long run ends, wherever on the page the person is. */

import { Notification } from '@jupyterlab/apputils';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { faultOf } from './fault';
import type { PipelineModel } from './model';
import { isOver } from './reduce';
import type { State } from './state';
import { CommandIDs } from './tokens';
import { trans } from './translation';
import type { Run } from './wire';
import { duration } from './words';

/** What is told of the end of a run. */
export interface News {
  readonly kind: 'success' | 'error' | 'warning';
  readonly sentence: string;
  /** The step whose notebook shows what failed. */
  readonly failing: string | null;
}

/** Watches the run that is shown, and tells of its end if it took long. */
export class Herald implements IDisposable {
  constructor(
    model: PipelineModel,
    private readonly commands: CommandRegistry
  ) {
    model.changed.connect(this.onChanged, this);
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  dispose(): void {
    this.disposed = true;
    Signal.disconnectReceiver(this);
  }

  private onChanged(_: unknown, state: State): void {
    const { run } = state;
    const before = this.before;
    this.before = run === null ? null : { id: run.id, isOver: isOver(run.state) };
    if (run !== null && before?.id === run.id && !before.isOver && isOver(run.state)) {
      this.tell(run, state);
    }
  }

  private tell(run: Run, state: State): void {
    const { tellAfter } = state.settings;
    if (tellAfter >= 0 && secondsOf(run) >= tellAfter) {
      const news = newsOf(run, state);
      const actions = [this.action(trans.__('Open run'), CommandIDs.showRun, { run: run.id })];
      if (news.failing !== null) {
        const args = { step: news.failing };
        actions.push(this.action(trans.__('Open failing notebook'), CommandIDs.openFailing, args));
      }
      Notification.emit(news.sentence, news.kind, {
        actions,
        autoClose: news.kind === 'success' ? 10_000 : false
      });
    }
  }

  private action(label: string, command: string, args: { [name: string]: string }) {
    return { label, callback: () => void this.commands.execute(command, args) };
  }

  private before: { readonly id: string; readonly isOver: boolean } | null = null;
  private disposed = false;
}

/** What is to be said of a run that ended. */
export function newsOf(
  run: Run,
  { cells, compiled, path }: Pick<State, 'cells' | 'compiled' | 'path'>
): News {
  const name = compiled?.name || (path ?? run.path);
  const took = duration(secondsOf(run));
  switch (run.state) {
    case 'ok':
      return {
        kind: 'success',
        sentence: trans.__('%1 ended well after %2.', name, took),
        failing: null
      };
    case 'failed': {
      const fault = faultOf(run, cells);
      const why = fault === null ? '' : ` ${fault.sentence}`;
      return {
        kind: 'error',
        sentence: trans.__('%1 failed after %2.', name, took) + why,
        failing: fault?.hasNotebook ? fault.step : null
      };
    }
    case 'cancelled':
      return {
        kind: 'warning',
        sentence: trans.__('%1 was cancelled after %2.', name, took),
        failing: null
      };
    default:
      return {
        kind: 'warning',
        sentence: trans.__('%1 was interrupted. Resume it: what is stored is reused.', name),
        failing: null
      };
  }
}

function secondsOf({ started, finished }: Run): number {
  return finished === null ? 0 : Math.max(0, (Date.parse(finished) - Date.parse(started)) / 1000);
}
