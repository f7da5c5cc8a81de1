import { cellStates } from '../cellstates';
import { expectedOf, leftOf } from '../estimate';
import { faultOf } from '../fault';
import { newsOf } from '../herald';
import { stepStates } from '../standing';
import type { Edge, PlannedTask, Run } from '../wire';
import { duration } from '../words';
import { aCell, aCompiled, aRun, aStep, aTask } from './fakes';

const edge = (source: string, target: string): Edge => ({
  source,
  target,
  kind: 'data',
  names: [],
  reasons: [],
  learned: false
});
const planned = (action: PlannedTask['action'], ...steps: string[]) =>
  steps.map(step => [step, { task: step, step, action, reason: '' }] as const);
const error = { name: 'KeyError', message: "'x'", cell: 'c2', traceback: '' };
const failed = aRun({
  state: 'failed',
  finished: '2026-11-21T10:01:05Z',
  tasks: [
    aTask('load', { state: 'ok' }),
    aTask('take', { state: 'failed', error, notebook: 'r1/take.ipynb' }),
    aTask('show', { state: 'skipped' })
  ]
});
const cells = [aCell('c1'), aCell('c2', [], { index: 1 })];

describe('how long a run takes', () => {
  const edges = [edge('load', 'a'), edge('load', 'b'), edge('a', 'end'), edge('b', 'end')];

  it('is the longest way through what would run', () => {
    const plan = new Map(planned('run', 'load', 'a', 'b', 'end'));
    expect(expectedOf(plan, edges, { load: 1, a: 10, b: 2, end: 1 })).toBe(12);
  });

  it('leaves out what is reused', () => {
    const plan = new Map([...planned('reuse', 'load', 'a'), ...planned('run', 'b', 'end')]);
    expect(expectedOf(plan, edges, { load: 1, a: 10, b: 2, end: 1 })).toBe(3);
  });

  it('is not known where a step never ran', () => {
    expect(expectedOf(new Map(planned('run', 'load', 'a')), edges, { load: 1 })).toBeNull();
  });

  it('shrinks as the run goes on; items tell of the items that follow', () => {
    const started = '2026-11-21T10:00:00.000Z';
    const now = Date.parse(started) + 10_000;
    const item = (n: number, state: 'ok' | 'running') =>
      aTask(`fit[${n}]`, { step: 'fit', item: `${n}`, state, started });
    const run = aRun({
      graph: aCompiled({ edges: [edge('fit', 'end')] }),
      tasks: [item(0, 'ok'), item(1, 'running'), item(2, 'running'), aTask('end')]
    });
    expect(leftOf(run, stepStates(run), { end: 5 }, now)).toBe(25);
  });
});

describe('the cells of the notebook', () => {
  const compiled = aCompiled({
    steps: [aStep('load', { cells: ['a'] }), aStep('take', { cells: ['b', 'c', 'd'] })]
  });

  it('show how they stand while the run goes on', () => {
    const run = aRun({
      tasks: [
        aTask('load', { state: 'reused' }),
        aTask('take', { state: 'running', cells: { done: 1, total: 3, current: 'c' } })
      ]
    });
    expect([...cellStates(run, compiled)]).toEqual([
      ['a', 'ok'],
      ['b', 'ok'],
      ['c', 'running'],
      ['d', 'waiting']
    ]);
  });

  it('show after it only the one that failed', () => {
    const run: Run = aRun({
      state: 'failed',
      tasks: [
        aTask('load', { state: 'ok' }),
        aTask('take', { state: 'failed', error: { ...error, cell: 'c' } })
      ]
    });
    expect([...cellStates(run, compiled)]).toEqual([['c', 'failed']]);
  });
});

describe('the end of a run', () => {
  it('is told with the step and the cell that failed', () => {
    expect(faultOf(failed, cells)).toEqual({
      step: 'take',
      task: 'take',
      sentence: "Step take, cell 2 of the notebook: KeyError: 'x'",
      hasNotebook: true
    });
    expect(newsOf(failed, { cells, compiled: aCompiled({ name: 'demo' }), path: null })).toEqual({
      kind: 'error',
      sentence: "demo failed after 1 min 05 s. Step take, cell 2 of the notebook: KeyError: 'x'",
      failing: 'take'
    });
  });

  it.each([
    ['ok', 'success', 'd.ipynb ended well after 1 min 05 s.'],
    ['cancelled', 'warning', 'd.ipynb was cancelled after 1 min 05 s.'],
    ['interrupted', 'warning', 'd.ipynb was interrupted. Resume it: what is stored is reused.']
  ] as const)('that is %s is told as %s', (state, kind, sentence) => {
    const run = { ...failed, state, tasks: [] };
    expect(newsOf(run, { cells, compiled: null, path: 'd.ipynb' })).toEqual({
      kind,
      sentence,
      failing: null
    });
  });
});

describe('a duration', () => {
  it.each([
    [0.44, '0.4 s'],
    [12.3, '12 s'],
    [185, '3 min 05 s'],
    [7320, '2 h 02 min']
  ])('of %s seconds is %s', (seconds, words) => {
    expect(duration(seconds)).toBe(words);
  });
});
