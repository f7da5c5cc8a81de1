import { PipelineModel } from '../model';
import { isStale, notesOfProof } from '../proof';
import type { Difference } from '../wire';
import {
  aCell,
  aCompiled,
  aProof,
  aRun,
  aStep,
  aTask,
  FakeClient,
  FakeMemory,
  FakeNotebooks,
  FakeSettings
} from './fakes';

const COMPILED = aCompiled({
  code: 'sha256:1',
  steps: [
    aStep('load', { cells: ['a', 'b'] }),
    aStep('sum', { cells: ['c', 'd'] }),
    aStep('tell', { cells: ['e'] })
  ]
});

const apart = (more: Partial<Difference>): Difference => ({
  notebook: 'demo.ipynb',
  step: 'sum',
  what: 'output',
  name: 'c',
  index: 2,
  how: '3 → 4',
  cause: 'hidden-state',
  why: 'Something hides.',
  ...more
});

describe('a proof at the cells', () => {
  it('stands where each step begins that gives the same', () => {
    const proof = aProof({ compared: ['load', 'sum', 'tell'] });
    const notes = notesOfProof(proof, COMPILED, 'demo.ipynb');
    expect([...notes.keys()]).toEqual(['a', 'c', 'e']);
    expect(notes.get('a')).toMatchObject({ text: '✓ as in Run All', tone: 'good' });
  });

  it('stands at the cell that differs, and for a value at the last cell of its step', () => {
    const differences = [apart({}), apart({ what: 'value', name: 'total', index: null })];
    const proof = aProof({ verdict: 'different', differences, compared: ['load', 'sum'] });
    const notes = notesOfProof(proof, COMPILED, 'demo.ipynb');
    expect([...notes.keys()]).toEqual(['a', 'c', 'd']);
    expect(notes.get('d')?.lines).toEqual(['total: 3 → 4', 'Something hides.']);
    expect(notes.get('c')?.tone).toBe('bad');
  });

  it('says nothing of a step that was not compared', () => {
    const proof = aProof({ verdict: 'different', compared: ['load'] });
    expect([...notesOfProof(proof, COMPILED, 'demo.ipynb').keys()]).toEqual(['a']);
  });

  it('says that it is of before a change, once the code is another', () => {
    const now = { ...COMPILED, code: 'sha256:2' };
    const proof = aProof({ compared: ['load'] });
    expect(isStale({ proof, compiled: now })).toBe(true);
    const note = notesOfProof(proof, now, 'demo.ipynb').get('a');
    expect(note).toMatchObject({ text: '✓ as in Run All, before a change', tone: 'plain' });
  });
});

describe('proving', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const settle = (milliseconds = 0): Promise<void> => jest.advanceTimersByTimeAsync(milliseconds);

  async function aPage(prepare: (client: FakeClient) => void = () => undefined) {
    const client = new FakeClient();
    const notebooks = new FakeNotebooks();
    notebooks.list = [aCell('a', ['step:load'])];
    client.answer = COMPILED;
    prepare(client);
    const model = new PipelineModel({
      client,
      notebooks,
      settings: new FakeSettings(),
      memory: new FakeMemory()
    });
    model.visible = true;
    await settle();
    return { client, notebooks, model };
  }

  it('sends what is open, follows it, and shows what it found', async () => {
    const { client, notebooks, model } = await aPage();
    client.current = aRun({ id: 'p1', tasks: [aTask('run-all')] });
    await model.proving.start();
    await settle();
    expect(client.proved).toEqual([
      { path: 'demo.ipynb', scope: 'notebook', notebook: notebooks.content(), parameters: {} }
    ]);
    client.tell({ kind: 'task-started', seq: 1, at: 0, task: 'run-all', cells: 4 });
    await settle(1000);
    expect(model.state.proving?.tasks?.[0]).toMatchObject({ state: 'running' });
    expect(model.state.run).toBeNull();
    client.current = aRun({ id: 'p1', state: 'ok' });
    client.proof = { run: client.current, proof: aProof({ compared: ['load'] }) };
    client.tell({ kind: 'run-finished', seq: 2, at: 0, state: 'ok' });
    await settle(1000);
    expect(model.state.proof?.verdict).toBe('equal');
    expect(notebooks.noted.get('proven')?.get('a')?.tone).toBe('good');
  });

  it('is there again after a reload, and one that is made is followed on', async () => {
    const made = aRun({ id: 'p1', tasks: [aTask('run-all')] });
    const { client, model } = await aPage(client => {
      client.proof = { run: made, proof: aProof() };
      client.current = made;
    });
    await settle();
    expect(model.state.proof?.verdict).toBe('equal');
    expect(client.asked).toContain('events 0');
    client.proof = { run: aRun({ id: 'p1', state: 'cancelled' }), proof: aProof() };
    client.current = aRun({ id: 'p1', state: 'cancelled' });
    await model.proving.cancel();
    client.tell({ kind: 'run-finished', seq: 1, at: 0, state: 'cancelled' });
    await settle(1000);
    expect(client.asked).toContain('cancel');
    expect(model.state.proving?.state).toBe('cancelled');
  });

  it('asks for nothing while nobody looks', async () => {
    const { client, model } = await aPage();
    model.visible = false;
    client.asked.length = 0;
    model.hear(new Set(['p1']));
    await settle(60_000);
    expect(client.asked).toEqual([]);
  });
});
