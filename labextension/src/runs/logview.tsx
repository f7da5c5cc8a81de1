/** What the cells of a run wrote, all of it or that of one task. */

import React from 'react';

import { trans } from '../translation';
import type { OutputLine } from '../wire';
import { logRows } from './logrows';
import { Virtual } from './virtual';

const ROW = 18;

export interface ILogViewProps {
  readonly lines: readonly OutputLine[];
  readonly cut: boolean;
  readonly running: boolean;
}

export function LogView({ lines, cut, running }: ILogViewProps): React.JSX.Element {
  const [task, setTask] = React.useState('');
  const tasks = React.useMemo(() => [...new Set(lines.map(line => line.task))], [lines]);
  const rows = React.useMemo(() => logRows(lines, task), [lines, task]);
  if (lines.length === 0) {
    return (
      <p className="nbpipe-Quiet">
        {running ? trans.__('Nothing was written yet.') : trans.__('Its cells wrote nothing.')}
      </p>
    );
  }
  return (
    <div className="nbpipe-LogView">
      <div className="nbpipe-Past-bar">
        <select
          className="jp-mod-styled"
          aria-label={trans.__('Task')}
          value={task}
          onChange={event => setTask(event.target.value)}
        >
          <option value="">{trans.__('all tasks')}</option>
          {tasks.slice(0, 500).map(name => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
        <span className="nbpipe-Quiet">
          {cut ? trans.__('The end of a long log. ') : ''}
          {trans._n('%1 line', '%1 lines', rows.length)}
        </span>
      </div>
      <Virtual
        count={rows.length}
        rowHeight={ROW}
        label={trans.__('Log')}
        row={index => {
          const row = rows[index];
          return (
            <span role="cell" className="nbpipe-LogLine" data-stream={row?.stream}>
              {task === '' ? <span className="nbpipe-Quiet">{row?.task} │ </span> : null}
              {row?.text}
            </span>
          );
        }}
      />
    </div>
  );
}
