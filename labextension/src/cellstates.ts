/** How the last run stands, at the cells of the notebook: a mark and a word at each. */

import type { Cell } from '@jupyterlab/cells';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type { PipelineModel } from './model';
import { isOver } from './reduce';
import type { State } from './state';
import { trans } from './translation';
import type { Compiled, Run, TaskState } from './wire';
import { sign, stateWord } from './words';

/** How a cell stands in a run. */
export type CellState = Extract<TaskState, 'waiting' | 'running' | 'ok' | 'failed'>;

/** Return how the cells of a notebook stand: cell → state. What is over and well says nothing. */
export function cellStates(
  run: Run | null,
  compiled: Compiled | null
): ReadonlyMap<string, CellState> {
  const states = new Map<string, CellState>();
  if (run === null || compiled === null) {
    return states;
  }
  const going = !isOver(run.state);
  const cells = new Map(compiled.steps.map(({ name, cells: ids }) => [name, ids]));
  for (const task of run.tasks ?? []) {
    const ids = cells.get(task.step) ?? [];
    if (going && task.item === null) {
      ids.forEach((id, i) => setOrNot(states, id, stateOf(task.state, i, task.cells.done)));
    }
    if (going && task.cells.current !== null) {
      states.set(task.cells.current, 'running');
    }
    if (task.error?.cell != null && ids.includes(task.error.cell)) {
      states.set(task.error.cell, 'failed');
    }
  }
  return states;
}

/** How a cell of a task stands, while the run goes on. */
function stateOf(state: TaskState, index: number, done: number): CellState | null {
  switch (state) {
    case 'ok':
    case 'reused':
      return 'ok';
    case 'running':
      return index < done ? 'ok' : 'waiting';
    case 'waiting':
      return 'waiting';
    default:
      return null;
  }
}

function setOrNot(states: Map<string, CellState>, id: string, state: CellState | null): void {
  if (state !== null) {
    states.set(id, state);
  }
}

/** Paints the states on the cells of the notebook in front. */
export class CellStates implements IDisposable {
  constructor(
    model: PipelineModel,
    private readonly tracker: INotebookTracker
  ) {
    model.changed.connect(this.onChanged, this);
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  dispose(): void {
    this.disposed = true;
    Signal.disconnectReceiver(this);
  }

  private onChanged(_: unknown, { run, compiled, path, settings, looking }: State): void {
    const isShown = settings.cellStates && !looking;
    if (run === this.seen.run && compiled === this.seen.compiled && isShown === this.seen.isShown) {
      return;
    }
    this.seen = { run, compiled, isShown };
    const panel = this.tracker.currentWidget;
    if (panel?.context.localPath === path) {
      const states = isShown ? cellStates(run, compiled) : new Map<string, CellState>();
      panel.content.widgets.forEach(cell => mark(cell, states.get(cell.model.id)));
    }
  }

  private seen: { run: Run | null; compiled: Compiled | null; isShown: boolean } = {
    run: null,
    compiled: null,
    isShown: true
  };
  private disposed = false;
}

function mark(cell: Cell, state: CellState | undefined): void {
  const now = cell.node.getAttribute('data-nbpipe-state');
  if (cell.isDisposed || now === (state ?? null)) {
    return;
  }
  if (state === undefined) {
    cell.node.removeAttribute('data-nbpipe-state');
  } else {
    cell.node.setAttribute('data-nbpipe-state', state);
  }
  const header = cell.node.querySelector(':scope > .jp-CellHeader');
  const old = header?.querySelector(':scope > .nbpipe-CellState');
  old?.remove();
  if (state !== undefined && header) {
    header.appendChild(wordOf(state));
  }
}

function wordOf(state: CellState): HTMLElement {
  const word = document.createElement('span');
  word.className = 'nbpipe-CellState nbpipe-State';
  word.dataset['state'] = state;
  word.textContent = `${sign(state)} ${stateWord(state)}`;
  word.title = trans.__('In the last run of the pipeline');
  return word;
}
