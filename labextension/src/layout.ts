/** Where the steps stand in the drawing: top to bottom, by dagre. */

import { Graph, layout as arrange } from '@dagrejs/dagre';

import type { Compiled, Edge } from './wire';

/** A step's place: its upper left corner and its size, in pixels. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const NODE_HEIGHT = 48;
const CHARACTER = 7.5;
const NARROWEST = 112;
const WIDEST = 220;

/** Return the place of each step. */
export function layout(compiled: Pick<Compiled, 'steps' | 'edges'>): ReadonlyMap<string, Place> {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'TB', nodesep: 20, ranksep: 36 });
  graph.setDefaultEdgeLabel(() => ({}));
  const names = new Set(compiled.steps.map(({ name }) => name));
  for (const name of names) {
    graph.setNode(name, { width: widthOf(name), height: NODE_HEIGHT });
  }
  for (const { source, target } of needed(compiled.edges)) {
    if (names.has(source) && names.has(target)) {
      graph.setEdge(source, target);
    }
  }
  arrange(graph);
  return new Map([...names].map(name => [name, corner(graph.node(name) as Place)]));
}

/** The edges without those that a longer way says too: they would only pull the drawing apart. */
export function needed<T extends Pick<Edge, 'source' | 'target'>>(edges: readonly T[]): T[] {
  const next = new Map<string, string[]>();
  for (const { source, target } of edges) {
    next.set(source, [...(next.get(source) ?? []), target]);
  }
  return edges.filter(
    ({ source, target }) =>
      !(next.get(source) ?? []).some(other => other !== target && leads(next, other, target))
  );
}

/** Return true if a way leads from `from` to `to`. */
function leads(next: ReadonlyMap<string, string[]>, from: string, to: string): boolean {
  const seen = new Set([from]);
  for (const name of seen) {
    if (name === to) {
      return true;
    }
    next.get(name)?.forEach(each => seen.add(each));
  }
  return false;
}

function widthOf(name: string): number {
  return Math.round(Math.min(WIDEST, Math.max(NARROWEST, name.length * CHARACTER + 40)));
}

/** Dagre answers with centres; the drawing wants corners. */
function corner({ x, y, width, height }: Place): Place {
  return { x: x - width / 2, y: y - height / 2, width, height };
}
