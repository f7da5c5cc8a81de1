/** Pieces of text that cells wrote, as lines. */

import type { OutputLine } from '../wire';

export interface LogRow {
  readonly task: string;
  readonly stream: string;
  readonly text: string;
}

// Colours and movements of the cursor, which a list of lines cannot show.
// eslint-disable-next-line no-control-regex
const ESCAPES = /\u001b\[[0-9;?]*[A-Za-z]|\u001b\][^\u0007]*\u0007/g;

/** Return the lines of all tasks, or of one; what a line was overwritten with counts. */
export function logRows(lines: readonly OutputLine[], task: string): readonly LogRow[] {
  return lines
    .filter(line => task === '' || line.task === task)
    .flatMap(({ task: of, stream, text }) =>
      text
        .replace(ESCAPES, '')
        .replace(/\r?\n$/, '')
        .split(/\r?\n/)
        .map(row => ({ task: of, stream, text: row.split('\r').at(-1) ?? '' }))
    );
}
