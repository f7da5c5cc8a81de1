/** Whether the pipeline gives what Run All gives: how far that is shown, and what came of it. */

import React from 'react';

import { cellOf, isStale, placed } from '../proof';
import { isOver } from '../reduce';
import type { State } from '../state';
import type { IActions } from '../tokens';
import { trans } from '../translation';
import type { Difference, Proof, Run } from '../wire';
import { duration } from '../words';
import { Section } from './section';

/** So many differences are listed; the others stand at their cells. */
const MOST = 20;

export interface IVerifiedProps {
  readonly state: State;
  readonly actions: Pick<IActions, 'goTo' | 'stopVerifying'>;
}

export default function Verified({ state, actions }: IVerifiedProps): React.JSX.Element {
  const { proving, proof } = state;
  const going = proving !== null && !isOver(proving.state);
  const newest = !going && (proving === null || proving.state === 'ok');
  return (
    <Section title={trans.__('As Run All?')} label={trans.__('Verification')} busy={going}>
      <div role="status" className="nbpipe-Verdict">
        {going ? <p>{progressWords(proving)}</p> : null}
        {proving !== null && !going && !newest ? <p>{brokenWords(proving)}</p> : null}
        {proof !== null && !going ? <Verdict proof={proof} stale={isStale(state)} /> : null}
      </div>
      {going ? <Going proving={proving} onStop={actions.stopVerifying} /> : null}
      {proof !== null && !going ? (
        <Found state={state} proof={proof} onGoTo={actions.goTo} />
      ) : null}
    </Section>
  );
}

function Going({ proving, onStop }: { proving: Run; onStop: () => void }): React.JSX.Element {
  const [done, total] = cellsOf(proving);
  return (
    <>
      <progress
        className="nbpipe-Progress"
        aria-label={trans.__('Cells that ran')}
        value={done}
        max={Math.max(1, total)}
      />
      <div className="nbpipe-Buttons">
        <button type="button" className="jp-mod-styled" onClick={onStop}>
          {trans.__('Stop verifying')}
        </button>
      </div>
    </>
  );
}

function Verdict({ proof, stale }: { proof: Proof; stale: boolean }): React.JSX.Element {
  return (
    <>
      {stale ? (
        <p className="nbpipe-Verdict-stale">
          {trans.__('The notebook has changed since. Verify it again to know whether this holds.')}
        </p>
      ) : null}
      <p className="nbpipe-Verdict-words" data-verdict={stale ? 'stale' : proof.verdict}>
        {verdictWords(proof.verdict)}
      </p>
    </>
  );
}

interface IFoundProps {
  readonly state: State;
  readonly proof: Proof;
  readonly onGoTo: IActions['goTo'];
}

function Found({ state, proof, onGoTo }: IFoundProps): React.JSX.Element {
  const { differences, problems, uncompared, notes } = proof;
  const more = differences.length - MOST;
  return (
    <>
      {proof.verdict === 'equal' ? null : <p className="nbpipe-Detail">{proof.sentence}</p>}
      {proof.cells > 0 ? <p className="nbpipe-Hint">{countWords(proof)}</p> : null}
      <ul className="nbpipe-List">
        {differences.slice(0, MOST).map((one, i) => (
          <li key={i} className="nbpipe-Difference">
            <Place one={one} state={state} onGoTo={onGoTo} />
            <p className="nbpipe-Detail">{placed(one)}</p>
            {one.why ? <p className="nbpipe-Detail nbpipe-Quiet">{one.why}</p> : null}
          </li>
        ))}
        {problems.map(({ message }, i) => (
          <li key={`problem ${i}`} className="nbpipe-Detail">
            {message}
          </li>
        ))}
      </ul>
      {more > 0 ? <p className="nbpipe-Hint">{trans._n('%1 more', '%1 more', more)}</p> : null}
      <Sentences title={trans.__('Not compared')} lines={uncompared} open />
      <Sentences title={trans.__('Notes')} lines={notes} />
    </>
  );
}

interface IPlaceProps extends Pick<IFoundProps, 'state' | 'onGoTo'> {
  readonly one: Difference;
}

function Place({ one, state, onGoTo }: IPlaceProps): React.JSX.Element {
  const { index, step, notebook } = one;
  const { compiled } = state;
  const cell = compiled && cellOf(one, compiled);
  const inIt =
    index === null ? trans.__('Step %1', step) : trans.__('Cell %1, step %2', index + 1, step);
  const place = state.scope === 'project' ? `${notebook}: ${inIt}` : inIt;
  return (
    <button type="button" className="nbpipe-Link" onClick={() => onGoTo(notebook, cell, null)}>
      {place}
    </button>
  );
}

interface ISentencesProps {
  readonly title: string;
  readonly lines: readonly string[];
  readonly open?: boolean;
}

function Sentences({ title, lines, open }: ISentencesProps): React.JSX.Element | null {
  return lines.length === 0 ? null : (
    <details open={open}>
      <summary className="nbpipe-Quiet">{title}</summary>
      <ul className="nbpipe-List">
        {lines.map(line => (
          <li key={line} className="nbpipe-Detail">
            {line}
          </li>
        ))}
      </ul>
    </details>
  );
}

function verdictWords(verdict: Proof['verdict']): string {
  switch (verdict) {
    case 'equal':
      return trans.__('✓ Equal: the pipeline gives what Run All gives.');
    case 'different':
      return trans.__('✕ Different: the pipeline does not give what Run All gives.');
    case 'varies':
      return trans.__('~ The notebook itself gives something else each time.');
    case 'refused':
      return trans.__('✕ It cannot be compared.');
  }
}

function countWords({ cells, values, seconds }: Proof): string {
  return [
    trans.__('%1 cells and %2 values compared', cells, values),
    trans.__('Run All %1, pipeline %2', duration(seconds.run_all), duration(seconds.pipeline))
  ].join(' · ');
}

/** Why the newest proof came to no verdict. */
function brokenWords({ state }: Run): string {
  return state === 'cancelled'
    ? trans.__('The last verification was stopped before its end.')
    : trans.__('The last verification did not come to its end.');
}

/** What is run now, and how far it is. */
function progressWords(proving: Run): string {
  const task = (proving.tasks ?? []).find(({ state }) => state === 'running');
  if (task === undefined) {
    return trans.__('Verifying…');
  }
  const { done, total } = task.cells;
  const of = total > 0 ? [trans.__('%1 of %2 cells', done, total)] : [];
  return [stageWords(task.task), ...of].join(': ');
}

function stageWords(stage: string): string {
  switch (stage) {
    case 'run-all':
      return trans.__('Running all cells in one kernel');
    case 'pipeline':
      return trans.__('Running the pipeline');
    case 'again':
      return trans.__('Running all cells once more: do they give the same twice?');
    case 'held':
      return trans.__('Running both once more, with random numbers held the same');
    default:
      return trans.__('Comparing');
  }
}

/** How many cells ran, of those that are known to run. */
function cellsOf({ tasks }: Run): [number, number] {
  const all = tasks ?? [];
  const sum = (of: 'done' | 'total'): number => all.reduce((n, { cells }) => n + cells[of], 0);
  return [sum('done'), sum('total')];
}
