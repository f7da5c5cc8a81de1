/** When the steps of a run went on: a bar for each, from its first begin to its last end. */

import type { RunState, StepSum, TaskState } from '../wire';

export interface Bar {
  readonly step: string;
  readonly state: TaskState;
  /** Where it begins and how long it is, in parts of the whole. */
  readonly begin: number;
  readonly length: number;
  readonly seconds: number;
}

const ORDER: readonly TaskState[] = [
  'running',
  'failed',
  'kernel-died',
  'out-of-memory',
  'timed-out',
  'interrupted',
  'cancelled',
  'skipped',
  'waiting',
  'ok',
  'reused'
];

/** The state of a step's tasks taken together: the one that needs most attention. */
export function stateOf({ counts }: Pick<StepSum, 'counts'>): TaskState {
  const there = (state: TaskState): boolean => (counts[state] ?? 0) > 0;
  const goesOn = there('waiting') && (there('ok') || there('reused'));
  return goesOn ? 'running' : (ORDER.find(there) ?? 'waiting');
}

/** How many tasks a step has, and how many of them ended. */
export function progressOf({ counts }: Pick<StepSum, 'counts'>): { done: number; total: number } {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { done: total - (counts.waiting ?? 0) - (counts.running ?? 0), total };
}

/** Return a bar for each step that began, and the seconds of the whole. */
export function barsOf(
  run: { readonly started: string; readonly finished: string | null; readonly state: RunState },
  steps: readonly StepSum[],
  now: number
): { readonly bars: readonly Bar[]; readonly seconds: number } {
  const begun = steps.filter(({ started }) => started !== null);
  const ends = begun.map(step => endOf(step, now));
  const from = Math.min(Date.parse(run.started), ...begun.map(step => timeOf(step.started, now)));
  const to = Math.max(from + 1, run.finished === null ? now : Date.parse(run.finished), ...ends);
  const bars = begun.map((step, i) => {
    const begin = timeOf(step.started, now);
    const length = Math.max(0, (ends[i] ?? begin) - begin);
    return {
      step: step.step,
      state: stateOf(step),
      begin: (begin - from) / (to - from),
      length: length / (to - from),
      seconds: length / 1000
    };
  });
  return { bars, seconds: (to - from) / 1000 };
}

function endOf(step: StepSum, now: number): number {
  return (step.counts.running ?? 0) > 0 ? now : timeOf(step.finished ?? step.started, now);
}

function timeOf(iso: string | null, now: number): number {
  return iso === null ? now : Date.parse(iso);
}
