/** Where the steps stand in the drawing: top to bottom, by dagre. */

import { Graph, layout as arrange } from '@dagrejs/dagre';

import type { Compiled } from './wire';

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
  for (const { source, target } of compiled.edges) {
    if (names.has(source) && names.has(target)) {
      graph.setEdge(source, target);
    }
  }
  arrange(graph);
  return new Map([...names].map(name => [name, corner(graph.node(name) as Place)]));
}

function widthOf(name: string): number {
  return Math.round(Math.min(WIDEST, Math.max(NARROWEST, name.length * CHARACTER + 40)));
}

/** Dagre answers with centres; the drawing wants corners. */
function corner({ x, y, width, height }: Place): Place {
  return { x: x - width / 2, y: y - height / 2, width, height };
}
