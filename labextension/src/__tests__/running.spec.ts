import { ServerError } from '../client';
import { PipelineModel } from '../model';
import { Fold, progress, stepStates } from '../reduce';
import type { RunEvent } from '../wire';
import {
  aCell,
  aCompiled,
  aRun,
  aStep,
  aTask,
  FakeClient,
  FakeMemory,
  FakeNotebooks,
  FakeSettings
} from './fakes';

async function settle(milliseconds = 0): Promise<void> {
  await jest.advanceTimersByTimeAsync(milliseconds);
}

class Page {
  readonly client = new FakeClient();
  readonly notebooks = new FakeNotebooks();
  readonly settings = new FakeSettings();
  readonly memory = new FakeMemory();
  readonly model: PipelineModel;

  constructor() {
    this.notebooks.list = [aCell('a', ['step:load'])];
    this.client.answer = aCompiled({ steps: [aStep('load')] });
    this.model = new PipelineModel(this);
  }

  async open(): Promise<void> {
    this.model.awake = true;
    this.model.visible = true;
    await settle();
  }
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

function neverKept(): never {
  throw new Error('Nothing was kept.');
}

const begun: RunEvent = { seq: 2, at: 2, kind: 'task-started', task: 'load', cells: 2 };

describe('a run that goes on', () => {
  it('is followed as long as the page is seen, whether or not the panel is', async () => {
    const page = new Page();
    page.client.list = [aRun()];
    page.client.current = aRun({ tasks: [aTask('load')] });
    await page.open();
    page.model.visible = false;
    page.client.tell(begun);
    await settle();
    expect(page.model.state.run?.tasks?.[0]?.state).toBe('running');
    page.model.awake = false;
    const before = page.client.asked.length;
    await settle(60_000);
    expect(page.client.asked).toHaveLength(before);
  });

  it('goes on from the event that the server had told when it was asked for', async () => {
    const page = new Page();
    page.client.list = [aRun()];
    page.client.current = aRun({ tasks: [aTask('load')], seq: 7 });
    await page.open();
    expect(page.client.asked).toContain('events 7');
  });

  it('is drawn at most as often as the settings say, whatever the events', async () => {
    const page = new Page();
    page.client.list = [aRun()];
    page.client.current = aRun({
      tasks: [aTask('load', { cells: { done: 0, total: 100, current: null } })]
    });
    await page.open();
    let pictures = 0;
    page.model.changed.connect(() => (pictures += 1));
    for (let seq = 10; seq < 60; seq++) {
      page.client.tell({
        seq,
        at: seq,
        kind: 'cell-finished',
        task: 'load',
        cell: 'a',
        state: 'ok',
        seconds: 1
      });
      await settle(20);
    }
    expect(page.model.state.run?.tasks?.[0]?.cells.done).toBeGreaterThan(40);
    expect(pictures).toBeLessThanOrEqual(8); // of 50 events in a second
  });

  it('is found when another tab started it, by the hint of the server', async () => {
    const page = new Page();
    await page.open();
    page.client.list = [aRun({ id: 'elsewhere' })];
    page.client.current = aRun({ id: 'elsewhere', tasks: [aTask('load')] });
    page.model.hear(new Set(['elsewhere']));
    await settle();
    expect(page.model.state.run?.id).toBe('elsewhere');
    expect(page.model.running.follower.isFollowing).toBe(true);
  });

  it('is not listed anew at each hint of its own news', async () => {
    const page = new Page();
    page.client.list = [aRun()];
    page.client.current = aRun({ tasks: [aTask('load')] });
    await page.open();
    const before = page.client.asked.length;
    page.model.hear(new Set(['r1']));
    await settle();
    expect(page.client.asked).toHaveLength(before);
  });
});

describe('a server that goes away', () => {
  it('is said to be away, is asked again, and all goes on where it was', async () => {
    const page = new Page();
    await page.open();
    page.client.greeting = new ServerError('The Jupyter server does not answer.', 0);
    page.client.answer = page.client.greeting;
    page.notebooks.list = [aCell('b', ['step:load'])];
    page.notebooks.edited.emit();
    await settle(200);
    expect(page.model.state).toMatchObject({ away: true, message: '' });
    await settle(10_000);
    page.client.greeting = { version: '0.1.0', api: 1 };
    page.client.answer = aCompiled({ steps: [aStep('load'), aStep('more')] });
    await settle(20_000);
    expect(page.model.state.away).toBe(false);
    expect(page.model.state.compiled?.steps).toHaveLength(2);
  });
});

describe('the plan', () => {
  it('is asked for by itself once typing rests, with what steps took before', async () => {
    const page = new Page();
    page.client.took = { load: 3 };
    await page.open();
    expect(page.model.state.plan).toBeNull();
    await settle(500);
    expect(page.model.state.plan?.get('load')?.action).toBe('reuse');
    expect(page.model.state.durations).toEqual({ load: 3 });
  });

  it('is not asked for where the settings say no', async () => {
    const page = new Page();
    await page.settings.set('showPlan', false);
    await page.open();
    await settle(5000);
    expect(page.client.planned).toEqual([]);
  });

  it('of some steps is asked for with the parameters that are typed', async () => {
    const page = new Page();
    await page.open();
    await page.model.running.planOf({ until: ['load'] });
    expect(page.client.planned.at(-1)).toMatchObject({ until: ['load'] });
  });
});

describe('what is given to a run', () => {
  const depth = { name: 'depth', default: 3, type: 'integer', notebook: '' } as const;

  it('is remembered by notebook', async () => {
    const page = new Page();
    page.client.answer = aCompiled({ parameters: [depth] });
    await page.open();
    page.model.given.setParameter('depth', '5');
    const later = new Page();
    later.memory.kept.set('demo.ipynb', page.memory.kept.get('demo.ipynb') ?? neverKept());
    await later.open();
    expect(later.model.state.typed).toEqual({ depth: '5' });
  });

  it('is kept under a name, taken by it, and given up', async () => {
    const page = new Page();
    page.client.answer = aCompiled({ parameters: [depth] });
    await page.open();
    page.model.given.setParameter('depth', '9');
    await page.model.given.savePreset('deep');
    page.model.given.takePreset('');
    expect(page.model.state.typed).toEqual({});
    page.model.given.takePreset('deep');
    expect(page.model.state.typed).toEqual({ depth: '9' });
    await page.model.given.deletePreset('deep');
    expect(page.settings.values.presets).toEqual({});
  });
});

describe('twenty thousand tasks', () => {
  const names = Array.from({ length: 20_000 }, (_, i) => `fit[${i}]`);

  it('are folded without copying the list for each event', () => {
    const fold = new Fold(aRun());
    fold.add({ seq: 1, at: 1, kind: 'run-started', tasks: ['load', 'fit', 'end'] });
    fold.add({ seq: 2, at: 2, kind: 'tasks-added', step: 'fit', tasks: names, labels: names });
    const before = fold.run;
    names.forEach((task, i) => {
      fold.add({ seq: 3 + 2 * i, at: i, kind: 'task-started', task, cells: 1 });
      fold.add({ seq: 4 + 2 * i, at: i + 1, kind: 'task-finished', task, state: 'ok', seconds: 1 });
    });
    expect(before.tasks?.every(({ state }) => state === 'waiting')).toBe(true);
    expect(fold.run).toBe(fold.run);
    expect(fold.run.counts).toMatchObject({ ok: 20_000, waiting: 2 });
    expect(progress(fold.run)).toEqual({ done: 20_000, total: 20_002 });
    expect(fold.run.tasks?.map(({ step }) => step).filter(step => step !== 'fit')).toEqual([
      'load',
      'end'
    ]);
    expect(stepStates(fold.run).get('fit')).toMatchObject({ state: 'ok', done: 20_000 });
  });
});
