/** Where the steps stand in the drawing, top to bottom: small pipelines by dagre, large ones in layers. */

import { Graph, layout as arrange } from '@dagrejs/dagre';

import type { Place } from './layers';
import { inLayers, pair } from './layers';
import { extent } from './viewport';
import type { Compiled, Edge } from './wire';

export type { Place } from './layers';

export const NODE_HEIGHT = 48;
const CHARACTER = 7.5;
const SMALL = 6;
/** Characters of a state and its sign. */
const STATE = 10;
const NARROWEST = 112;
const WIDEST = 220;
const SPACING = { beside: 20, below: 36 };

/** Dagre draws best, and takes seconds for hundreds of steps. */
const FEW = 40;

/** What does not hang together stands side by side up to that width: panels are narrow. */
const SHELF = 440;

/** More than that, and even one bit for each pair of steps is too much. */
const MOST = 5000;

/** Return the place of each step; with their notebooks' names in them they are wider. */
export function layout(
  compiled: Pick<Compiled, 'steps' | 'edges'>,
  several = false
): ReadonlyMap<string, Place> {
  const sizes = new Map(
    compiled.steps.map(({ name, notebook }) => [
      name,
      { width: widthOf(name, several ? STATE + notebook.length : 0), height: NODE_HEIGHT }
    ])
  );
  const edges = needed(compiled.edges).map(({ source, target }) => [source, target] as const);
  return sizes.size > FEW ? inLayers(sizes, edges, SPACING) : onShelves(sizes, edges);
}

type Sizes = ReadonlyMap<string, { readonly width: number; readonly height: number }>;
type Pairs = readonly (readonly [string, string])[];

/** Each connected part for itself, the parts in rows no wider than need be. */
function onShelves(sizes: Sizes, edges: Pairs): ReadonlyMap<string, Place> {
  const parts = partsOf([...sizes.keys()], edges).map(names => {
    const within = new Map([...sizes].filter(([name]) => names.has(name)));
    return byDagre(
      within,
      edges.filter(([source]) => names.has(source))
    );
  });
  const boxes = parts.map(extent);
  const widest = Math.max(SHELF, ...boxes.map(({ width }) => width));
  const places = new Map<string, Place>();
  let [left, top, deepest] = [0, 0, 0];
  parts.forEach((part, i) => {
    const box = boxes[i] ?? { width: 0, height: 0 };
    if (left > 0 && left + box.width > widest) {
      [left, top, deepest] = [0, top + deepest + SPACING.below, 0];
    }
    part.forEach((place, name) =>
      places.set(name, { ...place, x: place.x + left, y: place.y + top })
    );
    left += box.width + SPACING.beside;
    deepest = Math.max(deepest, box.height);
  });
  return new Map([...sizes.keys()].flatMap(name => pair(name, places.get(name))));
}

/** The steps that hang together, each group in the order of the notebook. */
function partsOf(names: readonly string[], edges: Pairs): ReadonlySet<string>[] {
  const parts = new Map(names.map(name => [name, new Set([name])]));
  for (const [source, target] of edges) {
    const [one, other] = [parts.get(source), parts.get(target)];
    if (one && other && one !== other) {
      other.forEach(name => parts.set(name, one.add(name)));
    }
  }
  return [...new Set(names.flatMap(name => parts.get(name) ?? []))];
}

function byDagre(sizes: Sizes, edges: Pairs): ReadonlyMap<string, Place> {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'TB', nodesep: SPACING.beside, ranksep: SPACING.below });
  graph.setDefaultEdgeLabel(() => ({}));
  sizes.forEach((size, name) => graph.setNode(name, { ...size }));
  for (const [source, target] of edges) {
    if (sizes.has(source) && sizes.has(target)) {
      graph.setEdge(source, target);
    }
  }
  arrange(graph);
  return new Map([...sizes.keys()].map(name => [name, corner(graph.node(name) as Place)]));
}

/** The edges without those that a longer way says too: they would only pull the drawing apart. */
export function needed<T extends Pick<Edge, 'source' | 'target'>>(edges: readonly T[]): T[] {
  const next = new Map<string, Set<string>>();
  for (const { source, target } of edges) {
    next.set(source, (next.get(source) ?? new Set()).add(target));
  }
  const reaches = reachIn(next, edges);
  return edges.filter(
    ({ source, target }) =>
      ![...(next.get(source) ?? [])].some(other => other !== target && reaches(other, target))
  );
}

/** Return the question whether a way leads from one step to another, answered from bits. */
function reachIn(
  next: ReadonlyMap<string, ReadonlySet<string>>,
  edges: readonly Pick<Edge, 'source' | 'target'>[]
): (from: string, to: string) => boolean {
  const order = upwards(next, edges);
  if (order.length > MOST) {
    return () => false;
  }
  const number = new Map(order.map((name, i) => [name, i]));
  const below = new Map<string, Uint32Array>();
  for (const name of order) {
    const bits = new Uint32Array(Math.ceil(order.length / 32));
    for (const each of next.get(name) ?? []) {
      const at = number.get(each) ?? 0;
      bits[at >>> 5] = (bits[at >>> 5] ?? 0) | (1 << (at & 31));
      below.get(each)?.forEach((word, i) => (bits[i] = (bits[i] ?? 0) | word));
    }
    below.set(name, bits);
  }
  return (from, to) => {
    const at = number.get(to) ?? 0;
    return (((below.get(from)?.[at >>> 5] ?? 0) >>> (at & 31)) & 1) === 1;
  };
}

/** The steps that edges name, each after all that it leads to, but where it is in a circle. */
function upwards(
  next: ReadonlyMap<string, ReadonlySet<string>>,
  edges: readonly Pick<Edge, 'source' | 'target'>[]
): string[] {
  const order: string[] = [];
  const seen = new Set<string>();
  for (const { source } of edges) {
    const path = [{ name: source, left: [...(next.get(source) ?? [])] }];
    if (seen.has(source)) {
      continue;
    }
    seen.add(source);
    for (let at = path.at(-1); at; at = path.at(-1)) {
      const to = at.left.pop();
      if (to === undefined) {
        order.push(at.name);
        path.pop();
      } else if (!seen.has(to)) {
        seen.add(to);
        path.push({ name: to, left: [...(next.get(to) ?? [])] });
      }
    }
  }
  return order;
}

function widthOf(name: string, below: number): number {
  const text = Math.max(name.length * CHARACTER, below * SMALL);
  return Math.round(Math.min(WIDEST, Math.max(NARROWEST, text + 40)));
}

/** Dagre answers with centres; the drawing wants corners. */
function corner({ x, y, width, height }: Place): Place {
  return { x: x - width / 2, y: y - height / 2, width, height };
}
