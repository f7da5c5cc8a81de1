/** A state: a sign, its colour, and always the word. */

import React from 'react';

import type { RunState, TaskState } from '../wire';
import { sign, stateWord } from '../words';

export function StateMark({ state }: { state: TaskState | RunState | 'none' }): React.JSX.Element {
  return (
    <span className="nbpipe-State" data-state={state}>
      <span aria-hidden="true">{sign(state)}</span> {stateWord(state)}
    </span>
  );
}
