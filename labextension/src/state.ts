/** What the panel shows, as one value, and what is read off it. */

import type { Metadata } from './edits';
import type { LogLine } from './loglines';
import type { Settings } from './settings';
import { DEFAULTS } from './settings';
import type { Suggestion } from './suggestion';
import type { ICell } from './tokens';
import type { Compiled, CompileRequest, PlannedTask, Proof, Role, Run } from './wire';

/** What is known of the server's side. */
export type Server =
  | { readonly is: 'unknown' }
  | { readonly is: 'ready' }
  | { readonly is: 'missing' }
  | { readonly is: 'other'; readonly version: string; readonly api: number }
  | { readonly is: 'failing'; readonly message: string };

/** The kernel that a failed task left, as far as it can be opened. */
export interface KernelOfTask {
  readonly task: string;
  readonly is: 'there' | 'opening' | 'gone';
}

export type Scope = CompileRequest['scope'];

/** All that is shown, as one value. */
export interface State {
  readonly server: Server;
  /** The server answered before and does not now; it is asked again and again. */
  readonly away: boolean;
  readonly settings: Settings;
  readonly path: string | null;
  /** Whether the graph is that of the notebook or of its whole project. */
  readonly scope: Scope;
  readonly cells: readonly ICell[];
  readonly active: string | null;
  /** The cells that are selected; the active one is one of them. */
  readonly selected: readonly string[];
  readonly tagged: boolean;
  /** What the notebook's metadata says, where it has an entry of ours. */
  readonly metadata: Metadata | null;
  readonly compiled: Compiled | null;
  /** What the compiler says of the notebook's cells. */
  readonly roles: ReadonlyMap<string, Role>;
  readonly compiling: boolean;
  /** Steps that are suggested, and what is decided of them. */
  readonly suggestion: Suggestion | null;
  readonly suggesting: boolean;
  /** The newest proof, as it is or was made. */
  readonly proving: Run | null;
  readonly provingStarts: boolean;
  /** What the newest finished proof found. */
  readonly proof: Proof | null;
  /** What a run would do, by step; null where that is not known. */
  readonly plan: ReadonlyMap<string, PlannedTask> | null;
  /** Whether the plan is shown step by step. */
  readonly planShown: boolean;
  /** Seconds that a task of each step took in earlier runs. */
  readonly durations: { readonly [step: string]: number };
  /** What was typed for parameters, by name. */
  readonly typed: { readonly [name: string]: string };
  readonly runs: readonly Run[];
  readonly run: Run | null;
  /** The kernel in which the run's step failed, where it waits or did; null where none is known. */
  readonly failedKernel: KernelOfTask | null;
  /** True if the run was chosen from the list: then its own graph is drawn. */
  readonly looking: boolean;
  readonly log: readonly LogLine[];
  readonly starting: boolean;
  /** What went wrong last, as a sentence. */
  readonly message: string;
}

/** Nothing is known yet. */
export const EMPTY: State = {
  server: { is: 'unknown' },
  away: false,
  settings: DEFAULTS,
  path: null,
  scope: 'notebook',
  cells: [],
  active: null,
  selected: [],
  tagged: false,
  metadata: null,
  compiled: null,
  roles: new Map(),
  compiling: false,
  suggestion: null,
  suggesting: false,
  proving: null,
  provingStarts: false,
  proof: null,
  plan: null,
  planShown: false,
  durations: {},
  typed: {},
  runs: [],
  run: null,
  failedKernel: null,
  looking: false,
  log: [],
  starting: false,
  message: ''
};

/** What the compiler says of the cells of the notebook at `path`. */
export function rolesIn(compiled: Compiled, path: string): ReadonlyMap<string, Role> {
  return new Map(Object.entries(compiled.roles[inside(path, compiled)] ?? {}));
}

/** A notebook as its pipeline names it, from its path on the server. */
export function inside(path: string, { project }: Pick<Compiled, 'project'>): string {
  return project === '' ? path : path.slice(project.length + 1);
}

/** The path on the server of a notebook that a pipeline names. */
export function outside(notebook: string, of: Pick<Compiled, 'project'> | null): string {
  return [of?.project, notebook].filter(Boolean).join('/');
}

/** Return true for a notebook in a folder; the root is ''. */
export function isInside(path: string, folder: string): boolean {
  return folder === '' || path.startsWith(`${folder}/`);
}

/** Return what a list of runs shows of a run: its tasks are kept once, where it is drawn. */
export function inShort({ tasks: _, graph: __, seq: ___, ...run }: Run): Run {
  return run;
}
