/** Follows one run: how it stands, then its news, until it ends or nobody looks. */

import { isAway, sentenceOf, statusOf } from './failure';
import { addToLog } from './loglines';
import type { LogLine } from './loglines';
import { Fold, isOver } from './reduce';
import type { Shown } from './shown';
import type { State } from './state';
import { inShort } from './state';
import type { IClient, Since } from './tokens';
import type { Events, Output, Run, RunEvent } from './wire';

/** Seconds after which a request for news is answered in any case. */
const WAIT = 20;
/** Events in one answer from which on more are likely to wait; the server sends 400 at most. */
const MANY = 300;
/** Milliseconds before the server is asked again, longer each time. */
const PAUSES = [500, 2000, 5000, 15000];

/** Where the run that is followed stands in what is shown. */
export interface IFollowed {
  read(state: State): Run | null;
  /** What changes when news of it came. */
  write(state: State, run: Run, log: readonly LogLine[]): Partial<State>;
}

const SHOWN_RUN: IFollowed = {
  read: ({ run }) => run,
  write: ({ runs }, run, log) => {
    const brief = inShort(run);
    return { run, runs: runs.map(each => (each.id === run.id ? brief : each)), log };
  }
};

/** Reads the news of the run that is shown, and shows it. */
export class Follower {
  constructor(
    private readonly client: IClient,
    private readonly shown: Shown,
    private readonly followed: IFollowed = SHOWN_RUN
  ) {}

  get isFollowing(): boolean {
    return this.following !== null;
  }

  stop(): void {
    this.following?.abort();
    this.following = null;
  }

  /** Show the run as it is, then as it goes on; ends with the run, or when nobody looks. */
  async follow(): Promise<void> {
    this.stop();
    const run = this.followed.read(this.shown.state);
    if (run === null || !this.isWanted(run)) {
      return;
    }
    const stop = new AbortController();
    this.following = stop;
    await this.followOne(run, stop);
    if (!stop.signal.aborted) {
      this.following = null;
    }
  }

  /** A run is looked at in the panel; one that goes on matters to the rest of the page too. */
  private isWanted(run: Run): boolean {
    return this.shown.visible || (this.shown.awake && !isOver(run.state));
  }

  private async followOne(name: Run, stop: AbortController): Promise<void> {
    const run = await this.keepTrying(stop, () => this.client.run(name));
    const notes = await this.keepTrying(stop, () => this.client.notes(name));
    const output = await this.keepTrying(stop, () => this.client.lastOutput(name));
    if (run !== null && notes !== null && output !== null) {
      // What was noted since comes again with the news.
      const old = notes.filter(({ seq }) => seq <= (run.seq ?? 0));
      const log = this.logged([], old, output);
      this.show(run, log);
      const since = { after: run.seq ?? 0, output: output.next, wait: WAIT };
      await this.followOn(run, log, since, stop);
    }
  }

  private async followOn(
    name: Run,
    begun: readonly LogLine[],
    begin: Since,
    stop: AbortController
  ): Promise<void> {
    const fold = new Fold(name);
    let since = begin;
    let drawn = 0;
    let log = begun;
    while (!isOver(fold.state) && !stop.signal.aborted) {
      const news = await this.news(name, since, stop);
      if (news === null) {
        return;
      }
      news.events.forEach(event => fold.add(event));
      log = this.logged(log, news.events, news.output);
      if (news.done || isOver(fold.state)) {
        return this.finish(name, log, stop);
      }
      since = { after: news.last, output: news.output?.next ?? since.output, wait: WAIT };
      // Where much is to be caught up with, more is read before it is drawn.
      if (news.events.length < MANY || Date.now() - drawn >= this.rest) {
        this.show(fold.run, log);
        drawn = Date.now();
      }
      await pause(news.events.length < MANY ? this.rest : 0, stop.signal);
    }
  }

  private news(name: Run, since: Since, stop: AbortController): Promise<Events | null> {
    return this.keepTrying(stop, () => this.client.events(name, since, stop.signal));
  }

  /** At its end the run is asked for once more: an engine that was killed told no events. */
  private async finish(name: Run, log: readonly LogLine[], stop: AbortController): Promise<void> {
    const run = await this.keepTrying(stop, () => this.client.run(name));
    if (run !== null) {
      this.show(run, log);
    }
  }

  private show(run: Run, log: readonly LogLine[]): void {
    this.shown.set(this.followed.write(this.shown.state, run, log));
  }

  private logged(
    log: readonly LogLine[],
    events: readonly RunEvent[],
    output: Output | undefined
  ): readonly LogLine[] {
    return addToLog(log, events, output?.lines ?? [], this.shown.state.settings.logLines);
  }

  /** Milliseconds between two pictures; news that come in between are shown together. */
  private get rest(): number {
    return 1000 / Math.max(0.1, this.shown.state.settings.picturesPerSecond);
  }

  private async keepTrying<T>(stop: AbortController, ask: () => Promise<T>): Promise<T | null> {
    for (let failures = 0; ; failures++) {
      try {
        const answer = await ask();
        if (failures > 0 && !stop.signal.aborted) {
          this.shown.set({ away: false });
        }
        return stop.signal.aborted ? null : answer;
      } catch (error) {
        if (stop.signal.aborted) {
          return null;
        }
        this.shown.set(isAway(error) ? { away: true } : { message: sentenceOf(error) });
        if (statusOf(error) >= 400 && statusOf(error) < 500) {
          return null;
        }
        await pause(PAUSES[Math.min(failures, PAUSES.length - 1)] ?? 0, stop.signal);
      }
    }
  }

  private following: AbortController | null = null;
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, Math.max(0, milliseconds));
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
