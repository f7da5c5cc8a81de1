/** A state: a sign, its colour, and always the word. */

import React from 'react';

import type { RunState, TaskState } from '../wire';
import { sign, stateWord } from '../words';

export interface IStateMarkProps {
  readonly state: TaskState | RunState | 'none';
  readonly title?: string | undefined;
}

export function StateMark({ state, title }: IStateMarkProps): React.JSX.Element {
  return (
    <span className="nbpipe-State" data-state={state} title={title}>
      <span aria-hidden="true">{sign(state)}</span> {stateWord(state)}
    </span>
  );
}
