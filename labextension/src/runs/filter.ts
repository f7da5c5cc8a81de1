/** Which runs are listed, as a value and as a query. */

/** What the list is narrowed to; empty text and null do not choose. */
export interface Filter {
  readonly words: string;
  readonly state: string;
  readonly tags: readonly string[];
  readonly pinned: boolean;
}

export const EVERYTHING: Filter = { words: '', state: '', tags: [], pinned: false };

/** Runs asked for at once. */
export const PART = 100;

/** Return true if a filter leaves runs out. */
export function narrows({ words, state, tags, pinned }: Filter): boolean {
  return words.trim() !== '' || state !== '' || tags.length > 0 || pinned;
}

/** Return the query for a part of the list: the runs older than `before`. */
export function queryOf(path: string, filter: Filter, before: string | null): string {
  const query = new URLSearchParams({ path, limit: String(PART) });
  const { words, state, tags, pinned } = filter;
  const given: [string, string][] = [
    ['words', words.trim()],
    ['state', state],
    ['pinned', pinned ? '1' : ''],
    ['before', before ?? ''],
    ...tags.map((tag): [string, string] => ['tag', tag])
  ];
  given.filter(([, value]) => value !== '').forEach(([name, value]) => query.append(name, value));
  return query.toString();
}
