/** How the steps of a run stand: their tasks taken together, each looked at once. */

import type { Failure, Run, RunState, Task, TaskState } from './wire';

/** What is shown of a step: its tasks taken together. */
export interface StepState {
  readonly state: TaskState;
  readonly tasks: readonly Task[];
  readonly done: number;
  readonly cells: { readonly done: number; readonly total: number };
  readonly started: string | null;
  readonly seconds: number | null;
  readonly error: Failure | null;
  readonly reason: string;
}

const BAD: readonly TaskState[] = [
  'failed',
  'kernel-died',
  'out-of-memory',
  'timed-out',
  'interrupted',
  'cancelled',
  'skipped'
];
const ENDED: ReadonlySet<TaskState> = new Set<TaskState>([...BAD, 'ok', 'reused']);

/** Return true for a state that is worth an alarm. */
export function isBad(state: TaskState | RunState): boolean {
  return (BAD as readonly string[]).includes(state) && state !== 'skipped';
}

/** Return true for a task that will not change any more. */
export function hasEnded(state: TaskState): boolean {
  return ENDED.has(state);
}

/** Take the tasks of each step together: step name → what is shown of it. */
export function stepStates(run: Run | null): ReadonlyMap<string, StepState> {
  const groups = new Map<string, Task[]>();
  for (const task of run?.tasks ?? []) {
    const group = groups.get(task.step);
    if (group === undefined) {
      groups.set(task.step, [task]);
    } else {
      group.push(task);
    }
  }
  return new Map([...groups].map(([step, tasks]) => [step, together(tasks)]));
}

function together(tasks: readonly Task[]): StepState {
  const sum = new Sum();
  tasks.forEach(task => sum.add(task));
  const bad = BAD.map(state => sum.first.get(state)).find(Boolean);
  return {
    state: overall(sum, bad?.state),
    tasks,
    done: sum.done,
    cells: sum.cells,
    started: sum.started,
    seconds: tasks.length === 1 ? (tasks[0]?.seconds ?? null) : sum.fromFirstToLast,
    error: bad?.error ?? null,
    reason: (bad ?? tasks[0])?.reason ?? ''
  };
}

/** What is summed up over the tasks of a step, in one go. */
class Sum {
  readonly first = new Map<TaskState, Task>();
  readonly cells = { done: 0, total: 0 };
  done = 0;
  started: string | null = null;

  add(task: Task): void {
    if (!this.first.has(task.state)) {
      this.first.set(task.state, task);
    }
    this.done += ENDED.has(task.state) ? 1 : 0;
    this.cells.done += task.cells.done;
    this.cells.total += task.cells.total;
    if (task.started !== null) {
      this.open += task.finished === null ? 1 : 0;
      // As the server writes times, their order is that of their letters.
      this.started =
        this.started !== null && this.started < task.started ? this.started : task.started;
      this.ended =
        task.finished !== null && task.finished > this.ended ? task.finished : this.ended;
    }
  }

  /** Items run side by side: from the first one's start to the last one's end. */
  get fromFirstToLast(): number | null {
    return this.started === null || this.open > 0
      ? null
      : (Date.parse(this.ended) - Date.parse(this.started)) / 1000;
  }

  private open = 0;
  private ended = '';
}

function overall({ first, done }: Sum, bad: TaskState | undefined): TaskState {
  if (first.has('running') || (first.has('waiting') && done > 0)) {
    return 'running';
  }
  return bad ?? (first.has('waiting') ? 'waiting' : first.has('ok') ? 'ok' : 'reused');
}

/** How many tasks of a run ended, of how many. */
export function progress({ counts, tasks }: Run): { done: number; total: number } {
  if (tasks !== undefined) {
    const done = tasks.reduce((sum, { state }) => sum + (ENDED.has(state) ? 1 : 0), 0);
    return { done, total: tasks.length };
  }
  const all = Object.entries(counts);
  const sum = (some: typeof all): number => some.reduce((total, [, number]) => total + number, 0);
  return { done: sum(all.filter(([state]) => ENDED.has(state as TaskState))), total: sum(all) };
}
