/** Runs side by side, and what differs between two of them. */

import type { CellDiff, Diff, Side } from '../wire';
import type { IDoors, IPast } from './contracts';
import { Held } from './held';

export interface CompareState {
  readonly path: string;
  readonly ids: readonly string[];
  readonly sides: readonly Side[] | null;
  readonly onlyDifferent: boolean;
  /** The two runs whose code and values are compared. */
  readonly pair: readonly [string, string] | null;
  readonly diff: Diff | null;
  readonly task: string;
  readonly cells: readonly CellDiff[] | null;
  readonly message: string;
}

/** Asks for runs side by side. */
export class CompareModel extends Held<CompareState> {
  constructor(
    private readonly past: IPast,
    private readonly doors: IDoors,
    path: string,
    ids: readonly string[]
  ) {
    super({
      path,
      ids,
      sides: null,
      onlyDifferent: false,
      pair: null,
      diff: null,
      task: '',
      cells: null,
      message: ''
    });
  }

  get visible(): boolean {
    return this._visible;
  }

  /** Whether anybody looks; what ended does not change, so it is asked for once. */
  set visible(visible: boolean) {
    this._visible = visible;
    if (visible && this.state.sides === null) {
      void this.load();
    }
  }

  async load(): Promise<void> {
    const { path, ids } = this.state;
    await this.attempt(async () => {
      const sides = await this.past.compare(path, ids);
      this.set({ sides, message: '' });
      const [before, after] = [ids.at(-2), ids.at(-1)];
      if (before !== undefined && after !== undefined) {
        await this.setPair(before, after);
      }
    });
  }

  setOnlyDifferent(onlyDifferent: boolean): void {
    this.set({ onlyDifferent });
  }

  /** Compare code and values of two of the runs. */
  async setPair(before: string, after: string): Promise<void> {
    this.set({ pair: [before, after], diff: null, cells: null, task: '' });
    const { path } = this.state;
    await this.attempt(async () => {
      const diff = await this.past.diff({ id: before, path }, after);
      if (this.state.pair?.[0] === before && this.state.pair[1] === after) {
        this.set({ diff });
      }
    });
  }

  /** Compare the executed notebooks of a task in the two runs; empty text for none. */
  async setTask(task: string): Promise<void> {
    this.set({ task, cells: null, message: '' });
    const { pair, path } = this.state;
    if (task !== '' && pair !== null) {
      await this.attempt(async () => {
        const cells = await this.past.diffCells({ id: pair[0], path }, pair[1], task);
        if (this.state.task === task) {
          this.set({ cells });
        }
      });
    }
  }

  openRun(id: string): void {
    this.doors.openRun({ id, path: this.state.path });
  }

  private _visible = false;
}
