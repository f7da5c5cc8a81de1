/** What is shown: one value, changed in one place, and who is told of it. */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { isAway, sentenceOf } from './failure';
import type { State } from './state';
import { EMPTY } from './state';

/** Holds the state that the panel draws; the parts of the model write it, React reads it. */
export class Shown implements IDisposable {
  /** Emitted after each change of `state`. */
  get changed(): ISignal<this, State> {
    return this._changed;
  }

  get state(): State {
    return this._state;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    Signal.clearData(this);
  }

  /** Take over what changed; nothing happens after disposal. */
  set(change: Partial<State>): void {
    if (!this._disposed) {
      this._state = { ...this._state, ...change };
      this._changed.emit(this._state);
    }
  }

  /** Do what may fail; the panel says why it did. */
  async attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Show that something failed: a sentence, or that the server is away. */
  fail(error: unknown): void {
    this.set(isAway(error) ? { away: true } : { message: sentenceOf(error) });
  }

  /** Whether the panel is seen: nothing is compiled or listed while it is not. */
  visible = false;

  /** Whether the page is seen: a run that goes on is followed as long. */
  awake = false;

  private _state: State = EMPTY;
  private _disposed = false;
  private readonly _changed = new Signal<this, State>(this);
}
