/** Names and contracts that the parts of the extension share. */

import type { ISignal } from '@lumino/signaling';

import type { Edit, Metadata, Source } from './edits';
import type { IMarks } from './marks';
import type { NoteKind, Notes } from './notes';
import type { TagChange, Tagged } from './tags';
import type {
  Compiled,
  CompileRequest,
  Draft,
  Durations,
  Events,
  Fix,
  Hello,
  Json,
  NotebookContent,
  Output,
  Plan,
  Proposal,
  Proven,
  Run,
  RunEvent,
  RunRequest,
  SuggestRequest,
  TaskInFull
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
  start: 'nbpipe:start',
  suggest: 'nbpipe:suggest',
  verify: 'nbpipe:verify',
  makeStep: 'nbpipe:make-step',
  renameStep: 'nbpipe:rename-step',
  oneStep: 'nbpipe:one-step',
  fileOneStep: 'nbpipe:file-one-step'
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
  /** Another cell is active, or others are selected. */
  readonly activeChanged: ISignal<INotebooks, void>;
  /** Where the current notebook is; null for none, and for those of runs. */
  readonly path: string | null;
  readonly dirty: boolean;
  readonly active: string | null;
  /** What the notebook's metadata says, where it has an entry of ours. */
  readonly metadata: Metadata | null;
  cells(): readonly ICell[];
  content(): NotebookContent;
  /** The cells that are selected; the active one is one of them. */
  readonly selected: readonly string[];
  /** The open notebooks in a folder of the server. */
  openIn(folder: string): readonly string[];
  /** Read a notebook, open or not, as far as edits go. */
  read(path: string): Promise<Source>;
  /** Edit notebooks, open or not; one undo in the current one takes all of it back. */
  edit(edits: ReadonlyMap<string, Edit>): Promise<void>;
  /** Show a cell of the current notebook, at a line where one is named; lines count from 1. */
  goTo(cell: string, line: number | null): void;
  save(): Promise<void>;
  /** Open another notebook of the same server. */
  open(path: string): Promise<void>;
  /** Open what ran, read-only, at a cell if one is named. */
  openExecuted(path: string, cell: string | null): Promise<void>;
  /** Open a draft with its kernel. */
  openDraft(draft: Draft): Promise<void>;
  /** Show what is known of the cells of the current notebook. */
  paint(marks: IMarks | null): void;
  /** Show notes of a kind at cells of the current notebook; null for none. */
  note(kind: NoteKind, notes: Notes | null): void;
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
  /** The steps that a notebook could have. */
  suggest(request: SuggestRequest): Promise<Proposal>;
  /** The notebooks on disk of a path's project that name a step. */
  mentions(path: string, step: string): Promise<readonly string[]>;
  plan(request: RunRequest): Promise<Plan>;
  runs(path: string): Promise<readonly Run[]>;
  /** The newest proof of a notebook or a project. */
  proven(path: string): Promise<Proven>;
  /** Start a proof; it is followed and cancelled as a run is. */
  prove(request: RunRequest): Promise<Run>;
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
  /** A task with all that is known of it. */
  task(run: RunName, task: string): Promise<TaskInFull>;
  /** A draft of a failed step, and the kernel in which it failed. */
  failedKernel(run: RunName, task: string): Promise<Draft>;
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
  /** Open the step that failed in the very kernel in which it did. */
  openFailedKernel(): void;
  setTags(cell: string, change: TagChange): void;
  goTo(notebook: string | null, cell: string | null, line: number | null): void;
  fix(notebook: string | null, fix: Fix): void;
  /** Ask for a name and make the selected cells a step. */
  makeStep(): void;
  /** Call a step otherwise wherever the project names it. */
  renameStep(step: string, name: string): void;
  /** Let a step come after another, or no longer so. */
  setOrder(step: string, after: string, wanted: boolean): void;
  /** Set an option of a step; null takes its default again. */
  setOption(step: string, option: string, value: Json): void;
  /** Make the whole notebook one step; null makes it cell steps again. */
  setOneStep(name: string | null): void;
  /** Prove that the pipeline gives what Run All gives. */
  verify(): void;
  stopVerifying(): void;
  /** Ask for steps that the notebook could have. */
  suggest(): void;
  /** Leave out what is suggested for a cell. */
  leaveOut(cell: string): void;
  /** Give a suggested step another name. */
  nameSuggested(cell: string, name: string): void;
  /** Let a cell stay out of the pipeline with what is accepted, or no longer. */
  chooseOffer(cell: string, chosen: boolean): void;
  /** Write what is suggested. */
  acceptSuggestion(): void;
  /** Put the suggestion away. */
  dropSuggestion(): void;
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
