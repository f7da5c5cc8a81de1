/** A step's tasks taken together, as the graph draws them. */

import type { StepState } from '../reduce';
import type { StepSum } from '../wire';
import { progressOf, stateOf } from './timeline';

/** Return what the graph shows of a step; its tasks are not there one by one. */
export function stepStateOf(sum: StepSum): StepState {
  const { done, total } = progressOf(sum);
  return {
    state: stateOf(sum),
    tasks: [],
    done,
    cells: total > 1 ? { done, total } : { done: 0, total: 0 },
    started: sum.started,
    seconds: sum.seconds,
    error: null,
    reason: ''
  };
}
