import type { TagChange } from '../tags';
import { isTagged, readTags, rolesOf, stepNames, writeTags } from '../tags';

const cell = (id: string, ...tags: string[]): { id: string; kind: string; tags: string[] } => ({
  id,
  kind: 'code',
  tags
});

describe('reading tags', () => {
  it.each([
    [['step:load'], 'step', 'load'],
    [['block:load'], 'step', 'load'],
    [['pipeline-parameters'], 'parameters', ''],
    [['imports'], 'setup', ''],
    [['functions'], 'setup', ''],
    [['pipeline-metrics'], 'metrics', ''],
    [['check'], 'check', ''],
    [['skip'], 'skip', ''],
    [['hide-input'], 'none', ''],
    [['step:'], 'none', ''],
    [[], 'none', '']
  ])('takes %j for %s %s', (tags, role, step) => {
    expect(readTags(tags)).toMatchObject({ role, step });
  });

  it('gathers order, fan-out and the tags of others', () => {
    expect(
      readTags(['hide-input', 'step:train', 'after:load', 'prev:clean', 'foreach:x in xs'])
    ).toEqual({
      role: 'step',
      step: 'train',
      after: ['load', 'clean'],
      foreach: 'x in xs',
      others: ['hide-input']
    });
  });
});

describe('writing tags', () => {
  const table: [string[], TagChange, string[]][] = [
    [[], { role: 'step', step: 'load' }, ['step:load']],
    [['hide-input'], { role: 'setup' }, ['hide-input', 'setup']],
    [['imports', 'x'], { role: 'setup' }, ['imports', 'x']],
    [['block:load', 'x'], { after: ['a'] }, ['block:load', 'x', 'after:a']],
    [['step:a', 'after:b', 'foreach:x in xs'], { role: 'none' }, []],
    [['step:a', 'y'], { role: 'skip' }, ['y', 'skip']],
    [['step:a', 'prev:b'], { step: 'c' }, ['prev:b', 'step:c']],
    [['step:a', 'foreach:x in xs'], { foreach: '' }, ['step:a']],
    [['step:a', 'step:a', 'x'], {}, ['step:a', 'x']]
  ];

  it.each(table)('%j with %j becomes %j', (tags, change, expected) => {
    expect(writeTags(tags, change)).toEqual(expected);
  });
});

describe('roles from tags alone', () => {
  it('gives an untagged cell to the step above it', () => {
    const roles = rolesOf([
      cell('a', 'setup'),
      cell('b'),
      cell('c', 'step:load'),
      cell('d'),
      cell('e', 'check'),
      cell('f', 'skip'),
      cell('g')
    ]);
    expect([...roles.values()].map(({ role, step }) => `${role} ${step}`)).toEqual([
      'setup ',
      'none ',
      'step load',
      'step load',
      'check load',
      'skip ',
      'step load'
    ]);
  });

  it('passes over cells that are not code', () => {
    expect(rolesOf([{ id: 'm', kind: 'markdown', tags: ['step:x'] }]).size).toBe(0);
  });

  it('names each step once', () => {
    expect(stepNames([cell('a', 'step:x'), cell('b', 'step:y'), cell('c', 'step:x')])).toEqual([
      'x',
      'y'
    ]);
  });

  it('knows a notebook without tags of ours', () => {
    expect(isTagged([cell('a', 'hide-input'), cell('b')])).toBe(false);
    expect(isTagged([cell('a', 'setup')])).toBe(true);
  });
});
