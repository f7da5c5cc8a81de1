/** How a run stands: its state, how far it is, the cell that runs, and how long it takes. */

import React from 'react';

import { leftOf } from '../estimate';
import { isOver, progress, stepStates } from '../reduce';
import type { State } from '../state';
import type { IActions } from '../tokens';
import { trans } from '../translation';
import type { Run, Task } from '../wire';
import { count, duration, moment, stateWord } from '../words';
import { Elapsed, useNow } from './elapsed';
import { StateMark } from './statemark';

export interface IRunLineProps {
  readonly state: State;
  readonly run: Run;
  readonly onGoTo: IActions['goTo'];
}

export function RunLine({ state, run, onGoTo }: IRunLineProps): React.JSX.Element {
  const { done, total } = progress(run);
  const isRunning = !isOver(run.state);
  return (
    <div className="nbpipe-RunLine">
      <div className="nbpipe-RunLine-words">
        <span role="status" aria-label={trans.__('Run state')}>
          <StateMark state={run.state} />
        </span>
        <span className="nbpipe-Quiet" title={trans.__('Started %1', moment(run.started))}>
          {total > 0 ? trans.__('%1 of %2', done, count(total, 'task')) : ''}
        </span>
        <span className="nbpipe-Quiet nbpipe-Right">
          <Elapsed started={run.started} finished={run.finished} running={isRunning} />
          {isRunning ? <Left run={run} durations={state.durations} /> : null}
        </span>
      </div>
      {isRunning ? (
        <progress
          className="nbpipe-Progress"
          aria-label={trans.__('Run %1', stateWord(run.state))}
          value={done}
          max={Math.max(total, 1)}
        />
      ) : null}
      {isRunning ? <Now state={state} run={run} onGoTo={onGoTo} /> : null}
    </div>
  );
}

interface ILeftProps {
  readonly run: Run;
  readonly durations: State['durations'];
}

/** How long a run still takes, from what its steps took before. */
function Left({ run, durations }: ILeftProps): React.JSX.Element | null {
  const now = useNow(true);
  const states = React.useMemo(() => stepStates(run), [run]);
  const left = leftOf(run, states, durations, now);
  return left === null ? null : <> · {trans.__('about %1 left', duration(Math.round(left)))}</>;
}

/** The cell that runs; of several the first, and how many more there are. */
function Now({ state, run, onGoTo }: IRunLineProps): React.JSX.Element | null {
  const running = (run.tasks ?? []).filter(task => task.state === 'running');
  const [task] = running;
  if (task === undefined) {
    return null;
  }
  const { current } = task.cells;
  const title = current === null ? '' : (state.cells.find(({ id }) => id === current)?.title ?? '');
  return (
    <div className="nbpipe-Now">
      {current === null ? (
        <span>{whereOf(task)}</span>
      ) : (
        <button
          type="button"
          className="nbpipe-Link"
          onClick={() => onGoTo(notebookOf(run, task), current, null)}
        >
          {whereOf(task)}
        </button>
      )}
      {title === '' ? null : <code className="nbpipe-Preview">{title}</code>}
      {running.length > 1 ? (
        <span className="nbpipe-Quiet nbpipe-Right">
          {trans._n('and %1 more', 'and %1 more', running.length - 1)}
        </span>
      ) : null}
    </div>
  );
}

function whereOf({ task, cells }: Task): string {
  return cells.total === 0
    ? task
    : trans.__('%1, cell %2 of %3', task, Math.min(cells.done + 1, cells.total), cells.total);
}

function notebookOf(run: Run, { step }: Task): string | null {
  return run.graph?.steps.find(({ name }) => name === step)?.notebook ?? null;
}
