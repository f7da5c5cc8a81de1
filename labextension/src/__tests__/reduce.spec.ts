import { addToLog, isOver, progress, reduce, stepStates } from '../reduce';
import type { Run, RunEvent } from '../wire';
import { aRun, aTask } from './fakes';

/** A run as the server told it: one step ends well, one fails, one is skipped. */
const story: RunEvent[] = [
  { seq: 1, at: 100, kind: 'run-started', tasks: ['load', 'train', 'report'] },
  { seq: 2, at: 101, kind: 'task-started', task: 'load', cells: 2 },
  { seq: 3, at: 101, kind: 'cell-started', task: 'load', cell: 'c1', index: 0 },
  { seq: 5, at: 102, kind: 'cell-finished', task: 'load', cell: 'c1', state: 'ok', seconds: 1 },
  {
    seq: 6,
    at: 103,
    kind: 'task-finished',
    task: 'load',
    state: 'ok',
    seconds: 2,
    notebook: 'r1/load.ipynb'
  },
  { seq: 7, at: 104, kind: 'task-started', task: 'train', cells: 1 },
  {
    seq: 8,
    at: 105,
    kind: 'task-finished',
    task: 'train',
    state: 'failed',
    seconds: 1,
    notebook: 'r1/train.ipynb',
    error: { name: 'KeyError', message: "'x'", cell: 'c9', traceback: '' }
  },
  { seq: 9, at: 105, kind: 'task-skipped', task: 'report', reason: 'train failed' },
  { seq: 10, at: 105, kind: 'run-finished', state: 'failed' }
];

const after = (count: number): Run => story.slice(0, count).reduce(reduce, aRun());
const states = (run: Run): string[] =>
  [...stepStates(run)].map(([step, { state }]) => `${step} ${state}`);

describe('a run told event by event', () => {
  it('begins with all steps waiting', () => {
    expect(states(after(1))).toEqual(['load waiting', 'train waiting', 'report waiting']);
  });

  it('shows the running cell and how many are done', () => {
    expect(after(3).tasks?.[0]?.cells).toEqual({ done: 0, total: 2, current: 'c1' });
    expect(after(4).tasks?.[0]?.cells).toEqual({ done: 1, total: 2, current: null });
  });

  it('keeps where the executed notebook is', () => {
    expect(after(5).tasks?.[0]).toMatchObject({
      state: 'ok',
      seconds: 2,
      notebook: 'r1/load.ipynb'
    });
  });

  it('ends with what failed, why, and what was not run', () => {
    const run = after(9);
    expect(run.state).toBe('failed');
    expect(isOver(run.state)).toBe(true);
    expect(states(run)).toEqual(['load ok', 'train failed', 'report skipped']);
    expect(stepStates(run).get('train')?.error?.name).toBe('KeyError');
    expect(progress(run)).toEqual({ done: 3, total: 3 });
  });

  it('says the same when events are told twice', () => {
    const once = after(9);
    expect(story.reduce(reduce, once).tasks).toEqual(once.tasks);
  });

  it('passes over kinds and tasks that it does not know', () => {
    const run = after(2);
    const odd = { seq: 99, at: 1, kind: 'task-started', task: 'other', cells: 1 } as const;
    expect(reduce(run, odd)).toEqual(run);
    expect(reduce(run, { seq: 99, at: 1, kind: 'sung' } as unknown as RunEvent)).toEqual(run);
  });

  it('waits again for an attempt that follows', () => {
    const again = {
      seq: 7,
      at: 1,
      kind: 'task-finished',
      task: 'load',
      state: 'failed',
      seconds: 1,
      again: true
    } as const;
    expect(reduce(after(2), again).tasks?.[0]?.state).toBe('waiting');
  });
});

describe('a step that fans out', () => {
  it('takes the place of its first task', () => {
    const run = reduce(after(1), {
      seq: 2,
      at: 1,
      kind: 'tasks-added',
      step: 'train',
      tasks: ['train[0]', 'train[1]'],
      labels: ['a', 'b']
    });
    expect(
      stepStates(run)
        .get('train')
        ?.tasks.map(({ item }) => item)
    ).toEqual(['a', 'b']);
  });

  it.each([
    [['ok', 'ok'], 'ok'],
    [['ok', 'reused'], 'ok'],
    [['reused', 'reused'], 'reused'],
    [['ok', 'waiting'], 'running'],
    [['waiting', 'waiting'], 'waiting'],
    [['failed', 'running'], 'running'],
    [['ok', 'out-of-memory', 'skipped'], 'out-of-memory']
  ] as const)('is, with items %j, %s', (items, expected) => {
    const tasks = items.map((state, i) => aTask(`t${i}`, { step: 't', state }));
    expect(stepStates(aRun({ tasks })).get('t')?.state).toBe(expected);
  });
});

describe('items that run side by side', () => {
  it('take from the first start to the last end', () => {
    const at = (minute: number): string => `2026-11-21T10:0${minute}:00Z`;
    const tasks = [
      aTask('a', { step: 's', state: 'ok', started: at(1), finished: at(3), seconds: 120 }),
      aTask('b', { step: 's', state: 'ok', started: at(0), finished: at(2), seconds: 120 })
    ];
    expect(stepStates(aRun({ tasks })).get('s')).toMatchObject({ seconds: 180, started: at(0) });
  });
});

describe('the log', () => {
  it('has a line for each line that a cell wrote', () => {
    const line = { task: 'load', cell: 'c1', stream: 'stdout', text: 'a\nb\n' };
    expect(addToLog([], [], [line])).toEqual([
      { task: 'load', text: 'a', level: 'output' },
      { task: 'load', text: 'b', level: 'output' }
    ]);
  });

  it('forgets its oldest lines', () => {
    const text = Array.from({ length: 600 }, (_, i) => String(i)).join('\n');
    const note = { seq: 1, at: 1, kind: 'note', task: '', text, level: 'info' } as const;
    const log = addToLog([], [note], []);
    expect(log).toHaveLength(500);
    expect(log[0]?.text).toBe('100');
  });
});
