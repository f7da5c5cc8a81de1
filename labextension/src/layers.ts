/** Where the steps of a large pipeline stand: layers, wide ones in several rows, few crossings. */

/** A box: its upper left corner and its size, in pixels. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Spacing {
  /** Between boxes side by side. */
  readonly beside: number;
  /** Between a row and the next. */
  readonly below: number;
}

const SWEEPS = 8;

/**
 * Return the place of each box, so that edges lead down.
 *
 * Layers by longest path; within a row the order of the neighbours' mean, and then the places
 * nearest to that mean at which nothing overlaps (isotonic regression). Time grows with
 * boxes and edges, and no further.
 */
export function inLayers(
  sizes: ReadonlyMap<string, { readonly width: number; readonly height: number }>,
  edges: readonly (readonly [string, string])[],
  { beside, below }: Spacing
): ReadonlyMap<string, Place> {
  const names = [...sizes.keys()];
  const known = edges.filter(([from, to]) => sizes.has(from) && sizes.has(to) && from !== to);
  const rows = rowsOf(layersOf(names, known), widest(names.length));
  const width = (name: string): number => sizes.get(name)?.width ?? 0;
  const centres = arrange(rows, known, width, beside);
  const left = Math.min(...names.map(name => (centres.get(name) ?? 0) - width(name) / 2));
  const places = new Map<string, Place>();
  let y = 0;
  for (const row of rows) {
    const height = Math.max(...row.map(name => sizes.get(name)?.height ?? 0));
    for (const name of row) {
      const x = (centres.get(name) ?? 0) - width(name) / 2 - left;
      places.set(name, { x, y, width: width(name), height: sizes.get(name)?.height ?? 0 });
    }
    y += height + below;
  }
  return new Map(names.flatMap(name => pair(name, places.get(name))));
}

/** A layer is one more than the deepest box above; an edge that closes a circle is passed over. */
function layersOf(
  names: readonly string[],
  edges: readonly (readonly [string, string])[]
): string[][] {
  const next = neighbours(edges, 0);
  const waiting = new Map(names.map(name => [name, 0]));
  edges.forEach(([, to]) => waiting.set(to, (waiting.get(to) ?? 0) + 1));
  const depth = new Map<string, number>();
  const ready = names.filter(name => waiting.get(name) === 0);
  const left = new Set(names);
  while (left.size > 0) {
    // Nothing is ready in a circle: its first box is taken as if it were.
    const name = ready.pop() ?? first(left);
    if (!left.delete(name)) {
      continue;
    }
    const below = (depth.get(name) ?? 0) + 1;
    depth.set(name, below - 1);
    for (const to of (next.get(name) ?? []).filter(each => left.has(each))) {
      depth.set(to, Math.max(depth.get(to) ?? 0, below));
      const count = (waiting.get(to) ?? 0) - 1;
      waiting.set(to, count);
      if (count === 0) {
        ready.push(to);
      }
    }
  }
  const deepest = Math.max(0, ...depth.values());
  const layers = Array.from({ length: deepest + 1 }, (): string[] => []);
  names.forEach(name => layers[depth.get(name) ?? 0]?.push(name));
  return layers.filter(layer => layer.length > 0);
}

/** A layer of hundreds would be a line too long to look at. */
function rowsOf(layers: readonly string[][], most: number): string[][] {
  return layers.flatMap(layer => {
    const rows = Math.ceil(layer.length / most);
    const each = Math.ceil(layer.length / rows);
    return Array.from({ length: rows }, (_, i) => layer.slice(i * each, (i + 1) * each));
  });
}

function widest(boxes: number): number {
  return Math.max(12, Math.ceil(1.2 * Math.sqrt(boxes)));
}

function arrange(
  rows: string[][],
  edges: readonly (readonly [string, string])[],
  width: (name: string) => number,
  beside: number
): ReadonlyMap<string, number> {
  const centres = new Map<string, number>();
  rows.forEach(row => settle(row, () => undefined, centres, width, beside));
  const above = neighbours(edges, 1);
  const below = neighbours(edges, 0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    for (const row of down ? rows : [...rows].reverse()) {
      const near = down ? above : below;
      const mean = new Map(row.map(name => [name, meanOf(near.get(name), centres)]));
      const wish = (name: string): number => mean.get(name) ?? centres.get(name) ?? 0;
      row.sort((one, other) => wish(one) - wish(other));
      settle(row, wish, centres, width, beside);
    }
  }
  return centres;
}

/** Put the boxes of a row as near as can be to where they wish to be, in this order. */
function settle(
  row: readonly string[],
  wish: (name: string) => number | undefined,
  centres: Map<string, number>,
  width: (name: string) => number,
  beside: number
): void {
  // Less what stands before it, the wish only has to grow along the row.
  let before = 0;
  const offsets = row.map(name => {
    const offset = before + width(name) / 2;
    before += width(name) + beside;
    return offset;
  });
  const middle = (before - beside) / 2;
  const free = row.map((name, i) => (wish(name) ?? (offsets[i] ?? 0) - middle) - (offsets[i] ?? 0));
  const fitted = growing(free);
  row.forEach((name, i) => centres.set(name, (fitted[i] ?? 0) + (offsets[i] ?? 0)));
}

/** The nearest values that never fall (pool adjacent violators). */
function growing(values: readonly number[]): number[] {
  const pools: { sum: number; size: number }[] = [];
  for (const value of values) {
    let pool = { sum: value, size: 1 };
    for (let last = pools.at(-1); last && last.sum / last.size > pool.sum / pool.size;) {
      pool = { sum: pool.sum + last.sum, size: pool.size + last.size };
      pools.pop();
      last = pools.at(-1);
    }
    pools.push(pool);
  }
  return pools.flatMap(({ sum, size }) => new Array<number>(size).fill(sum / size));
}

function meanOf(
  names: readonly string[] | undefined,
  centres: ReadonlyMap<string, number>
): number | undefined {
  return names && names.length > 0
    ? names.reduce((sum, name) => sum + (centres.get(name) ?? 0), 0) / names.length
    : undefined;
}

/** The boxes at the other end, by the end that is asked for: 0 for what is below, 1 for above. */
function neighbours(
  edges: readonly (readonly [string, string])[],
  end: 0 | 1
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const edge of edges) {
    const others = found.get(edge[end]) ?? [];
    others.push(edge[end === 0 ? 1 : 0]);
    found.set(edge[end], others);
  }
  return found;
}

function first(names: ReadonlySet<string>): string {
  return names.values().next().value ?? '';
}

export function pair(name: string, place: Place | undefined): [string, Place][] {
  return place ? [[name, place]] : [];
}
