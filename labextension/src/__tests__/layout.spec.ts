import { layout, needed } from '../layout';
import type { Edge } from '../wire';
import { aStep } from './fakes';

const edge = (source: string, target: string): Edge => ({
  source,
  target,
  kind: 'data',
  names: [],
  reasons: [],
  learned: false
});

describe('the drawing', () => {
  const places = layout({
    steps: ['load', 'left', 'right', 'join'].map(name => aStep(name)),
    edges: [
      edge('load', 'left'),
      edge('load', 'right'),
      edge('left', 'join'),
      edge('right', 'join')
    ]
  });
  const y = (name: string): number => places.get(name)?.y ?? Number.NaN;

  it('puts a step below those it waits for', () => {
    expect(y('load')).toBeLessThan(y('left'));
    expect(y('left')).toBe(y('right'));
    expect(y('left')).toBeLessThan(y('join'));
  });

  it('lets no two steps overlap', () => {
    const all = [...places.values()];
    const overlaps = all.flatMap((a, i) =>
      all.slice(i + 1).filter(b => {
        const apart =
          a.x + a.width <= b.x ||
          b.x + b.width <= a.x ||
          a.y + a.height <= b.y ||
          b.y + b.height <= a.y;
        return !apart;
      })
    );
    expect(overlaps).toEqual([]);
  });

  it('passes over edges of steps that are not there, and draws nothing for nothing', () => {
    expect(layout({ steps: [aStep('a')], edges: [edge('b', 'a')] }).size).toBe(1);
    expect(layout({ steps: [], edges: [] }).size).toBe(0);
  });
});

describe('steps that do not hang together', () => {
  const names = ['one', 'two', 'three', 'four', 'five', 'six'];
  const places = layout({ steps: names.map(name => aStep(name)), edges: [edge('two', 'five')] });
  const at = (name: string): { x: number; y: number } => places.get(name) ?? { x: NaN, y: NaN };

  it('stand in rows, so that they can be read in a narrow panel', () => {
    const right = Math.max(...[...places.values()].map(({ x, width }) => x + width));
    expect(right).toBeLessThanOrEqual(440);
    expect(new Set([...places.values()].map(({ y }) => y)).size).toBeGreaterThan(1);
  });

  it('keep the order of the notebook, and what belongs together below each other', () => {
    expect([...places.keys()]).toEqual(names);
    expect(at('one').x).toBeLessThan(at('two').x);
    expect(at('two').y).toBe(at('one').y);
    expect(at('five').x).toBe(at('two').x);
    expect(at('five').y).toBeGreaterThan(at('two').y);
  });
});

describe('an edge that a longer way says too', () => {
  it('does not count for the drawing', () => {
    const edges = [edge('a', 'b'), edge('b', 'c'), edge('a', 'c'), edge('c', 'd'), edge('a', 'd')];
    expect(needed(edges)).toEqual([edge('a', 'b'), edge('b', 'c'), edge('c', 'd')]);
  });

  it('is kept where there is no other way', () => {
    expect(needed([edge('a', 'b')])).toHaveLength(1);
    expect(needed([edge('a', 'b'), edge('b', 'a')])).toHaveLength(2);
  });
});
