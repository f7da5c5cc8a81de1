/** Numbers to places in a drawing, and marks at round numbers. */

export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
}

const STEPS = [1, 2, 5, 10];

/** Return a scale that holds the values, with about `count` marks at round numbers. */
export function scaleOf(values: readonly number[], count = 4): Scale {
  const known = values.filter(Number.isFinite);
  const [least, most] = known.length > 0 ? [Math.min(...known), Math.max(...known)] : [0, 1];
  const span = most - least || Math.abs(most) || 1;
  const step = roundStep(span / count);
  const low = Math.floor(least / step) * step;
  const high = Math.max(Math.ceil(most / step) * step, low + step);
  const marks = Math.round((high - low) / step);
  const ticks = Array.from({ length: marks + 1 }, (_, i) => tidy(low + i * step, step));
  return { low: tidy(low, step), high: tidy(high, step), ticks };
}

/** Where a value is on a scale, from 0 to 1. */
export function placeOf({ low, high }: Scale, value: number): number {
  return (value - low) / (high - low);
}

function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return (STEPS.find(step => step * power >= rough) ?? 10) * power;
}

/** Take away what binary fractions add. */
function tidy(value: number, step: number): number {
  const digits = Math.max(0, Math.min(12, 1 - Math.floor(Math.log10(step))));
  return Number(value.toFixed(digits));
}
