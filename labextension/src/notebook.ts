/** The notebooks of this page, as the model wants them; what JupyterLab calls them stays here. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { Cell, ICellModel } from '@jupyterlab/cells';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { Chips } from './chips';
import { tagsOf } from './chips';
import { isOnDrive, onDrive } from './drive';
import type { Edit, Metadata, Source } from './edits';
import type { IMarks } from './marks';
import type { NoteKind, Notes } from './notes';
import { openDraft } from './runs/doors';
import { isInside } from './state';
import type { ICell, INotebooks } from './tokens';
import type { Draft, Json, NotebookContent } from './wire';
import { metadataOf, Writing } from './writing';

const FACTORY = 'Notebook';
const NO_KERNEL = { shouldStart: false, canStart: false, autoStartDefault: false };

/** Follows the current notebook; one of a run does not count, so that its source stays. */
export class Notebooks implements INotebooks, IDisposable {
  constructor(
    private readonly tracker: INotebookTracker,
    private readonly documents: IDocumentManager,
    private readonly shell: JupyterFrontEnd.IShell,
    private readonly chips: Chips,
    contents: Contents.IManager
  ) {
    this.writing = new Writing(path => this.find(path), contents);
    tracker.currentChanged.connect(this.onCurrent, this);
    tracker.activeCellChanged.connect(this.onActive, this);
    tracker.selectionChanged.connect(this.onActive, this);
    this.onCurrent();
  }

  get currentChanged(): ISignal<this, void> {
    return this._currentChanged;
  }

  get edited(): ISignal<this, void> {
    return this._edited;
  }

  get activeChanged(): ISignal<this, void> {
    return this._activeChanged;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  get path(): string | null {
    return this._ready && this._panel ? this._panel.context.localPath : null;
  }

  get dirty(): boolean {
    return this._panel?.context.model.dirty ?? false;
  }

  get active(): string | null {
    return this._panel?.content.activeCell?.model.id ?? null;
  }

  get metadata(): Metadata | null {
    return this._panel ? metadataOf(this._panel) : null;
  }

  dispose(): void {
    if (this._disposed) {
      return;
    }
    this._disposed = true;
    this.leave();
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  cells(): readonly ICell[] {
    return this.models().map((cell, index) => ({
      id: cell.id,
      index,
      kind: cell.type,
      title: titleOf(cell.sharedModel.getSource()),
      tags: tagsOf(cell)
    }));
  }

  content(): NotebookContent {
    const model = this._panel?.content.model;
    return {
      nbformat: 4,
      nbformat_minor: 5,
      metadata: (model?.sharedModel.getMetadata() ?? {}) as Json,
      cells: this.models().map(contentOf)
    };
  }

  get selected(): readonly string[] {
    const notebook = this._panel?.content;
    const cells = notebook?.widgets.filter(cell => notebook.isSelectedOrActive(cell)) ?? [];
    return cells.map(({ model }) => model.id);
  }

  openIn(folder: string): readonly string[] {
    const paths: string[] = [];
    this.tracker.forEach(({ context }) => {
      if (!isOnDrive(context.path) && isInside(context.localPath, folder)) {
        paths.push(context.localPath);
      }
    });
    return paths;
  }

  read(path: string): Promise<Source> {
    return this.writing.read(path);
  }

  edit(edits: ReadonlyMap<string, Edit>): Promise<void> {
    return this.writing.edit(edits, this.path);
  }

  goTo(id: string, line: number | null): void {
    if (this._panel) {
      this.shell.activateById(this._panel.id);
      void showCell(this._panel, id, line).catch(() => undefined); // scrolled elsewhere meanwhile
    }
  }

  async save(): Promise<void> {
    await this._panel?.context.save();
  }

  async open(path: string): Promise<void> {
    const widget = this.documents.openOrReveal(path, FACTORY);
    await widget?.context.ready;
  }

  async openExecuted(path: string, cell: string | null): Promise<void> {
    const widget = this.documents.openOrReveal(
      onDrive(path),
      FACTORY,
      undefined,
      { mode: 'tab-after' },
      NO_KERNEL
    ) as NotebookPanel | undefined;
    await widget?.context.ready;
    if (widget && cell !== null) {
      await showCell(widget, cell, null);
    }
  }

  openDraft(draft: Draft): Promise<void> {
    return openDraft(this.documents, draft);
  }

  /** Put code into a new cell below the active one; it can be undone. Null for no notebook. */
  insert(code: (path: string) => string): string | null {
    const { path } = this;
    const panel = this._panel;
    if (path === null || panel === null) {
      return null;
    }
    this.shell.activateById(panel.id);
    NotebookActions.insertBelow(panel.content);
    panel.content.activeCell?.model.sharedModel.setSource(code(path));
    return path;
  }

  paint(marks: IMarks | null): void {
    if (this._panel) {
      this.chips.paint(this._panel, marks);
    }
  }

  note(kind: NoteKind, notes: Notes | null): void {
    if (this._panel) {
      this.chips.note(this._panel, kind, notes);
    }
  }

  private find(path: string): NotebookPanel | undefined {
    return this.tracker.find(
      ({ context }) => context.isReady && !isOnDrive(context.path) && context.localPath === path
    );
  }

  private models(): readonly ICellModel[] {
    const model = this._panel?.content.model;
    return model ? Array.from(model.cells) : [];
  }

  private onCurrent(): void {
    const panel = this.tracker.currentWidget;
    if (panel === this._panel || (panel && isOnDrive(panel.context.path))) {
      return;
    }
    this.leave();
    this._panel = panel;
    this._currentChanged.emit();
    if (panel) {
      panel.disposed.connect(this.onClosed, this);
      void panel.context.ready.then(() => this.enter(panel));
    }
  }

  private enter(panel: NotebookPanel): void {
    if (panel !== this._panel || panel.isDisposed) {
      return;
    }
    this._ready = true;
    panel.content.model?.contentChanged.connect(this.onEdited, this);
    panel.context.pathChanged.connect(this.onMoved, this);
    panel.context.fileChanged.connect(this.onMoved, this);
    this._currentChanged.emit();
  }

  private leave(): void {
    const panel = this._panel;
    this._panel = null;
    this._ready = false;
    if (panel) {
      this.chips.forget(panel);
      panel.disposed.disconnect(this.onClosed, this);
      panel.content.model?.contentChanged.disconnect(this.onEdited, this);
      panel.context.pathChanged.disconnect(this.onMoved, this);
      panel.context.fileChanged.disconnect(this.onMoved, this);
    }
  }

  private onClosed(): void {
    this.leave();
    this._currentChanged.emit();
    this.onCurrent();
  }

  private onMoved(): void {
    this._currentChanged.emit();
  }

  private onEdited(): void {
    this._edited.emit();
  }

  private onActive(): void {
    this._activeChanged.emit();
  }

  private readonly writing: Writing;
  private _panel: NotebookPanel | null = null;
  private _ready = false;
  private _disposed = false;
  private readonly _currentChanged = new Signal<this, void>(this);
  private readonly _edited = new Signal<this, void>(this);
  private readonly _activeChanged = new Signal<this, void>(this);
}

async function showCell(panel: NotebookPanel, id: string, line: number | null): Promise<void> {
  const notebook = panel.content;
  const index = notebook.widgets.findIndex(cell => cell.model.id === id);
  const cell = notebook.widgets[index];
  if (cell === undefined) {
    return;
  }
  notebook.deselectAll();
  notebook.activeCellIndex = index;
  notebook.mode = 'command';
  await notebook.scrollToItem(index, 'center');
  if (!cell.isAttached || line !== null) {
    // In a long notebook, cells are drawn, and have an editor, some time after it is opened.
    await cell.ready;
    await notebook.scrollToItem(index, 'center');
  }
  if (line !== null) {
    notebook.mode = 'edit';
    selectLine(cell, line - 1);
  }
}

function selectLine({ editor }: Cell, line: number): void {
  const text = editor?.getLine(line);
  if (editor && text !== undefined) {
    editor.setSelection({ start: { line, column: 0 }, end: { line, column: text.length } });
    editor.revealPosition({ line, column: 0 });
  }
}

function contentOf(cell: ICellModel): Json {
  const { id, type } = cell;
  const source = cell.sharedModel.getSource();
  const metadata = cell.sharedModel.getMetadata() as Json;
  const plain = { id, cell_type: type, source, metadata };
  return type === 'code' ? { ...plain, execution_count: null, outputs: [] } : plain;
}

function titleOf(source: string): string {
  return source.split('\n').find(line => line.trim() !== '') ?? '';
}
