/** What of the drawing is seen: fitted, kept in place as the drawing changes, walked by keys. */

import type { Place } from './layers';

/** As React Flow has it: a place `p` is shown at `p * zoom + (x, y)`. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
}

export type Places = ReadonlyMap<string, Place>;

export type Arrow = 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight';

const MARGIN = 12;

/** Lower right corner of the drawing, whose upper left one is the origin. */
export function extent(places: Places): Frame {
  let [width, height] = [1, 1];
  for (const place of places.values()) {
    width = Math.max(width, place.x + place.width);
    height = Math.max(height, place.y + place.height);
  }
  return { width, height };
}

/** The view in which the whole drawing is seen, in the middle, never larger than life. */
export function fitted(places: Places, frame: Frame): View {
  const all = extent(places);
  const zoom = Math.min(
    1,
    Math.max(1, frame.width - 2 * MARGIN) / all.width,
    Math.max(1, frame.height - 2 * MARGIN) / all.height
  );
  return {
    x: (frame.width - all.width * zoom) / 2,
    y: (frame.height - all.height * zoom) / 2,
    zoom
  };
}

/** The view in which what is looked at stays where it is seen, though it was placed anew. */
export function kept(
  view: View,
  frame: Frame,
  before: Places,
  after: Places,
  preferred: string | null
): View {
  const name =
    preferred !== null && before.has(preferred) && after.has(preferred)
      ? preferred
      : nearest(before, centreOf(view, frame), step => after.has(step));
  const [from, to] = [before.get(name ?? ''), after.get(name ?? '')];
  if (!from || !to) {
    return view;
  }
  const { zoom } = view;
  return { x: view.x + (from.x - to.x) * zoom, y: view.y + (from.y - to.y) * zoom, zoom };
}

/** The view in which a step is in the middle, no smaller than it can be read. */
export function centred(view: View, frame: Frame, place: Place, readable: number): View {
  const zoom = Math.max(view.zoom, readable);
  const { x, y } = middleOf(place);
  return { x: frame.width / 2 - x * zoom, y: frame.height / 2 - y * zoom, zoom };
}

/** Return true where a step is seen whole. */
export function isSeen(view: View, frame: Frame, { x, y, width, height }: Place): boolean {
  const [left, top] = [x * view.zoom + view.x, y * view.zoom + view.y];
  return (
    left >= 0 &&
    top >= 0 &&
    left + width * view.zoom <= frame.width &&
    top + height * view.zoom <= frame.height
  );
}

/** The step that an arrow key leads to: the nearest in that direction, straight ahead preferred. */
export function towards(places: Places, name: string, arrow: Arrow): string | null {
  const here = places.get(name);
  if (!here) {
    return null;
  }
  const from = middleOf(here);
  let best: string | null = null;
  let least = Infinity;
  for (const [other, place] of places) {
    const to = middleOf(place);
    const [ahead, aside] = along(arrow, to.x - from.x, to.y - from.y);
    const cost = ahead + 2 * Math.abs(aside);
    if (ahead > 1 && cost < least) {
      [best, least] = [other, cost];
    }
  }
  return best;
}

/** The step at a point of the drawing, or the one nearest to it. */
export function stepNear(places: Places, x: number, y: number): string | null {
  return nearest(places, { x, y }, () => true);
}

function nearest(
  places: Places,
  { x, y }: { x: number; y: number },
  counts: (name: string) => boolean
): string | null {
  let best: string | null = null;
  let least = Infinity;
  for (const [name, place] of places) {
    const aside = Math.max(place.x - x, 0, x - place.x - place.width);
    const above = Math.max(place.y - y, 0, y - place.y - place.height);
    const distance = Math.hypot(aside, above);
    if (distance < least && counts(name)) {
      [best, least] = [name, distance];
    }
  }
  return best;
}

function centreOf({ x, y, zoom }: View, { width, height }: Frame): { x: number; y: number } {
  return { x: (width / 2 - x) / zoom, y: (height / 2 - y) / zoom };
}

function middleOf({ x, y, width, height }: Place): { x: number; y: number } {
  return { x: x + width / 2, y: y + height / 2 };
}

function along(arrow: Arrow, dx: number, dy: number): [number, number] {
  switch (arrow) {
    case 'ArrowUp':
      return [-dy, dx];
    case 'ArrowDown':
      return [dy, dx];
    case 'ArrowLeft':
      return [-dx, dy];
    case 'ArrowRight':
      return [dx, dy];
  }
}
