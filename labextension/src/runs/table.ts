/** Small tables: read from previews and files as text, sorted and filtered. */

export interface TableText {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What the table says of itself: the size of the whole value. */
  readonly caption: string;
}

export interface Sorting {
  readonly column: number;
  readonly down: boolean;
}

/**
 * Read the table in a preview's HTML: its texts alone, so that nothing in it can run.
 *
 * The document that it is parsed into is inert: it loads nothing and runs nothing.
 */
export function readHtmlTable(html: string): TableText | null {
  const table = new DOMParser().parseFromString(html, 'text/html').querySelector('table');
  if (table === null) {
    return null;
  }
  const texts = (row: Element): string[] => Array.from(row.children, cell => textOf(cell).trim());
  const head = table.querySelector('thead tr');
  const rows = Array.from(table.querySelectorAll('tbody tr'), texts);
  const caption = table.querySelector('caption')?.textContent.trim() ?? '';
  return { head: head ? texts(head) : [], rows, caption };
}

function textOf(cell: Element): string {
  const small = cell.querySelector('small')?.textContent ?? '';
  const all = cell.textContent;
  return small !== '' && all.endsWith(small) ? `${all.slice(0, -small.length)}\n${small}` : all;
}

/** Read text whose values are separated by commas or tabs; null if it does not look like that. */
export function readSeparated(text: string): TableText | null {
  const lines = text.split(/\r?\n/).filter(line => line !== '');
  const separator = lines[0]?.includes('\t') ? '\t' : ',';
  const [head, ...rows] = lines.slice(0, 501).map(line => splitLine(line, separator));
  if (head === undefined || head.length < 2 || rows.some(row => row.length > head.length)) {
    return null;
  }
  return { head, rows, caption: '' };
}

function splitLine(line: string, separator: string): string[] {
  const values: string[] = [];
  let value = '';
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const letter = line.charAt(i);
    if (letter === '"' && quoted && line.charAt(i + 1) === '"') {
      value += letter;
      i++;
    } else if (letter === '"') {
      quoted = !quoted;
    } else if (letter === separator && !quoted) {
      values.push(value);
      value = '';
    } else {
      value += letter;
    }
  }
  return [...values, value];
}

/** Return the rows that hold the words, in the order asked for; rows alike keep theirs. */
export function arranged(
  { rows }: TableText,
  words: string,
  sorting: Sorting | null
): readonly (readonly string[])[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const kept = rows.filter(row => {
    const text = row.join('\n').toLowerCase();
    return wanted.every(word => text.includes(word));
  });
  if (sorting === null) {
    return kept;
  }
  const { column, down } = sorting;
  const sorted = [...kept].sort((a, b) => compareTexts(a[column] ?? '', b[column] ?? ''));
  return down ? sorted.reverse() : sorted;
}

/** Numbers by their value and before texts; texts by the reader's alphabet. */
export function compareTexts(a: string, b: string): number {
  const [x, y] = [numberIn(a), numberIn(b)];
  if (x !== null && y !== null) {
    return x - y;
  }
  return x !== null ? -1 : y !== null ? 1 : a.localeCompare(b);
}

function numberIn(text: string): number | null {
  const value = text.trim() === '' ? NaN : Number(text);
  return Number.isNaN(value) ? null : value;
}
