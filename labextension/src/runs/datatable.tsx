/** The first rows of a table: sorted by a click on a column's head, filtered by words. */

import React from 'react';

import { trans } from '../translation';
import type { Sorting, TableText } from './table';
import { arranged } from './table';

export function DataTable({ table }: { readonly table: TableText }): React.JSX.Element {
  const [words, setWords] = React.useState('');
  const [sorting, setSorting] = React.useState<Sorting | null>(null);
  const rows = React.useMemo(() => arranged(table, words, sorting), [table, words, sorting]);
  const sort = (column: number): void => setSorting(next(sorting, column));
  return (
    <div className="nbpipe-Data">
      <div className="nbpipe-Past-bar">
        <input
          type="search"
          className="jp-mod-styled"
          aria-label={trans.__('Filter rows')}
          placeholder={trans.__('Filter rows')}
          value={words}
          onChange={event => setWords(event.target.value)}
        />
        <span className="nbpipe-Quiet">
          {trans.__('%1 of the first %2 rows', rows.length, table.rows.length)}
          {table.caption ? ` · ${table.caption}` : ''}
        </span>
      </div>
      <div className="nbpipe-Data-frame" tabIndex={0} role="group" aria-label={trans.__('Rows')}>
        <table>
          <thead>
            <tr>
              {table.head.map((text, column) => (
                <Head
                  key={column}
                  text={text}
                  sorted={sorting?.column === column ? sorting : null}
                  onSort={() => sort(column)}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, i) => (
              <tr key={i}>
                {row.map((text, column) => (
                  <td key={column}>{text}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

interface IHeadProps {
  readonly text: string;
  readonly sorted: Sorting | null;
  readonly onSort: () => void;
}

function Head({ text, sorted, onSort }: IHeadProps): React.JSX.Element {
  const [name, type] = text.split('\n');
  const sort = sorted === null ? 'none' : sorted.down ? 'descending' : 'ascending';
  return (
    <th aria-sort={sort}>
      <button type="button" className="nbpipe-Link" onClick={onSort}>
        {name || trans.__('index')} {sorted === null ? '' : sorted.down ? '↓' : '↑'}
      </button>
      {type ? <small className="nbpipe-Quiet">{type}</small> : null}
    </th>
  );
}

/** Up, down, then as it was. */
function next(sorting: Sorting | null, column: number): Sorting | null {
  if (sorting?.column !== column) {
    return { column, down: false };
  }
  return sorting.down ? null : { column, down: true };
}
