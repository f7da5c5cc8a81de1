/** A run as its page shows it: what it was, its news while it goes on, and what is looked at. */

import { Throttler } from '@lumino/polling';

import { isOver } from '../reduce';
import type { RunName } from '../tokens';
import { trans } from '../translation';
import type { Artifact, ListedTask, OutputLine, RunPage, TaskInFull } from '../wire';
import type { IDoors, IPast, Until, WhichTasks } from './contracts';
import { Held } from './held';
import { loadingCode } from './loading';

export type Tab = 'overview' | 'results' | 'log' | 'made-with';

export interface PageState {
  readonly name: RunName;
  readonly page: RunPage | null;
  readonly tab: Tab;
  /** The step that is looked at; null for none. */
  readonly step: string | null;
  readonly which: WhichTasks;
  /** Items of the step, those that were asked for; gaps are filled when they come in sight. */
  readonly items: ReadonlyMap<number, ListedTask>;
  readonly itemsFound: number;
  /** The task that is looked at, in full. */
  readonly task: TaskInFull | null;
  readonly log: readonly OutputLine[];
  /** Whether the log goes on further than was read. */
  readonly cut: boolean;
  readonly busy: boolean;
  /** What went well, for a moment. */
  readonly told: string;
  readonly message: string;
}

const WAIT = 20;
const NOT_OFTEN = 700;
const PART = 200;
const MOST_LINES = 5000;
const MOST_READS = 40;
const ANY: WhichTasks = { step: '', state: '', words: '' };

/** Follows one run; everything that its page does goes through here. */
export class PageModel extends Held<PageState> {
  constructor(
    private readonly past: IPast,
    private readonly doors: IDoors,
    name: RunName
  ) {
    super({
      name,
      page: null,
      tab: 'overview',
      step: null,
      which: ANY,
      items: new Map(),
      itemsFound: 0,
      task: null,
      log: [],
      cut: false,
      busy: false,
      told: '',
      message: ''
    });
  }

  get visible(): boolean {
    return this._following !== null;
  }

  /** Whether anybody looks: the run is followed only then. */
  set visible(visible: boolean) {
    if (visible && this._following === null && !this.isDisposed) {
      void this.follow();
    } else if (!visible) {
      this._following?.abort();
      this._following = null;
    }
  }

  override dispose(): void {
    this.visible = false;
    this._throttler.dispose();
    super.dispose();
  }

  setTab(tab: Tab): void {
    this.set({ tab });
    if (tab === 'log') {
      void this.readLog();
    }
  }

  /** Look at a step: at its task, or at its items where it fans out. */
  async look(step: string | null): Promise<void> {
    this.set({ step, task: null, which: { ...ANY, step: step ?? '' }, items: new Map(), told: '' });
    if (step !== null) {
      await this.seek(0);
      const only = this.state.itemsFound === 1 ? this.state.items.get(0) : undefined;
      if (only) {
        await this.lookAt(only.task);
      }
    }
  }

  /** Look at one task. */
  async lookAt(task: string | null): Promise<void> {
    const full = task === null ? null : await this.got(() => this.past.task(this.state.name, task));
    this.set({ task: full, told: '' });
  }

  /** Narrow the items of the step. */
  async narrow(change: Partial<WhichTasks>): Promise<void> {
    this.set({ which: { ...this.state.which, ...change }, items: new Map() });
    await this.seek(0);
  }

  /** Ask for the items around a row, if they are not there. */
  async seek(row: number): Promise<void> {
    const { name, which } = this.state;
    const from = Math.floor(row / PART) * PART;
    const there = this.state.items.has(from) || this._asked.has(from);
    if (there) {
      return;
    }
    this._asked.add(from);
    const part = await this.got(() => this.past.tasks(name, which, from, PART));
    this._asked.delete(from);
    if (part !== null && which === this.state.which) {
      const items = new Map(this.state.items);
      part.tasks.forEach((task, i) => items.set(from + i, task));
      this.set({ items, itemsFound: part.found });
    }
  }

  // what can be done with what is looked at

  openNotebook(task: TaskInFull): Promise<boolean> {
    const own = this.state.page?.graph.steps.find(({ name }) => name === task.step);
    const cell = task.error?.cell ?? own?.cells[0] ?? null;
    const path = task.notebook ?? '';
    return this.attempt(() => this.doors.openExecuted(path, cell));
  }

  /** Open a copy of the executed notebook with a kernel in which its state is back. */
  async openWithState(task: TaskInFull, until: Until): Promise<void> {
    this.set({ busy: true, message: '' });
    await this.attempt(async () => {
      const draft = await this.past.draft(this.state.name, task.task, until);
      await this.doors.openDraft(draft);
    });
    this.set({ busy: false });
  }

  /** Open a failed step in the kernel in which it failed; where that is gone, say what is left. */
  async openInItsKernel(task: TaskInFull): Promise<void> {
    this.set({ busy: true, message: '' });
    const opened = await this.attempt(async () => {
      const draft = await this.past.failedKernel(this.state.name, task.task);
      await this.doors.openDraft(draft);
    });
    if (!opened) {
      this.set({ task: { ...task, lingers: false } });
    }
    this.set({ busy: false });
  }

  /** Put code that loads an artifact into the notebook in front. */
  insert(task: TaskInFull, artifact: Artifact): string | null {
    const { page, name } = this.state;
    const where = { run: name.id, task: task.task };
    const project = page?.graph.project ?? '';
    return this.doors.insert(path => loadingCode(where, artifact.name, project, path));
  }

  async pin(): Promise<void> {
    const { page, name } = this.state;
    if (page) {
      await this.attempt(() => this.past.annotate(name, { pinned: !page.pinned }));
      await this.refresh();
    }
  }

  async say(): Promise<void> {
    const { page, name } = this.state;
    const { tags } = await this.past.list(name.path, NOTHING, null);
    const said = page && (await this.doors.askSaid(page, Object.keys(tags)));
    if (said) {
      await this.attempt(() => this.past.annotate(name, said));
      await this.refresh();
    }
  }

  /** Put the run beside the one before it. */
  async compareWithBefore(): Promise<void> {
    const { name, page } = this.state;
    await this.attempt(async () => {
      const { runs } = await this.past.list(page?.path ?? name.path, NOTHING, name.id);
      const before = runs[0];
      if (before === undefined) {
        throw new Error(trans.__('This is the first run: there is none before it.'));
      }
      this.doors.compare(name.path, [before.id, name.id]);
    });
  }

  showAll(): void {
    this.doors.openRuns(this.state.name.path);
  }

  imageUrl(digest: string): string {
    return this.past.imageUrl(digest, this.state.name.path);
  }

  fileUrl({ digest, name }: Artifact, ending = ''): string {
    return this.past.fileUrl(digest, this.state.name.path, `${name}${ending}`);
  }

  /** What is known of an artifact; asked once. */
  preview(digest: string): ReturnType<IPast['artifact']> {
    return this.past.artifact(digest, this.state.name.path);
  }

  text(digest: string): ReturnType<IPast['text']> {
    return this.past.text(digest, this.state.name.path);
  }

  // following

  async refresh(): Promise<void> {
    const page = await this.got(() => this.past.page(this.state.name));
    if (page !== null) {
      this.set({ page, message: '' });
    }
  }

  private async follow(): Promise<void> {
    const stop = new AbortController();
    this._following = stop;
    await this.refresh();
    let last = this.state.page?.last ?? 0;
    while (!stop.signal.aborted && this.state.page && !isOver(this.state.page.state)) {
      const news = await this.newsAfter(last, stop.signal);
      if (news === null) {
        await pause(2000);
        continue;
      }
      last = Math.max(last, news);
      await this._throttler.invoke();
    }
  }

  /** Wait for what happens next; returns its number, null where the server did not answer. */
  private async newsAfter(last: number, signal: AbortSignal): Promise<number | null> {
    try {
      return (await this.past.newsAfter(this.state.name, last, WAIT, signal)).last;
    } catch {
      return null;
    }
  }

  /** Look again at all that is shown. */
  private async again(): Promise<void> {
    await this.refresh();
    const { step, task, tab } = this.state;
    if (step !== null) {
      this.set({ items: new Map() });
      await this.seek(0);
    }
    if (task !== null) {
      await this.lookAt(task.task);
    }
    if (tab === 'log') {
      await this.readLog();
    }
  }

  private async readLog(): Promise<void> {
    for (let reads = 0; reads < MOST_READS; reads++) {
      const from = this._read;
      const part = await this.got(() => this.past.output(this.state.name, from));
      if (part === null || part.next === from) {
        return;
      }
      this._read = part.next;
      const log = [...this.state.log, ...part.lines];
      this.set({ log: log.slice(-MOST_LINES), cut: this.state.cut || log.length > MOST_LINES });
    }
    this.set({ cut: true });
  }

  private async got<T>(ask: () => Promise<T>): Promise<T | null> {
    let answer: T | null = null;
    await this.attempt(async () => {
      answer = await ask();
    });
    return answer;
  }

  private _following: AbortController | null = null;
  private _read = 0;
  private readonly _asked = new Set<number>();
  private readonly _throttler = new Throttler(() => this.again(), NOT_OFTEN);
}

const NOTHING = { words: '', state: '', tags: [], pinned: false };

function pause(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds));
}
