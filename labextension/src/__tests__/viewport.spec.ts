import { canComeAfter } from '../order';
import { centred, fitted, isSeen, kept, stepNear, towards } from '../viewport';
import type { Edge } from '../wire';

const at = (x: number, y: number): { x: number; y: number; width: number; height: number } => ({
  x,
  y,
  width: 100,
  height: 50
});
const FRAME = { width: 324, height: 224 };
const places = new Map([
  ['a', at(0, 0)],
  ['b', at(0, 100)],
  ['c', at(500, 100)],
  ['d', at(250, 300)]
]);

describe('the view', () => {
  it('is fitted so that all is seen', () => {
    const view = fitted(places, FRAME);
    expect(view.zoom).toBeCloseTo(0.5);
    places.forEach(place => expect(isSeen(view, FRAME, place)).toBe(true));
  });

  it('shows nothing larger than life', () => {
    expect(fitted(new Map([['a', at(0, 0)]]), FRAME)).toEqual({ x: 112, y: 87, zoom: 1 });
  });

  it('keeps the step that is selected where it was, though it was placed anew', () => {
    const moved = new Map([...places, ['b', at(40, 180)]] as const);
    const view = { x: 10, y: 20, zoom: 0.5 };
    expect(kept(view, FRAME, places, moved, 'b')).toEqual({ x: -10, y: -20, zoom: 0.5 });
  });

  it('keeps the step in the middle, where none is selected or the one selected is gone', () => {
    const view = { x: 62, y: 87, zoom: 1 };
    const moved = new Map([['a', at(5, 0)]]);
    expect(kept(view, FRAME, places, moved, null)).toEqual({ x: 57, y: 87, zoom: 1 });
    expect(kept(view, FRAME, places, moved, 'd')).toEqual({ x: 57, y: 87, zoom: 1 });
    expect(kept(view, FRAME, places, new Map(), null)).toBe(view);
  });

  it('comes near enough to read a step', () => {
    const view = centred({ x: 0, y: 0, zoom: 0.1 }, FRAME, at(500, 100), 0.5);
    expect(view.zoom).toBe(0.5);
    expect(isSeen(view, FRAME, at(500, 100))).toBe(true);
  });
});

describe('arrow keys', () => {
  it.each([
    ['a', 'ArrowDown', 'b'],
    ['b', 'ArrowUp', 'a'],
    ['b', 'ArrowRight', 'c'],
    ['c', 'ArrowDown', 'd'],
    ['a', 'ArrowUp', null],
    ['gone', 'ArrowUp', null]
  ] as const)('lead from %s by %s to %s', (from, key, to) => {
    expect(towards(places, from, key)).toBe(to);
  });
});

describe('a point of the drawing', () => {
  it('is in a step, or near one', () => {
    expect(stepNear(places, 550, 120)).toBe('c');
    expect(stepNear(places, 120, 60)).toBe('a');
    expect(stepNear(places, 380, 320)).toBe('d');
    expect(stepNear(new Map(), 0, 0)).toBeNull();
  });
});

describe('a step can come after another', () => {
  const edge = (source: string, target: string, kind: Edge['kind'] = 'data'): Edge => ({
    source,
    target,
    kind,
    names: [],
    reasons: [],
    learned: false
  });

  it('unless that makes a circle, or is said already', () => {
    const edges = [edge('a', 'b'), edge('b', 'c'), edge('x', 'a', 'order')];
    expect(canComeAfter(['a', 'b', 'c', 'x', 'y'], edges, 'a')).toEqual(['y']);
    expect(canComeAfter(['a', 'b', 'c', 'x', 'y'], edges, 'c')).toEqual(['a', 'b', 'x', 'y']);
  });
});
