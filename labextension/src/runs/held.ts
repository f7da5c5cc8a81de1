/** A value that is shown: changed in one place, told to whoever draws it. */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { sentenceOf } from '../failure';

/** Holds what a view draws; nothing changes any more once it is disposed of. */
export class Held<S extends { readonly message: string }> implements IDisposable {
  constructor(private _state: S) {}

  /** Emitted after each change of `state`. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get state(): S {
    return this._state;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    Signal.clearData(this);
  }

  set(change: Partial<S>): void {
    if (!this._disposed) {
      this._state = { ...this._state, ...change };
      this._changed.emit();
    }
  }

  /** Do what may fail; the view says why it did. Returns whether it did not. */
  async attempt(act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      this.set({ message: sentenceOf(error) } as Partial<S>);
      return false;
    }
  }

  private _disposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
