/** The fault that ended a run: which step, which cell, and what was said there. */

import { isBad } from './standing';
import type { ICell } from './tokens';
import { trans } from './translation';
import type { Run, Task } from './wire';
import { stateWord } from './words';

export interface RunFault {
  readonly step: string;
  readonly task: string;
  readonly sentence: string;
  /** Whether the task left an executed notebook. */
  readonly hasNotebook: boolean;
}

/** Return what went wrong first; null for a run in which no step did. */
export function faultOf(run: Run, cells: readonly ICell[]): RunFault | null {
  const bad = (run.tasks ?? []).filter(({ state }) => isBad(state) && state !== 'cancelled');
  const task = bad.find(({ error }) => error !== null) ?? bad[0];
  if (task === undefined) {
    return null;
  }
  const { step, notebook } = task;
  return {
    step,
    task: task.task,
    sentence: sentenceAt(task, cells),
    hasNotebook: notebook !== null
  };
}

function sentenceAt(task: Task, cells: readonly ICell[]): string {
  const where = cells.find(({ id }) => id === task.error?.cell);
  const what = errorWords(task);
  return where === undefined
    ? trans.__('Step %1: %2', task.task, what)
    : trans.__('Step %1, cell %2 of the notebook: %3', task.task, where.index + 1, what);
}

function errorWords({ error, state }: Task): string {
  if (error === null) {
    return stateWord(state);
  }
  return error.message === '' ? error.name : `${error.name}: ${error.message}`;
}
