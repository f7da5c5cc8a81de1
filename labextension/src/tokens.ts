/** Names and contracts that the parts of the extension share. */

import type { ISignal } from '@lumino/signaling';

import type { TagChange, Tagged } from './tags';
import type {
  Compiled,
  CompileRequest,
  Events,
  Hello,
  NotebookContent,
  Output,
  Plan,
  Role,
  Run,
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
  showPanel: 'nbpipe:show-panel'
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

/** The server, seen from here. */
export interface IClient {
  hello(): Promise<Hello>;
  compile(request: CompileRequest): Promise<Compiled>;
  plan(request: RunRequest): Promise<Plan>;
  runs(path: string): Promise<readonly Run[]>;
  start(request: RunRequest): Promise<Run>;
  run(run: RunName): Promise<Run>;
  /** What happened after event `after`; waits some seconds for the next one. */
  events(run: RunName, after: number, wait: number, signal: AbortSignal): Promise<Events>;
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
  setTags(cell: string, change: TagChange): void;
  goTo(notebook: string | null, cell: string): void;
  fix(cell: string, add: readonly string[], remove: readonly string[]): void;
  plan(): void;
  setScope(scope: CompileRequest['scope']): void;
  setParameter(name: string, text: string | null): void;
  openStep(step: string, task: string | null): void;
  showRun(id: string | null): void;
  retry(): void;
}
