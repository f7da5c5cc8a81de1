/** A run and what happened in it: events are folded in one by one, and read off as one value. */

import type { Run, RunEvent, RunState, Task, TaskState } from './wire';

export { addToLog } from './loglines';
export type { LogLine } from './loglines';
export { isBad, progress, stepStates } from './standing';
export type { StepState } from './standing';

const OVER: ReadonlySet<RunState> = new Set<RunState>(['ok', 'failed', 'cancelled', 'interrupted']);

/** Return true if nothing more happens in a run of that state. */
export function isOver(state: RunState): boolean {
  return OVER.has(state);
}

/** Return the run as it is after `event`; many events are folded with one `Fold`. */
export function reduce(run: Run, event: RunEvent): Run {
  const fold = new Fold(run);
  fold.add(event);
  return fold.run;
}

/**
 * Folds events into a run.
 *
 * An event costs the same in a run of three tasks and in one of twenty thousand: it changes one
 * place in a list of our own. `run` copies that list, so it is read when something is drawn and
 * not for each event.
 */
export class Fold {
  constructor(run: Run) {
    this.head = run;
    this.tasks = [...(run.tasks ?? [])];
    this.given = run;
    this.number();
  }

  /** The run as it is now: the same value until an event changes it. */
  get run(): Run {
    this.given ??= {
      ...this.head,
      tasks: [...this.tasks],
      counts: Object.fromEntries(this.counts)
    };
    return this.given;
  }

  /** How the run as a whole stands. */
  get state(): RunState {
    return this.head.state;
  }

  add(event: RunEvent): void {
    switch (event.kind) {
      case 'run-started':
        this.begin(event);
        break;
      case 'tasks-added':
        this.spread(event);
        break;
      case 'run-finished': {
        const finished = this.head.finished ?? isoTime(event.at);
        this.changeHead({ state: event.state, finished });
        break;
      }
      case 'note':
        break;
      default:
        this.move(event);
    }
  }

  private begin(event: Extract<RunEvent, { kind: 'run-started' }>): void {
    const kept = event.resumed ? new Map(this.tasks.map(task => [task.task, task])) : new Map();
    const blank = (name: string): Task => ({ ...blankTask(name), step: stepOf(name) });
    const stays = (name: string): Task | undefined => {
      const task: Task | undefined = kept.get(name) as Task | undefined;
      return task && (task.state === 'ok' || task.state === 'reused') ? task : undefined;
    };
    const named = new Set(event.tasks);
    this.tasks = [
      ...this.tasks.filter(({ task }) => !named.has(task)),
      ...event.tasks.map(name => stays(name) ?? blank(name))
    ];
    this.changeHead({ state: 'running', finished: null });
    this.number();
  }

  /** The items of a fan-out take the place of their step. */
  private spread({ step, tasks, labels }: Extract<RunEvent, { kind: 'tasks-added' }>): void {
    const known = new Map(this.tasks.map(task => [task.task, task]));
    const items = tasks.map((task, i) => ({
      ...(known.get(task) ?? blankTask(task)),
      step,
      item: labels[i] ?? null
    }));
    const of = new Set(tasks);
    const at = this.tasks.findIndex(task => task.step === step);
    const rest = (some: readonly Task[]): Task[] =>
      some.filter(({ task }) => task !== step && !of.has(task));
    const cut = at < 0 ? this.tasks.length : at;
    this.tasks = [...rest(this.tasks.slice(0, cut)), ...items, ...rest(this.tasks.slice(cut))];
    this.number();
  }

  private move(event: RunEvent): void {
    const at = isTaskEvent(event) ? this.places.get(event.task) : undefined;
    const task = at === undefined ? undefined : this.tasks[at];
    if (at !== undefined && task !== undefined && isTaskEvent(event)) {
      const next = changed(task, event);
      this.tasks[at] = next;
      this.count(task.state, -1);
      this.count(next.state, 1);
      this.given = null;
    }
  }

  private changeHead(change: Partial<Run>): void {
    this.head = { ...this.head, ...change };
    this.given = null;
  }

  private number(): void {
    this.places = new Map(this.tasks.map(({ task }, i) => [task, i]));
    this.counts = new Map();
    this.tasks.forEach(({ state }) => this.count(state, 1));
    this.given = null;
  }

  private count(state: TaskState, by: number): void {
    this.counts.set(state, (this.counts.get(state) ?? 0) + by);
  }

  private head: Run;
  private tasks: Task[];
  private given: Run | null;
  private places: Map<string, number> = new Map();
  private counts: Map<TaskState, number> = new Map();
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

function isTaskEvent(event: RunEvent): event is TaskEvent {
  return 'task' in event && event.kind !== 'note';
}

function changed(task: Task, event: TaskEvent): Task {
  switch (event.kind) {
    case 'task-started':
      return {
        ...task,
        state: 'running',
        started: isoTime(event.at),
        finished: null,
        cells: { done: 0, total: event.cells, current: null }
      };
    case 'cell-started':
      return { ...task, cells: { ...task.cells, current: event.cell } };
    case 'cell-finished': {
      const done = Math.min(task.cells.done + 1, task.cells.total);
      return { ...task, cells: { ...task.cells, current: null, done } };
    }
    case 'task-finished':
      return finished(task, event);
    case 'task-reused':
      return {
        ...task,
        state: 'reused',
        reason: event.reason,
        error: null,
        notebook: event.notebook ?? task.notebook,
        artifacts: event.artifacts ?? task.artifacts,
        metrics: event.metrics ?? task.metrics
      };
    case 'task-skipped':
      return { ...task, state: event.state ?? 'skipped', reason: event.reason };
    default:
      return task; // a kind that a newer server tells
  }
}

function finished(task: Task, event: Extract<TaskEvent, { kind: 'task-finished' }>): Task {
  return {
    ...task,
    state: event.again ? 'waiting' : event.state,
    finished: isoTime(event.at),
    seconds: event.seconds,
    cells: { ...task.cells, current: null },
    notebook: event.notebook ?? task.notebook,
    error: event.error ?? null,
    artifacts: event.artifacts ?? task.artifacts,
    metrics: event.metrics ?? task.metrics,
    checks: event.checks ?? task.checks
  };
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

function stepOf(task: string): string {
  return task.split('[', 1)[0] ?? task;
}

function isoTime(at: number | string): string {
  return typeof at === 'string' ? at : new Date(at * 1000).toISOString();
}
