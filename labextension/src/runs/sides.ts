/** Runs side by side: what was given and what came of it, as rows of one table. */

import type { Json, Side } from '../wire';

export interface SideRow {
  readonly name: string;
  readonly group: 'parameter' | 'metric' | 'run';
  /** One text a run; null where the run has no such value. */
  readonly values: readonly (string | null)[];
  /** The same as numbers, where they are. */
  readonly numbers: readonly (number | null)[];
  readonly differs: boolean;
}

/** Return the rows of the table: parameters, then metrics, then how the runs went. */
export function rowsOf(sides: readonly Side[]): readonly SideRow[] {
  const parameters = namesOf(sides, side => Object.keys(side.parameters));
  const metrics = namesOf(sides, side => Object.keys(side.metrics));
  return [
    ...parameters.map(name =>
      row(
        name,
        'parameter',
        sides.map(side => side.parameters[name])
      )
    ),
    ...metrics.map(name =>
      row(
        name,
        'metric',
        sides.map(side => side.metrics[name])
      )
    ),
    row(
      'state',
      'run',
      sides.map(side => side.state)
    ),
    row('seconds', 'run', sides.map(secondsOf))
  ];
}

/** Wall time of a run; undefined while it runs. */
export function secondsOf({ started, finished }: Side): number | undefined {
  return finished === null ? undefined : (Date.parse(finished) - Date.parse(started)) / 1000;
}

function namesOf(sides: readonly Side[], of: (side: Side) => readonly string[]): string[] {
  return [...new Set(sides.flatMap(of))];
}

function row(name: string, group: SideRow['group'], given: readonly (Json | undefined)[]): SideRow {
  const values = given.map(value => (value === undefined ? null : textOf(value)));
  const numbers = given.map(value => (typeof value === 'number' ? value : null));
  return { name, group, values, numbers, differs: new Set(values).size > 1 };
}

/** A value as a person reads it: text without quotes, numbers with at most six digits. */
export function textOf(value: Json): string {
  if (typeof value === 'string') {
    return value;
  }
  if (typeof value === 'number' && !Number.isInteger(value)) {
    return String(Number(value.toPrecision(6)));
  }
  return value === null ? '—' : JSON.stringify(value);
}

/** An axis of the parallel drawing: a number, or a few words at equal distances. */
export interface Axis {
  readonly name: string;
  readonly low: string;
  readonly high: string;
  /** Where each run is on it, from 0 at the foot to 1; null where it has no value. */
  readonly places: readonly (number | null)[];
  /** What each run has there, as it is read. */
  readonly values: readonly (string | null)[];
}

/** Return an axis for each parameter and metric that differs, at most `most`. */
export function axesOf(rows: readonly SideRow[], most = 10): readonly Axis[] {
  return rows
    .filter(({ group, differs }) => group !== 'run' && differs)
    .slice(0, most)
    .map(axisOf);
}

function axisOf({ name, values, numbers }: SideRow): Axis {
  const known = numbers.filter(number => number !== null);
  if (known.length === values.filter(value => value !== null).length) {
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const places = numbers.map(n =>
      n === null ? null : high > low ? (n - low) / (high - low) : 0.5
    );
    return { name, low: textOf(low), high: textOf(high), places, values };
  }
  const words = [...new Set(values.filter(value => value !== null))].sort();
  const places = values.map(value =>
    value === null ? null : words.length > 1 ? words.indexOf(value) / (words.length - 1) : 0.5
  );
  return { name, low: words[0] ?? '', high: words.at(-1) ?? '', places, values };
}
