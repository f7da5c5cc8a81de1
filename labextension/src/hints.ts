/** Hints of the server that runs have news: many of them are taken together. */

import type { Event } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Throttler } from '@lumino/polling';
import { Signal } from '@lumino/signaling';

/** The schema under which the server tells that a run has news. */
export const RUN_EVENT = 'https://nbpipe.org/events/run/v1';

/** Milliseconds within which hints are taken for one. */
const TOGETHER = 1000;

/** Calls `hear` with the runs that have news, at most once a second. */
export class Hints implements IDisposable {
  constructor(
    private readonly stream: Event.Stream,
    private readonly hear: (runs: ReadonlySet<string>) => void
  ) {
    stream.connect(this.onEvent, this);
  }

  get isDisposed(): boolean {
    return this.throttler.isDisposed;
  }

  dispose(): void {
    this.stream.disconnect(this.onEvent, this);
    this.throttler.dispose();
    Signal.clearData(this);
  }

  private onEvent(_: unknown, event: Event.Emission): void {
    const run: unknown = event['run'];
    if (event.schema_id === RUN_EVENT && typeof run === 'string') {
      this.runs.add(run);
      void this.throttler.invoke();
    }
  }

  private tell(): void {
    const runs = this.runs;
    this.runs = new Set();
    this.hear(runs);
  }

  private runs = new Set<string>();
  private readonly throttler = new Throttler(() => this.tell(), {
    limit: TOGETHER,
    edge: 'trailing'
  });
}
