/** Which step may come after which. */

import type { Edge } from './wire';

type Arrow = Pick<Edge, 'source' | 'target'>;

/** The steps that a step can be told to come after: no circle, and nothing said twice. */
export function canComeAfter(
  names: readonly string[],
  edges: readonly Edge[],
  step: string
): string[] {
  const below = ledToBy(edges, step);
  const said = new Set(
    edges.flatMap(({ kind, source, target }) => (target === step && kind === 'order' ? source : []))
  );
  return names.filter(name => !below.has(name) && !said.has(name));
}

/** The steps that a step leads to, however far away; the step itself is one of them. */
export function ledToBy(edges: readonly Arrow[], step: string): ReadonlySet<string> {
  const next = new Map<string, string[]>();
  for (const { source, target } of edges) {
    const others = next.get(source) ?? [];
    others.push(target);
    next.set(source, others);
  }
  const seen = new Set([step]);
  for (const name of seen) {
    next.get(name)?.forEach(each => seen.add(each));
  }
  return seen;
}
