import { EVERYTHING, narrows, queryOf } from '../runs/filter';
import { loadingCode, relativePath } from '../runs/loading';
import { logRows } from '../runs/logrows';
import { placeOf, scaleOf } from '../runs/scale';
import { seriesIn } from '../runs/series';
import { axesOf, rowsOf, textOf } from '../runs/sides';
import { sizeText } from '../runs/size';
import { arranged, compareTexts, readHtmlTable, readSeparated } from '../runs/table';
import { tagsIn } from '../runs/tagtext';
import { barsOf, progressOf, stateOf } from '../runs/timeline';
import { sliceOf } from '../runs/window';
import type { Side, StepSum } from '../wire';

describe('a long list', () => {
  it.each([
    [0, 100, 20, 1000, { first: 0, last: 13 }],
    [2000, 100, 20, 1000, { first: 92, last: 113 }],
    [19_900, 100, 20, 1000, { first: 987, last: 1000 }],
    [0, 100, 20, 0, { first: 0, last: 0 }],
    [5000, 100, 20, 10, { first: 10, last: 10 }]
  ])('scrolled to %d draws only what is in sight', (top, height, row, count, slice) => {
    expect(sliceOf(top, height, row, count)).toEqual(slice);
  });
});

describe('the filter of runs', () => {
  it('asks only for what narrows', () => {
    expect(queryOf('a/b.ipynb', EVERYTHING, null)).toBe('path=a%2Fb.ipynb&limit=100');
    const filter = { words: ' n=3 ', state: 'ok', tags: ['x', 'ü'], pinned: true };
    expect(queryOf('', filter, 'r1')).toBe(
      'path=&limit=100&words=n%3D3&state=ok&pinned=1&before=r1&tag=x&tag=%C3%BC'
    );
    expect(narrows(filter)).toBe(true);
    expect(narrows({ ...EVERYTHING, words: '  ' })).toBe(false);
  });
});

describe('the table of a preview', () => {
  const html =
    '<table><caption>40 by 2</caption><thead><tr><th><br><small>index</small></th>' +
    '<th>name<br><small>str</small></th></tr></thead><tbody>' +
    '<tr><td>0</td><td>&lt;b&gt;x<script>window.hurt = 1</script></td></tr>' +
    '<tr><td>1</td><td><img src=x onerror="window.hurt = 1">y</td></tr></tbody></table>';

  it('is read as text, and nothing in it runs', () => {
    const table = readHtmlTable(html);
    expect(table?.head).toEqual(['index', 'name\nstr']);
    expect(table?.rows).toEqual([
      ['0', '<b>xwindow.hurt = 1'],
      ['1', 'y']
    ]);
    expect(table?.caption).toBe('40 by 2');
    expect('hurt' in window).toBe(false);
  });

  it('is not there where the preview has none', () => {
    expect(readHtmlTable('<p>no</p>')).toBeNull();
  });
});

describe('a file of separated values', () => {
  it('is read with its quotes', () => {
    expect(readSeparated('a,b\r\n"x, ""y""",2\n')?.rows).toEqual([['x, "y"', '2']]);
    expect(readSeparated('a\tb\n1\t2')?.head).toEqual(['a', 'b']);
  });

  it('is a text where it does not look like a table', () => {
    expect(readSeparated('hello\nworld')).toBeNull();
    expect(readSeparated('a,b\n1,2,3')).toBeNull();
    expect(readSeparated('')).toBeNull();
  });
});

describe('rows', () => {
  const rows = [
    ['b', '10'],
    ['a', '9'],
    ['c', '']
  ];
  const table = { head: ['name', 'n'], rows, caption: '' };

  it('are sorted by value, numbers before texts', () => {
    const names = (down: boolean): string[] =>
      arranged(table, '', { column: 1, down }).map(row => row[0] ?? '');
    expect(names(false)).toEqual(['a', 'b', 'c']);
    expect(names(true)).toEqual(['c', 'b', 'a']);
    expect(compareTexts('2', '10')).toBeLessThan(0);
    expect(compareTexts('x', '10')).toBeGreaterThan(0);
  });

  it('are kept in their order where nothing is asked', () => {
    expect(arranged(table, '', null)).toEqual(rows);
  });

  it('are filtered by all the words', () => {
    expect(arranged(table, 'B 1', null)).toEqual([['b', '10']]);
    expect(arranged(table, 'b 9', null)).toEqual([]);
  });
});

function side(id: string, more: Partial<Side>): Side {
  return {
    id,
    state: 'ok',
    started: '2026-01-01T00:00:00Z',
    finished: '2026-01-01T00:00:10Z',
    path: 'a.ipynb',
    parameters: {},
    counts: {},
    name: 'a',
    tags: [],
    note: '',
    pinned: false,
    metrics: {},
    steps: [],
    ...more
  };
}

describe('runs side by side', () => {
  const sides = [
    side('a', { parameters: { n: 1, kind: 'x', same: [1] }, metrics: { auc: 0.5 } }),
    side('b', { parameters: { n: 2, kind: 'y', same: [1] }, metrics: { auc: 0.123456789 } }),
    side('c', { parameters: { n: 4, kind: 'x', same: [1] }, finished: null, state: 'running' })
  ];
  const rows = rowsOf(sides);
  const row = (name: string): (typeof rows)[number] | undefined =>
    rows.find(each => each.name === name);

  it('say what differs', () => {
    expect(rows.map(({ name }) => name)).toEqual(['n', 'kind', 'same', 'auc', 'state', 'seconds']);
    expect(row('n')?.differs).toBe(true);
    expect(row('same')?.differs).toBe(false);
    expect(row('auc')?.values).toEqual(['0.5', '0.123457', null]);
    expect(row('seconds')?.values).toEqual(['10', '10', null]);
  });

  it('have an axis for each thing that differs', () => {
    expect(axesOf(rows).map(({ name, places }) => [name, places])).toEqual([
      ['n', [0, 1 / 3, 1]],
      ['kind', [0, 1, 0]],
      ['auc', [1, 0, null]]
    ]);
  });

  it.each([
    ['text', 'text'],
    [0.1 + 0.2, '0.3'],
    [3, '3'],
    [null, '—'],
    [[1, 'a'], '[1,"a"]']
  ])('%j reads %s', (value, text) => {
    expect(textOf(value)).toBe(text);
  });
});

describe('a scale', () => {
  it.each([
    [
      [0, 10],
      [0, 5, 10]
    ],
    [
      [0.1, 0.32],
      [0.1, 0.2, 0.3, 0.4]
    ],
    [
      [5, 5],
      [4, 6]
    ],
    [[], [0, 0.5, 1]]
  ])('of %j has marks at round numbers', (values, marks) => {
    const { ticks, low, high } = scaleOf(values);
    expect(ticks).toEqual(expect.arrayContaining(marks));
    values.forEach(value => {
      expect(value).toBeGreaterThanOrEqual(low);
      expect(value).toBeLessThanOrEqual(high);
    });
  });

  it('places a value', () => {
    expect(placeOf({ low: 10, high: 20, ticks: [] }, 15)).toBe(0.5);
  });
});

describe('the timeline', () => {
  const at = (second: number): string => new Date(second * 1000).toISOString();
  const step = (
    name: string,
    counts: StepSum['counts'],
    from: number | null,
    to: number | null
  ): StepSum => ({
    step: name,
    counts,
    started: from === null ? null : at(from),
    finished: to === null ? null : at(to),
    seconds: 0
  });

  it('has a bar from the first begin to the last end', () => {
    const steps = [
      step('a', { ok: 1 }, 10, 15),
      step('b', { running: 1 }, 15, null),
      step('c', { waiting: 1 }, null, null)
    ];
    const run = { started: at(10), finished: null, state: 'running' as const };
    const { bars, seconds } = barsOf(run, steps, 20_000);
    expect(seconds).toBe(10);
    expect(bars.map(({ step: name, begin, length }) => [name, begin, length])).toEqual([
      ['a', 0, 0.5],
      ['b', 0.5, 0.5]
    ]);
  });

  it.each([
    [{ ok: 3 }, 'ok', { done: 3, total: 3 }],
    [{ ok: 2, failed: 1 }, 'failed', { done: 3, total: 3 }],
    [{ ok: 2, waiting: 1 }, 'running', { done: 2, total: 3 }],
    [{ reused: 2 }, 'reused', { done: 2, total: 2 }],
    [{ waiting: 2 }, 'waiting', { done: 0, total: 2 }],
    [{ skipped: 1, ok: 1 }, 'skipped', { done: 2, total: 2 }]
  ])('takes %j together', (counts, state, progress) => {
    expect(stateOf({ counts })).toBe(state);
    expect(progressOf({ counts })).toEqual(progress);
  });
});

describe('code that loads a value', () => {
  const task = { run: 'r', task: 'score[3]' };

  it('names run, task and value', () => {
    expect(loadingCode(task, 'auc', 'p', 'p/n.ipynb')).toBe(
      'import nbpipe\n\nauc = nbpipe.load("r/score[3]/auc")'
    );
  });

  it('leads to the project from elsewhere, and binds names one by one', () => {
    expect(loadingCode(task, 'fig, ax', 'p/q', 'p/r/n.ipynb')).toContain(
      'fig = nbpipe.load("r/score[3]/fig", "../q")\nax = '
    );
  });

  it('binds a file to a path, whatever it is called', () => {
    const code = loadingCode(task, 'out/"x".csv', '', 'n.ipynb');
    expect(code).toContain('path = nbpipe.load("r/score[3]/out/\\"x\\".csv")');
  });

  it.each([
    ['', '', '.'],
    ['a/b', 'a', '..'],
    ['', 'a/b', 'a/b'],
    ['a', 'b', '../b']
  ])('from %j to %j it is %j', (from, to, way) => {
    expect(relativePath(from, to)).toBe(way);
  });
});

describe('texts', () => {
  it('of cells become lines', () => {
    const line = (text: string, task = 'a') => ({ task, cell: 'c', stream: 'stdout', text });
    const rows = logRows(
      [line('one\ntwo\n'), line('\u001b[31mred\u001b[0m'), line('10%\r90%')],
      ''
    );
    expect(rows.map(({ text }) => text)).toEqual(['one', 'two', 'red', '90%']);
    expect(logRows([line('x'), line('y', 'b')], 'b')).toHaveLength(1);
  });

  it('of metrics become series', () => {
    const log = '{"name":"loss","value":1,"step":0}\n{"name":"loss","value":0.5,"step":1}\nbroken';
    expect(seriesIn(log)).toEqual([
      {
        name: 'loss',
        points: [
          { label: '0', value: 1 },
          { label: '1', value: 0.5 }
        ]
      }
    ]);
    expect(seriesIn('{"name":"loss","value":1}')).toBeNull();
  });

  it('of tags are taken apart', () => {
    expect(tagsIn(' best, , paper,best ')).toEqual(['best', 'paper']);
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1500, '1.5 kB'],
    [166_000_000, '166 MB']
  ])('%d bytes are %s', (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });
});
