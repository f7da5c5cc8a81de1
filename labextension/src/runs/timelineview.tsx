/** When the steps went on, as bars; the list of steps says the same in words. */

import React from 'react';

import { StateMark } from '../components/statemark';
import { isOver } from '../reduce';
import { trans } from '../translation';
import type { RunPage } from '../wire';
import { duration } from '../words';
import { barsOf, progressOf, stateOf } from './timeline';

export interface ITimelineProps {
  readonly page: RunPage;
  readonly chosen: string | null;
  readonly onLook: (step: string) => void;
}

/** Steps of which a bar is drawn at once; a pipeline of more is searched in the graph. */
const MOST = 500;

export function Timeline({ page, chosen, onLook }: ITimelineProps): React.JSX.Element {
  const now = useNow(!isOver(page.state));
  const { bars, seconds } = barsOf(page, page.steps, now);
  const placed = new Map(bars.map(bar => [bar.step, bar]));
  if (page.steps.length === 0) {
    return <p className="nbpipe-Quiet">{trans.__('Nothing has begun.')}</p>;
  }
  return (
    <div className="nbpipe-Timeline">
      <ul className="nbpipe-List" aria-label={trans.__('Steps and when they ran')}>
        {page.steps.slice(0, MOST).map(step => {
          const bar = placed.get(step.step);
          const { done, total } = progressOf(step);
          return (
            <li key={step.step} className="nbpipe-Timeline-row">
              <button
                type="button"
                className="nbpipe-Link nbpipe-Timeline-name"
                aria-pressed={chosen === step.step}
                onClick={() => onLook(step.step)}
              >
                {step.step}
              </button>
              <StateMark state={stateOf(step)} />
              <span className="nbpipe-Quiet nbpipe-Timeline-count">
                {total > 1 ? trans.__('%1 of %2', done, total) : ''}
              </span>
              <span className="nbpipe-Timeline-track" aria-hidden="true">
                {bar ? (
                  <span
                    className="nbpipe-Timeline-bar"
                    data-state={bar.state}
                    style={{
                      left: `${(100 * bar.begin).toFixed(2)}%`,
                      width: `${Math.max(0.4, 100 * bar.length).toFixed(2)}%`
                    }}
                  />
                ) : null}
              </span>
              <span className="nbpipe-Quiet nbpipe-Timeline-took">
                {bar && bar.state !== 'reused' ? duration(bar.seconds) : ''}
              </span>
            </li>
          );
        })}
      </ul>
      <p className="nbpipe-Quiet">
        {page.steps.length > MOST
          ? trans.__('The first %1 of %2 steps. ', MOST, page.steps.length)
          : ''}
        {trans.__('%1 from the first begin to the last end', duration(seconds))}
      </p>
    </div>
  );
}

function useNow(running: boolean): number {
  const [now, setNow] = React.useState(() => Date.now());
  React.useEffect(() => {
    if (!running) {
      return undefined;
    }
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}
