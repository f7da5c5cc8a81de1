/** Why a run did not end well: the step, the cell and the error, and what can be done now. */

import React from 'react';

import { faultOf } from '../fault';
import type { State } from '../state';
import type { IActions } from '../tokens';
import { trans } from '../translation';
import type { Run } from '../wire';

export interface IFaultProps {
  readonly state: State;
  readonly run: Run;
  readonly actions: IActions;
}

export function Fault({ state, run, actions }: IFaultProps): React.JSX.Element | null {
  const fault = faultOf(run, state.cells);
  if (fault === null) {
    return null;
  }
  const { step, task, hasNotebook } = fault;
  return (
    <div className="nbpipe-Message nbpipe-Fault" role="alert">
      <p>{fault.sentence}</p>
      <div className="nbpipe-Buttons">
        {hasNotebook ? (
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => actions.openStep(step, task)}
          >
            {trans.__('Open failing notebook')}
          </button>
        ) : null}
        <button type="button" className="jp-mod-styled" onClick={() => actions.retryStep(step)}>
          {trans.__('Retry %1', step)}
        </button>
      </div>
    </div>
  );
}
