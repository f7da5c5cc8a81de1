/** Notes at the cells of a notebook that are no tags: what is suggested, and what was proven. */

/** What a note is about; a cell has at most one of each kind. */
export type NoteKind = 'suggested' | 'proven';

/** A note at one cell. */
export interface INote {
  /** What stands at the cell. */
  readonly text: string;
  /** What a screen reader says. */
  readonly label: string;
  /** What a card says when it is asked for. */
  readonly lines: readonly string[];
  /** How it is coloured; the text says the same. */
  readonly tone: 'plain' | 'good' | 'bad';
  /** What can be done about it, in the card. */
  readonly action?: { readonly text: string; readonly act: () => void };
}

/** Cell → note. */
export type Notes = ReadonlyMap<string, INote>;
