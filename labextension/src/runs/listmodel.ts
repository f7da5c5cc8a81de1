/** The list of runs: a part of it at a time, narrowed by the server. */

import { Debouncer, Poll } from '@lumino/polling';

import { isOver } from '../reduce';
import type { ListedRun, Said, Space } from '../wire';
import type { IDoors, IPast } from './contracts';
import type { Filter } from './filter';
import { EVERYTHING } from './filter';
import { Held } from './held';

export interface ListState {
  readonly path: string;
  readonly filter: Filter;
  readonly runs: readonly ListedRun[];
  /** How many runs there are that the filter leaves. */
  readonly found: number;
  readonly tags: { readonly [tag: string]: number };
  readonly chosen: ReadonlySet<string>;
  /** Null until the server answered for the first time. */
  readonly loaded: boolean;
  /** What the store holds; null where that is not known. */
  readonly space: Space | null;
  readonly message: string;
}

const QUIET = 250;
const SOON = 3000;
const LATER = 20_000;

/** Asks for runs part by part; looks again while somebody looks at it. */
export class ListModel extends Held<ListState> {
  constructor(
    private readonly past: IPast,
    private readonly doors: IDoors,
    path: string
  ) {
    super({
      path,
      filter: EVERYTHING,
      runs: [],
      found: 0,
      tags: {},
      chosen: new Set(),
      loaded: false,
      space: null,
      message: ''
    });
    this._poll = new Poll({
      auto: false,
      factory: () => this.refresh(),
      frequency: { interval: LATER, backoff: true, max: 60_000 },
      standby: () => (this.visible ? 'when-hidden' : true)
    });
  }

  /** Whether anybody looks. */
  get visible(): boolean {
    return this._visible;
  }

  set visible(visible: boolean) {
    if (visible !== this._visible && !this.isDisposed) {
      this._visible = visible;
      void (visible ? this._poll.start() : this._poll.stop());
      if (visible) {
        void this._poll.refresh();
      }
    }
  }

  override dispose(): void {
    this._poll.dispose();
    this._debouncer.dispose();
    super.dispose();
  }

  /** Narrow the list; asked of the server when the typing rests. */
  setFilter(change: Partial<Filter>): void {
    this.set({ filter: { ...this.state.filter, ...change }, chosen: new Set() });
    void this._debouncer.invoke();
  }

  /** Look again from the newest on; as many as are there already. */
  async refresh(): Promise<void> {
    const { path, filter } = this.state;
    const begin = ++this._asked;
    await this.attempt(async () => {
      const { runs, found, tags } = await this.past.list(path, filter, null);
      // It is no reason to show no runs that nobody says how much they take.
      const space = await this.past.space(path).catch(() => null);
      if (begin === this._asked) {
        this.set({ space, runs: joined(runs, this.state, filter === this._filter), found, tags });
        this.set({ loaded: true, message: '' });
        this._filter = filter;
      }
    });
    if (!this._poll.isDisposed) {
      const live = this.state.runs.some(({ state }) => !isOver(state));
      this._poll.frequency = { ...this._poll.frequency, interval: live ? SOON : LATER };
    }
  }

  /** Ask for the part that follows. */
  async more(): Promise<void> {
    const { path, filter, runs, found } = this.state;
    const last = runs.at(-1);
    if (this._fetching || last === undefined || runs.length >= found) {
      return;
    }
    this._fetching = true;
    await this.attempt(async () => {
      const part = await this.past.list(path, filter, last.id);
      if (filter === this.state.filter) {
        const known = new Set(this.state.runs.map(({ id }) => id));
        this.set({ runs: [...this.state.runs, ...part.runs.filter(({ id }) => !known.has(id))] });
      }
    });
    this._fetching = false;
  }

  choose(id: string, chosen: boolean): void {
    const all = new Set(this.state.chosen);
    if (chosen) {
      all.add(id);
    } else {
      all.delete(id);
    }
    this.set({ chosen: all });
  }

  chooseNone(): void {
    this.set({ chosen: new Set() });
  }

  get chosenRuns(): readonly ListedRun[] {
    return this.state.runs.filter(({ id }) => this.state.chosen.has(id));
  }

  open(run: ListedRun): void {
    this.doors.openRun(run);
  }

  /** Put the chosen runs side by side, the oldest first. */
  compare(): void {
    this.doors.compare(this.state.path, this.chosenRuns.map(({ id }) => id).reverse());
  }

  async pin(run: ListedRun): Promise<void> {
    await this.annotate(run, { pinned: !run.pinned });
  }

  /** Ask for tags and a note, and write them down. */
  async say(run: ListedRun): Promise<void> {
    const said = await this.doors.askSaid(run, Object.keys(this.state.tags));
    if (said !== null) {
      await this.annotate(run, said);
    }
  }

  /** Delete the chosen runs, if that is confirmed. */
  async remove(): Promise<void> {
    const runs = this.chosenRuns;
    if (await this.doors.confirmDelete(runs)) {
      await this.attempt(async () => {
        for (const run of runs) {
          await this.past.remove(run);
        }
      });
      this.chooseNone();
      await this.reload();
    }
  }

  private async annotate(run: ListedRun, said: Partial<Said>): Promise<void> {
    this.set({
      runs: this.state.runs.map(each => (each.id === run.id ? { ...each, ...said } : each))
    });
    await this.attempt(() => this.past.annotate(run, said));
    await this.refresh();
  }

  /** Look again at everything: what is gone is not kept. */
  private async reload(): Promise<void> {
    this._filter = null;
    await this.refresh();
  }

  private _visible = false;
  private _fetching = false;
  private _asked = 0;
  /** What the runs that are there were asked for with. */
  private _filter: Filter | null = null;
  private readonly _poll: Poll<void>;
  private readonly _debouncer = new Debouncer(() => this.refresh(), QUIET);
}

/** The newest part, and the older runs that were there already if the filter is the same. */
function joined(
  newest: readonly ListedRun[],
  { runs }: ListState,
  same: boolean
): readonly ListedRun[] {
  const last = newest.at(-1);
  const end = last && same ? runs.findIndex(({ id }) => id === last.id) : -1;
  return end < 0 ? newest : [...newest, ...runs.slice(end + 1)];
}
