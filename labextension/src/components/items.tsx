/** The items of a fanned-out step: a grid that is searched, drawn only where it is seen. */

import React from 'react';

import { trans } from '../translation';
import type { Task, TaskState } from '../wire';
import { sign, stateWord } from '../words';

export interface IItemsProps {
  readonly step: string;
  readonly tasks: readonly Task[];
  readonly onOpen: (task: string) => void;
}

const CELL = { width: 132, height: 26 };
const ROWS = 8;

export function Items({ step, tasks, onOpen }: IItemsProps): React.JSX.Element {
  const [text, setText] = React.useState('');
  const [state, setState] = React.useState<TaskState | ''>('');
  const counts = React.useMemo(() => countsOf(tasks), [tasks]);
  const found = React.useMemo(() => matching(tasks, text, state), [tasks, text, state]);
  return (
    <div className="nbpipe-Items" role="group" aria-label={trans.__('Items of %1', step)}>
      <div className="nbpipe-Row">
        <input
          className="jp-mod-styled"
          type="search"
          aria-label={trans.__('Search items')}
          placeholder={trans.__('Search items')}
          value={text}
          onChange={event => setText(event.target.value)}
        />
        <select
          className="jp-mod-styled"
          aria-label={trans.__('State of items')}
          value={state}
          onChange={event => setState(event.target.value as TaskState | '')}
        >
          <option value="">{trans._n('all %1', 'all %1', tasks.length)}</option>
          {[...counts].map(([each, number]) => (
            <option key={each} value={each}>
              {`${sign(each)} ${stateWord(each)} ${number}`}
            </option>
          ))}
        </select>
      </div>
      <Grid tasks={found} onOpen={onOpen} />
      <p className="nbpipe-Quiet" role="status">
        {trans._n('%1 item', '%1 items', found.length)}
      </p>
    </div>
  );
}

/** How many items are in each state. */
export function countsOf(tasks: readonly Task[]): ReadonlyMap<TaskState, number> {
  const counts = new Map<TaskState, number>();
  tasks.forEach(({ state }) => counts.set(state, (counts.get(state) ?? 0) + 1));
  return counts;
}

/** The items that a search finds, in their order. */
export function matching(
  tasks: readonly Task[],
  text: string,
  state: TaskState | ''
): readonly Task[] {
  const wanted = text.trim().toLowerCase();
  return tasks.filter(
    task => (state === '' || task.state === state) && nameOf(task).toLowerCase().includes(wanted)
  );
}

function Grid({ tasks, onOpen }: Pick<IItemsProps, 'tasks' | 'onOpen'>): React.JSX.Element {
  const [top, setTop] = React.useState(0);
  const [columns, setColumns] = React.useState(1);
  const frame = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    const measure = (): void => {
      const width = frame.current?.clientWidth ?? 0;
      setColumns(Math.max(1, Math.floor(width / CELL.width)));
    };
    const observer = new ResizeObserver(measure);
    if (frame.current) {
      observer.observe(frame.current);
    }
    return () => observer.disconnect();
  }, []);
  const rows = Math.ceil(tasks.length / columns);
  const first = Math.max(0, Math.min(Math.floor(top / CELL.height) - 2, rows - ROWS));
  const seen = tasks.slice(first * columns, (first + ROWS + 4) * columns);
  return (
    <div
      ref={frame}
      className="nbpipe-Items-frame"
      style={{ maxHeight: ROWS * CELL.height }}
      onScroll={event => setTop(event.currentTarget.scrollTop)}
    >
      <ul className="nbpipe-Items-grid" style={{ height: rows * CELL.height }}>
        {seen.map((task, i) => (
          <li
            key={task.task}
            style={{
              top: (first + Math.floor(i / columns)) * CELL.height,
              left: `${((i % columns) * 100) / columns}%`,
              width: `${100 / columns}%`,
              height: CELL.height
            }}
            aria-setsize={tasks.length}
            aria-posinset={first * columns + i + 1}
          >
            <Item task={task} onOpen={onOpen} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Item({ task, onOpen }: { task: Task } & Pick<IItemsProps, 'onOpen'>): React.JSX.Element {
  const name = nameOf(task);
  const word = stateWord(task.state);
  return (
    <button
      type="button"
      className="nbpipe-Item"
      data-state={task.state}
      disabled={task.notebook === null}
      title={trans.__('%1, %2', name, word)}
      aria-label={trans.__('%1, %2: open executed notebook', name, word)}
      onClick={() => onOpen(task.task)}
    >
      <span className="nbpipe-State" data-state={task.state} aria-hidden="true">
        {sign(task.state)}
      </span>{' '}
      {name}
    </button>
  );
}

function nameOf(task: Task): string {
  return task.item ?? task.task;
}
