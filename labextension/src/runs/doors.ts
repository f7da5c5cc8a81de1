/** The ways from what ran into notebooks and kernels of this page. */

import type { Notebook, NotebookPanel } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { Kernel } from '@jupyterlab/services';

import type { Draft } from '../wire';

/**
 * Open a draft with its kernel, and run the cells that bring the state back.
 *
 * They are run where they stand, so that one sees what they do, and can run them again after
 * the kernel was restarted.
 */
export async function openDraft(documents: IDocumentManager, draft: Draft): Promise<void> {
  const kernel = kernelOf(draft);
  const panel = documents.openOrReveal(draft.path, 'Notebook', kernel) as NotebookPanel | undefined;
  if (panel === undefined) {
    return;
  }
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.revealed;
  const notebook = panel.content;
  const wanted = new Set(draft.cells);
  const cells = notebook.widgets.filter(cell => wanted.has(cell.model.id));
  if (cells.length > 0) {
    await NotebookActions.runCells(notebook, cells, panel.sessionContext);
    await panel.context.save();
  }
  await goTo(notebook, draft.cell);
}

function kernelOf({ id, kernel }: Draft): Partial<Kernel.IModel> | undefined {
  if (id !== undefined) {
    return { id };
  }
  return kernel === '' ? undefined : { name: kernel };
}

async function goTo(notebook: Notebook, id: string): Promise<void> {
  const index = notebook.widgets.findIndex(cell => cell.model.id === id);
  if (index >= 0) {
    notebook.deselectAll();
    notebook.activeCellIndex = index;
    await notebook.scrollToItem(index, 'center');
  }
}
