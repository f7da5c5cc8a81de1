/** What a proof says of the notebook in front: whether it still holds, and what stands at cells. */

import type { INote, Notes } from './notes';
import type { State } from './state';
import { inside } from './state';
import { trans } from './translation';
import type { Compiled, Difference, Proof } from './wire';

/** Return true if the notebook changed since the proof. */
export function isStale({ proof, compiled }: Pick<State, 'proof' | 'compiled'>): boolean {
  return proof !== null && compiled !== null && proof.code !== compiled.code;
}

/** The cell at which a difference is shown: its own, or the last of the step for a value. */
export function cellOf({ what, name, step }: Difference, compiled: Compiled): string | null {
  if (what !== 'value') {
    return name;
  }
  return compiled.steps.find(each => each.name === step)?.cells.at(-1) ?? null;
}

/** What is shown of a proof at the cells of the notebook at `path`. */
export function notesOfProof(proof: Proof, compiled: Compiled, path: string): Notes {
  const notebook = inside(path, compiled);
  const stale = isStale({ proof, compiled });
  const notes = new Map<string, INote>();
  const apart = new Set(proof.differences.map(({ step }) => step));
  for (const { name, notebook: own, cells } of compiled.steps) {
    const [first] = cells;
    if (own === notebook && first && proof.compared.includes(name) && !apart.has(name)) {
      notes.set(first, same(name, stale));
    }
  }
  const cells = new Map<string, Difference[]>();
  for (const one of proof.differences.filter(each => each.notebook === notebook)) {
    const cell = cellOf(one, compiled);
    if (cell !== null) {
      cells.set(cell, [...(cells.get(cell) ?? []), one]);
    }
  }
  cells.forEach((some, cell) =>
    notes.set(cell, different(some, proof.verdict === 'varies', stale))
  );
  return notes;
}

function same(step: string, stale: boolean): INote {
  const line = trans.__('Step %1 gives what Run All gives.', step);
  return noteOf(trans.__('✓ as in Run All'), [line], 'good', stale);
}

function different(some: readonly Difference[], varies: boolean, stale: boolean): INote {
  const lines = some.flatMap(one => [placed(one), one.why].filter(Boolean));
  const text = varies ? trans.__('~ varies by itself') : trans.__('✕ differs from Run All');
  return noteOf(text, lines, varies ? 'plain' : 'bad', stale);
}

function noteOf(text: string, lines: string[], tone: INote['tone'], stale: boolean): INote {
  const all = stale ? [trans.__('Before the notebook was changed:'), ...lines] : lines;
  const shown = stale ? trans.__('%1, before a change', text) : text;
  return {
    text: shown,
    label: trans.__('Verified: %1; %2', shown, all.join(' ')),
    lines: all,
    tone: stale ? 'plain' : tone
  };
}

/** What differs; of a value, its name too. */
export function placed({ what, name, how }: Difference): string {
  return what === 'value' ? `${name}: ${how}` : how;
}
