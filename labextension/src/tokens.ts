/** Names and contracts that the parts of the extension share. */

import type { ISignal } from '@lumino/signaling';

import type { TagChange, Tagged } from './tags';
import type {
  Compiled,
  CompileRequest,
  Durations,
  Events,
  Hello,
  NotebookContent,
  Output,
  Plan,
  Role,
  Run,
  RunEvent,
  RunRequest
} from './wire';

export const PLUGIN_ID = 'jupyterlab-nbpipe:plugin';
export const PANEL_ID = 'nbpipe-panel';

/** The interface of the server that this page speaks. */
export const API = 1;

/** The commands, for menus, the palette, shortcuts and other extensions. */
export const CommandIDs = {
  run: 'nbpipe:run',
  cancel: 'nbpipe:cancel',
  resume: 'nbpipe:resume',
  retry: 'nbpipe:retry',
  runForced: 'nbpipe:run-forced',
  runFrom: 'nbpipe:run-from',
  runOnly: 'nbpipe:run-only',
  runOptions: 'nbpipe:run-options',
  runUntil: 'nbpipe:run-until',
  openFailing: 'nbpipe:open-failing',
  showPanel: 'nbpipe:show-panel',
  showRun: 'nbpipe:show-run',
  start: 'nbpipe:start'
} as const;

/** A cell of the open notebook, as far as the panel shows it. */
export interface ICell extends Tagged {
  readonly index: number;
  /** The first line that says something. */
  readonly title: string;
}

/** The notebooks of this page; only one is current. */
export interface INotebooks {
  /** Another notebook is current, or the current one was opened, saved or renamed. */
  readonly currentChanged: ISignal<INotebooks, void>;
  /** A cell of the current notebook changed. */
  readonly edited: ISignal<INotebooks, void>;
  /** Another cell is active. */
  readonly activeChanged: ISignal<INotebooks, void>;
  /** Where the current notebook is; null for none, and for those of runs. */
  readonly path: string | null;
  readonly dirty: boolean;
  readonly active: string | null;
  /** Notebook metadata has an entry of ours. */
  readonly hasSettings: boolean;
  cells(): readonly ICell[];
  content(): NotebookContent;
  setTags(cell: string, tags: readonly string[]): void;
  goTo(cell: string): void;
  save(): Promise<void>;
  /** Open another notebook of the same server. */
  open(path: string): Promise<void>;
  /** Open what ran, read-only, at a cell if one is named. */
  openExecuted(path: string, cell: string | null): Promise<void>;
  /** Show what the compiler says of the cells of the current notebook. */
  paint(roles: ReadonlyMap<string, Role> | null): void;
}

/** Which run is meant: its id, and the notebook that leads the server to its store. */
export type RunName = Pick<Run, 'id' | 'path'>;

/** After which event and byte of output news are wanted, and how many seconds they may take. */
export interface Since {
  readonly after: number;
  readonly output: number;
  readonly wait: number;
}

/** The server, seen from here. */
export interface IClient {
  hello(): Promise<Hello>;
  compile(request: CompileRequest): Promise<Compiled>;
  plan(request: RunRequest): Promise<Plan>;
  runs(path: string): Promise<readonly Run[]>;
  start(request: RunRequest): Promise<Run>;
  run(run: RunName): Promise<Run>;
  /** The news of a run; waits some seconds for them. */
  events(run: RunName, since: Since, signal: AbortSignal): Promise<Events>;
  /** What was noted in a run. */
  notes(run: RunName): Promise<readonly RunEvent[]>;
  /** The end of what the cells wrote, and the byte where it goes on. */
  lastOutput(run: RunName): Promise<Output>;
  /** What a task of each step took in earlier runs. */
  durations(path: string): Promise<Durations>;
  /** What cells wrote from byte `from` on. */
  output(run: RunName, from: number): Promise<Output>;
  cancel(run: RunName): Promise<void>;
  resume(run: RunName): Promise<Run>;
}

/** What a person can do in the panel. */
export interface IActions {
  run(): void;
  cancel(): void;
  resume(): void;
  /** Offer the other ways to run, at a place on the page. */
  offerRuns(x: number, y: number): void;
  /** Run a step that failed, and what follows it. */
  retryStep(step: string): void;
  setTags(cell: string, change: TagChange): void;
  goTo(notebook: string | null, cell: string): void;
  fix(cell: string, add: readonly string[], remove: readonly string[]): void;
  /** Show step by step what would run, or no longer. */
  plan(): void;
  setScope(scope: CompileRequest['scope']): void;
  setParameter(name: string, text: string | null): void;
  takePreset(name: string): void;
  savePreset(): void;
  deletePreset(name: string): void;
  openStep(step: string, task: string | null): void;
  showRun(id: string | null): void;
  /** Open a run's page, or the list of all runs, in the main area. */
  openRun(id: string): void;
  openRuns(): void;
  retry(): void;
}
