/** How long a run will take, from what its steps took before: the longest way through the graph. */

import type { StepState } from './standing';
import type { Edge, PlannedTask, Run } from './wire';

/** Seconds that each step took before; what is not named is not known. */
type Durations = { readonly [step: string]: number };

/** Seconds that a run which is planned will take; null where a step on the way never ran. */
export function expectedOf(
  plan: ReadonlyMap<string, PlannedTask>,
  edges: readonly Edge[],
  durations: Durations
): number | null {
  const runs = [...plan.values()].filter(({ action }) => action === 'run' || action === 'waiting');
  return longest(new Map(runs.map(({ step }) => [step, durations[step] ?? null])), edges);
}

/** Seconds that a run still takes; null where a step that is not done never ran before. */
export function leftOf(
  run: Run,
  states: ReadonlyMap<string, StepState>,
  durations: Durations,
  now: number
): number | null {
  const open = [...states].filter(([, { state }]) => state === 'waiting' || state === 'running');
  const left = open.map(
    ([step, state]) => [step, leftOfStep(state, durations[step], now)] as const
  );
  return longest(new Map(left), run.graph?.edges ?? []);
}

function leftOfStep(state: StepState, took: number | undefined, now: number): number | null {
  const gone = state.started === null ? 0 : (now - Date.parse(state.started)) / 1000;
  const total = state.tasks.length;
  if (total > 1 && state.done > 0) {
    return (gone / state.done) * (total - state.done);
  }
  return took === undefined ? null : Math.max(0, took - gone);
}

/** The longest sum of seconds along the edges between the steps named. */
function longest(
  seconds: ReadonlyMap<string, number | null>,
  edges: readonly Edge[]
): number | null {
  if (seconds.size === 0 || [...seconds.values()].includes(null)) {
    return null;
  }
  const before = new Map<string, string[]>();
  for (const { source, target } of edges) {
    before.set(target, [...(before.get(target) ?? []), source]);
  }
  const known = new Map<string, number>();
  const until = (step: string): number => {
    const found = known.get(step);
    if (found !== undefined) {
      return found;
    }
    known.set(step, 0); // ends a circle, which the compiler reports
    const sum = (seconds.get(step) ?? 0) + Math.max(0, ...(before.get(step) ?? []).map(until));
    known.set(step, sum);
    return sum;
  };
  return Math.max(...[...seconds.keys()].map(until));
}
