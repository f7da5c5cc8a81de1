/** A server and a notebook in memory, for the tests. */

import { Signal } from '@lumino/signaling';

import type { Edit, Metadata, Source } from '../edits';
import { edited } from '../edits';
import { ServerError } from '../failure';
import type { IMarks } from '../marks';
import type { NoteKind, Notes } from '../notes';
import type { IMemory, ISettings, Remembered, Settings } from '../settings';
import { DEFAULTS } from '../settings';
import type { ICell, IClient, INotebooks, Since } from '../tokens';
import type {
  Compiled,
  CompileRequest,
  Draft,
  Durations,
  Events,
  Fix,
  Hello,
  NotebookContent,
  Output,
  OutputLine,
  Plan,
  Proof,
  Proposal,
  Proven,
  Run,
  RunEvent,
  RunRequest,
  Step,
  SuggestRequest,
  Task,
  TaskInFull
} from '../wire';

export function aStep(name: string, more: Partial<Step> = {}): Step {
  return {
    name,
    kind: 'cells',
    notebook: 'demo.ipynb',
    cells: [`${name}-cell`],
    inputs: [],
    outputs: [],
    after: [],
    foreach: null,
    parameters: [],
    checks: [],
    metrics: [],
    files: { reads: [], writes: [] },
    options: {},
    language: 'python',
    line: '',
    ...more
  };
}

export function aCompiled(more: Partial<Compiled> = {}): Compiled {
  return {
    project: '',
    name: 'demo',
    steps: [],
    edges: [],
    roles: {},
    parameters: [],
    problems: [],
    ...more
  };
}

export function aProposal(more: Partial<Proposal> = {}): Proposal {
  return {
    steps: [],
    changes: [],
    offers: [],
    merged: [],
    side_by_side: [],
    problems: [],
    ...more
  };
}

export function aProof(more: Partial<Proof> = {}): Proof {
  return {
    verdict: 'equal',
    sentence: '',
    differences: [],
    notes: [],
    problems: [],
    cells: 2,
    values: 3,
    compared: [],
    uncompared: [],
    unseen: [],
    seconds: { run_all: 1, pipeline: 2 },
    code: 'sha256:1',
    ...more
  };
}

export function aTask(task: string, more: Partial<Task> = {}): Task {
  return {
    task,
    step: task,
    item: null,
    state: 'waiting',
    reason: '',
    started: null,
    finished: null,
    seconds: null,
    cells: { done: 0, total: 2, current: null },
    notebook: null,
    error: null,
    artifacts: [],
    metrics: {},
    checks: {},
    ...more
  };
}

export function aRun(more: Partial<Run> = {}): Run {
  return {
    id: 'r1',
    state: 'running',
    started: '2026-11-21T10:00:00Z',
    finished: null,
    path: 'demo.ipynb',
    parameters: {},
    counts: {},
    ...more
  };
}

export function aCell(id: string, tags: readonly string[] = [], more: Partial<ICell> = {}): ICell {
  return { id, index: 0, kind: 'code', title: id, tags, ...more };
}

/** Answers at once; `tell` lets a waiting reader of events go on. */
export class FakeClient implements IClient {
  readonly asked: string[] = [];
  readonly compiled: CompileRequest[] = [];
  readonly started: RunRequest[] = [];
  readonly planned: RunRequest[] = [];
  readonly suggested: SuggestRequest[] = [];
  readonly proved: RunRequest[] = [];
  proof: Proven = { run: null, proof: null };
  proposal: Proposal | Error = aProposal();
  greeting: Hello | Error = { version: '0.1.0', api: 1 };
  answer: Compiled | Error = aCompiled();
  list: Run[] = [];
  current: Run = aRun();
  told: RunEvent[] = [];
  mentioning: string[] = [];
  written: OutputLine[] = [];
  took: { [step: string]: number } = {};
  /** Whether the kernel in which a step failed waits. */
  lingers = false;

  hello(): Promise<Hello> {
    this.asked.push('hello');
    return answerWith(this.greeting);
  }

  compile(request: CompileRequest): Promise<Compiled> {
    this.asked.push('compile');
    this.compiled.push(request);
    return answerWith(this.answer);
  }

  suggest(request: SuggestRequest): Promise<Proposal> {
    this.suggested.push(request);
    return answerWith(this.proposal);
  }

  mentions(_path: string, step: string): Promise<readonly string[]> {
    this.asked.push(`mentions ${step}`);
    return Promise.resolve(this.mentioning);
  }

  plan(request: RunRequest): Promise<Plan> {
    this.planned.push(request);
    return Promise.resolve({
      tasks: [{ task: 'load', step: 'load', action: 'reuse', reason: 'nothing changed' }]
    });
  }

  runs(path: string): Promise<readonly Run[]> {
    this.asked.push(`runs ${path}`);
    return Promise.resolve(this.list);
  }

  proven(path: string): Promise<Proven> {
    this.asked.push(`proven ${path}`);
    return Promise.resolve(this.proof);
  }

  prove(request: RunRequest): Promise<Run> {
    this.proved.push(request);
    return Promise.resolve(this.current);
  }

  start(request: RunRequest): Promise<Run> {
    this.started.push(request);
    return Promise.resolve(this.current);
  }

  run(): Promise<Run> {
    this.asked.push('run');
    return Promise.resolve(this.current);
  }

  events(_run: unknown, { after, output, wait }: Since, signal: AbortSignal): Promise<Events> {
    this.asked.push(`events ${after}`);
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const events = this.told.filter(({ seq }) => seq > after);
        const lines = this.written.slice(output);
        if (events.length > 0 || lines.length > 0 || wait === 0) {
          this.waiting = null;
          const done = events.some(({ kind }) => kind === 'run-finished');
          const next = output + lines.length;
          resolve({ events, last: events.at(-1)?.seq ?? after, done, output: { lines, next } });
        }
      };
      this.waiting = look;
      signal.addEventListener('abort', () => {
        reject(new Error('aborted'));
      });
      look();
    });
  }

  output(_run: unknown, from: number): Promise<Output> {
    const lines = this.written.slice(from);
    return Promise.resolve({ lines, next: from + lines.length });
  }

  notes(): Promise<readonly RunEvent[]> {
    return Promise.resolve(this.told.filter(({ kind }) => kind === 'note'));
  }

  lastOutput(): Promise<Output> {
    return this.output(null, 0);
  }

  durations(): Promise<Durations> {
    return Promise.resolve({ steps: this.took });
  }

  /** Let a cell write, and whoever waits know it. */
  write(...lines: OutputLine[]): void {
    this.written.push(...lines);
    this.waiting?.();
  }

  tell(...events: RunEvent[]): void {
    this.told.push(...events);
    this.waiting?.();
  }

  cancel(): Promise<void> {
    this.asked.push('cancel');
    return Promise.resolve();
  }

  resume(): Promise<Run> {
    this.asked.push('resume');
    return Promise.resolve(this.current);
  }

  task(_run: unknown, task: string): Promise<TaskInFull> {
    this.asked.push(`task ${task}`);
    return Promise.resolve({
      ...aTask(task),
      label: '',
      attempt: 1,
      key: '',
      memory: null,
      source: null,
      lingers: this.lingers
    });
  }

  failedKernel(_run: unknown, task: string): Promise<Draft> {
    this.asked.push(`kernel of ${task}`);
    const gone = new ServerError('It is no longer there.', 404);
    const draft = { path: `${task}-draft.ipynb`, cell: 'c', cells: [], kernel: '', id: 'k' };
    return answerWith<Draft>(this.lingers ? draft : gone);
  }

  private waiting: (() => void) | null = null;
}

export class FakeNotebooks implements INotebooks {
  readonly currentChanged = new Signal<this, void>(this);
  readonly edited = new Signal<this, void>(this);
  readonly activeChanged = new Signal<this, void>(this);
  path: string | null = 'demo.ipynb';
  dirty = false;
  active: string | null = null;
  metadata: Metadata | null = null;
  selected: string[] = [];
  list: ICell[] = [];
  /** Notebooks besides the current one, by path. */
  readonly others = new Map<string, Source>();
  painted: IMarks | null = null;
  readonly noted = new Map<NoteKind, Notes | null>();
  readonly did: string[] = [];

  cells(): readonly ICell[] {
    return this.list;
  }

  content(): NotebookContent {
    return { cells: this.list.map(({ id, tags }) => ({ id, tags: [...tags] })) };
  }

  openIn(): readonly string[] {
    return [];
  }

  read(path: string): Promise<Source> {
    const other = this.others.get(path) ?? { cells: [], metadata: null };
    return Promise.resolve(
      path === this.path ? { cells: this.list, metadata: this.metadata } : other
    );
  }

  edit(edits: ReadonlyMap<string, Edit>): Promise<void> {
    for (const [path, edit] of edits) {
      if (path === this.path) {
        const now = { cells: this.list, metadata: this.metadata };
        this.list = this.list.map(cell => ({ ...cell, tags: edit.tags.get(cell.id) ?? cell.tags }));
        this.metadata = edited(now, edit).metadata;
      } else {
        this.others.set(path, edited(this.others.get(path) ?? { cells: [], metadata: null }, edit));
      }
    }
    this.edited.emit();
    return Promise.resolve();
  }

  goTo(cell: string, line: number | null): void {
    this.did.push(`go to ${cell}${line === null ? '' : `, line ${line}`}`);
  }

  save(): Promise<void> {
    this.did.push('save');
    return Promise.resolve();
  }

  open(path: string): Promise<void> {
    this.did.push(`open ${path}`);
    return Promise.resolve();
  }

  openExecuted(path: string, cell: string | null): Promise<void> {
    this.did.push(`open ${path} at ${cell ?? 'the top'}`);
    return Promise.resolve();
  }

  openDraft({ path, id }: Draft): Promise<void> {
    this.did.push(`open ${path} in ${id ?? 'a new kernel'}`);
    return Promise.resolve();
  }

  paint(marks: IMarks | null): void {
    this.painted = marks;
  }

  note(kind: NoteKind, notes: Notes | null): void {
    this.noted.set(kind, notes);
  }
}

export class FakeSettings implements ISettings {
  readonly changed = new Signal<this, void>(this);
  values: Settings = DEFAULTS;

  set<K extends keyof Settings>(name: K, value: Settings[K]): Promise<void> {
    this.values = { ...this.values, [name]: value };
    this.changed.emit();
    return Promise.resolve();
  }
}

export class FakeMemory implements IMemory {
  readonly kept = new Map<string, Remembered>();

  recall(path: string): Promise<Remembered | null> {
    return Promise.resolve(this.kept.get(path) ?? null);
  }

  keep(path: string, remembered: Remembered): void {
    this.kept.set(path, remembered);
  }
}

function answerWith<T>(answer: T | Error): Promise<T> {
  return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
}

/** A cure; what is not said of it changes nothing. */
export function aFix(fix: Partial<Fix>): Fix {
  const nothing = { source: null, entry: [], becomes: null, says: '', also: [] };
  return { cell: null, add: [], remove: [], ...nothing, ...fix };
}
