/** Changes notebooks: open ones through their shared models, others through the contents service. */

import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';

import { tagsOf } from './chips';
import type { Edit, Metadata, Source } from './edits';
import { edited, inverse, isNothing, unlessChanged } from './edits';
import { changeOnce } from './history';
import { trans } from './translation';
import type { Json } from './wire';

/** Finds the notebook that is open at a path. */
export type Find = (path: string) => NotebookPanel | undefined;

interface IDocument {
  readonly cells: readonly {
    id?: string;
    cell_type: string;
    source?: string | string[];
    metadata: { tags?: unknown };
  }[];
  readonly metadata: { nbpipe?: unknown };
}

/** Reads and edits notebooks by their path, open or not. */
export class Writing {
  constructor(
    private readonly find: Find,
    private readonly contents: Contents.IManager
  ) {}

  /** Return what our edits read of a notebook. */
  async read(path: string): Promise<Source> {
    const panel = this.find(path);
    return panel ? sourceOf(panel) : readDocument((await this.fetch(path)).content as IDocument);
  }

  /**
   * Make edits of several notebooks; one undo in the notebook at `home` takes all of them back.
   *
   * Notebooks that are not open come first: if one of them cannot be written, nothing is changed.
   */
  async edit(edits: ReadonlyMap<string, Edit>, home: string | null): Promise<void> {
    const made = [...edits].filter(([, edit]) => !isNothing(edit));
    const closed = made.filter(([path]) => !this.find(path));
    const back = new Map<string, Undone>();
    try {
      for (const [path, edit] of closed) {
        back.set(path, { done: edit, edit: await this.store(path, edit) });
      }
    } catch (error) {
      await this.takeBack(back);
      throw error;
    }
    const open = made.filter(([path]) => this.find(path));
    const first = open.find(([path]) => path === home) ?? open[0];
    for (const [path, edit] of open.filter(each => each !== first)) {
      back.set(path, { done: edit, edit: this.write(path, edit, new Map()) });
    }
    if (first) {
      this.write(...first, back);
    }
  }

  /** Edit an open notebook; undone there, the others are taken back too. */
  private write(path: string, edit: Edit, others: ReadonlyMap<string, Undone>): Edit {
    const panel = this.find(path);
    const shared = panel?.content.model?.sharedModel;
    if (!panel || !shared) {
      return inverse({ cells: [], metadata: null }, edit);
    }
    const back = inverse(sourceOf(panel), edit);
    const restore = ({ metadata }: Edit): void => {
      this.setMetadata(panel, metadata);
    };
    changeOnce(shared, () => put(panel, edit), {
      undo: () => {
        restore(back);
        void this.takeBack(others).catch(() => undefined);
      },
      redo: () => {
        restore(edit);
        const again = [...others].map(([at, { done, edit: undone }]): [string, Undone] => [
          at,
          { done: undone, edit: done }
        ]);
        void this.takeBack(new Map(again)).catch(() => undefined);
      }
    });
    return back;
  }

  private setMetadata(panel: NotebookPanel, metadata: Metadata | null | undefined): void {
    if (!panel.isDisposed) {
      putMetadata(panel, metadata);
    }
  }

  /** Undo edits, but for what was changed since. */
  private async takeBack(back: ReadonlyMap<string, Undone>): Promise<void> {
    for (const [path, { done, edit }] of back) {
      const left = unlessChanged(await this.read(path), done, edit);
      const panel = this.find(path);
      if (panel) {
        panel.content.model?.sharedModel.transact(() => put(panel, left));
      } else if (!isNothing(left)) {
        await this.store(path, left);
      }
    }
  }

  private async store(path: string, edit: Edit): Promise<Edit> {
    const file = await this.fetch(path);
    const document = file.content as IDocument;
    const before = readDocument(document);
    const after = edited(before, edit);
    after.cells.forEach(({ id, tags, source }, i) => {
      if (edit.tags.has(id)) {
        setOrDelete(document.cells[i]?.metadata, 'tags', tags.length > 0 ? [...tags] : undefined);
      }
      if (edit.sources?.has(id)) {
        setOrDelete(document.cells[i], 'source', source);
      }
    });
    setOrDelete(document.metadata, 'nbpipe', after.metadata ?? undefined);
    await this.contents.save(path, { type: 'notebook', format: 'json', content: document });
    return inverse(before, edit);
  }

  private async fetch(path: string): Promise<Contents.IModel> {
    if (!path.endsWith('.ipynb')) {
      throw new Error(
        trans.__('%1 is a script: change its tags by hand. Nothing was changed.', path)
      );
    }
    return this.contents.get(path, { type: 'notebook', format: 'json', content: true });
  }
}

/** An edit that takes back one that was done. */
interface Undone {
  readonly done: Edit;
  readonly edit: Edit;
}

/** Return what our edits read of an open notebook. */
function sourceOf(panel: NotebookPanel): Source {
  const { content } = panel;
  const cells = content.model ? Array.from(content.model.cells) : [];
  return {
    cells: cells.map(cell => ({
      id: cell.id,
      kind: cell.type,
      tags: tagsOf(cell),
      source: cell.sharedModel.getSource()
    })),
    metadata: metadataOf(panel)
  };
}

/** What the metadata of an open notebook hold of ours. */
export function metadataOf({ content }: NotebookPanel): Metadata | null {
  return metadataIn(content.model?.getMetadata('nbpipe'));
}

function readDocument({ cells, metadata }: IDocument): Source {
  return {
    cells: cells.map((cell, i) => ({
      id: cell.id ?? String(i),
      kind: cell.cell_type,
      tags: textsIn(cell.metadata.tags),
      source: [cell.source ?? ''].flat().join('')
    })),
    metadata: metadataIn(metadata.nbpipe)
  };
}

function put(panel: NotebookPanel, { tags, sources, metadata }: Edit): void {
  for (const cell of panel.content.model?.cells ?? []) {
    const text = sources?.get(cell.id);
    if (text !== undefined) {
      cell.sharedModel.setSource(text);
    }
    const next = tags.get(cell.id);
    if (next?.length === 0) {
      cell.deleteMetadata('tags');
    } else if (next) {
      cell.setMetadata('tags', [...next]);
    }
  }
  putMetadata(panel, metadata);
}

function putMetadata({ content }: NotebookPanel, metadata: Metadata | null | undefined): void {
  if (metadata === null) {
    content.model?.deleteMetadata('nbpipe');
  } else if (metadata !== undefined) {
    content.model?.setMetadata('nbpipe', metadata);
  }
}

function metadataIn(value: unknown): Metadata | null {
  return typeof value === 'object' && value !== null ? (value as { [name: string]: Json }) : null;
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((tag): tag is string => typeof tag === 'string') : [];
}

function setOrDelete(object: object | undefined, name: string, value: unknown): void {
  if (object && value === undefined) {
    Reflect.deleteProperty(object, name);
  } else if (object) {
    Reflect.set(object, name, value);
  }
}
