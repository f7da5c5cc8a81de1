import { inLayers } from '../layers';
import { layout } from '../layout';
import type { Edge } from '../wire';
import { aStep } from './fakes';

const SPACING = { beside: 20, below: 36 };

function sizesOf(...names: string[]): Map<string, { width: number; height: number }> {
  return new Map(names.map(name => [name, { width: 100, height: 48 }]));
}

/** A pipeline of layers, each step with one or two steps of the layer above it. */
export function aLarge(
  count: number,
  layers: number
): { names: string[]; edges: [string, string][] } {
  const each = Math.ceil(count / layers);
  let seed = 1;
  const random = (below: number): number => {
    seed = (seed * 16807) % 2147483647;
    return seed % below;
  };
  const names = Array.from({ length: count }, (_, i) => `step-${i}`);
  const edges = names.slice(each).flatMap((name, i) => {
    const layer = Math.floor(i / each);
    const from = new Set([random(each), random(each)].map(k => layer * each + k));
    return [...from].map((k): [string, string] => [`step-${k}`, name]);
  });
  return { names, edges };
}

describe('layers', () => {
  it('put each step below all that it needs', () => {
    const { names, edges } = aLarge(300, 20);
    const places = inLayers(sizesOf(...names), edges, SPACING);
    for (const [from, to] of edges) {
      expect(places.get(to)?.y).toBeGreaterThan(places.get(from)?.y ?? Infinity);
    }
  });

  it('let no two boxes overlap', () => {
    const { names, edges } = aLarge(300, 20);
    const places = [...inLayers(sizesOf(...names), edges, SPACING).values()];
    const rows = new Map<number, number[]>();
    places.forEach(({ x, y }) => rows.set(y, [...(rows.get(y) ?? []), x]));
    for (const row of rows.values()) {
      row.sort((one, other) => one - other);
      row.slice(1).forEach((x, i) => expect(x - (row[i] ?? 0)).toBeGreaterThanOrEqual(119.99));
    }
  });

  it('put a step under the middle of what it needs', () => {
    const places = inLayers(
      sizesOf('a', 'b', 'c'),
      [
        ['a', 'c'],
        ['b', 'c']
      ],
      SPACING
    );
    const middle = ((places.get('a')?.x ?? 0) + (places.get('b')?.x ?? 0)) / 2;
    expect(places.get('c')?.x).toBeCloseTo(middle);
  });

  it('break a layer that is too wide into rows', () => {
    const names = Array.from({ length: 400 }, (_, i) => `s${i}`);
    const places = [...inLayers(sizesOf(...names), [], SPACING).values()];
    expect(Math.max(...places.map(({ x }) => x))).toBeLessThan(24 * 120);
    expect(new Set(places.map(({ y }) => y)).size).toBeGreaterThan(10);
  });

  it('place the steps of a circle too', () => {
    const edges: [string, string][] = [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'b'],
      ['c', 'd']
    ];
    expect([...inLayers(sizesOf('a', 'b', 'c', 'd'), edges, SPACING).keys()]).toEqual([
      'a',
      'b',
      'c',
      'd'
    ]);
  });

  it('give each of two thousand steps a place', () => {
    const { names, edges } = aLarge(2000, 100);
    const wired = edges.map(([source, target]): Edge => ({
      source,
      target,
      kind: 'data',
      names: [],
      reasons: [],
      learned: false
    }));
    const places = layout({ steps: names.map(name => aStep(name)), edges: wired });
    expect(places.size).toBe(2000);
  });
});
