/** The step of each cell, shown in the notebook: a strip of colour, a word, and what is wrong. */

import type { Cell, ICellModel } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';

import { chipButton, noteButton, problemButton, setOrRemove } from './chip';
import { colours } from './colours';
import type { IMarks } from './marks';
import type { NoteKind, Notes } from './notes';
import { isTagged, readTags, rolesOf } from './tags';
import type { Fix, Problem, Role } from './wire';

const SOON = 60;

/** What a chip leads to. */
export interface IChipActions {
  /** The chip of a cell was pressed. */
  open(panel: NotebookPanel, cell: string): void;
  fix(panel: NotebookPanel, fix: Fix): void;
}

/** What is shown at one cell. */
export interface IMark {
  readonly role: Role | undefined;
  readonly colour: number | undefined;
  /** True where the cell's own tag names the step. */
  readonly begins: boolean;
  /** What flows through its step, where that is known. */
  readonly marks: IMarks | undefined;
  readonly problems: readonly Problem[];
}

/** Return the tags of a cell, whatever stands there. */
export function tagsOf(cell: ICellModel): readonly string[] {
  const tags: unknown = cell.getMetadata('tags');
  return Array.isArray(tags) ? tags.filter((tag): tag is string => typeof tag === 'string') : [];
}

/** Marks the cells of every notebook; one without our tags stays as it is. */
export class Chips implements DocumentRegistry.IWidgetExtension<NotebookPanel, INotebookModel> {
  constructor(private readonly actions: IChipActions) {}

  createNew(panel: NotebookPanel): IDisposable {
    const seen = new WeakSet<Cell>();
    const debouncer = new Debouncer(() => this.draw(panel, seen, later), SOON);
    const later = (): void => {
      if (!debouncer.isDisposed) {
        void debouncer.invoke();
      }
    };
    this._redraw.set(panel, later);
    void panel.context.ready.then(() => {
      if (!panel.isDisposed) {
        panel.content.model?.cells.changed.connect(later);
        later();
      }
    });
    return new DisposableDelegate(() => {
      panel.content.model?.cells.changed.disconnect(later);
      debouncer.dispose();
    });
  }

  /** Show what the compiler says of the cells; null goes back to what the tags say. */
  paint(panel: NotebookPanel, marks: IMarks | null): void {
    if (marks !== null || this._marks.has(panel)) {
      if (marks === null) {
        this._marks.delete(panel);
      } else {
        this._marks.set(panel, marks);
      }
      this._redraw.get(panel)?.();
    }
  }

  /** Show notes of a kind at cells; null for none. */
  note(panel: NotebookPanel, kind: NoteKind, notes: Notes | null): void {
    const all = this._notes.get(panel) ?? new Map<NoteKind, Notes>();
    if (notes !== null || all.has(kind)) {
      this._notes.set(panel, all.set(kind, notes ?? new Map()));
      this._redraw.get(panel)?.();
    }
  }

  /** Show no notes any more. */
  forget(panel: NotebookPanel): void {
    for (const kind of this._notes.get(panel)?.keys() ?? []) {
      this.note(panel, kind, null);
    }
  }

  private draw(panel: NotebookPanel, seen: WeakSet<Cell>, later: () => void): void {
    if (panel.isDisposed) {
      return;
    }
    const cells = panel.content.widgets;
    cells.forEach(cell => watch(cell, seen, later));
    const read = cells.map(({ model }) => ({
      id: model.id,
      kind: model.type,
      tags: tagsOf(model)
    }));
    const tagged = isTagged(read);
    const marks = this._marks.get(panel);
    const own = tagged ? rolesOf(read) : new Map<string, Role>();
    const told = tagged ? marks?.roles : undefined;
    const roles = new Map([...own].map(([id, role]) => [id, told?.get(id) ?? role]));
    const colour = colours([...roles.values()].map(({ step }) => step));
    cells.forEach((cell, i) => {
      const role = roles.get(cell.model.id);
      this.mark(panel, cell, {
        role,
        colour: role ? colour.get(role.step) : undefined,
        begins: readTags(read[i]?.tags ?? []).role === 'step',
        marks,
        problems: marks?.problems.get(cell.model.id) ?? []
      });
      this.noteAt(panel, cell);
    });
  }

  private mark(panel: NotebookPanel, cell: Cell, mark: IMark): void {
    // The header of a cell is an empty widget, there to be filled by extensions.
    const header = cell.isDisposed ? null : cell.node.querySelector(':scope > .jp-CellHeader');
    if (cell.isDisposed) {
      return;
    }
    const { colour } = mark;
    setOrRemove(cell.node, 'data-nbpipe-colour', colour === undefined ? null : String(colour));
    if (header) {
      chipButton(header, mark, () => this.actions.open(panel, cell.model.id));
      problemButton(header, mark, {
        open: () => this.actions.open(panel, cell.model.id),
        fix: fix => this.actions.fix(panel, fix)
      });
    }
  }

  private noteAt(panel: NotebookPanel, cell: Cell): void {
    const header = cell.isDisposed ? null : cell.node.querySelector(':scope > .jp-CellHeader');
    for (const [kind, notes] of header ? (this._notes.get(panel) ?? []) : []) {
      const note = notes.get(cell.model.id) ?? null;
      setOrRemove(cell.node, `data-nbpipe-${kind}`, note?.tone ?? null);
      noteButton(header as Element, kind, note, () => this.actions.open(panel, cell.model.id));
    }
  }

  private readonly _notes = new WeakMap<NotebookPanel, Map<NoteKind, Notes>>();
  private readonly _marks = new WeakMap<NotebookPanel, IMarks>();
  private readonly _redraw = new WeakMap<NotebookPanel, () => void>();
}

function watch(cell: Cell, seen: WeakSet<Cell>, later: () => void): void {
  if (!seen.has(cell)) {
    seen.add(cell);
    cell.model.metadataChanged.connect(later);
    // A cell outside the viewport has nothing inside until it is scrolled to.
    void cell.ready.then(later, () => undefined);
  }
}
