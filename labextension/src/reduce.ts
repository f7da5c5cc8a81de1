/** A run and what happened in it: events applied one after the other, and what is shown of it. */

import type { Failure, OutputLine, Run, RunEvent, RunState, Task, TaskState } from './wire';

/** One line that a run said: output of a cell, or a note. */
export interface LogLine {
  readonly task: string;
  readonly text: string;
  readonly level: 'output' | 'info' | 'warning' | 'error';
}

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

const LOG_LINES = 500;
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
const OVER: ReadonlySet<RunState> = new Set<RunState>(['ok', 'failed', 'cancelled', 'interrupted']);

/** Return true if nothing more happens in a run of that state. */
export function isOver(state: RunState): boolean {
  return OVER.has(state);
}

/** Return the run as it is after `event`. */
export function reduce(run: Run, event: RunEvent): Run {
  switch (event.kind) {
    case 'run-started':
      return withTasks({ ...run, state: 'running' }, event.tasks.map(blankTask));
    case 'tasks-added':
      return withTasks(
        { ...run, tasks: (run.tasks ?? []).filter(({ task }) => task !== event.step) },
        event.tasks.map((task, i) => ({
          ...blankTask(task),
          step: event.step,
          item: event.labels[i] ?? null
        }))
      );
    case 'run-finished':
      return { ...run, state: event.state, finished: run.finished ?? isoTime(event.at) };
    case 'note':
      return run;
    default:
      return 'task' in event ? withTask(run, event.task, task => changed(task, event)) : run;
  }
}

type TaskEvent = Extract<
  RunEvent,
  {
    kind:
      | 'task-started'
      | 'cell-started'
      | 'cell-finished'
      | 'task-finished'
      | 'task-reused'
      | 'task-skipped';
  }
>;

function changed(task: Task, event: TaskEvent): Task {
  switch (event.kind) {
    case 'task-started':
      return {
        ...task,
        state: 'running',
        started: isoTime(event.at),
        finished: null,
        error: null,
        cells: { done: 0, total: event.cells, current: null }
      };
    case 'cell-started':
      return { ...task, cells: { ...task.cells, current: event.cell } };
    case 'cell-finished':
      return {
        ...task,
        cells: {
          ...task.cells,
          current: null,
          done: Math.min(task.cells.done + 1, task.cells.total)
        }
      };
    case 'task-finished':
      return {
        ...task,
        state: event.again ? 'waiting' : event.state,
        finished: isoTime(event.at),
        seconds: event.seconds,
        cells: { ...task.cells, current: null },
        notebook: event.notebook ?? task.notebook,
        error: event.error ?? null,
        artifacts: event.artifacts ?? task.artifacts,
        metrics: event.metrics ?? task.metrics
      };
    case 'task-reused':
      return {
        ...task,
        state: 'reused',
        reason: event.reason,
        notebook: event.notebook ?? task.notebook,
        artifacts: event.artifacts ?? task.artifacts,
        metrics: event.metrics ?? task.metrics
      };
    case 'task-skipped':
      return { ...task, state: event.state ?? 'skipped', reason: event.reason };
  }
}

/** Return the log with the notes among `events` and what cells wrote; the oldest lines go. */
export function addToLog(
  log: readonly LogLine[],
  events: readonly RunEvent[],
  written: readonly OutputLine[]
): readonly LogLine[] {
  const notes = events.flatMap(event =>
    event.kind === 'note' ? linesOf(event.task, event.text, event.level) : []
  );
  const outputs = written.flatMap(({ task, text }) => linesOf(task, text, 'output'));
  const added = [...outputs, ...notes];
  return added.length === 0 ? log : [...log, ...added].slice(-LOG_LINES);
}

function linesOf(task: string, text: string, level: LogLine['level']): LogLine[] {
  const lines = text.replace(/\n$/, '').split('\n');
  return lines.map(line => ({ task, text: line, level }));
}

/** Take the tasks of each step together: step name → what is shown of it. */
export function stepStates(run: Run | null): ReadonlyMap<string, StepState> {
  const groups = new Map<string, Task[]>();
  for (const task of run?.tasks ?? []) {
    groups.set(task.step, [...(groups.get(task.step) ?? []), task]);
  }
  return new Map([...groups].map(([step, tasks]) => [step, together(tasks)]));
}

function together(tasks: readonly Task[]): StepState {
  const bad = BAD.map(state => tasks.find(task => task.state === state)).find(Boolean);
  const sum = (value: (task: Task) => number): number =>
    tasks.reduce((total, task) => total + value(task), 0);
  return {
    state: overall(tasks, bad?.state),
    tasks,
    done: tasks.filter(task => ENDED.has(task.state)).length,
    cells: { done: sum(task => task.cells.done), total: sum(task => task.cells.total) },
    started: tasks.flatMap(({ started }) => started ?? []).sort()[0] ?? null,
    seconds: tasks.length === 1 ? (tasks[0]?.seconds ?? null) : fromFirstToLast(tasks),
    error: bad?.error ?? null,
    reason: (bad ?? tasks[0])?.reason ?? ''
  };
}

/** Items run side by side: from the first one's start to the last one's end. */
function fromFirstToLast(tasks: readonly Task[]): number | null {
  const times = (of: 'started' | 'finished'): number[] =>
    tasks.flatMap(task => (task[of] === null ? [] : [Date.parse(task[of])]));
  const [starts, ends] = [times('started'), times('finished')];
  return starts.length === 0 || ends.length < starts.length
    ? null
    : (Math.max(...ends) - Math.min(...starts)) / 1000;
}

function overall(tasks: readonly Task[], bad: TaskState | undefined): TaskState {
  const any = (state: TaskState): boolean => tasks.some(task => task.state === state);
  if (any('running') || (any('waiting') && tasks.some(task => ENDED.has(task.state)))) {
    return 'running';
  }
  return bad ?? (any('waiting') ? 'waiting' : any('ok') ? 'ok' : 'reused');
}

/** How many tasks of a run ended, of how many. */
export function progress(run: Run): { done: number; total: number } {
  const tasks = run.tasks ?? [];
  return { done: tasks.filter(task => ENDED.has(task.state)).length, total: tasks.length };
}

/** Return true for a state that is worth an alarm. */
export function isBad(state: TaskState | RunState): boolean {
  return (BAD as readonly string[]).includes(state) && state !== 'skipped';
}

function blankTask(task: string): Task {
  return {
    task,
    step: task,
    item: null,
    state: 'waiting',
    reason: '',
    started: null,
    finished: null,
    seconds: null,
    cells: { done: 0, total: 0, current: null },
    notebook: null,
    error: null,
    artifacts: [],
    metrics: {},
    checks: {}
  };
}

function withTasks(run: Run, tasks: readonly Task[]): Run {
  const known = new Set(run.tasks?.map(({ task }) => task));
  return { ...run, tasks: [...(run.tasks ?? []), ...tasks.filter(({ task }) => !known.has(task))] };
}

function withTask(run: Run, name: string, change: (task: Task) => Task): Run {
  return {
    ...run,
    tasks: (run.tasks ?? []).map(task => (task.task === name ? change(task) : task))
  };
}

function isoTime(at: number | string): string {
  return typeof at === 'string' ? at : new Date(at * 1000).toISOString();
}
