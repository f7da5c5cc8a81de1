/** A first pipeline to start from: a new notebook whose cells are tagged and say what they do. */

import type { IDocumentManager } from '@jupyterlab/docmanager';

import { trans } from './translation';
import type { Json } from './wire';

/** Make a notebook in a folder, and open it. */
export async function openFirstPipeline(
  documents: IDocumentManager,
  folder: string
): Promise<void> {
  const { contents } = documents.services;
  const { path } = await contents.newUntitled({ path: folder, type: 'notebook' });
  await contents.save(path, { type: 'notebook', format: 'json', content: firstPipeline() });
  documents.openOrReveal(path);
}

/** The notebook: parameters, two steps, and what flows between them. */
export function firstPipeline(): Json {
  const cells = [
    code('parameters', 'rows = 1000', trans.__('Values that each run may be given.')),
    code('step:load', FIRST, trans.__('A step begins where its tag stands.')),
    code('step:report', SECOND, trans.__('What a step needs of another is found by itself.'))
  ];
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } },
    cells: cells.map((cell, i) => ({ ...cell, id: `cell-${i + 1}` }))
  };
}

const FIRST = 'import random\n\nvalues = [random.random() for _ in range(rows)]';
const SECOND = 'mean = sum(values) / len(values)\nprint(f"{len(values)} values, mean {mean:.3f}")';

function code(tag: string, source: string, says: string): { [key: string]: Json } {
  return {
    cell_type: 'code',
    metadata: { tags: [tag] },
    source: `# ${says}\n${source}`,
    execution_count: null,
    outputs: []
  };
}
