/** What is authored: the current notebook's cells and tags, changed, and compiled as they change. */

import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';

import type { Edit, Source } from './edits';
import { asOneStep, cured, grouped, optioned, ordered, renamed, retagged } from './edits';
import { marksOf } from './marks';
import type { Shown } from './shown';
import { EMPTY, inside, outside, rolesIn } from './state';
import { isName, isTagged, writeTags } from './tags';
import type { TagChange } from './tags';
import type { IClient, INotebooks } from './tokens';
import { trans } from './translation';
import type { Fix, Json, NotebookContent } from './wire';

/** Typing rests; with the compiler's time the graph follows within 200 ms. */
const QUIET = 30;

/** To send that many characters takes the page time, which typing needs: it waits for a real rest. */
const LONG = 100_000;
const REST = 250;

/** Reads the current notebook, edits it and its project, and keeps what the compiler says. */
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
    this._patient.dispose();
  }

  /** Change what the tags of a cell say. */
  async setTags(id: string, change: TagChange): Promise<void> {
    const cell = this.shown.state.cells.find(each => each.id === id);
    if (cell) {
      await this.edit(null, () => retagged(id, writeTags(cell.tags, change)));
    }
  }

  /** Change what a problem offers as its cure. */
  async fix(notebook: string | null, fix: Fix): Promise<void> {
    await this.edit(notebook, source => cured(source, fix));
  }

  /** Make an edit of the current notebook. */
  async change(make: (source: Source) => Edit): Promise<void> {
    await this.edit(null, make);
  }

  /** Make the cells that are selected a step. */
  async makeStep(name: string): Promise<void> {
    const { selected } = this.notebooks;
    await this.edit(null, source => grouped(source, new Set(selected), name));
  }

  /** Call a step otherwise, in all notebooks of the project that name it. */
  async renameStep(step: string, name: string): Promise<void> {
    const { path, compiled } = this.shown.state;
    if (path === null || name === step) {
      return;
    }
    await this.shown.attempt(async () => {
      this.refuseName(name);
      const named = await this.client.mentions(path, step);
      const open = compiled ? this.notebooks.openIn(compiled.project) : [];
      const edits = new Map<string, Edit>();
      for (const each of new Set([path, ...open, ...named])) {
        edits.set(each, renamed(await this.notebooks.read(each), step, name));
      }
      await this.make(edits);
    });
  }

  /** Let a step come after another, or no longer so. */
  async setOrder(step: string, after: string, wanted: boolean): Promise<void> {
    await this.edit(this.notebookOf(step), source => ordered(source, step, after, wanted));
  }

  /** Set an option of a step; null takes its default again. */
  async setOption(step: string, option: string, value: Json): Promise<void> {
    await this.edit(this.notebookOf(step), source => optioned(source, step, option, value));
  }

  /** Make the whole notebook one step; null makes it a notebook of cell steps again. */
  async setOneStep(name: string | null): Promise<void> {
    await this.edit(null, source => asOneStep(source, name));
  }

  /** The same for a notebook that may be closed: one that is a step is none afterwards. */
  async toggleOneStep(path: string, name: string): Promise<void> {
    await this.shown.attempt(async () => {
      const source = await this.notebooks.read(path);
      const is = typeof source.metadata?.step === 'string';
      await this.make(new Map([[path, asOneStep(source, is ? null : name)]]));
    });
  }

  /** Go to a cell, in another notebook of the project if it is there. */
  async goTo(notebook: string | null, cell: string | null, line: number | null): Promise<void> {
    const { path, compiled } = this.shown.state;
    const other = notebook === null ? path : outside(notebook, compiled);
    if (other !== null && other !== path) {
      await this.shown.attempt(() => this.notebooks.open(other));
    }
    if (cell !== null) {
      this.notebooks.goTo(cell, line);
    }
  }

  /** Take over the cells as they are now. */
  read(): void {
    const cells = this.notebooks.cells();
    const { metadata, active, selected } = this.notebooks;
    const tagged = isTagged(cells) || metadata !== null;
    this.shown.set({ cells, metadata, active, selected, tagged });
  }

  /** Compile the next time whatever was compiled last. */
  forget(): void {
    this._sent = '';
  }

  /** Take over what is typed when typing rests. */
  followSoon(): void {
    if (this._size > LONG) {
      void this._patient.invoke();
    } else {
      void this._debouncer.invoke();
    }
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
    this._size = text.length;
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
        this.notebooks.paint(marksOf(compiled, inside(path, compiled), roles));
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

  private async follow(): Promise<void> {
    this.read();
    if (this.shown.visible && this.shown.state.server.is === 'ready') {
      await this.compile();
    }
  }

  /** Edit one notebook, as the pipeline names it; null is the current one. */
  private async edit(notebook: string | null, make: (source: Source) => Edit): Promise<void> {
    const { path, compiled } = this.shown.state;
    const where = notebook === null ? path : outside(notebook, compiled);
    if (where !== null) {
      await this.shown.attempt(async () => {
        await this.make(new Map([[where, make(await this.notebooks.read(where))]]));
      });
    }
  }

  /** Make edits, and show at once what they change. */
  private async make(edits: ReadonlyMap<string, Edit>): Promise<void> {
    await this.notebooks.edit(edits);
    if ([...edits.keys()].some(path => path !== this.shown.state.path)) {
      this.forget();
    }
    await this.follow();
  }

  private notebookOf(step: string): string | null {
    const { compiled } = this.shown.state;
    return compiled?.steps.find(({ name }) => name === step)?.notebook ?? null;
  }

  private refuseName(name: string): void {
    if (!isName(name)) {
      throw new Error(trans.__('%1 cannot be the name of a step.', name));
    }
    if (this.shown.state.compiled?.steps.some(each => each.name === name)) {
      throw new Error(trans.__('There is a step %1 already.', name));
    }
  }

  private _sent = '';
  private _size = 0;
  private readonly _debouncer = new Debouncer(() => this.follow(), QUIET);
  private readonly _patient = new Debouncer(() => this.follow(), REST);
}
