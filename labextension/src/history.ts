/** One undo of a notebook takes back all that one edit of ours did, outside its cells too. */

import type { INotebookModel } from '@jupyterlab/notebook';

/** What undo and redo do besides what the notebook's own undo does with its cells. */
export interface IRemembered {
  undo(): void;
  redo(): void;
}

interface IItem {
  readonly meta: Map<unknown, unknown>;
}

interface IPopped {
  readonly stackItem: IItem;
  readonly type: 'undo' | 'redo';
}

/** What is used of a Yjs undo manager; a notebook's follows its cells, and not its metadata. */
interface IHistory {
  readonly undoStack: readonly IItem[];
  readonly redoStack: readonly IItem[];
  stopCapturing(): void;
  addToScope(type: unknown): void;
  on(name: 'stack-item-popped', handler: (event: IPopped) => void): void;
}

interface IDocument {
  readonly clientID: number;
  getMap(name: string): { set(name: string, value: unknown): void };
}

const OURS = 'nbpipe';
const followed = new WeakSet<IHistory>();
let edits = 0;

/** Change a notebook in one transaction, which is one item of its undo. */
export function changeOnce(
  shared: INotebookModel['sharedModel'],
  change: () => void,
  remembered: IRemembered
): void {
  const { undoManager, ydoc } = shared as unknown as { undoManager: IHistory; ydoc: IDocument };
  follow(undoManager);
  // An edit of metadata alone would leave no item; this entry, saved nowhere, makes it one.
  const tally = ydoc.getMap(OURS);
  undoManager.addToScope(tally);
  undoManager.stopCapturing();
  shared.transact(() => {
    tally.set(String(ydoc.clientID), ++edits);
    change();
  });
  undoManager.stopCapturing();
  undoManager.undoStack.at(-1)?.meta.set(OURS, remembered);
}

function follow(history: IHistory): void {
  if (followed.has(history)) {
    return;
  }
  followed.add(history);
  history.on('stack-item-popped', ({ stackItem, type }) => {
    const remembered = stackItem.meta.get(OURS) as IRemembered | undefined;
    if (remembered) {
      // The way back is a new item, which has to remember the same.
      const stack = type === 'undo' ? history.redoStack : history.undoStack;
      stack.at(-1)?.meta.set(OURS, remembered);
      remembered[type]();
    }
  });
}
