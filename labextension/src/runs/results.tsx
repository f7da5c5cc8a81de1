/** What came of a run: numbers and checks, and what it was given. */

import React from 'react';

import { trans } from '../translation';
import type { RunPage } from '../wire';
import { textOf } from './sides';
import { CheckMark } from './task';

export interface IResultsProps {
  readonly page: RunPage;
  readonly onLook: (step: string) => void;
}

export function Results({ page, onLook }: IResultsProps): React.JSX.Element {
  const parameters = Object.entries(page.parameters);
  const metrics = Object.entries(page.metrics);
  return (
    <>
      <h3>{trans.__('Metrics')}</h3>
      {metrics.length > 0 ? (
        <Pairs
          pairs={metrics.map(([name, value]) => [name, value === null ? '—' : textOf(value)])}
        />
      ) : (
        <p className="nbpipe-Quiet">
          {trans.__('None. The numbers named in a cell tagged metrics are kept.')}
        </p>
      )}
      <h3>{trans.__('Checks')}</h3>
      {page.checks.length > 0 ? (
        <ul className="nbpipe-List" aria-label={trans.__('Checks')}>
          {page.checks.map(({ task, cell, said }) => (
            <li key={`${task} ${cell}`}>
              <button
                type="button"
                className="nbpipe-Link nbpipe-Step-name"
                onClick={() => onLook(task.split('[')[0] ?? task)}
              >
                {task}
              </button>{' '}
              <CheckMark said={said} />
            </li>
          ))}
        </ul>
      ) : (
        <p className="nbpipe-Quiet">{trans.__('None.')}</p>
      )}
      <h3>{trans.__('Parameters')}</h3>
      {parameters.length > 0 ? (
        <Pairs pairs={parameters.map(([name, value]) => [name, textOf(value)])} />
      ) : (
        <p className="nbpipe-Quiet">{trans.__('None.')}</p>
      )}
    </>
  );
}

interface IPairsProps {
  readonly pairs: readonly (readonly [string, string])[];
}

function Pairs({ pairs }: IPairsProps): React.JSX.Element {
  return (
    <dl className="nbpipe-Facts">
      {pairs.map(([name, value]) => (
        <React.Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </React.Fragment>
      ))}
    </dl>
  );
}
