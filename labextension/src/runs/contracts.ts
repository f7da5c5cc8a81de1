/** Names and contracts of what shows the past: lists, pages and comparisons of runs. */

import type { RunName } from '../tokens';
import type {
  ArtifactInFull,
  CellDiff,
  Diff,
  Draft,
  Events,
  ListedRun,
  Output,
  RunPage,
  Runs,
  Said,
  Side,
  Space,
  StoredText,
  TaskInFull,
  Tasks
} from '../wire';
import type { Filter } from './filter';

export const PastIDs = {
  runs: 'nbpipe:open-runs',
  run: 'nbpipe:open-run',
  compare: 'nbpipe:compare-runs',
  /** Opens what a tab showed before the page was left. */
  again: 'nbpipe:open-again'
} as const;

/** What a tab of the main area shows; it is all that has to be kept to restore it. */
export type Spec =
  | { readonly kind: 'runs'; readonly path: string }
  | { readonly kind: 'run'; readonly path: string; readonly id: string }
  | { readonly kind: 'compare'; readonly path: string; readonly ids: readonly string[] };

/** Which tasks of a run are asked for; empty text does not choose. */
export interface WhichTasks {
  readonly step: string;
  readonly state: string;
  readonly words: string;
}

/** How far the state of a step is to come back. */
export type Until = 'inputs' | 'failure';

/** The server, as far as the past is concerned. */
export interface IPast {
  list(path: string, filter: Filter, before: string | null): Promise<Runs>;
  page(run: RunName): Promise<RunPage>;
  tasks(run: RunName, which: WhichTasks, from: number, limit: number): Promise<Tasks>;
  task(run: RunName, task: string): Promise<TaskInFull>;
  annotate(run: RunName, said: Partial<Said>): Promise<void>;
  remove(run: RunName): Promise<void>;
  compare(path: string, ids: readonly string[]): Promise<readonly Side[]>;
  diff(before: RunName, after: string): Promise<Diff>;
  diffCells(before: RunName, after: string, task: string): Promise<readonly CellDiff[]>;
  artifact(digest: string, path: string): Promise<ArtifactInFull>;
  text(digest: string, path: string): Promise<StoredText>;
  draft(run: RunName, task: string, until: Until): Promise<Draft>;
  /** A draft of a failed step, and the kernel in which it failed. */
  failedKernel(run: RunName, task: string): Promise<Draft>;
  /** How much the store of a project holds. */
  space(path: string): Promise<Space>;
  newsAfter(run: RunName, after: number, wait: number, signal: AbortSignal): Promise<Events>;
  output(run: RunName, from: number): Promise<Output>;
  imageUrl(digest: string, path: string): string;
  fileUrl(digest: string, path: string, name: string): string;
}

/** What the page can do for these views. */
export interface IDoors {
  openRun(run: RunName): void;
  openRuns(path: string): void;
  compare(path: string, ids: readonly string[]): void;
  /** Open an executed notebook, at a cell if one is named. */
  openExecuted(path: string, cell: string | null): Promise<void>;
  /** Open a notebook with its kernel, or a new one in which some of its cells are run. */
  openDraft(draft: Draft): Promise<void>;
  /** Put a cell into the notebook in front; returns its path, null where there is none. */
  insert(code: (notebook: string) => string): string | null;
  askSaid(said: Said, known: readonly string[]): Promise<Said | null>;
  confirmDelete(runs: readonly ListedRun[]): Promise<boolean>;
}
