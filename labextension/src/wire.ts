/** What travels between this page and the server, as JSON. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export type RoleKind = 'step' | 'parameters' | 'setup' | 'check' | 'metrics' | 'skip' | 'none';

export type TaskState =
  | 'waiting'
  | 'running'
  | 'ok'
  | 'failed'
  | 'kernel-died'
  | 'out-of-memory'
  | 'timed-out'
  | 'interrupted'
  | 'cancelled'
  | 'skipped'
  | 'reused';

export type RunState = 'waiting' | 'running' | 'ok' | 'failed' | 'cancelled' | 'interrupted';

export type ParameterType =
  'integer' | 'number' | 'string' | 'boolean' | 'null' | 'array' | 'object';

export interface Hello {
  readonly version: string;
  readonly api: number;
}

export interface Reason {
  readonly text: string;
  readonly notebook: string;
  readonly cell: string | null;
  readonly line: number | null;
}

export interface Edge {
  readonly source: string;
  readonly target: string;
  readonly kind: 'data' | 'order' | 'file';
  readonly names: readonly string[];
  readonly reasons: readonly Reason[];
  readonly learned: boolean;
}

export interface Files {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

export interface Step {
  readonly name: string;
  readonly kind: 'cells' | 'notebook';
  readonly notebook: string;
  readonly cells: readonly string[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly parameters: readonly string[];
  readonly after: readonly string[];
  readonly foreach: string | null;
  readonly checks: readonly string[];
  readonly metrics: readonly string[];
  readonly files: Files;
  readonly options: { readonly [name: string]: Json };
  readonly language: string;
  readonly line: string;
}

export interface Role {
  readonly role: RoleKind;
  readonly step: string;
  /** True where the cell's own tags say so. */
  readonly tagged: boolean;
}

export interface Parameter {
  readonly name: string;
  readonly default: Json;
  readonly type: ParameterType;
  readonly notebook: string;
}

export interface Fix {
  readonly cell: string | null;
  readonly add: readonly string[];
  readonly remove: readonly string[];
  /** The cell's text from now on; null where it stays. */
  readonly source: string | null;
  /** Where in `metadata.nbpipe` an entry stands, and what it is called from now on. */
  readonly entry: readonly string[];
  readonly becomes: string | null;
  /** What it does, as an order; empty where its tags say it. */
  readonly says: string;
  /** Changes of other cells that belong to it. */
  readonly also: readonly Fix[];
}

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly notebook: string | null;
  readonly cell: string | null;
  readonly index: number | null;
  readonly line: number | null;
  readonly suggestion: string;
  readonly fix: Fix | null;
}

export interface Compiled {
  /** Digest of the code cells and their tags: what a proof is about. */
  readonly code?: string;
  readonly project: string;
  readonly name: string;
  readonly steps: readonly Step[];
  readonly edges: readonly Edge[];
  /** Notebook → cell → what the cell is; notebooks relative to the project. */
  readonly roles: { readonly [notebook: string]: { readonly [cell: string]: Role } };
  readonly parameters: readonly Parameter[];
  readonly problems: readonly Problem[];
}

/** Tags to add to a cell and to remove from it, and why. */
export interface TagsChanged {
  readonly cell: string;
  readonly index: number;
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly why: string;
  /** The step that begins there; empty for setup and parameters. */
  readonly step: string;
}

export interface ProposedStep {
  readonly name: string;
  readonly cells: readonly string[];
  /** Those of its cells that only look. */
  readonly looks: readonly string[];
  readonly why: string;
  /** How long its cells took, where that is known. */
  readonly seconds: number | null;
}

/** How a notebook could become a pipeline. */
export interface Proposal {
  readonly steps: readonly ProposedStep[];
  readonly changes: readonly TagsChanged[];
  /** Changes that may be made besides. */
  readonly offers: readonly TagsChanged[];
  /** What is kept in one step, and why. */
  readonly merged: readonly string[];
  readonly side_by_side: readonly (readonly string[])[];
  readonly problems: readonly Problem[];
}

export interface SuggestRequest {
  readonly path: string;
  readonly notebook: NotebookContent;
  /** Cells at which no step shall begin. */
  readonly without: readonly string[];
}

/** A place that is not the same in Run All and in the pipeline. */
export interface Difference {
  readonly notebook: string;
  readonly step: string;
  readonly what: 'output' | 'value' | 'failure';
  /** Id of the cell, or the name of the value. */
  readonly name: string;
  readonly index: number | null;
  readonly how: string;
  readonly cause: string;
  readonly why: string;
}

/** What came of a verification. */
export interface Proof {
  readonly verdict: 'equal' | 'different' | 'varies' | 'refused';
  readonly sentence: string;
  readonly differences: readonly Difference[];
  readonly notes: readonly string[];
  readonly problems: readonly Problem[];
  readonly cells: number;
  readonly values: number;
  /** Steps that were compared to their end. */
  readonly compared: readonly string[];
  /** What was not compared and why. */
  readonly uncompared: readonly string[];
  readonly unseen: readonly string[];
  readonly seconds: { readonly run_all: number; readonly pipeline: number };
  /** Digest of what it is about. */
  readonly code: string;
}

/** The newest proof as it is made, and what the newest finished one found. */
export interface Proven {
  readonly run: Run | null;
  readonly proof: Proof | null;
}

export interface PlannedTask {
  readonly task: string;
  readonly step: string;
  readonly action: 'run' | 'reuse' | 'waiting' | 'left-out';
  readonly reason: string;
}

export interface Plan {
  readonly tasks: readonly PlannedTask[];
}

export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly cell: string | null;
  readonly traceback: string;
}

export interface Artifact {
  readonly name: string;
  readonly digest: string;
  readonly type: string;
  readonly size: number;
  readonly codec: string;
  readonly kind: string;
}

export interface CellProgress {
  readonly done: number;
  readonly total: number;
  readonly current: string | null;
}

export interface Task {
  readonly task: string;
  readonly step: string;
  readonly item: string | null;
  readonly state: TaskState;
  readonly reason: string;
  readonly started: string | null;
  readonly finished: string | null;
  readonly seconds: number | null;
  readonly cells: CellProgress;
  readonly notebook: string | null;
  readonly error: Failure | null;
  readonly artifacts: readonly Artifact[];
  readonly metrics: { readonly [name: string]: number | null };
  readonly checks: { readonly [cell: string]: string };
}

export interface Run {
  readonly id: string;
  readonly state: RunState;
  readonly started: string;
  readonly finished: string | null;
  readonly path: string;
  readonly parameters: { readonly [name: string]: Json };
  readonly counts: { readonly [state: string]: number };
  readonly tasks?: readonly Task[];
  readonly graph?: Compiled | null;
  /** Number of the newest event that the tasks know of. */
  readonly seq?: number;
}

interface Happened {
  readonly seq: number;
  readonly at: number | string;
}

/** What happened in a run; a page passes over the kinds it does not know. */
export type RunEvent = Happened &
  (
    | {
        readonly kind: 'run-started';
        readonly tasks: readonly string[];
        readonly resumed?: boolean;
      }
    | {
        readonly kind: 'tasks-added';
        readonly step: string;
        readonly tasks: readonly string[];
        readonly labels: readonly string[];
      }
    | { readonly kind: 'task-started'; readonly task: string; readonly cells: number }
    | {
        readonly kind: 'cell-started';
        readonly task: string;
        readonly cell: string;
        readonly index: number;
      }
    | {
        readonly kind: 'cell-finished';
        readonly task: string;
        readonly cell: string;
        readonly state: string;
        readonly seconds: number;
      }
    | {
        readonly kind: 'task-finished';
        readonly task: string;
        readonly state: TaskState;
        readonly seconds: number;
        readonly notebook?: string | null;
        readonly artifacts?: readonly Artifact[];
        readonly metrics?: Task['metrics'];
        readonly checks?: Task['checks'];
        readonly error?: Failure | null;
        readonly again?: boolean;
      }
    | {
        readonly kind: 'task-reused';
        readonly task: string;
        readonly reason: string;
        readonly notebook?: string | null;
        readonly artifacts?: readonly Artifact[];
        readonly metrics?: Task['metrics'];
      }
    | {
        readonly kind: 'task-skipped';
        readonly task: string;
        readonly reason: string;
        readonly state?: TaskState;
      }
    | {
        readonly kind: 'note';
        readonly task: string;
        readonly text: string;
        readonly level: 'info' | 'warning' | 'error';
      }
    | { readonly kind: 'run-finished'; readonly state: RunState }
  );

export interface Events {
  readonly events: readonly RunEvent[];
  readonly last: number;
  readonly done: boolean;
  /** What the cells wrote, where that was asked for too. */
  readonly output?: Output;
}

/** What a task of each step took in earlier runs, in seconds. */
export interface Durations {
  readonly steps: { readonly [step: string]: number };
}

/** What a project's store holds, and what is left for it, in bytes. */
export interface Space {
  readonly held: number;
  readonly free: number;
  /** What `nbpipe.toml` allows, as it is written there. */
  readonly quota: string | null;
  /** Which limits are near. */
  readonly near: readonly ('disk' | 'quota')[];
}

/** A piece of text that a cell wrote. */
export interface OutputLine {
  readonly task: string;
  readonly cell: string;
  readonly stream: string;
  readonly text: string;
}

/** What the cells of a run wrote from a byte on; `next` is where to go on. */
export interface Output {
  readonly lines: readonly OutputLine[];
  readonly next: number;
}

/** The live notebook as it is sent to be compiled: no outputs. */
export type NotebookContent = { [key: string]: Json };

export interface CompileRequest {
  readonly path: string;
  readonly notebook: NotebookContent | null;
  readonly scope: 'notebook' | 'project';
}

/** Which steps a run is about; nothing named means all. */
export interface Selection {
  readonly only?: readonly string[];
  readonly from?: readonly string[];
  readonly until?: readonly string[];
  /** Run these even where a stored result could be reused. */
  readonly force?: readonly string[];
}

export interface RunRequest extends Selection {
  readonly path: string;
  readonly scope?: CompileRequest['scope'];
  readonly notebook: NotebookContent | null;
  readonly parameters: { readonly [name: string]: Json };
  readonly engine?: string | null;
}

/** Tasks taken together: those of a step. */
export interface StepSum {
  readonly step: string;
  readonly counts: { readonly [state: string]: number };
  readonly started: string | null;
  readonly finished: string | null;
  readonly seconds: number;
}

/** Name → number. */
export type Metrics = { readonly [name: string]: number | null };

/** What people say of a run. */
export interface Said {
  readonly tags: readonly string[];
  readonly note: string;
  readonly pinned: boolean;
}

/** A run as lists have it. */
export interface ListedRun extends Run, Said {
  readonly name: string;
  readonly metrics: Metrics;
}

/** A part of the list of runs. */
export interface Runs {
  readonly runs: readonly ListedRun[];
  readonly found: number;
  readonly tags: { readonly [tag: string]: number };
}

/** A run beside others. */
export interface Side extends ListedRun {
  readonly steps: readonly StepSum[];
}

export interface Check {
  readonly task: string;
  readonly cell: string;
  readonly said: string;
}

export interface Environment {
  readonly language?: string;
  readonly python?: string;
  readonly versions?: { readonly [module: string]: string };
}

/** A task with all that is known of it. */
export interface TaskInFull extends Task {
  readonly label: string;
  readonly attempt: number;
  readonly key: string;
  readonly memory: number | null;
  readonly source: { readonly run: string; readonly task: string } | null;
  /** Whether the kernel in which it failed can be opened; told of a single task. */
  readonly lingers?: boolean;
}

/** A run as its page shows it. */
export interface RunPage extends Side {
  readonly graph: Compiled;
  readonly checks: readonly Check[];
  readonly failures: readonly TaskInFull[];
  readonly last: number;
  readonly engine: string;
  readonly user: string;
  readonly selection: { readonly [name: string]: readonly string[] };
  readonly sources: { readonly [notebook: string]: string };
  readonly environment: { readonly [kernel: string]: Environment };
}

/** A task as long lists have it. */
export interface ListedTask {
  readonly task: string;
  readonly step: string;
  readonly label: string;
  readonly state: TaskState;
  readonly seconds: number | null;
  readonly started: string | null;
  readonly finished: string | null;
}

export interface Tasks {
  readonly tasks: readonly ListedTask[];
  readonly found: number;
}

/** What was made to be looked at when a value was saved. */
export interface Preview {
  readonly text?: string;
  readonly html?: string;
  readonly image?: string;
  readonly shape?: readonly number[];
}

export interface ArtifactInFull {
  readonly digest: string;
  readonly type: string;
  readonly size: number;
  readonly codec: string;
  readonly kind: string;
  readonly preview: Preview;
}

export interface StoredText {
  readonly text: string;
  readonly whole: boolean;
}

export type How = 'new' | 'gone' | 'changed';

export interface TextChange {
  readonly name: string;
  readonly how: How;
  readonly lines: readonly string[];
}

export interface Diff {
  readonly code: readonly TextChange[];
  readonly inputs: readonly { readonly task: string; readonly text: string }[];
  readonly outputs: readonly {
    readonly task: string;
    readonly name: string;
    readonly how: How;
    readonly before: string;
    readonly after: string;
  }[];
}

export interface CellDiff {
  readonly cell: string;
  readonly kind: string;
  readonly how: How | '';
  readonly source: readonly string[];
  readonly output: readonly string[];
  readonly pictures: boolean;
}

export interface Draft {
  readonly path: string;
  readonly cells: readonly string[];
  readonly cell: string;
  readonly kernel: string;
  /** A kernel that is there and holds the state; none where a new one is to be started. */
  readonly id?: string;
}
