import type { Place } from '../layers';
import { inside, NOWHERE, regionFor, seenBy } from '../region';

const FRAME = { width: 200, height: 100 };
const at = (x: number, y: number): Place => ({ x, y, width: 100, height: 50 });
const edge = (source: string, target: string) => ({ source, target });

describe('the region that is drawn', () => {
  const begin = regionFor({ x: 0, y: 0, zoom: 1 }, FRAME, NOWHERE);

  it('is what is seen, and half of that again on each side', () => {
    expect(seenBy({ x: -40, y: 10, zoom: 0.5 }, FRAME)).toEqual({
      x: 80,
      y: -20,
      width: 400,
      height: 200
    });
    expect(begin).toEqual({ x: -100, y: -50, width: 400, height: 200 });
  });

  it('stays the same while what is seen is within it', () => {
    expect(regionFor({ x: -99, y: 49, zoom: 1 }, FRAME, begin)).toBe(begin);
    expect(regionFor({ x: -101, y: 0, zoom: 1 }, FRAME, begin)).toEqual({
      x: 1,
      y: -50,
      width: 400,
      height: 200
    });
  });

  it('is another one where one zoomed out of it, or far into it', () => {
    expect(regionFor({ x: 100, y: 50, zoom: 0.4 }, FRAME, begin)).not.toBe(begin);
    expect(regionFor({ x: 0, y: 0, zoom: 1.4 }, FRAME, begin)).toBe(begin);
    expect(regionFor({ x: 0, y: 0, zoom: 1.6 }, FRAME, begin).width).toBeCloseTo(250);
  });
});

describe('inside a region', () => {
  const places = new Map([
    ['in', at(0, 0)],
    ['touches', at(-90, 150)],
    ['left', at(-500, 0)],
    ['right', at(500, 100)],
    ['below', at(500, 900)]
  ]);
  const region = { x: 0, y: 0, width: 300, height: 200 };

  it('are steps of which something is in it, and edges that end there or pass', () => {
    const [leaves, passes, beside] = [
      edge('in', 'below'),
      edge('left', 'right'),
      edge('right', 'below')
    ];
    const { steps, edges, ends } = inside(region, places, [leaves, passes, beside]);
    expect([...steps]).toEqual(['in', 'touches']);
    expect(edges).toEqual([leaves, passes]);
    expect([...ends].sort()).toEqual(['below', 'left', 'right']);
  });

  it('is no edge to a step that has no place', () => {
    expect(inside(region, places, [edge('in', 'gone')]).edges).toEqual([]);
  });
});
