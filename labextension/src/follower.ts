/** Follows one run: what it was, then its news, until it ends or nobody looks. */

import { sentenceOf, statusOf } from './failure';
import { addToLog, isOver, reduce } from './reduce';
import type { Shown } from './shown';
import { withCounts } from './state';
import type { IClient } from './tokens';
import type { Run, RunEvent } from './wire';

/** Seconds to wait for news: what a cell writes is asked for as often. */
const WAIT = 3;
const LEAVES: ReadonlySet<string> = new Set(['task-finished', 'task-reused', 'tasks-added']);
const PAUSES = [500, 2000, 5000, 15000];

/** Reads the news of the run that is shown, and shows it. */
export class Follower {
  constructor(
    private readonly client: IClient,
    private readonly shown: Shown
  ) {}

  get isFollowing(): boolean {
    return this._following !== null;
  }

  stop(): void {
    this._following?.abort();
    this._following = null;
  }

  /** Show the run as it is, then as it goes on; ends with the run, or when nobody looks. */
  async follow(): Promise<void> {
    this.stop();
    const name = this.shown.state.run;
    if (name === null || !this.shown.visible) {
      return;
    }
    const stop = new AbortController();
    this._following = stop;
    const before = await this.keepTrying(stop, () => this.client.events(name, 0, 0, stop.signal));
    const run = await this.keepTrying(stop, () => this.client.run(name));
    if (before === null || run === null) {
      return;
    }
    this.shown.set({ log: [] });
    this._read = 0;
    await this.tell(run, before.events, stop);
    await this.followOn(run, before.last, stop);
    if (!stop.signal.aborted) {
      this._following = null;
    }
  }

  private async followOn(name: Run, last: number, stop: AbortController): Promise<void> {
    let done = isOver(name.state);
    while (!stop.signal.aborted && !done) {
      const after = last;
      const news = await this.keepTrying(stop, () =>
        this.client.events(name, after, WAIT, stop.signal)
      );
      if (news === null) {
        return;
      }
      last = Math.max(last, news.last);
      const told = news.events.reduce(reduce, this.shown.state.run ?? name);
      done = news.done || isOver(told.state);
      // At the end, and where a task ended, the server knows more than its events say.
      const more = done || news.events.some(({ kind }) => LEAVES.has(kind));
      const run = more ? await this.keepTrying(stop, () => this.client.run(name)) : told;
      if (run === null) {
        return;
      }
      await this.tell(run, news.events, stop);
    }
  }

  /** Take over how a run stands, with what its cells wrote since the last time. */
  private async tell(run: Run, events: readonly RunEvent[], stop: AbortController): Promise<void> {
    this.shown.set({
      run,
      runs: this.shown.state.runs.map(each => (each.id === run.id ? withCounts(run) : each))
    });
    const from = this._read;
    const written = await this.keepTrying(stop, () => this.client.output(run, from));
    if (written !== null) {
      this._read = written.next;
      this.shown.set({ log: addToLog(this.shown.state.log, events, written.lines) });
    }
  }

  private async keepTrying<T>(stop: AbortController, ask: () => Promise<T>): Promise<T | null> {
    for (let failures = 0; ; failures++) {
      try {
        const answer = await ask();
        return stop.signal.aborted ? null : answer;
      } catch (error) {
        if (stop.signal.aborted) {
          return null;
        }
        this.shown.set({ message: sentenceOf(error) });
        if (statusOf(error) >= 400 && statusOf(error) < 500) {
          return null;
        }
        await pause(PAUSES[Math.min(failures, PAUSES.length - 1)] ?? 0, stop.signal);
      }
    }
  }

  private _following: AbortController | null = null;
  /** Bytes of the run's output that were read. */
  private _read = 0;
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
