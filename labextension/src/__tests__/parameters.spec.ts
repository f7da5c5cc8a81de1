import { fromText, toText } from '../parameters';
import type { Json, ParameterType } from '../wire';

const parameter = (type: ParameterType, value: Json = null) => ({
  name: 'p',
  default: value,
  notebook: '',
  type
});

describe('parameters', () => {
  it.each([
    ['integer', '-3', -3],
    ['number', '0.5', 0.5],
    ['number', '1e-3', 0.001],
    ['string', '"quoted" \'both\'', '"quoted" \'both\''],
    ['boolean', 'true', true],
    ['array', '[1, "a", null]', [1, 'a', null]],
    ['object', '{"a": {"b": []}}', { a: { b: [] } }],
    ['null', '12', 12]
  ] as const)('reads a %s from %s', (type, text, value) => {
    expect(fromText(parameter(type), text)).toEqual({ ok: true, value });
  });

  it.each([
    ['integer', '1.5'],
    ['integer', ''],
    ['number', 'NaN'],
    ['number', ''],
    ['array', '{"a": 1}'],
    ['array', '[1,'],
    ['object', '[1]']
  ] as const)('does not take for a %s: %s', (type, text) => {
    expect(fromText(parameter(type), text).ok).toBe(false);
  });

  it('shows a text without quotes and everything else as JSON', () => {
    expect(toText(parameter('string'), 'a "b"')).toBe('a "b"');
    expect(toText(parameter('array'), [1, 'a'])).toBe('[1,"a"]');
  });
});
