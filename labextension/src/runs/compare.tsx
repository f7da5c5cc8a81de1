/** Runs side by side: one table, drawings of what differs, and the code of two of them. */

import React from 'react';

import { StateMark } from '../components/statemark';
import { trans } from '../translation';
import type { Side } from '../wire';
import { moment } from '../words';
import { LineChart, Parallel } from './charts';
import type { CompareModel, CompareState } from './comparemodel';
import { Differences } from './differences';
import { Tags } from './list';
import type { SideRow } from './sides';
import { axesOf, rowsOf } from './sides';

export function CompareView({ model }: { readonly model: CompareModel }): React.JSX.Element {
  const { state } = model;
  if (state.sides === null) {
    return (
      <p className="nbpipe-Past nbpipe-Past-empty nbpipe-Quiet" role="status">
        {state.message || trans.__('Asking the server…')}
      </p>
    );
  }
  return (
    <div className="nbpipe-Past nbpipe-Compare" role="region" aria-label={trans.__('Comparison')}>
      {state.message ? (
        <p role="alert" className="nbpipe-Message">
          {state.message}
        </p>
      ) : null}
      <Compared model={model} state={state} sides={state.sides} />
      <Differences model={model} state={state} sides={state.sides} />
    </div>
  );
}

interface IComparedProps {
  readonly model: CompareModel;
  readonly state: CompareState;
  readonly sides: readonly Side[];
}

function Compared({ model, state, sides }: IComparedProps): React.JSX.Element {
  const rows = React.useMemo(() => rowsOf(sides), [sides]);
  const shown = state.onlyDifferent ? rows.filter(({ differs }) => differs) : rows;
  return (
    <>
      <div className="nbpipe-Past-bar">
        <h2>{trans._n('%1 run', '%1 runs', sides.length)}</h2>
        <label className="nbpipe-Choice">
          <input
            type="checkbox"
            checked={state.onlyDifferent}
            onChange={event => model.setOnlyDifferent(event.target.checked)}
          />
          {trans.__('Only what differs')}
        </label>
      </div>
      <div className="nbpipe-Data-frame" tabIndex={0} role="group" aria-label={trans.__('Table')}>
        <table className="nbpipe-Compare-table">
          <Heads model={model} sides={sides} />
          <tbody>
            {shown.map(row => (
              <Row key={`${row.group} ${row.name}`} row={row} />
            ))}
          </tbody>
        </table>
      </div>
      <Drawings model={model} sides={sides} rows={rows} />
    </>
  );
}

interface ISidesProps {
  readonly model: CompareModel;
  readonly sides: readonly Side[];
}

function Heads({ model, sides }: ISidesProps): React.JSX.Element {
  return (
    <thead>
      <tr>
        <th scope="col">{trans.__('Name')}</th>
        {sides.map(side => (
          <th key={side.id} scope="col">
            <button
              type="button"
              className="nbpipe-Link"
              title={side.id}
              onClick={() => model.openRun(side.id)}
            >
              {moment(side.started)}
            </button>{' '}
            <small className="nbpipe-Quiet">{side.id.slice(-4)}</small>
            <div>
              <Tags tags={side.tags} />
            </div>
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Row({ row }: { readonly row: SideRow }): React.JSX.Element {
  return (
    <tr data-differs={row.differs}>
      <th scope="row">
        {row.differs ? <span title={trans.__('differs')}>≠ </span> : null}
        {row.name} <small className="nbpipe-Quiet">{groupWord(row.group)}</small>
      </th>
      {row.values.map((value, i) => (
        <td key={i}>
          {row.name === 'state' && row.group === 'run' && value !== null ? (
            <StateMark state={value as Side['state']} />
          ) : (
            (value ?? <span className="nbpipe-Quiet">—</span>)
          )}
        </td>
      ))}
    </tr>
  );
}

function groupWord(group: SideRow['group']): string {
  return { parameter: trans.__('parameter'), metric: trans.__('metric'), run: '' }[group];
}

interface IDrawingsProps extends ISidesProps {
  readonly rows: readonly SideRow[];
}

const MOST_CHARTS = 12;

/** A line for each metric that differs; where there are three runs or more, all at once. */
function Drawings({ model, sides, rows }: IDrawingsProps): React.JSX.Element | null {
  const metrics = rows.filter(({ group, differs }) => group === 'metric' && differs);
  const axes = axesOf(rows);
  const open = (index: number): void => {
    const side = sides[index];
    if (side) {
      model.openRun(side.id);
    }
  };
  const labels = sides.map(side => `${moment(side.started)} (${side.id.slice(-4)})`);
  if (metrics.length === 0 || sides.length < 2) {
    return null;
  }
  return (
    <>
      {sides.length > 2 && axes.length > 1 ? (
        <Parallel axes={axes} labels={labels} onOpen={open} />
      ) : null}
      <div className="nbpipe-Charts">
        {metrics.slice(0, MOST_CHARTS).map(({ name, numbers }) => (
          <LineChart
            key={name}
            title={name}
            points={numbers.map((value, i) => ({ label: labels[i] ?? '', value }))}
            onOpen={open}
          />
        ))}
      </div>
    </>
  );
}
