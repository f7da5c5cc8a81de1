import { ServerError } from '../client';
import { PipelineModel } from '../model';
import type { RunEvent } from '../wire';
import {
  aFix,
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

/** Let all that is ready to go on go on. */
async function settle(milliseconds = 0): Promise<void> {
  await jest.advanceTimersByTimeAsync(milliseconds);
}

interface IPage {
  readonly client: FakeClient;
  readonly notebooks: FakeNotebooks;
  readonly settings: FakeSettings;
  readonly memory: FakeMemory;
  readonly model: PipelineModel;
}

function aPage(): IPage {
  const client = new FakeClient();
  const settings = new FakeSettings();
  const memory = new FakeMemory();
  const notebooks = new FakeNotebooks();
  notebooks.list = [aCell('a', ['step:load']), aCell('b'), aCell('c', ['step:train', 'x'])];
  const model = new PipelineModel({ client, notebooks, settings, memory });
  return { client, notebooks, settings, memory, model };
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('a page that nobody looks at', () => {
  it('asks nothing of the server', async () => {
    const { client, notebooks } = aPage();
    notebooks.edited.emit();
    await settle(10_000);
    expect(client.asked).toEqual([]);
  });

  it('stops following a run when it is hidden, and goes on when it is shown', async () => {
    const { client, model } = aPage();
    client.list = [aRun()];
    client.current = aRun({ tasks: [aTask('load')] });
    model.visible = true;
    await settle();
    model.visible = false;
    const before = client.asked.length;
    await settle(60_000);
    expect(client.asked).toHaveLength(before);
    model.visible = true;
    await settle();
    expect(client.asked.slice(before)).toContain('run');
  });
});

describe('the server', () => {
  it.each([
    [new ServerError('Not Found', 404), 'missing'],
    [new ServerError('The Jupyter server does not answer.', 0), 'failing'],
    [{ version: '9.0', api: 9 }, 'other'],
    [{ version: '0.1.0', api: 1 }, 'ready']
  ])('that answers %s is %s', async (greeting, expected) => {
    const { client, model } = aPage();
    client.greeting = greeting;
    model.visible = true;
    await settle();
    expect(model.state.server.is).toBe(expected);
  });

  it('is asked again when the person says so', async () => {
    const { client, model } = aPage();
    client.greeting = new ServerError('Not Found', 404);
    model.visible = true;
    await settle();
    client.greeting = { version: '0.1.0', api: 1 };
    await model.retry();
    expect(model.state.server.is).toBe('ready');
  });
});

describe('compiling', () => {
  it('sends the live notebook and paints what comes back', async () => {
    const { client, notebooks, model } = aPage();
    client.answer = aCompiled({
      roles: { 'demo.ipynb': { a: { role: 'step', step: 'load', tagged: true } } }
    });
    model.visible = true;
    await settle();
    expect(client.compiled).toHaveLength(1);
    expect(client.compiled[0]).toMatchObject({ path: 'demo.ipynb', scope: 'notebook' });
    expect(notebooks.painted?.roles.get('a')).toMatchObject({ role: 'step', step: 'load' });
  });

  it('waits until typing rests, and sends one request for many edits', async () => {
    const { client, notebooks, model } = aPage();
    model.visible = true;
    await settle();
    for (const title of ['x', 'xy', 'xyz']) {
      notebooks.list = [aCell(title, ['step:load'])];
      notebooks.edited.emit();
      await settle(20);
    }
    expect(client.compiled).toHaveLength(1);
    await settle(30);
    expect(client.compiled).toHaveLength(2);
  });

  it('waits for a longer rest where the notebook is long', async () => {
    const { client, notebooks, model } = aPage();
    notebooks.list = [aCell('x'.repeat(200_000), ['step:load'])];
    model.visible = true;
    await settle();
    for (const title of ['x', 'xy']) {
      notebooks.list = [aCell(title, ['step:load'])];
      notebooks.edited.emit();
      await settle(200);
    }
    expect(client.compiled).toHaveLength(1);
    await settle(60);
    expect(client.compiled).toHaveLength(2);
  });

  it('sends nothing where only outputs changed', async () => {
    const { client, notebooks, model } = aPage();
    model.visible = true;
    await settle();
    notebooks.edited.emit();
    await settle(500);
    expect(client.compiled).toHaveLength(1);
  });

  it('leaves a notebook without tags alone', async () => {
    const { client, notebooks, model } = aPage();
    notebooks.list = [aCell('a'), aCell('b', ['hide-input'])];
    model.visible = true;
    await settle();
    expect(model.state.tagged).toBe(false);
    expect(client.compiled).toEqual([]);
  });

  it('keeps the last picture and says why when the server refuses', async () => {
    const { client, notebooks, model } = aPage();
    client.answer = aCompiled({ steps: [aStep('load')] });
    model.visible = true;
    await settle();
    client.answer = new ServerError('No kernel is named.', 400);
    notebooks.list = [aCell('z', ['step:other'])];
    notebooks.edited.emit();
    await settle(200);
    expect(model.state.message).toBe('No kernel is named.');
    expect(model.state.compiled?.steps).toHaveLength(1);
  });
});

describe('tags', () => {
  it('are changed without touching those of others', async () => {
    const { notebooks, model } = aPage();
    model.visible = true;
    await settle();
    await model.authored.setTags('c', { step: 'fit' });
    expect(notebooks.list[2]?.tags).toEqual(['x', 'step:fit']);
  });

  it('are added and removed as a problem offers', async () => {
    const { notebooks, model } = aPage();
    model.visible = true;
    await settle();
    await model.authored.fix(null, aFix({ cell: 'c', add: ['after:load'], remove: ['x'] }));
    expect(notebooks.list[2]?.tags).toEqual(['step:train', 'after:load']);
  });
});

describe('edits of the project', () => {
  const aProject = async (): Promise<ReturnType<typeof aPage>> => {
    const page = aPage();
    page.notebooks.path = 'work/demo.ipynb';
    page.client.answer = aCompiled({
      project: 'work',
      steps: [aStep('load'), aStep('fit', { notebook: 'other.ipynb' })]
    });
    page.notebooks.others.set('work/other.ipynb', {
      cells: [aCell('z', ['step:fit', 'after:load'])],
      metadata: null
    });
    page.model.visible = true;
    await settle();
    return page;
  };

  it('rename a step in all notebooks that name it, open or not', async () => {
    const { client, notebooks, model } = await aProject();
    client.mentioning = ['work/demo.ipynb', 'work/other.ipynb'];
    await model.authored.renameStep('load', 'read');
    expect(notebooks.list[0]?.tags).toEqual(['step:read']);
    expect(notebooks.others.get('work/other.ipynb')?.cells[0]?.tags).toEqual([
      'step:fit',
      'after:read'
    ]);
    expect(client.compiled).toHaveLength(2);
  });

  it.each([
    ['no/name', 'cannot be the name of a step'],
    ['fit', 'There is a step fit already']
  ])('refuse %s as a new name', async (name, why) => {
    const { notebooks, model } = await aProject();
    await model.authored.renameStep('load', name);
    expect(model.state.message).toContain(why);
    expect(notebooks.list[0]?.tags).toEqual(['step:load']);
  });

  it('are made in the notebook that has the step', async () => {
    const { notebooks, model } = await aProject();
    await model.authored.setOrder('fit', 'load', false);
    await model.authored.setOption('fit', 'retries', 2);
    expect(notebooks.others.get('work/other.ipynb')).toMatchObject({
      cells: [{ tags: ['step:fit'] }],
      metadata: { version: 1, steps: { fit: { retries: 2 } } }
    });
  });

  it('make the selected cells a step', async () => {
    const { notebooks, model } = await aProject();
    notebooks.selected = ['b', 'c'];
    await model.authored.makeStep('both');
    expect(notebooks.list.map(({ tags }) => tags)).toEqual([['step:load'], ['step:both'], ['x']]);
  });

  it('make a closed notebook one step, and no longer', async () => {
    const { notebooks, model } = await aProject();
    await model.authored.toggleOneStep('work/other.ipynb', 'other');
    expect(notebooks.others.get('work/other.ipynb')?.metadata).toEqual({
      version: 1,
      step: 'other'
    });
    await model.authored.toggleOneStep('work/other.ipynb', 'other');
    expect(notebooks.others.get('work/other.ipynb')?.metadata).toBeNull();
  });
});

describe('a run', () => {
  const events: RunEvent[] = [
    { seq: 1, at: 1, kind: 'run-started', tasks: ['load'] },
    { seq: 2, at: 2, kind: 'task-started', task: 'load', cells: 2 },
    { seq: 3, at: 3, kind: 'task-finished', task: 'load', state: 'ok', seconds: 1 },
    { seq: 4, at: 4, kind: 'run-finished', state: 'ok' }
  ];

  it('is followed from its start to its end', async () => {
    const { client, model } = aPage();
    model.visible = true;
    await settle();
    client.current = aRun({ tasks: [aTask('load')] });
    await model.running.start(false);
    await settle();
    client.tell(...events.slice(0, 2));
    await settle();
    expect(model.state.run?.tasks?.[0]?.state).toBe('running');
    client.current = aRun({
      state: 'ok',
      counts: { ok: 1 },
      tasks: [aTask('load', { state: 'ok', notebook: 'r1/load.ipynb' })]
    });
    client.tell(...events.slice(2));
    await settle(250);
    expect(model.state.run?.state).toBe('ok');
    expect(model.state.run?.tasks?.[0]?.notebook).toBe('r1/load.ipynb');
    expect(model.state.runs[0]).toMatchObject({ state: 'ok', counts: { ok: 1 } });
    const before = client.asked.length;
    await settle(60_000);
    expect(client.asked).toHaveLength(before);
  });

  it('shows what its cells write, each line once', async () => {
    const { client, model } = aPage();
    const line = (text: string) => ({ task: 'load', cell: 'a', stream: 'stdout', text });
    model.visible = true;
    await settle();
    client.current = aRun({ tasks: [aTask('load')] });
    client.written = [line('first')];
    await model.running.start(false);
    await settle();
    client.written.push(line('second'));
    client.tell(...events.slice(0, 2));
    await settle();
    expect(model.state.log.map(({ text }) => text)).toEqual(['first', 'second']);
  });

  it('takes the notebook from disk, or as it is', async () => {
    const { client, notebooks, model } = aPage();
    model.visible = true;
    await settle();
    await model.running.start(false);
    await model.running.start(true);
    expect(client.started.map(({ notebook }) => notebook)).toEqual([null, notebooks.content()]);
  });

  it('is given the parameters that were changed, as values', async () => {
    const { client, model } = aPage();
    client.answer = aCompiled({
      parameters: [
        { name: 'depth', default: 3, type: 'integer', notebook: '' },
        { name: 'names', default: [], type: 'array', notebook: '' },
        { name: 'kept', default: 'x', type: 'string', notebook: '' }
      ]
    });
    model.visible = true;
    await settle();
    model.given.setParameter('depth', '5');
    model.given.setParameter('names', '["a"]');
    await model.running.start(false);
    expect(client.started[0]?.parameters).toEqual({ depth: 5, names: ['a'] });
  });

  it('is not started with a parameter that is no value', async () => {
    const { client, model } = aPage();
    client.answer = aCompiled({
      parameters: [{ name: 'depth', default: 3, type: 'integer', notebook: '' }]
    });
    model.visible = true;
    await settle();
    model.given.setParameter('depth', 'deep');
    expect(await model.running.start(false)).toBeNull();
    expect(client.started).toEqual([]);
    expect(model.state.message).toContain('Parameter depth');
  });

  it('opens the executed notebook of a step, a failed one at its cell', async () => {
    const { client, notebooks, model } = aPage();
    const error = { name: 'KeyError', message: '', cell: 'c', traceback: '' };
    client.list = [aRun({ state: 'failed' })];
    client.current = aRun({
      state: 'failed',
      tasks: [
        aTask('load', { state: 'ok', notebook: 'r1/load.ipynb' }),
        aTask('train', { state: 'failed', notebook: 'r1/train.ipynb', error })
      ]
    });
    model.visible = true;
    await settle();
    await model.openStep('load', null);
    await model.openStep('train', null);
    expect(notebooks.did).toEqual(['open r1/load.ipynb at the top', 'open r1/train.ipynb at c']);
  });

  it('of the list is looked at with its own graph, until one goes back', async () => {
    const { client, model } = aPage();
    client.list = [aRun({ id: 'new', state: 'ok' }), aRun({ id: 'old', state: 'failed' })];
    client.current = aRun({ id: 'old', state: 'failed', graph: aCompiled({ name: 'then' }) });
    model.visible = true;
    await settle();
    await model.running.show('old');
    expect(model.state).toMatchObject({
      looking: true,
      run: { id: 'old', graph: { name: 'then' } }
    });
    await model.running.show(null);
    expect(model.state.looking).toBe(false);
  });
});

describe('the whole project', () => {
  it('is compiled, listed and run by its folder, from disk', async () => {
    const { client, notebooks, model } = aPage();
    notebooks.path = 'work/demo.ipynb';
    client.answer = aCompiled({ project: 'work' });
    model.visible = true;
    await settle();
    await model.setScope('project');
    await model.running.start(true);
    expect(client.compiled.at(-1)?.scope).toBe('project');
    expect(client.asked).toContain('runs work');
    expect(client.started[0]).toMatchObject({ scope: 'project', notebook: null });
  });

  it('stays in view on the way to another of its notebooks, and not to others', async () => {
    const { client, notebooks, model } = aPage();
    notebooks.path = 'work/demo.ipynb';
    client.answer = aCompiled({ project: 'work' });
    model.visible = true;
    await settle();
    await model.setScope('project');
    for (const [path, scope] of [
      ['work/other.ipynb', 'project'],
      ['elsewhere/demo.ipynb', 'notebook']
    ] as const) {
      notebooks.path = path;
      notebooks.currentChanged.emit();
      await settle();
      expect(model.state.scope).toBe(scope);
    }
  });

  it('leads to a cell of another notebook by opening it', async () => {
    const { client, notebooks, model } = aPage();
    notebooks.path = 'work/demo.ipynb';
    client.answer = aCompiled({ project: 'work' });
    model.visible = true;
    await settle();
    await model.authored.goTo('other.ipynb', 'a', 3);
    await model.authored.goTo('demo.ipynb', 'b', null);
    expect(notebooks.did).toEqual(['open work/other.ipynb', 'go to a, line 3', 'go to b']);
  });
});

describe('the plan', () => {
  it('says what a run would do, until something changes', async () => {
    const { client, notebooks, model } = aPage();
    model.visible = true;
    await settle();
    await model.running.askPlan();
    expect(client.planned[0]?.notebook).toEqual(notebooks.content());
    expect(model.state.plan?.get('load')?.action).toBe('reuse');
    notebooks.list = [aCell('z', ['step:other'])];
    notebooks.edited.emit();
    await settle(200);
    expect(model.state.plan).toBeNull();
  });
});

describe('another notebook', () => {
  it('takes everything of the last one away', async () => {
    const { client, notebooks, model } = aPage();
    client.list = [aRun()];
    model.visible = true;
    await settle();
    notebooks.path = 'other.ipynb';
    notebooks.list = [];
    client.list = [];
    notebooks.currentChanged.emit();
    await settle();
    expect(model.state).toMatchObject({
      path: 'other.ipynb',
      run: null,
      compiled: null,
      tagged: false
    });
  });
});

describe('a model that is disposed', () => {
  it('hears nothing more', async () => {
    const { client, notebooks, model } = aPage();
    model.visible = true;
    await settle();
    const before = client.asked.length;
    model.dispose();
    notebooks.edited.emit();
    notebooks.currentChanged.emit();
    await settle(60_000);
    expect(client.asked).toHaveLength(before);
  });
});
