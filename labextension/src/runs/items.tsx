/** The items of a fanned-out step: a long list to search, of which one is looked at. */

import React from 'react';

import { StateMark } from '../components/statemark';
import { trans } from '../translation';
import type { StepSum, TaskState } from '../wire';
import { duration, stateWord } from '../words';
import type { PageModel, PageState } from './pagemodel';
import { Virtual } from './virtual';

const ROW = 28;

export interface IItemsProps {
  readonly model: PageModel;
  readonly state: PageState;
  readonly sum: StepSum;
}

export function Items({ model, state, sum }: IItemsProps): React.JSX.Element {
  const states = Object.entries(sum.counts).filter(([, count]) => count > 0);
  const [words, setWords] = React.useState('');
  useRest(words, () => void model.narrow({ words }));
  return (
    <div className="nbpipe-Items">
      <div className="nbpipe-Past-bar">
        <input
          type="search"
          className="jp-mod-styled"
          aria-label={trans.__('Search items')}
          placeholder={trans.__('Search items')}
          value={words}
          onChange={event => setWords(event.target.value)}
        />
        <select
          className="jp-mod-styled"
          aria-label={trans.__('State of items')}
          value={state.which.state}
          onChange={event => void model.narrow({ state: event.target.value })}
        >
          <option value="">{trans.__('any state')}</option>
          {states.map(([name, count]) => (
            <option key={name} value={name}>
              {`${stateWord(name as TaskState)} (${count})`}
            </option>
          ))}
        </select>
        <span className="nbpipe-Quiet nbpipe-Right" aria-live="polite">
          {trans._n('%1 item', '%1 items', state.itemsFound)}
        </span>
      </div>
      <Virtual
        count={state.itemsFound}
        rowHeight={ROW}
        label={trans.__('Items of %1', sum.step)}
        row={index => <Item model={model} state={state} index={index} />}
        onSeen={(first, last) => {
          void model.seek(first);
          void model.seek(Math.max(first, last - 1));
        }}
      />
    </div>
  );
}

interface IItemProps {
  readonly model: PageModel;
  readonly state: PageState;
  readonly index: number;
}

function Item({ model, state, index }: IItemProps): React.JSX.Element {
  const item = state.items.get(index);
  if (item === undefined) {
    return (
      <span role="cell" className="nbpipe-Quiet">
        …
      </span>
    );
  }
  return (
    <>
      <span role="cell" className="nbpipe-Cell nbpipe-Cell-state">
        <StateMark state={item.state} />
      </span>
      <span role="cell" className="nbpipe-Cell nbpipe-Cell-wide">
        <button
          type="button"
          className="nbpipe-Link"
          aria-pressed={state.task?.task === item.task}
          onClick={() => void model.lookAt(item.task)}
        >
          {item.label || item.task}
        </button>
      </span>
      <span role="cell" className="nbpipe-Cell nbpipe-Cell-number">
        {item.seconds === null ? '' : duration(item.seconds)}
      </span>
    </>
  );
}

/** Do something when the typing rests; not for what was there at the beginning. */
function useRest(value: string, act: () => void): void {
  const first = React.useRef(true);
  React.useEffect(() => {
    if (first.current) {
      first.current = false;
      return undefined;
    }
    const timer = setTimeout(act, 250);
    return () => clearTimeout(timer);
  }, [value]);
}
