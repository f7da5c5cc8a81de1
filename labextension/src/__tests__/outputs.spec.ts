import { joinLines } from '../outputs';
import type { Json } from '../wire';

const notebook = (data: { [type: string]: Json }): Json => ({
  cells: [
    { cell_type: 'markdown', source: '' },
    { cell_type: 'code', outputs: [{ output_type: 'stream', text: ['a\n', 'b'] }, { data }] }
  ]
});

describe('outputs of a notebook file', () => {
  it('are texts again where they were kept as lines', () => {
    expect(joinLines(notebook({ 'text/html': ['<b>\n', '</b>'], 'text/plain': 'x' }))).toEqual(
      notebook({ 'text/html': '<b>\n</b>', 'text/plain': 'x' })
    );
  });

  it('keep lists that are data', () => {
    const data = notebook({ 'application/json': [1, 2], 'application/geo+json': ['a'] });
    expect(joinLines(data)).toEqual(data);
  });

  it.each([null, 'text', [], {}, { cells: 3 }, { cells: [null, { outputs: [null] }] }])(
    'are left alone in what is no notebook: %j',
    value => {
      expect(joinLines(value)).toEqual(value);
    }
  );
});
