import { PipelineModel } from '../model';
import type { Run } from '../wire';
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

const failed = (more: Partial<Run> = {}): Run =>
  aRun({
    state: 'failed',
    tasks: [
      aTask('load', { state: 'ok' }),
      aTask('take', {
        state: 'failed',
        error: { name: 'E', message: '', cell: 'b', traceback: '' }
      })
    ],
    ...more
  });

class Page {
  readonly client = new FakeClient();
  readonly notebooks = new FakeNotebooks();
  readonly settings = new FakeSettings();
  readonly memory = new FakeMemory();
  readonly model: PipelineModel;

  constructor(run: Run) {
    this.notebooks.list = [aCell('a', ['step:load'])];
    this.client.answer = aCompiled({ steps: [aStep('load')] });
    this.client.list = [run];
    this.client.current = run;
    this.model = new PipelineModel(this);
  }

  async open(): Promise<void> {
    this.model.awake = true;
    this.model.visible = true;
    await settle();
  }

  get kernel(): unknown {
    return this.model.state.failedKernel;
  }
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('the kernel in which a step failed', () => {
  it('is offered where it waits, and opened with a draft of the step', async () => {
    const page = new Page(failed());
    page.client.lingers = true;
    await page.open();
    expect(page.kernel).toEqual({ task: 'take', is: 'there' });
    await page.model.failedKernel.open();
    expect(page.notebooks.did).toContain('open take-draft.ipynb in k');
    expect(page.kernel).toEqual({ task: 'take', is: 'there' });
  });

  it('is asked for again, as it opens its sockets when the run has ended already', async () => {
    const page = new Page(failed());
    await page.open();
    expect(page.kernel).toBeNull();
    page.client.lingers = true;
    await settle(1000);
    expect(page.kernel).toEqual({ task: 'take', is: 'there' });
  });

  it('is said to be gone where it was there, and not offered where it never was', async () => {
    const page = new Page(failed());
    page.client.lingers = true;
    await page.open();
    page.client.lingers = false;
    await page.model.failedKernel.open();
    expect(page.kernel).toEqual({ task: 'take', is: 'gone' });

    const other = new Page(failed());
    await other.open();
    await settle(60_000);
    expect(other.kernel).toBeNull();
    expect(other.client.asked.filter(each => each === 'task take')).toHaveLength(3);
  });

  it('is not asked for while nobody looks, nor for runs that go on or ended well', async () => {
    const unseen = new Page(failed());
    unseen.model.awake = true;
    await settle(10_000);
    expect(unseen.client.asked.filter(each => each.startsWith('task'))).toEqual([]);

    for (const state of ['running', 'ok'] as const) {
      const page = new Page(aRun({ state, tasks: [aTask('load', { state: 'ok' })] }));
      await page.open();
      await settle(10_000);
      expect(page.client.asked.filter(each => each.startsWith('task'))).toEqual([]);
    }
  });

  it('is forgotten with the run that it belongs to', async () => {
    const page = new Page(failed());
    page.client.lingers = true;
    await page.open();
    page.client.current = aRun({ id: 'r2' });
    await page.model.running.start(false);
    await settle();
    expect(page.kernel).toBeNull();
  });
});
