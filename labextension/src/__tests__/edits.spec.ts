import { readFileSync } from 'fs';
import { join } from 'path';

import type { Edit, Metadata, Source } from '../edits';
import {
  asOneStep,
  cured,
  edited,
  grouped,
  inverse,
  isNothing,
  mentions,
  optioned,
  ordered,
  renamed,
  retagged,
  saysAfter,
  unlessChanged
} from '../edits';
import { isName, suggestedName } from '../tags';
import { aFix } from './fakes';

const GOLDEN = join(__dirname, '../../../tests/golden');

function golden(file: string): unknown {
  return JSON.parse(readFileSync(join(GOLDEN, file), 'utf-8'));
}

/** A notebook with one cell for each list of tags: a, b, c … */
function aSource(tags: readonly (readonly string[])[], metadata: Metadata | null = null): Source {
  const id = (i: number): string => String.fromCharCode(97 + i);
  return { cells: tags.map((each, i) => ({ id: id(i), kind: 'code', tags: each })), metadata };
}

function tagsAfter(source: Source, edit: Edit): (readonly string[])[] {
  return edited(source, edit).cells.map(({ tags }) => tags);
}

describe('the steps that a notebook names', () => {
  const table = golden('mentions.json') as {
    says: string;
    tags: string[][];
    metadata: Metadata | null;
    names: string[];
  }[];

  it.each(table.map(each => [each.says, each] as const))(
    'are those of the compiler: %s',
    (_, { tags, metadata, names }) => {
      expect([...mentions(aSource(tags, metadata))].sort()).toEqual(names);
    }
  );
});

describe('the names of steps', () => {
  const table = golden('names.json') as { text: string; is: boolean; better: string }[];

  it.each(table)('are what the compiler takes: $text', ({ text, is, better }) => {
    expect(isName(text)).toBe(is);
    expect(suggestedName(text)).toBe(better);
  });
});

describe('renaming a step', () => {
  const metadata = {
    version: 1,
    steps: { load: { retries: 2 }, fit: {} }
  };

  it('changes each tag that names it, keeps the words of others, and moves its options', () => {
    const source = aSource(
      [['block:load', 'x'], ['step:fit', 'prev:load'], ['step:c', 'after:fit, load'], ['load']],
      metadata
    );
    const edit = renamed(source, 'load', 'read it');
    expect(tagsAfter(source, edit)).toEqual([
      ['block:read it', 'x'],
      ['step:fit', 'prev:read it'],
      ['step:c', 'after:fit, read it'],
      ['load']
    ]);
    expect(edit.metadata).toEqual({ version: 1, steps: { 'read it': { retries: 2 }, fit: {} } });
  });

  it('leaves alone what names another', () => {
    const source = aSource([['step:loader', 'after:loading']], metadata);
    expect(isNothing(renamed(source, 'load2', 'x'))).toBe(true);
  });

  it('reaches a notebook that is one step', () => {
    const source = aSource([[]], { version: 1, step: 'fit', after: ['load', 'clean'] });
    expect(renamed(source, 'load', 'read').metadata).toEqual({
      version: 1,
      step: 'fit',
      after: ['read', 'clean']
    });
    expect(renamed(source, 'fit', 'train').metadata).toMatchObject({ step: 'train' });
  });

  it('is taken back by its inverse', () => {
    const source = aSource([['step:load'], ['step:b', 'after:load']], metadata);
    const edit = renamed(source, 'load', 'read');
    expect(edited(edited(source, edit), inverse(source, edit))).toEqual(source);
  });
});

describe('taking an edit back', () => {
  it('passes over what was changed since', () => {
    const source = aSource([['step:a'], ['step:b', 'after:a']]);
    const edit = renamed(source, 'a', 'z');
    const since = edited(edited(source, edit), retagged('b', ['step:other']));
    expect(unlessChanged(since, edit, inverse(source, edit)).tags).toEqual(
      new Map([['a', ['step:a']]])
    );
  });
});

describe('making cells a step', () => {
  const table: [string, string[][], string, string[][]][] = [
    ['in a plain notebook', [[], [], []], 'b', [[], ['step:new'], []]],
    [
      'out of the middle of another, which goes on below',
      [['step:old'], [], [], []],
      'bc',
      [['step:old'], ['step:new'], [], ['step:old']]
    ],
    [
      'that takes the place of others, and of their order',
      [['step:x'], ['step:y', 'after:w'], ['step:z', 'after:y']],
      'ab',
      [['step:new', 'after:w'], [], ['step:z', 'after:new']]
    ],
    [
      'and leaves what is no step of its own',
      [['setup'], ['step:x'], ['check'], ['hide-input']],
      'abcd',
      [['setup'], ['step:new'], ['check'], ['hide-input']]
    ],
    [
      'with the fan-out that one of them had',
      [[], ['step:x', 'foreach:i in n']],
      'ab',
      [['step:new', 'foreach:i in n'], []]
    ]
  ];

  it.each(table)('%s', (_, tags, ids, expected) => {
    const source = aSource(tags);
    expect(tagsAfter(source, grouped(source, new Set(ids), 'new'))).toEqual(expected);
  });

  it('keeps the options of the step whose place it takes', () => {
    const source = aSource([['step:x'], []], { version: 1, steps: { x: { timeout: 5 } } });
    expect(grouped(source, new Set('ab'), 'new').metadata).toEqual({
      version: 1,
      steps: { new: { timeout: 5 } }
    });
  });

  it('passes over text', () => {
    const source = { cells: [{ id: 'm', kind: 'markdown', tags: [] }], metadata: null };
    expect(isNothing(grouped(source, new Set('m'), 'new'))).toBe(true);
  });
});

describe('the order of steps', () => {
  it('is said where the step begins, and taken away wherever it is said', () => {
    const source = aSource([['step:a'], ['step:b', 'prev:a'], ['after:a, c']]);
    expect(tagsAfter(source, ordered(source, 'a', 'z', true))[0]).toEqual(['step:a', 'after:z']);
    expect(saysAfter(source, 'b', 'a')).toBe(true);
    const without = edited(source, ordered(source, 'b', 'a', false));
    expect(without.cells.map(({ tags }) => tags)).toEqual([['step:a'], ['step:b'], ['after:c']]);
    expect(saysAfter(without, 'b', 'a')).toBe(false);
  });

  it('of a notebook that is one step stands in its metadata', () => {
    const source = aSource([[]], { version: 1, step: 'fit' });
    const after = edited(source, ordered(source, 'fit', 'load', true));
    expect(after.metadata).toEqual({ version: 1, step: 'fit', after: ['load'] });
    expect(edited(after, ordered(after, 'fit', 'load', false)).metadata).toEqual(source.metadata);
  });
});

describe('options', () => {
  it('are written under their step, and leave nothing behind', () => {
    const source = aSource([['step:a']]);
    const after = edited(source, optioned(source, 'a', 'retries', 3));
    expect(after.metadata).toEqual({ version: 1, steps: { a: { retries: 3 } } });
    expect(edited(after, optioned(after, 'a', 'retries', null)).metadata).toBeNull();
  });

  it('of a notebook that is one step stand beside its name', () => {
    const source = aSource([[]], { version: 1, step: 'fit' });
    expect(optioned(source, 'fit', 'cache', false).metadata).toEqual({
      version: 1,
      step: 'fit',
      cache: false
    });
  });
});

describe('a whole notebook as one step', () => {
  it('is switched on and off without touching a tag', () => {
    const source = aSource([['step:a']]);
    const on = edited(source, asOneStep(source, 'fit'));
    expect(on.metadata).toEqual({ version: 1, step: 'fit' });
    expect(edited(on, asOneStep(on, null))).toEqual(source);
  });
});

describe('the cure of a problem', () => {
  const source: Source = {
    cells: [
      { id: 'a', kind: 'code', tags: ['step:a', 'check'], source: 'x = 1' },
      { id: 'b', kind: 'code', tags: ['step:b'], source: 'y = z' }
    ],
    metadata: { version: 1, name: 'p', steps: { lod: { retrys: 2, retries: 1, cache: false } } }
  };

  it('changes tags and texts of several cells, and is taken back whole', () => {
    const edit = cured(
      source,
      aFix({
        cell: 'a',
        add: ['setup'],
        remove: ['check'],
        also: [aFix({ cell: 'b', source: 'y = x' }), aFix({ cell: 'gone', source: 'y' })]
      })
    );
    const after = edited(source, edit);
    expect(after.cells.map(({ tags }) => tags)).toEqual([['step:a', 'setup'], ['step:b']]);
    expect(after.cells.map(cell => cell.source)).toEqual(['x = 1', 'y = x']);
    expect(edited(after, inverse(source, edit))).toEqual(source);
    expect(isNothing(edit)).toBe(false);
    const typed = { ...after, cells: after.cells.map(cell => ({ ...cell, source: 'typed' })) };
    expect(unlessChanged(typed, edit, inverse(source, edit)).sources?.size).toBe(0);
  });

  it.each([
    [['steps', 'lod', 'retrys'], 'retries', { retries: 2, cache: false }],
    [['steps', 'lod', 'cache'], null, { retrys: 2, retries: 1 }],
    [['steps', 'lod', 'gone'], 'retries', { retrys: 2, retries: 1, cache: false }]
  ])('calls an entry of the metadata otherwise, or takes it away: %s', (entry, becomes, left) => {
    const { metadata } = edited(source, cured(source, aFix({ entry, becomes })));
    expect(metadata).toEqual({ version: 1, name: 'p', steps: { lod: left } });
  });
});
