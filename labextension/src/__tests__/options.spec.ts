import type { IOption } from '../options';
import { OPTIONS, textOf, valueOf, written } from '../options';

const MEMORY: IOption = { name: 'memory', kind: 'size', within: 'resources' };

describe('options', () => {
  it('are shown as they are written', () => {
    const options = { retries: 2, gives: ['a', 'b'], resources: { memory: '2 GB' }, cache: false };
    const texts = OPTIONS.map(option => [option.name, textOf(options, option)]);
    expect(texts.filter(([, text]) => text)).toEqual([
      ['retries', '2'],
      ['memory', '2 GB'],
      ['cache', 'false'],
      ['gives', 'a, b']
    ]);
  });

  it.each([
    ['count', '3', 3],
    ['count', '-1', undefined],
    ['count', ' ', null],
    ['amount', '2.5', 2.5],
    ['amount', '0', undefined],
    ['size', '512 MB', '512 MB'],
    ['size', 'much', undefined],
    ['words', 'a, b,', ['a', 'b']],
    ['flag', 'false', false],
    ['engine', 'debug', 'debug']
  ] as const)('%s %j is %j', (kind, text, value) => {
    expect(valueOf(kind, text)).toEqual(value);
  });

  it('of resources are kept together, and leave nothing behind', () => {
    expect(written({ resources: { cpu: 2 } }, MEMORY, '1 GB')).toEqual([
      'resources',
      { cpu: 2, memory: '1 GB' }
    ]);
    expect(written({ resources: { memory: '1 GB' } }, MEMORY, null)).toEqual(['resources', null]);
  });
});
