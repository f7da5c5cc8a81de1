/** One colour a step, in the notebook and in the graph; the name always stands beside it. */

export const COLOURS = 8;

/** Number the steps in the order in which they appear: step name → colour. */
export function colours(steps: readonly string[]): ReadonlyMap<string, number> {
  const names = [...new Set(steps)].filter(Boolean);
  return new Map(names.map((name, i) => [name, i % COLOURS]));
}
