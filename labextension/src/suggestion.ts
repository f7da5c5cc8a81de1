/** A suggestion: the steps that a notebook could have, and what a person decided of them. */

import type { Edit, Source } from './edits';
import type { INote, Notes } from './notes';
import { isName, renamedIn } from './tags';
import { trans } from './translation';
import type { Proposal, ProposedStep, TagsChanged } from './wire';

/** What is suggested, and what was decided of it. */
export interface Suggestion {
  readonly proposal: Proposal;
  /** Cells whose tags stay as they are. */
  readonly leftOut: ReadonlySet<string>;
  /** Cell at which a step begins → the name that it was given. */
  readonly names: ReadonlyMap<string, string>;
  /** Cells that stay out of the pipeline, of those that may. */
  readonly chosen: ReadonlySet<string>;
}

/** Return a suggestion of which nothing was decided. */
export function undecided(proposal: Proposal): Suggestion {
  return { proposal, leftOut: new Set(), names: new Map(), chosen: new Set() };
}

/** The changes that are left, with the names that were given. */
export function changesOf(suggestion: Suggestion): readonly TagsChanged[] {
  const { proposal, leftOut, names } = suggestion;
  const given = new Map(
    proposal.changes.flatMap(({ cell, step }) => {
      const name = step === '' ? undefined : names.get(cell);
      return name === undefined ? [] : [[step, name] as const];
    })
  );
  const rename = (step: string): string => given.get(step) ?? step;
  return proposal.changes
    .filter(({ cell }) => !leftOut.has(cell))
    .map(change => ({
      ...change,
      step: rename(change.step),
      add: change.add.map(tag => renamedIn(tag, rename) ?? tag)
    }));
}

/** The cells that may stay out besides. */
export function offersOf({ proposal, leftOut }: Suggestion): readonly TagsChanged[] {
  return proposal.offers.filter(({ cell }) => !leftOut.has(cell));
}

/** The step that begins at a cell, as it was proposed. */
export function stepAt({ proposal }: Suggestion, cell: string): ProposedStep | null {
  return proposal.steps.find(({ cells }) => cells[0] === cell) ?? null;
}

/** Return true for the cell without whose step there is none. */
export function isFirst({ proposal }: Suggestion, cell: string): boolean {
  return proposal.steps[0]?.cells[0] === cell;
}

/** What is wrong with a name that a suggested step was given; empty for nothing. */
export function nameFault(suggestion: Suggestion, cell: string, name: string): string {
  if (!isName(name)) {
    return trans.__('Letters, digits, spaces and _ . - make a name.');
  }
  const others = changesOf(suggestion).filter(change => change.step && change.cell !== cell);
  return others.some(({ step }) => step.toLowerCase() === name.toLowerCase())
    ? trans.__('Another step has that name.')
    : '';
}

/** Whether it can be accepted as it stands. */
export function isAcceptable(suggestion: Suggestion): boolean {
  const changes = changesOf(suggestion);
  const steps = changes.filter(({ step }) => step !== '');
  return (
    changes.length + suggestion.chosen.size > 0 &&
    steps.every(({ cell, step }) => nameFault(suggestion, cell, step) === '')
  );
}

/** What accepting it does to the notebook. */
export function editOf(source: Source, suggestion: Suggestion): Edit {
  const offers = offersOf(suggestion).filter(({ cell }) => suggestion.chosen.has(cell));
  const changes = new Map([...changesOf(suggestion), ...offers].map(each => [each.cell, each]));
  const tags = new Map<string, readonly string[]>();
  for (const cell of source.cells) {
    const change = changes.get(cell.id);
    if (change) {
      const kept = cell.tags.filter(tag => !change.remove.includes(tag));
      tags.set(cell.id, [...kept, ...change.add.filter(tag => !kept.includes(tag))]);
    }
  }
  return { tags };
}

/** What is shown of it at the cells. */
export function notesOf(suggestion: Suggestion, leaveOut: (cell: string) => void): Notes {
  const offers = offersOf(suggestion).filter(({ cell }) => suggestion.chosen.has(cell));
  return new Map(
    [...changesOf(suggestion), ...offers].map(change => {
      const { cell } = change;
      const act = isFirst(suggestion, cell) ? null : () => leaveOut(cell);
      return [cell, noteOf(change, act)];
    })
  );
}

function noteOf(change: TagsChanged, act: (() => void) | null): INote {
  const text = tagWords(change);
  return {
    text,
    label: trans.__('Suggested: %1; %2', text, change.why),
    lines: [trans.__('Suggested'), change.why],
    tone: 'plain',
    ...(act ? { action: { text: trans.__('Leave out'), act } } : {})
  };
}

/** The tags of a change, each with a sign: what is added and what is removed. */
export function tagWords({ add, remove }: TagsChanged): string {
  return [...remove.map(tag => `− ${tag}`), ...add.map(tag => `+ ${tag}`)].join(', ');
}
