/** The part of a large pipeline that is drawn: what is seen and some more, so that panning draws nothing anew. */

import type { Place } from './layers';
import type { Frame, Places, View } from './viewport';

/** What is drawn beyond each side of what is seen, as a share of it. */
const BEYOND = 0.5;

/** Zoomed in so far, most of what is drawn is out of sight. */
const TOO_MUCH = 9;

/** Nothing: before it is known how large the frame is. */
export const NOWHERE: Place = { x: 0, y: 0, width: 0, height: 0 };

/** The place that is seen in a frame. */
export function seenBy({ x, y, zoom }: View, { width, height }: Frame): Place {
  return { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
}

/** The region to be drawn; the same one as long as it serves. */
export function regionFor(view: View, frame: Frame, before: Place): Place {
  const seen = seenBy(view, frame);
  const isLarge = before.width * before.height > TOO_MUCH * seen.width * seen.height;
  if (holds(before, seen) && !isLarge) {
    return before;
  }
  const [aside, above] = [seen.width * BEYOND, seen.height * BEYOND];
  return {
    x: seen.x - aside,
    y: seen.y - above,
    width: seen.width + 2 * aside,
    height: seen.height + 2 * above
  };
}

/** Steps and edges of which something is in the region, and the steps that such edges end at. */
export interface IInside<E> {
  readonly steps: ReadonlySet<string>;
  readonly edges: readonly E[];
  readonly ends: ReadonlySet<string>;
}

/** Seen from afar, no step is drawn by itself. */
export const NOTHING: IInside<never> = { steps: new Set(), edges: [], ends: new Set() };

/** Return what of a drawing is inside a region. */
export function inside<E extends { readonly source: string; readonly target: string }>(
  region: Place,
  places: Places,
  edges: readonly E[]
): IInside<E> {
  const steps = new Set<string>();
  places.forEach((place, name) => meets(region, place) && steps.add(name));
  const ends = new Set<string>();
  const drawn = edges.filter(({ source, target }) => {
    const [from, to] = [places.get(source), places.get(target)];
    return from && to && (steps.has(source) || steps.has(target) || passes(region, from, to));
  });
  for (const { source, target } of drawn) {
    [source, target].filter(name => !steps.has(name)).forEach(name => ends.add(name));
  }
  return { steps, edges: drawn, ends };
}

function holds(outer: Place, inner: Place): boolean {
  return (
    outer.x <= inner.x &&
    outer.y <= inner.y &&
    outer.x + outer.width >= inner.x + inner.width &&
    outer.y + outer.height >= inner.y + inner.height
  );
}

function meets(one: Place, other: Place): boolean {
  return (
    one.x <= other.x + other.width &&
    other.x <= one.x + one.width &&
    one.y <= other.y + other.height &&
    other.y <= one.y + one.height
  );
}

/** Whether the line from below one place to the top of another goes through the region. */
function passes({ x, y, width, height }: Place, from: Place, to: Place): boolean {
  const [x1, y1] = [from.x + from.width / 2, from.y + from.height];
  const [x2, y2] = [to.x + to.width / 2, to.y];
  // Cut the line at each side of the region in turn; what is left of it goes through.
  let [begin, end] = [0, 1];
  for (const [step, room] of [
    [x1 - x2, x1 - x],
    [x2 - x1, x + width - x1],
    [y1 - y2, y1 - y],
    [y2 - y1, y + height - y1]
  ] as const) {
    if (step === 0 && room < 0) {
      return false;
    }
    if (step < 0) {
      begin = Math.max(begin, room / step);
    } else if (step > 0) {
      end = Math.min(end, room / step);
    }
  }
  return begin <= end;
}
