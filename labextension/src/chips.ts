/** The step of each cell, shown in the notebook: a strip of colour, a word, and what is wrong. */

import type { Cell, ICellModel } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';

import { chipButton, linesOf, noteButton, problemButton, setOrRemove } from './chip';
import { colours } from './colours';
import type { IMarks } from './marks';
import type { NoteKind, Notes } from './notes';
import { isTagged, readTags, rolesOf } from './tags';
import type { Fix, Problem, Role } from './wire';

const SOON = 60;

const NONE: readonly Problem[] = [];

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
    const watched = new WeakSet<Cell>();
    const debouncer = new Debouncer(() => this.draw(panel, watch), SOON);
    const later = (): void => {
      if (!debouncer.isDisposed) {
        void debouncer.invoke();
      }
    };
    const watch = (cell: Cell): void => {
      if (!watched.has(cell)) {
        watched.add(cell);
        cell.model.metadataChanged.connect(later);
        // A cell outside the viewport has nothing inside until it is scrolled to.
        void cell.ready.then(
          () => this.show(panel, cell),
          () => undefined
        );
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

  private draw(panel: NotebookPanel, watch: (cell: Cell) => void): void {
    if (panel.isDisposed) {
      return;
    }
    const cells = panel.content.widgets;
    cells.forEach(watch);
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
      this._wanted.set(cell, {
        role,
        colour: role ? colour.get(role.step) : undefined,
        begins: readTags(read[i]?.tags ?? []).role === 'step',
        marks,
        problems: marks?.problems.get(cell.model.id) ?? NONE
      });
      this.show(panel, cell);
    });
  }

  /** Show what was last found out of a cell, unless it is shown: cells are many, drawn often. */
  private show(panel: NotebookPanel, cell: Cell): void {
    const mark = this._wanted.get(cell);
    if (cell.isDisposed || mark === undefined) {
      return;
    }
    // The header of a cell is an empty widget, there to be filled by extensions.
    const header = cell.node.querySelector(':scope > .jp-CellHeader');
    const shown = this._shown.get(cell);
    if (shown === undefined || shown.header !== header || !isSame(shown.mark, mark)) {
      this._shown.set(cell, { header, mark });
      this.mark(panel, cell, header, mark);
    }
    this.noteAt(panel, cell, header);
  }

  private mark(panel: NotebookPanel, cell: Cell, header: Element | null, mark: IMark): void {
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

  private noteAt(panel: NotebookPanel, cell: Cell, header: Element | null): void {
    for (const [kind, notes] of header ? (this._notes.get(panel) ?? []) : []) {
      const note = notes.get(cell.model.id) ?? null;
      setOrRemove(cell.node, `data-nbpipe-${kind}`, note?.tone ?? null);
      noteButton(header as Element, kind, note, () => this.actions.open(panel, cell.model.id));
    }
  }

  private readonly _notes = new WeakMap<NotebookPanel, Map<NoteKind, Notes>>();
  private readonly _marks = new WeakMap<NotebookPanel, IMarks>();
  private readonly _wanted = new WeakMap<Cell, IMark>();
  private readonly _shown = new WeakMap<Cell, { header: Element | null; mark: IMark }>();
  private readonly _redraw = new WeakMap<NotebookPanel, () => void>();
}

function isSame(one: IMark, other: IMark): boolean {
  const [role, now] = [one.role, other.role];
  return (
    role?.role === now?.role &&
    role?.step === now?.step &&
    one.colour === other.colour &&
    one.begins === other.begins &&
    linesOf(one).join() === linesOf(other).join() &&
    (one.problems === other.problems ||
      JSON.stringify(one.problems) === JSON.stringify(other.problems))
  );
}
