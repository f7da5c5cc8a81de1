/** The kernel in which a step failed: whether it waits to be opened, and the way into it. */

import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { statusOf } from './failure';
import { faultOf } from './fault';
import { isOver } from './reduce';
import type { Shown } from './shown';
import type { State } from './state';
import type { IClient, INotebooks } from './tokens';
import type { Run } from './wire';

/** Milliseconds before the server is asked again: the kernel opens its sockets meanwhile. */
const PAUSES = [700, 2500];

/** Asks for the kernel of the failure that the panel tells of, and opens it. */
export class FailedKernel implements IDisposable {
  constructor(
    private readonly client: IClient,
    private readonly notebooks: INotebooks,
    private readonly shown: Shown
  ) {
    shown.changed.connect(this.onChanged, this);
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    this.run = null;
    Signal.disconnectReceiver(this);
  }

  /** Open the failed step in its kernel; where that is gone, the panel says so. */
  async open(): Promise<void> {
    const { run, failedKernel } = this.shown.state;
    if (run === null || failedKernel?.is !== 'there') {
      return;
    }
    const { task } = failedKernel;
    this.shown.set({ failedKernel: { task, is: 'opening' } });
    try {
      await this.notebooks.openDraft(await this.client.failedKernel(run, task));
      this.shown.set({ failedKernel: { task, is: 'there' } });
    } catch (error) {
      const isGone = statusOf(error) === 404;
      this.shown.set({ failedKernel: { task, is: isGone ? 'gone' : 'there' } });
      if (!isGone) {
        this.shown.fail(error);
      }
    }
  }

  private onChanged(_: unknown, { run, failedKernel, server }: State): void {
    if (run === this.run || !this.shown.visible || server.is !== 'ready') {
      return;
    }
    const isOther = run === null || run.id !== this.run?.id || !isOver(run.state);
    this.run = run;
    const task = run === null ? null : failedTask(run);
    if (isOther && failedKernel !== null) {
      this.shown.set({ failedKernel: null });
    }
    if (run !== null && task !== null) {
      void this.look(run, task);
    }
  }

  /** Ask whether the kernel is there; one that was and is not any more is gone. */
  private async look(run: Run, task: string): Promise<void> {
    for (const pause of [0, ...PAUSES]) {
      await new Promise(resolve => setTimeout(resolve, pause));
      if (run !== this.run) {
        return;
      }
      const isThere = await this.isThere(run, task);
      if (run !== this.run) {
        return;
      }
      if (isThere) {
        this.shown.set({ failedKernel: { task, is: 'there' } });
        return;
      }
    }
    if (this.shown.state.failedKernel !== null) {
      this.shown.set({ failedKernel: { task, is: 'gone' } });
    }
  }

  private async isThere(run: Run, task: string): Promise<boolean> {
    try {
      return (await this.client.task(run, task)).lingers === true;
    } catch {
      return false; // nothing is lost but an offer
    }
  }

  /** The run that was asked for. */
  private run: Run | null = null;
  private _disposed = false;
}

/** The task that a failed run is told of by, if its kernel may wait. */
function failedTask(run: Run): string | null {
  const fault = isOver(run.state) ? faultOf(run, []) : null;
  const task = run.tasks?.find(each => each.task === fault?.task);
  return task?.state === 'failed' ? task.task : null;
}
