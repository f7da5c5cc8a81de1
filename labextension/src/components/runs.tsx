/** The last runs of the notebook. */

import React from 'react';

import { isOver } from '../reduce';
import type { Run } from '../wire';
import { moment, stateWord } from '../words';
import { Elapsed } from './elapsed';
import { Section } from './section';
import { StateMark } from './statemark';

export interface IRunsProps {
  readonly runs: readonly Run[];
  readonly shown: string | null;
  readonly looking: boolean;
  readonly onShow: (id: string) => void;
}

export function Runs({ runs, shown, looking, onShow }: IRunsProps): React.JSX.Element {
  return (
    <Section title="Runs" extra={runs.length}>
      {runs.length === 0 ? <p className="nbpipe-Hint">None yet.</p> : null}
      <ul className="nbpipe-List nbpipe-Runs">
        {runs.map(run => (
          <li key={run.id}>
            <button
              type="button"
              className="nbpipe-Run"
              aria-pressed={looking && run.id === shown}
              title={`Run ${run.id}`}
              onClick={() => onShow(run.id)}
            >
              <StateMark state={run.state} />
              <span>{moment(run.started)}</span>
              <span className="nbpipe-Quiet">{countsOf(run)}</span>
              <span className="nbpipe-Quiet nbpipe-Right">
                <Elapsed
                  started={run.started}
                  finished={run.finished}
                  running={!isOver(run.state)}
                />
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function countsOf({ counts }: Run): string {
  return Object.entries(counts)
    .filter(([, number]) => number > 0)
    .map(([state, number]) => `${number} ${stateWord(state as Run['state'])}`)
    .join(', ');
}
