/** What is authored: the current notebook's cells and tags, compiled as they change. */

import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';

import type { Shown } from './shown';
import { EMPTY, rolesIn } from './state';
import { isTagged, writeTags } from './tags';
import type { TagChange } from './tags';
import type { IClient, INotebooks } from './tokens';
import type { NotebookContent } from './wire';

const QUIET = 150;

/** Reads the current notebook, changes its tags and keeps what the compiler says of it. */
export class Authored implements IDisposable {
  constructor(
    private readonly client: IClient,
    private readonly notebooks: INotebooks,
    private readonly shown: Shown
  ) {}

  get isDisposed(): boolean {
    return this._debouncer.isDisposed;
  }

  dispose(): void {
    this._debouncer.dispose();
  }

  /** Change what the tags of a cell say. */
  setTags(id: string, change: TagChange): void {
    const cell = this.shown.state.cells.find(each => each.id === id);
    if (cell) {
      this.notebooks.setTags(id, writeTags(cell.tags, change));
    }
  }

  /** Add and remove tags as a problem offers it. */
  fix(id: string, add: readonly string[], remove: readonly string[]): void {
    const cell = this.shown.state.cells.find(each => each.id === id);
    if (cell) {
      const kept = cell.tags.filter(tag => !remove.includes(tag));
      this.notebooks.setTags(id, [...kept, ...add.filter(tag => !kept.includes(tag))]);
    }
  }

  /** Go to a cell, in another notebook of the project if it is there. */
  async goTo(notebook: string | null, cell: string): Promise<void> {
    const { path, compiled } = this.shown.state;
    const other = [compiled?.project, notebook].filter(Boolean).join('/');
    if (notebook !== null && other !== path) {
      await this.shown.attempt(() => this.notebooks.open(other));
    }
    this.notebooks.goTo(cell);
  }

  /** Take over the cells as they are now. */
  read(): void {
    const cells = this.notebooks.cells();
    const tagged = isTagged(cells) || this.notebooks.hasSettings;
    this.shown.set({ cells, tagged, active: this.notebooks.active });
  }

  /** Compile the next time whatever was compiled last. */
  forget(): void {
    this._sent = '';
  }

  /** Compile when typing rests. */
  compileSoon(): void {
    void this._debouncer.invoke();
  }

  /** Compile what is open, unless that was done already. */
  async compile(): Promise<void> {
    const { path, tagged, scope } = this.shown.state;
    if (path === null || !(tagged || scope === 'project') || this.isDisposed) {
      this._sent = '';
      this.notebooks.paint(null);
      this.shown.set({ compiled: null, roles: EMPTY.roles, compiling: false });
      return;
    }
    const notebook = this.notebooks.content();
    const text = JSON.stringify(notebook);
    if (text === this._sent) {
      return;
    }
    this._sent = text;
    this.shown.set({ compiling: true });
    await this.compileNow(path, notebook, text);
  }

  private async compileNow(path: string, notebook: NotebookContent, text: string): Promise<void> {
    try {
      const { scope } = this.shown.state;
      const compiled = await this.client.compile({ path, notebook, scope });
      const now = this.shown.state;
      if (this._sent === text && now.path === path && now.scope === scope) {
        const roles = rolesIn(compiled, path);
        this.notebooks.paint(roles);
        this.shown.set({ compiled, roles, plan: null, compiling: false, message: '' });
      }
    } catch (error) {
      if (this._sent === text) {
        this._sent = '';
        this.shown.set({ compiling: false });
        this.shown.fail(error);
      }
    }
  }

  private _sent = '';
  private readonly _debouncer = new Debouncer(() => this.compile(), QUIET);
}
