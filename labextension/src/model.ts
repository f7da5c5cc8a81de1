/** What the panel shows: follows the notebook and its runs; knows neither page nor HTTP. */

import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { fromText } from './parameters';
import { addToLog, isOver, reduce } from './reduce';
import type { Scope, Server, State } from './state';
import { EMPTY, isInside, rolesIn, withCounts } from './state';
import { isTagged, writeTags } from './tags';
import type { TagChange } from './tags';
import type { IClient, INotebooks } from './tokens';
import { API } from './tokens';
import type { Json, NotebookContent, Run, RunEvent, RunRequest } from './wire';

const QUIET = 150;
/** Seconds to wait for news: what a cell writes is asked for as often. */
const WAIT = 3;
const LEAVES: ReadonlySet<string> = new Set(['task-finished', 'task-reused', 'tasks-added']);
const PAUSES = [500, 2000, 5000, 15000];

/** Follows the current notebook, compiles it as it changes, and follows one run of it. */
export class PipelineModel implements IDisposable {
  constructor(
    private readonly client: IClient,
    private readonly notebooks: INotebooks
  ) {
    notebooks.currentChanged.connect(this.onCurrent, this);
    notebooks.edited.connect(this.onEdited, this);
    notebooks.activeChanged.connect(this.onActive, this);
  }

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

  /** Whether anybody looks: nothing is asked of the server while nobody does. */
  get visible(): boolean {
    return this._visible;
  }

  set visible(visible: boolean) {
    if (visible === this._visible || this._disposed) {
      return;
    }
    this._visible = visible;
    if (visible) {
      void this.wake();
    } else {
      this.stopFollowing();
    }
  }

  dispose(): void {
    if (this._disposed) {
      return;
    }
    this._disposed = true;
    this.stopFollowing();
    this._debouncer.dispose();
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  /** Ask the server again after it did not answer. */
  async retry(): Promise<void> {
    this.set({ server: { is: 'unknown' }, message: '' });
    await this.wake();
  }

  /** Change what the tags of a cell say. */
  setTags(id: string, change: TagChange): void {
    const cell = this._state.cells.find(each => each.id === id);
    if (cell) {
      this.notebooks.setTags(id, writeTags(cell.tags, change));
    }
  }

  /** Add and remove tags as a problem offers it. */
  fix(id: string, add: readonly string[], remove: readonly string[]): void {
    const cell = this._state.cells.find(each => each.id === id);
    if (cell) {
      const kept = cell.tags.filter(tag => !remove.includes(tag));
      this.notebooks.setTags(id, [...kept, ...add.filter(tag => !kept.includes(tag))]);
    }
  }

  /** Show the notebook alone, or its whole project. */
  async setScope(scope: Scope): Promise<void> {
    this.stopFollowing();
    this._sent = '';
    this.set({ scope, run: null, runs: [], log: [], looking: false });
    await this.compile();
    await this.refreshRuns();
  }

  /** Ask what a run would do now. */
  async askPlan(): Promise<void> {
    await this.attempt(async () => {
      const { tasks } = await this.client.plan(this.request(this._state.scope === 'notebook'));
      this.set({ plan: new Map(tasks.map(task => [task.step, task])) });
    });
  }

  /** Set what was typed for a parameter; null takes its default again. */
  setParameter(name: string, text: string | null): void {
    const { [name]: _, ...rest } = this._state.typed;
    this.set({ typed: text === null ? rest : { ...rest, [name]: text }, plan: null });
  }

  /**
   * Start a run of the current notebook.
   *
   * @param asItIs Run what is open, saved or not; else what is on disk.
   */
  async start(asItIs: boolean): Promise<Run | null> {
    if (this._state.path === null || this._state.starting) {
      return null;
    }
    this.set({ starting: true, message: '' });
    try {
      const run = await this.client.start(this.request(asItIs));
      this.took(run);
      return run;
    } catch (error) {
      this.set({ message: sentence(error) });
      return null;
    } finally {
      this.set({ starting: false });
    }
  }

  /** Ask the run that is shown to stop. */
  async cancel(): Promise<void> {
    const { run } = this._state;
    if (run) {
      await this.attempt(() => this.client.cancel(run));
    }
  }

  /** Take up the run that is shown from what it has stored. */
  async resume(): Promise<void> {
    const { run } = this._state;
    if (run) {
      await this.attempt(async () => this.took(await this.client.resume(run)));
    }
  }

  /** Show a run from the list; null shows the notebook and its last run. */
  async show(id: string | null): Promise<void> {
    const run = this._state.runs.find(each => each.id === (id ?? this._state.runs[0]?.id));
    this.set({ run: run ?? null, looking: id !== null, log: [] });
    await this.follow();
  }

  /** Show a step's executed notebook at the cell that failed, else where its own cells begin. */
  async openStep(step: string, task: string | null): Promise<void> {
    const tasks = (this._state.run?.tasks ?? []).filter(
      each => each.step === step && each.notebook !== null
    );
    const chosen =
      tasks.find(each => each.task === task) ?? tasks.find(each => each.error) ?? tasks[0];
    const begin = this._state.compiled?.steps.find(each => each.name === step);
    if (chosen?.notebook) {
      const { notebook, error } = chosen;
      const cell = error?.cell ?? begin?.cells[0] ?? null;
      await this.attempt(() => this.notebooks.openExecuted(notebook, cell));
      return;
    }
    if (begin?.cells[0] !== undefined) {
      await this.goTo(begin.notebook, begin.cells[0]);
    }
  }

  /** Go to a cell, in another notebook of the project if it is there. */
  async goTo(notebook: string | null, cell: string): Promise<void> {
    const { path, compiled } = this._state;
    const other = [compiled?.project, notebook].filter(Boolean).join('/');
    if (notebook !== null && other !== path) {
      await this.attempt(() => this.notebooks.open(other));
    }
    this.notebooks.goTo(cell);
  }

  /** Parameters that differ from their defaults, as values; throws for one that is no value. */
  parameters(): { [name: string]: Json } {
    const values: { [name: string]: Json } = {};
    for (const parameter of this._state.compiled?.parameters ?? []) {
      const text = this._state.typed[parameter.name];
      const reading = text === undefined ? null : fromText(parameter, text);
      if (reading?.ok === false) {
        throw new Error(`Parameter ${parameter.name}: ${reading.message}. Nothing was run.`);
      }
      if (reading !== null) {
        values[parameter.name] = reading.value;
      }
    }
    return values;
  }

  /** What is to be run: the notebook, as it is or from disk, or the whole project from disk. */
  private request(asItIs: boolean): RunRequest {
    const { path, scope } = this._state;
    const notebook = asItIs && scope === 'notebook' ? this.notebooks.content() : null;
    return { path: path ?? '', scope, notebook, parameters: this.parameters() };
  }

  private async wake(): Promise<void> {
    await this.greet();
    this.onCurrent();
  }

  private async greet(): Promise<void> {
    if (this._state.server.is === 'ready') {
      return;
    }
    try {
      const { version, api } = await this.client.hello();
      this.set({ server: api === API ? { is: 'ready' } : { is: 'other', version, api } });
    } catch (error) {
      this.set({ server: statusOf(error) === 404 ? { is: 'missing' } : failing(error) });
    }
  }

  private onCurrent(): void {
    const { path } = this.notebooks;
    if (path !== this._state.path) {
      this.stopFollowing();
      this._sent = '';
      this.set({ ...EMPTY, server: this._state.server, path, scope: this.scopeFor(path) });
    }
    this.read();
    if (this._visible && this._state.server.is === 'ready') {
      void this.compile();
      void this.refreshRuns();
    }
  }

  /** The whole project stays in view on the way from one of its notebooks to another. */
  private scopeFor(path: string | null): Scope {
    const { scope, compiled } = this._state;
    const inside = compiled && path !== null && isInside(path, compiled.project);
    return inside ? scope : 'notebook';
  }

  private onEdited(): void {
    this.read();
    if (this._visible && this._state.server.is === 'ready') {
      void this._debouncer.invoke();
    }
  }

  private onActive(): void {
    this.set({ active: this.notebooks.active });
  }

  private read(): void {
    const cells = this.notebooks.cells();
    const tagged = isTagged(cells) || this.notebooks.hasSettings;
    this.set({ cells, tagged, active: this.notebooks.active });
  }

  private async compile(): Promise<void> {
    const { path, tagged, scope } = this._state;
    if (path === null || !(tagged || scope === 'project') || this._disposed) {
      this._sent = '';
      this.notebooks.paint(null);
      this.set({ compiled: null, roles: EMPTY.roles, compiling: false });
      return;
    }
    const notebook = this.notebooks.content();
    const text = JSON.stringify(notebook);
    if (text === this._sent) {
      return;
    }
    this._sent = text;
    this.set({ compiling: true });
    await this.compileNow(path, notebook, text);
  }

  private async compileNow(path: string, notebook: NotebookContent, text: string): Promise<void> {
    try {
      const { scope } = this._state;
      const compiled = await this.client.compile({ path, notebook, scope });
      if (this._sent === text && this._state.path === path && this._state.scope === scope) {
        const roles = rolesIn(compiled, path);
        this.notebooks.paint(roles);
        this.set({ compiled, roles, plan: null, compiling: false, message: '' });
      }
    } catch (error) {
      if (this._sent === text) {
        this._sent = '';
        this.set({ compiling: false, message: sentence(error) });
      }
    }
  }

  private async refreshRuns(): Promise<void> {
    const { path, scope, compiled } = this._state;
    if (path === null) {
      return;
    }
    try {
      const runs = await this.client.runs(scope === 'project' ? (compiled?.project ?? path) : path);
      if (path === this._state.path && scope === this._state.scope && !this._disposed) {
        const run = this._state.run ?? runs[0] ?? null;
        const fresh = run !== this._state.run;
        this.set({ runs, run });
        if (fresh || this._following === null) {
          await this.follow();
        }
      }
    } catch (error) {
      this.set({ message: sentence(error) });
    }
  }

  private took(run: Run): void {
    const runs = [run, ...this._state.runs.filter(({ id }) => id !== run.id)];
    this.set({ run, runs, looking: false, log: [], plan: null, message: '' });
    void this.follow();
  }

  /** Show the run as it is, then as it goes on; ends with the run, or when nobody looks. */
  private async follow(): Promise<void> {
    this.stopFollowing();
    const name = this._state.run;
    if (name === null || !this._visible) {
      return;
    }
    const stop = new AbortController();
    this._following = stop;
    const before = await this.keepTrying(stop, () => this.client.events(name, 0, 0, stop.signal));
    const run = await this.keepTrying(stop, () => this.client.run(name));
    if (before === null || run === null) {
      return;
    }
    this.set({ log: [] });
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
      const told = news.events.reduce(reduce, this._state.run ?? name);
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
    this.set({
      run,
      runs: this._state.runs.map(each => (each.id === run.id ? withCounts(run) : each))
    });
    const from = this._read;
    const written = await this.keepTrying(stop, () => this.client.output(run, from));
    if (written !== null) {
      this._read = written.next;
      this.set({ log: addToLog(this._state.log, events, written.lines) });
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
        this.set({ message: sentence(error) });
        if (statusOf(error) >= 400 && statusOf(error) < 500) {
          return null;
        }
        await pause(PAUSES[Math.min(failures, PAUSES.length - 1)] ?? 0, stop.signal);
      }
    }
  }

  private stopFollowing(): void {
    this._following?.abort();
    this._following = null;
  }

  private async attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.set({ message: sentence(error) });
    }
  }

  private set(change: Partial<State>): void {
    if (!this._disposed) {
      this._state = { ...this._state, ...change };
      this._changed.emit(this._state);
    }
  }

  private _state: State = EMPTY;
  private _visible = false;
  private _disposed = false;
  private _sent = '';
  private _following: AbortController | null = null;
  /** Bytes of the run's output that were read. */
  private _read = 0;
  private readonly _changed = new Signal<this, State>(this);
  private readonly _debouncer = new Debouncer(() => this.compile(), QUIET);
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function failing(error: unknown): Server {
  return { is: 'failing', message: sentence(error) };
}

function statusOf(error: unknown): number {
  const status = (error as { status?: unknown } | null)?.status;
  return typeof status === 'number' ? status : 0;
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
