/** Small drawings in SVG: a line over runs or steps, and parallel coordinates. */

import React from 'react';

import { trans } from '../translation';
import { placeOf, scaleOf } from './scale';
import type { Axis } from './sides';
import { textOf } from './sides';

export interface IPoint {
  readonly label: string;
  readonly value: number | null;
}

export interface ILineProps {
  readonly title: string;
  readonly points: readonly IPoint[];
  readonly onOpen?: ((index: number) => void) | undefined;
}

const WIDE = 320;
const HIGH = 140;
const LEFT = 52;
const EDGE = 10;
const FOOT = 16;

/** One number over the points, in their order. */
export function LineChart({ title, points, onOpen }: ILineProps): React.JSX.Element {
  const known = points.flatMap(({ value }) => (value === null ? [] : [value]));
  const scale = scaleOf(known);
  const step = points.length > 1 ? (WIDE - LEFT - EDGE) / (points.length - 1) : 0;
  const x = (i: number): number => (points.length > 1 ? LEFT + i * step : (LEFT + WIDE) / 2);
  const y = (value: number): number => HIGH - FOOT - placeOf(scale, value) * (HIGH - FOOT - EDGE);
  const line = points
    .map(({ value }, i) => (value === null ? '' : `${x(i).toFixed(1)},${y(value).toFixed(1)}`))
    .filter(Boolean)
    .join(' ');
  const from = known.length > 0 ? textOf(Math.min(...known)) : '';
  const to = known.length > 0 ? textOf(Math.max(...known)) : '';
  return (
    <figure className="nbpipe-Chart">
      <figcaption>{title}</figcaption>
      <svg
        viewBox={`0 0 ${WIDE} ${HIGH}`}
        role="img"
        aria-label={trans.__('%1 over %2 points, from %3 to %4', title, points.length, from, to)}
      >
        {scale.ticks.map(tick => (
          <g key={tick}>
            <line className="nbpipe-Chart-grid" x1={LEFT} x2={WIDE} y1={y(tick)} y2={y(tick)} />
            <text x={LEFT - 6} y={y(tick) + 3} textAnchor="end">
              {textOf(tick)}
            </text>
          </g>
        ))}
        <polyline className="nbpipe-Chart-line" points={line} />
        {points.length <= 200
          ? points.map(({ label, value }, i) =>
              value === null ? null : (
                <circle
                  key={i}
                  className={onOpen ? 'nbpipe-Chart-point nbpipe-Chart-door' : 'nbpipe-Chart-point'}
                  cx={x(i)}
                  cy={y(value)}
                  r={3.5}
                  onClick={() => onOpen?.(i)}
                >
                  <title>{`${label}: ${textOf(value)}`}</title>
                </circle>
              )
            )
          : null}
      </svg>
    </figure>
  );
}

export interface IParallelProps {
  readonly axes: readonly Axis[];
  readonly labels: readonly string[];
  readonly onOpen: (index: number) => void;
}

const AXIS = 130;
const PLOT = 220;

/** A line for each run, through its place on each axis. */
export function Parallel({ axes, labels, onOpen }: IParallelProps): React.JSX.Element {
  const [lit, setLit] = React.useState<number | null>(null);
  const width = Math.max(1, axes.length - 1) * AXIS + 2 * 60;
  const x = (axis: number): number => 60 + axis * AXIS;
  const y = (place: number): number => PLOT - 28 - place * (PLOT - 64);
  return (
    <figure className="nbpipe-Chart nbpipe-Chart-wide">
      <figcaption>{trans.__('Parameters and metrics of each run')}</figcaption>
      <svg
        viewBox={`0 0 ${width} ${PLOT}`}
        style={{ maxWidth: width }}
        role="img"
        aria-label={trans.__(
          'Parallel coordinates of %1 runs: %2',
          labels.length,
          axes.map(({ name }) => name).join(', ')
        )}
      >
        {labels.map((label, run) => (
          <polyline
            key={run}
            className="nbpipe-Chart-run"
            data-lit={lit === run}
            data-nbpipe-colour={run % 8}
            points={axes
              .flatMap(({ places }, axis) => {
                const place = places[run];
                return place == null ? [] : [`${x(axis)},${y(place).toFixed(1)}`];
              })
              .join(' ')}
            onMouseEnter={() => setLit(run)}
            onMouseLeave={() => setLit(null)}
            onClick={() => onOpen(run)}
          >
            <title>{label}</title>
          </polyline>
        ))}
        {axes.map(({ name, low, high }, axis) => (
          <g key={name}>
            <line className="nbpipe-Chart-axis" x1={x(axis)} x2={x(axis)} y1={y(0)} y2={y(1)} />
            <text x={x(axis)} y={12} textAnchor="middle" className="nbpipe-Chart-name">
              {shortened(name)}
            </text>
            <text x={x(axis)} y={26} textAnchor="middle">
              {shortened(high)}
            </text>
            <text x={x(axis)} y={PLOT - 10} textAnchor="middle">
              {shortened(low)}
            </text>
          </g>
        ))}
      </svg>
      <Keys axes={axes} labels={labels} lit={lit} onLit={setLit} onOpen={onOpen} />
    </figure>
  );
}

interface IKeysProps extends IParallelProps {
  readonly lit: number | null;
  readonly onLit: (run: number | null) => void;
}

/** The same as a list: a run that is pointed at or focused is lit, and its values are read out. */
function Keys({ axes, labels, lit, onLit, onOpen }: IKeysProps): React.JSX.Element {
  const said = (run: number): string =>
    axes.map(({ name, values }) => `${name} ${values[run] ?? '—'}`).join(', ');
  return (
    <>
      <p className="nbpipe-Keys-said">
        {lit === null
          ? trans.__('Point at a line or at a run below to see its values.')
          : `${labels[lit] ?? ''}: ${said(lit)}`}
      </p>
      <ul className="nbpipe-Keys" aria-label={trans.__('Runs in the drawing')}>
        {labels.map((label, run) => (
          <li key={run} data-nbpipe-colour={run % 8}>
            <button
              type="button"
              className="nbpipe-Link"
              data-lit={lit === run}
              aria-label={trans.__('Open run %1: %2', label, said(run))}
              onFocus={() => onLit(run)}
              onBlur={() => onLit(null)}
              onMouseEnter={() => onLit(run)}
              onMouseLeave={() => onLit(null)}
              onClick={() => onOpen(run)}
            >
              {label}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function shortened(text: string): string {
  return text.length > 18 ? `${text.slice(0, 17)}…` : text;
}
