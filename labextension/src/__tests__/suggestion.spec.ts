import { PipelineModel } from '../model';
import {
  changesOf,
  editOf,
  isAcceptable,
  nameFault,
  notesOf,
  offersOf,
  undecided
} from '../suggestion';
import type { Proposal, TagsChanged } from '../wire';
import { aCell, aProposal, FakeClient, FakeMemory, FakeNotebooks, FakeSettings } from './fakes';

const aChange = (cell: string, index: number, add: string[], step = ''): TagsChanged => ({
  cell,
  index,
  add,
  remove: [],
  why: `because of ${cell}`,
  step
});

const THREE: Proposal = aProposal({
  steps: [
    { name: 'load', cells: ['b', 'c'], looks: ['c'], why: '', seconds: null },
    { name: 'sum', cells: ['d'], looks: [], why: '', seconds: 2 }
  ],
  changes: [
    aChange('a', 0, ['setup']),
    aChange('b', 1, ['step:load'], 'load'),
    aChange('d', 3, ['step:sum', 'after:load'], 'sum')
  ],
  offers: [aChange('c', 2, ['skip'], 'load')]
});

const CELLS = [aCell('a'), aCell('b', ['hide-input']), aCell('c'), aCell('d')];
const SOURCE = { cells: CELLS, metadata: null };

describe('a suggestion', () => {
  it('tags the cells as it says, and leaves other tags alone', () => {
    expect([...editOf(SOURCE, undecided(THREE)).tags]).toEqual([
      ['a', ['setup']],
      ['b', ['hide-input', 'step:load']],
      ['d', ['step:sum', 'after:load']]
    ]);
  });

  it('takes away the tags that it replaces', () => {
    const change = { ...aChange('b', 1, ['step:load'], 'load'), remove: ['step:all'] };
    const source = { cells: [aCell('b', ['step:all', 'x'])], metadata: null };
    const { tags } = editOf(source, undecided({ ...THREE, changes: [change] }));
    expect(tags.get('b')).toEqual(['x', 'step:load']);
  });

  it('uses the names that were given wherever a step is named', () => {
    const renamed = { ...undecided(THREE), names: new Map([['b', 'read']]) };
    expect(changesOf(renamed).map(({ add }) => add)).toEqual([
      ['setup'],
      ['step:read'],
      ['step:sum', 'after:read']
    ]);
  });

  it('cannot be accepted with a name that is none, or that two steps have', () => {
    const named = (name: string) => ({ ...undecided(THREE), names: new Map([['b', name]]) });
    expect(isAcceptable(named('read'))).toBe(true);
    expect(isAcceptable(named('a/b'))).toBe(false);
    expect(isAcceptable(named('Sum'))).toBe(false);
    expect(nameFault(undecided(THREE), 'b', 'sum')).toMatch('Another step');
  });

  it('leaves a cell out of the pipeline only where that was chosen', () => {
    const chosen = { ...undecided(THREE), chosen: new Set(['c']) };
    expect(offersOf(chosen)).toHaveLength(1);
    expect(editOf(SOURCE, undecided(THREE)).tags.has('c')).toBe(false);
    expect(editOf(SOURCE, chosen).tags.get('c')).toEqual(['skip']);
  });

  it('stands at the cells; all but the first step can be left out there', () => {
    const left: string[] = [];
    const notes = notesOf(undecided(THREE), cell => left.push(cell));
    expect([...notes].map(([cell, { text }]) => [cell, text])).toEqual([
      ['a', '+ setup'],
      ['b', '+ step:load'],
      ['d', '+ step:sum, + after:load']
    ]);
    expect(notes.get('b')?.action).toBeUndefined();
    notes.get('d')?.action?.act();
    expect(left).toEqual(['d']);
  });
});

describe('suggesting', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const settle = (milliseconds = 0): Promise<void> => jest.advanceTimersByTimeAsync(milliseconds);

  async function aPage() {
    const client = new FakeClient();
    const notebooks = new FakeNotebooks();
    notebooks.list = [...CELLS];
    client.proposal = THREE;
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

  it('asks nothing before it is asked for', async () => {
    const { client, notebooks } = await aPage();
    notebooks.edited.emit();
    await settle(1000);
    expect(client.suggested).toEqual([]);
  });

  it('changes nothing before it is accepted, and then all of it', async () => {
    const { notebooks, model } = await aPage();
    await model.suggesting.suggest();
    expect(notebooks.list).toEqual(CELLS);
    expect(notebooks.noted.get('suggested')?.size).toBe(3);
    await model.suggesting.accept();
    expect(notebooks.list.map(({ tags }) => tags)).toEqual([
      ['setup'],
      ['hide-input', 'step:load'],
      [],
      ['step:sum', 'after:load']
    ]);
    expect(notebooks.noted.get('suggested')).toBeNull();
    expect(model.state.suggestion).toBeNull();
  });

  it('asks again without the step that was left out', async () => {
    const { client, model } = await aPage();
    await model.suggesting.suggest();
    await model.suggesting.leaveOut('d');
    await model.suggesting.leaveOut('b');
    expect(client.suggested.map(({ without }) => without)).toEqual([[], ['d']]);
    expect(changesOf(model.state.suggestion ?? undecided(THREE)).map(c => c.cell)).toEqual([
      'a',
      'b'
    ]);
  });

  it('follows what is typed meanwhile, and what was decided counts on', async () => {
    const { client, notebooks, model } = await aPage();
    await model.suggesting.suggest();
    model.suggesting.rename('b', 'read');
    notebooks.edited.emit();
    await settle(1000);
    expect(client.suggested).toHaveLength(2);
    expect(model.state.suggestion?.names.get('b')).toBe('read');
  });

  it('shows nothing of what comes after it was put away', async () => {
    const { notebooks, model } = await aPage();
    const asked = model.suggesting.suggest();
    model.suggesting.drop();
    await asked;
    expect(model.state.suggestion).toBeNull();
    expect(notebooks.noted.get('suggested')).toBeNull();
  });

  it('is put away with its marks when another notebook comes to the front', async () => {
    const { notebooks, model } = await aPage();
    await model.suggesting.suggest();
    notebooks.path = 'other.ipynb';
    notebooks.currentChanged.emit();
    expect(model.state.suggestion).toBeNull();
  });

  it('says why there is none', async () => {
    const { client, model } = await aPage();
    client.proposal = new Error('No.');
    await model.suggesting.suggest();
    expect(model.state.message).toBe('No.');
    expect(model.state.suggesting).toBe(false);
  });
});
