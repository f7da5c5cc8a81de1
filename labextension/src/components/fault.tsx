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
  const kernel = state.failedKernel?.task === task ? state.failedKernel.is : null;
  return (
    <div className="nbpipe-Message nbpipe-Fault" role="alert">
      <p>{fault.sentence}</p>
      {kernel === 'gone' ? (
        <p className="nbpipe-Quiet" role="status">
          {trans.__('The kernel in which it failed is no longer there.')}
        </p>
      ) : null}
      <div className="nbpipe-Buttons">
        {kernel === 'there' || kernel === 'opening' ? (
          <button
            type="button"
            className="jp-mod-styled nbpipe-First"
            disabled={kernel === 'opening'}
            title={trans.__('A copy with the very kernel that failed, as the failing cell left it')}
            onClick={actions.openFailedKernel}
          >
            {trans.__('Open in its kernel')}
          </button>
        ) : null}
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
