/** The last runs of the notebook, and the ways to all of them. */

import React from 'react';

import { isOver } from '../reduce';
import { trans } from '../translation';
import type { ListedRun, Run } from '../wire';
import { moment, stateWord } from '../words';
import { Elapsed } from './elapsed';
import { Section } from './section';
import { StateMark } from './statemark';

export interface IRunsProps {
  readonly runs: readonly Run[];
  readonly shown: string | null;
  readonly looking: boolean;
  readonly onShow: (id: string) => void;
  /** Opens a run's page in the main area. */
  readonly onPage: (id: string) => void;
  /** Opens the list of all runs in the main area. */
  readonly onAll: () => void;
}

export function Runs(props: IRunsProps): React.JSX.Element {
  const { runs, onAll } = props;
  return (
    <Section
      title={trans.__('Runs')}
      extra={
        runs.length === 0 ? null : (
          <button type="button" className="nbpipe-Link" onClick={onAll}>
            {trans.__('All runs')}
          </button>
        )
      }
    >
      {runs.length === 0 ? <p className="nbpipe-Hint">{trans.__('None yet.')}</p> : null}
      <ul className="nbpipe-List nbpipe-Runs">
        {runs.map(run => (
          <li key={run.id} className="nbpipe-Row">
            <RunButton {...props} run={run} />
            <button
              type="button"
              className="nbpipe-Link nbpipe-Right"
              aria-label={trans.__('Open page of run %1', run.id)}
              onClick={() => props.onPage(run.id)}
            >
              {trans.__('Open')}
            </button>
          </li>
        ))}
      </ul>
    </Section>
  );
}

interface IRunButtonProps extends IRunsProps {
  readonly run: Run & Partial<ListedRun>;
}

function RunButton({ run, shown, looking, onShow }: IRunButtonProps): React.JSX.Element {
  const said = [...(run.tags ?? []).map(tag => `#${tag}`), run.note ?? ''].filter(Boolean);
  return (
    <button
      type="button"
      className="nbpipe-Run"
      aria-pressed={looking && run.id === shown}
      title={[trans.__('Run %1', run.id), ...said].join('\n')}
      onClick={() => onShow(run.id)}
    >
      <StateMark state={run.state} />
      <span>{moment(run.started)}</span>
      <span className="nbpipe-Quiet">{said.length > 0 ? said.join(' ') : countsOf(run)}</span>
      <span className="nbpipe-Quiet nbpipe-Right">
        <Elapsed started={run.started} finished={run.finished} running={!isOver(run.state)} />
      </span>
    </button>
  );
}

function countsOf({ counts }: Run): string {
  return Object.entries(counts)
    .filter(([, number]) => number > 0)
    .map(([state, number]) => `${number} ${stateWord(state as Run['state'])}`)
    .join(', ');
}
