/** Suggests steps for the current notebook; nothing is written before a person accepts. */

import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';

import type { Authored } from './authored';
import type { Shown } from './shown';
import type { Suggestion } from './suggestion';
import { editOf, isAcceptable, isFirst, notesOf, undecided } from './suggestion';
import type { IClient, INotebooks } from './tokens';

/** Milliseconds after the last change before steps are asked for again. */
const QUIET = 400;

/** Asks for suggestions, keeps what is decided of them, and follows what is typed. */
export class Suggesting implements IDisposable {
  constructor(
    private readonly client: IClient,
    private readonly notebooks: INotebooks,
    private readonly authored: Authored,
    private readonly shown: Shown
  ) {}

  get isDisposed(): boolean {
    return this._debouncer.isDisposed;
  }

  dispose(): void {
    this._debouncer.dispose();
  }

  /** Ask for steps, whatever was decided before. */
  async suggest(): Promise<void> {
    this.show(null);
    this.shown.set({ suggesting: true, message: '' });
    await this.ask(null);
    this.shown.set({ suggesting: false });
  }

  /** Leave out what is suggested for a cell; a step that does not begin there ends later. */
  async leaveOut(cell: string): Promise<void> {
    const { suggestion } = this.shown.state;
    if (suggestion !== null && !isFirst(suggestion, cell)) {
      const next = { ...suggestion, leftOut: new Set([...suggestion.leftOut, cell]) };
      this.show(next);
      await this.ask(next);
    }
  }

  /** Give a suggested step another name. */
  rename(cell: string, name: string): void {
    const { suggestion } = this.shown.state;
    if (suggestion !== null) {
      this.show({ ...suggestion, names: new Map([...suggestion.names, [cell, name]]) });
    }
  }

  /** Let a cell stay out of the pipeline, or no longer. */
  choose(cell: string, chosen: boolean): void {
    const { suggestion } = this.shown.state;
    if (suggestion !== null) {
      const others = [...suggestion.chosen].filter(each => each !== cell);
      this.show({ ...suggestion, chosen: new Set(chosen ? [...others, cell] : others) });
    }
  }

  /** Write what is left of the suggestion: one edit, taken back by one undo. */
  async accept(): Promise<void> {
    const { suggestion } = this.shown.state;
    if (suggestion !== null && isAcceptable(suggestion)) {
      this.show(null);
      await this.authored.change(source => editOf(source, suggestion));
    }
  }

  /** Put the suggestion away. */
  drop(): void {
    this.show(null);
  }

  /** The notebook changed: what is suggested is asked for again when typing rests. */
  followSoon(): void {
    if (this.shown.state.suggestion !== null) {
      void this._debouncer.invoke();
    }
  }

  private async follow(): Promise<void> {
    const { suggestion } = this.shown.state;
    if (suggestion !== null && this.shown.visible) {
      await this.ask(suggestion);
    }
  }

  /** Ask the server; what was decided before counts on. */
  private async ask(before: Suggestion | null): Promise<void> {
    const { path } = this.shown.state;
    if (path === null) {
      return;
    }
    const without = [...(before?.leftOut ?? [])];
    const asked = ++this._asked;
    await this.shown.attempt(async () => {
      const notebook = this.notebooks.content();
      const proposal = await this.client.suggest({ path, notebook, without });
      const now = this.shown.state;
      if (asked === this._asked && path === now.path) {
        this.show({ ...(now.suggestion ?? undecided(proposal)), proposal });
      }
    });
  }

  private show(suggestion: Suggestion | null): void {
    if (suggestion === null) {
      this._asked++; // what is still asked for is not wanted any more
    }
    const leaveOut = (cell: string): void => void this.leaveOut(cell);
    this.notebooks.note('suggested', suggestion && notesOf(suggestion, leaveOut));
    this.shown.set({ suggestion });
  }

  private _asked = 0;
  private readonly _debouncer = new Debouncer(() => this.follow(), QUIET);
}
