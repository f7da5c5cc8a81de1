/** The buttons of a run and how far it is. */

import React from 'react';

import type { State } from '../state';
import { isOver, progress } from '../reduce';
import type { IActions } from '../tokens';
import type { Run } from '../wire';
import { count, moment, stateWord } from '../words';
import { Elapsed } from './elapsed';
import { StateMark } from './statemark';

export interface IRunBarProps {
  readonly state: State;
  readonly actions: IActions;
}

export function RunBar({ state, actions }: IRunBarProps): React.JSX.Element {
  const { run, starting, looking } = state;
  const running = run !== null && !isOver(run.state);
  const resumable = run !== null && !running && run.state !== 'ok';
  return (
    <div className="nbpipe-RunBar">
      <div className="nbpipe-Buttons">
        <button
          type="button"
          className="jp-mod-styled jp-mod-accept"
          disabled={starting || running}
          onClick={actions.run}
        >
          Run pipeline
        </button>
        {running ? (
          <button type="button" className="jp-mod-styled jp-mod-warn" onClick={actions.cancel}>
            Cancel run
          </button>
        ) : null}
        {running || state.compiled === null ? null : (
          <button type="button" className="jp-mod-styled" onClick={actions.plan}>
            What would run?
          </button>
        )}
        {resumable ? (
          <button type="button" className="jp-mod-styled" onClick={actions.resume}>
            Resume run
          </button>
        ) : null}
      </div>
      {run ? <RunLine run={run} /> : null}
      {looking ? (
        <button type="button" className="nbpipe-Link" onClick={() => actions.showRun(null)}>
          Back to the notebook as it is now
        </button>
      ) : null}
    </div>
  );
}

function RunLine({ run }: { run: Run }): React.JSX.Element {
  const { done, total } = progress(run);
  const running = !isOver(run.state);
  return (
    <div className="nbpipe-RunLine">
      <div className="nbpipe-RunLine-words" role="status" aria-label="Run state">
        <StateMark state={run.state} />
        <span className="nbpipe-Quiet" title={`Started ${moment(run.started)}`}>
          {total > 0 ? `${done} of ${count(total, 'task')}` : ''}
        </span>
        <span className="nbpipe-Quiet nbpipe-Right">
          <Elapsed started={run.started} finished={run.finished} running={running} />
        </span>
      </div>
      {running ? (
        <progress
          className="nbpipe-Progress"
          aria-label={`Run ${stateWord(run.state)}`}
          value={done}
          max={Math.max(total, 1)}
        />
      ) : null}
    </div>
  );
}
