/** The step of each tagged cell, shown in the notebook: a strip of colour and a word. */

import type { Cell, ICellModel } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';

import { colours } from './colours';
import { isTagged, readTags, rolesOf } from './tags';
import type { Role } from './wire';

const SOON = 60;

/** Return the tags of a cell, whatever stands there. */
export function tagsOf(cell: ICellModel): readonly string[] {
  const tags: unknown = cell.getMetadata('tags');
  return Array.isArray(tags) ? tags.filter((tag): tag is string => typeof tag === 'string') : [];
}

/** Marks the cells of every notebook; one without our tags stays as it is. */
export class Chips implements DocumentRegistry.IWidgetExtension<NotebookPanel, INotebookModel> {
  /** @param open Called with the panel when a chip is clicked. */
  constructor(private readonly open: (panel: NotebookPanel) => void) {}

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
  paint(panel: NotebookPanel, roles: ReadonlyMap<string, Role> | null): void {
    if (roles !== null || this._roles.has(panel)) {
      if (roles === null) {
        this._roles.delete(panel);
      } else {
        this._roles.set(panel, roles);
      }
      this._redraw.get(panel)?.();
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
    const own = isTagged(read) ? rolesOf(read) : new Map<string, Role>();
    const told = isTagged(read) ? this._roles.get(panel) : undefined;
    const roles = new Map([...own].map(([id, role]) => [id, told?.get(id) ?? role]));
    const colour = colours([...roles.values()].map(({ step }) => step));
    cells.forEach((cell, i) => {
      const role = roles.get(cell.model.id);
      const begins = readTags(read[i]?.tags ?? []).role === 'step';
      mark(cell, role, role ? colour.get(role.step) : undefined, begins, () => this.open(panel));
    });
  }

  private readonly _roles = new WeakMap<NotebookPanel, ReadonlyMap<string, Role>>();
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

function mark(
  cell: Cell,
  role: Role | undefined,
  colour: number | undefined,
  begins: boolean,
  open: () => void
): void {
  if (cell.isDisposed) {
    return;
  }
  setOrRemove(cell.node, 'data-nbpipe-colour', colour === undefined ? null : String(colour));
  const text = role === undefined ? '' : chipText(role, begins);
  const old = cell.node.querySelector<HTMLElement>(':scope > .jp-CellHeader > .nbpipe-Chip');
  if (text === '') {
    old?.remove();
    return;
  }
  const chip = old ?? newChip(cell, open);
  if (chip && chip.textContent !== text) {
    chip.textContent = text;
    chip.title = `Pipeline: ${text}`;
    chip.setAttribute('aria-label', `Pipeline: ${text}`);
  }
  if (chip) {
    setOrRemove(chip, 'data-nbpipe-role', role?.role ?? null);
  }
}

function newChip(cell: Cell, open: () => void): HTMLElement | null {
  // The header of a cell is an empty widget, there to be filled by extensions.
  const header = cell.node.querySelector(':scope > .jp-CellHeader');
  if (header === null) {
    return null;
  }
  const chip = document.createElement('button');
  chip.type = 'button';
  chip.className = 'nbpipe-Chip';
  chip.addEventListener('click', open);
  header.appendChild(chip);
  return chip;
}

function chipText(role: Role, begins: boolean): string {
  switch (role.role) {
    case 'step':
      return begins ? `step ${role.step}` : '';
    case 'check':
      return role.step ? `check of ${role.step}` : 'check';
    case 'none':
      return '';
    default:
      return role.role;
  }
}

function setOrRemove(node: Element, name: string, value: string | null): void {
  if (value === null) {
    node.removeAttribute(name);
  } else {
    node.setAttribute(name, value);
  }
}
