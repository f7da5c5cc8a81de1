/** Why one step comes after another: each reason with the line that it stands on. */

import React from 'react';

import { trans } from '../translation';
import type { Edge, Reason, Step } from '../wire';

export interface IConnectionProps {
  readonly edge: Edge;
  /** The step that the edge leads to. */
  readonly step: Step | undefined;
  readonly onGoTo: (notebook: string | null, cell: string | null, line: number | null) => void;
  readonly onOrder: (step: string, after: string, wanted: boolean) => void;
}

/** The reasons of one edge; an order that was said by hand can be taken away. */
export function Connection({ edge, step, onGoTo, onOrder }: IConnectionProps): React.JSX.Element {
  return (
    <div className="nbpipe-Connection" data-kind={edge.kind}>
      <div className="nbpipe-Row">
        <strong className="nbpipe-Connection-name">
          {edge.source} <span aria-hidden="true">→</span>
          <span className="nbpipe-Spoken">{trans.__('to')}</span> {edge.target}
        </strong>
        <span className="nbpipe-Quiet">{whatFlows(edge)}</span>
        {isByHand(edge, step) ? (
          <button
            type="button"
            className="nbpipe-Link nbpipe-Right"
            aria-label={trans.__('Remove the order of %1 after %2', edge.target, edge.source)}
            onClick={() => onOrder(edge.target, edge.source, false)}
          >
            {trans.__('Remove')}
          </button>
        ) : null}
      </div>
      <ul className="nbpipe-List nbpipe-Reasons">
        {edge.reasons.map((reason, i) => (
          <li key={i}>
            <button
              type="button"
              className="nbpipe-Link"
              onClick={() => onGoTo(reason.notebook, reason.cell ?? firstCell(step), reason.line)}
            >
              {reason.text}
            </button>{' '}
            <span className="nbpipe-Quiet">{placeOf(reason)}</span>
          </li>
        ))}
      </ul>
      {edge.learned ? <p className="nbpipe-Quiet">{trans.__('Found out by a run.')}</p> : null}
    </div>
  );
}

/** Return true for an order that a tag or a notebook's metadata says. */
export function isByHand({ kind, source }: Edge, step: Step | undefined): boolean {
  return kind === 'order' && (step?.after.includes(source) ?? false);
}

/** What an edge carries, in a word or by name. */
export function whatFlows({ kind, names }: Edge): string {
  switch (kind) {
    case 'data':
      return names.join(', ');
    case 'file':
      return names.length > 0 ? trans.__('file %1', names.join(', ')) : trans.__('a file');
    case 'order':
      return trans.__('order');
  }
}

function placeOf({ notebook, line }: Reason): string {
  return line === null ? notebook : trans.__('%1, line %2', notebook, line);
}

function firstCell(step: Step | undefined): string | null {
  return step?.cells[0] ?? null;
}

export interface IOrderProps {
  readonly step: Step;
  /** The steps that it can still come after. */
  readonly others: readonly string[];
  readonly onOrder: (step: string, after: string, wanted: boolean) => void;
}

/** The same as drawing an edge, without a mouse. */
export function OrderChoice({ step, others, onOrder }: IOrderProps): React.JSX.Element | null {
  return others.length === 0 ? null : (
    <select
      className="jp-mod-styled"
      aria-label={trans.__('Let %1 come after', step.name)}
      value=""
      onChange={event => onOrder(step.name, event.target.value, true)}
    >
      <option value="" disabled>
        {trans.__('Come after…')}
      </option>
      {others.map(name => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}
