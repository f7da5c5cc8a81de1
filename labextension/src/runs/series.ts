/** Numbers that a step logged while it went on: one line of JSON each. */

export interface Series {
  readonly name: string;
  readonly points: readonly { readonly label: string; readonly value: number | null }[];
}

/** Return the series in a log of metrics; null if it holds none of two points or more. */
export function seriesIn(text: string): readonly Series[] | null {
  const found = new Map<string, { label: string; value: number | null }[]>();
  for (const line of text.split('\n')) {
    const entry = entryIn(line);
    if (entry) {
      const points = found.get(entry.name) ?? [];
      points.push({ label: String(entry.step ?? points.length), value: entry.value });
      found.set(entry.name, points);
    }
  }
  const series = [...found].map(([name, points]) => ({ name, points }));
  return series.some(({ points }) => points.length > 1) ? series : null;
}

interface Entry {
  readonly name: string;
  readonly value: number | null;
  readonly step: number | null;
}

function entryIn(line: string): Entry | null {
  try {
    const data = JSON.parse(line) as { name?: unknown; value?: unknown; step?: unknown } | null;
    if (typeof data?.name !== 'string') {
      return null;
    }
    const value = typeof data.value === 'number' ? data.value : null;
    return { name: data.name, value, step: typeof data.step === 'number' ? data.step : null };
  } catch {
    return null;
  }
}
