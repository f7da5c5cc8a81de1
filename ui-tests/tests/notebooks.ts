/** Notebooks for the tests, written as code and tags. */

import type { IJupyterLabPageFixture } from '@jupyterlab/galata';

export interface CellText {
  readonly source: string;
  readonly kind?: 'markdown';
  readonly tags?: readonly string[];
}

/** Put a notebook on the server and open it, the panel beside it. */
export async function openNotebook(
  page: IJupyterLabPageFixture,
  path: string,
  cells: readonly CellText[]
): Promise<void> {
  await page.contents.uploadContent(notebookText(cells), 'text', path);
  await page.notebook.openByPath(path);
  await page.notebook.activate(path.split('/').at(-1) ?? path);
  await page.sidebar.openTab('nbpipe-panel');
}

/** A notebook as it is on disk. */
export function notebookText(cells: readonly CellText[]): string {
  return JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } },
    cells: cells.map(({ source, tags, kind }, i) => ({
      id: `cell-${i}`,
      cell_type: kind ?? 'code',
      source,
      metadata: tags ? { tags } : {},
      ...(kind ? {} : { execution_count: null, outputs: [] })
    }))
  });
}

/** The tags of the cells of the open notebook. */
export async function tagsOf(page: IJupyterLabPageFixture): Promise<(readonly string[])[]> {
  return page.evaluate(() => {
    const { shell } = window.jupyterapp;
    const panel = shell.currentWidget as unknown as {
      content: { model: { cells: Iterable<{ getMetadata(name: string): string[] | undefined }> } };
    };
    return [...panel.content.model.cells].map(cell => cell.getMetadata('tags') ?? []);
  });
}
