/** Looks out for a server that went away: restarted, say, or behind a network that is down. */

import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal } from '@lumino/signaling';

import { isAway } from './failure';
import type { Shown } from './shown';
import type { State } from './state';
import type { IClient } from './tokens';

const FREQUENCY = { interval: 1000, backoff: 1.5, max: 15_000 };

/** Asks again and again while the server is away and the page is seen. */
export class Lookout implements IDisposable {
  /** @param back Called when the server answers again. */
  constructor(
    private readonly client: IClient,
    private readonly shown: Shown,
    private readonly back: () => void
  ) {
    shown.changed.connect(this.onChanged, this);
  }

  get isDisposed(): boolean {
    return this.poll.isDisposed;
  }

  dispose(): void {
    Signal.disconnectReceiver(this);
    this.poll.dispose();
  }

  private onChanged(_: unknown, { away }: State): void {
    if (away !== this.looking && !this.isDisposed) {
      this.looking = away;
      void (away ? this.poll.start() : this.poll.stop());
    }
  }

  private async ask(): Promise<void> {
    try {
      await this.client.hello();
    } catch (error) {
      if (isAway(error)) {
        throw error; // The poll comes back, later each time.
      }
    }
    this.shown.set({ away: false });
    this.back();
  }

  private looking = false;
  private readonly poll = new Poll({
    name: 'nbpipe:lookout',
    auto: false,
    factory: () => this.ask(),
    frequency: FREQUENCY,
    standby: 'when-hidden'
  });
}
