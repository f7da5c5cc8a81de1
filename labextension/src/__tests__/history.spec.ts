import { YNotebook } from '@jupyter/ydoc';

import { changeOnce } from '../history';

function aNotebook(): { shared: YNotebook; did: string[] } {
  const shared = YNotebook.create();
  shared.addCell({ cell_type: 'code', source: 'x = 1', metadata: {} });
  shared.clearUndoHistory();
  return { shared, did: [] };
}

function tags(shared: YNotebook): unknown {
  return shared.getCell(0).getMetadata('tags');
}

describe('an edit of ours', () => {
  it('is one item of undo, with what lies outside the cells', () => {
    const { shared, did } = aNotebook();
    changeOnce(
      shared,
      () => {
        shared.getCell(0).setMetadata('tags', ['step:a']);
        shared.setMetadata('nbpipe', { version: 1 });
      },
      { undo: () => did.push('undo'), redo: () => did.push('redo') }
    );
    expect(tags(shared)).toEqual(['step:a']);
    shared.undo();
    expect(tags(shared)).toBeUndefined();
    shared.redo();
    expect(tags(shared)).toEqual(['step:a']);
    shared.undo();
    expect(did).toEqual(['undo', 'redo', 'undo']);
    expect(shared.canUndo()).toBe(false);
  });

  it('of metadata alone is an item too', () => {
    const { shared, did } = aNotebook();
    changeOnce(shared, () => shared.setMetadata('nbpipe', { version: 1 }), {
      undo: () => did.push('undo'),
      redo: () => did.push('redo')
    });
    expect(shared.canUndo()).toBe(true);
    shared.undo();
    expect(did).toEqual(['undo']);
  });

  it('is undone apart from what was typed before and after it', () => {
    const { shared, did } = aNotebook();
    const set = (value: string): void =>
      shared.transact(() => shared.getCell(0).setMetadata('x', value));
    set('before');
    changeOnce(shared, () => shared.getCell(0).setMetadata('tags', ['step:a']), {
      undo: () => did.push('undo'),
      redo: () => did.push('redo')
    });
    set('after');
    shared.undo();
    expect([shared.getCell(0).getMetadata('x'), tags(shared), did]).toEqual([
      'before',
      ['step:a'],
      []
    ]);
    shared.undo();
    expect([shared.getCell(0).getMetadata('x'), tags(shared), did]).toEqual([
      'before',
      undefined,
      ['undo']
    ]);
  });
});
