/** Which rows of a long list are drawn: those in sight and a few around them. */

export interface Slice {
  readonly first: number;
  readonly last: number;
}

const AROUND = 8;

/**
 * Return the rows to draw, from `first` up to `last`, which is left out.
 *
 * @param top How far the list is scrolled, in pixels.
 * @param height Height of what is seen of it.
 * @param row Height of a row.
 * @param count Number of rows.
 */
export function sliceOf(top: number, height: number, row: number, count: number): Slice {
  const first = Math.max(0, Math.floor(top / row) - AROUND);
  const last = Math.min(count, Math.ceil((top + height) / row) + AROUND);
  return { first: Math.min(first, count), last: Math.max(last, Math.min(first, count)) };
}
