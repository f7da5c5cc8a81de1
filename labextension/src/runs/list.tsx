/** The list of runs in the main area: searched, narrowed, tagged, pinned, deleted, compared. */

import React from 'react';

import { Elapsed } from '../components/elapsed';
import { StateMark } from '../components/statemark';
import { isOver } from '../reduce';
import { trans } from '../translation';
import type { ListedRun, RunState, Space } from '../wire';
import { moment, stateWord } from '../words';
import { narrows } from './filter';
import type { ListModel, ListState } from './listmodel';
import { textOf } from './sides';
import { sizeText } from './size';
import { Virtual } from './virtual';

const ROW = 34;
const STATES: readonly RunState[] = ['running', 'ok', 'failed', 'cancelled', 'interrupted'];

export function RunList({ model }: { readonly model: ListModel }): React.JSX.Element {
  const { state } = model;
  return (
    <div className="nbpipe-Past nbpipe-RunList">
      <Narrowing model={model} state={state} />
      {state.message ? (
        <p role="alert" className="nbpipe-Message">
          {state.message}
        </p>
      ) : null}
      {state.space === null ? null : <Room space={state.space} />}
      {state.runs.length > 0 ? (
        <Rows model={model} state={state} />
      ) : (
        <Nothing model={model} state={state} />
      )}
    </div>
  );
}

interface IPartProps {
  readonly model: ListModel;
  readonly state: ListState;
}

function Narrowing({ model, state }: IPartProps): React.JSX.Element {
  const { filter, tags, found, loaded } = state;
  return (
    <div className="nbpipe-Past-bar">
      <input
        type="search"
        className="jp-mod-styled"
        aria-label={trans.__('Search runs')}
        placeholder={trans.__('Search id, notebook, note, tag, or n=3')}
        value={filter.words}
        onChange={event => model.setFilter({ words: event.target.value })}
      />
      <select
        className="jp-mod-styled"
        aria-label={trans.__('State')}
        value={filter.state}
        onChange={event => model.setFilter({ state: event.target.value })}
      >
        <option value="">{trans.__('any state')}</option>
        {STATES.map(each => (
          <option key={each} value={each}>
            {stateWord(each)}
          </option>
        ))}
      </select>
      <select
        className="jp-mod-styled"
        aria-label={trans.__('Tag')}
        value={filter.tags[0] ?? ''}
        onChange={event =>
          model.setFilter({ tags: event.target.value ? [event.target.value] : [] })
        }
      >
        <option value="">{trans.__('any tag')}</option>
        {Object.entries(tags).map(([tag, count]) => (
          <option key={tag} value={tag}>
            {`${tag} (${count})`}
          </option>
        ))}
      </select>
      <label className="nbpipe-Choice">
        <input
          type="checkbox"
          checked={filter.pinned}
          onChange={event => model.setFilter({ pinned: event.target.checked })}
        />
        {trans.__('Pinned')}
      </label>
      <Deeds model={model} />
      <span className="nbpipe-Quiet nbpipe-Right">
        <span aria-live="polite">{loaded ? trans._n('%1 run', '%1 runs', found) : ''}</span>
        {state.space === null ? '' : ` · ${spaceWords(state.space)}`}
      </span>
    </div>
  );
}

function spaceWords({ held, free, quota }: Space): string {
  const stored =
    quota === null
      ? trans.__('%1 stored', sizeText(held))
      : trans.__('%1 stored of %2', sizeText(held), quota);
  return `${stored} · ${trans.__('%1 free', sizeText(free))}`;
}

/** What is said where the disk, or what the store may take of it, is nearly full. */
function Room({ space }: { readonly space: Space }): React.JSX.Element | null {
  const said = space.near.map(limit =>
    limit === 'disk'
      ? trans.__('Only %1 of disk are free for the store.', sizeText(space.free))
      : trans.__('The store holds %1 of its quota of %2.', sizeText(space.held), space.quota ?? '')
  );
  if (said.length === 0) {
    return null;
  }
  const cure = trans.__('Delete runs that nobody needs, or run nbpipe gc --keep-last 10.');
  return (
    <p role="status" className="nbpipe-Message nbpipe-Warning">
      {[...said, cure].join(' ')}
    </p>
  );
}

/** What can be done with the chosen runs. */
function Deeds({ model }: { readonly model: ListModel }): React.JSX.Element | null {
  const chosen = model.chosenRuns;
  if (chosen.length === 0) {
    return null;
  }
  const live = chosen.some(({ state }) => !isOver(state));
  return (
    <>
      <button
        type="button"
        className="jp-mod-styled"
        disabled={chosen.length < 2 || chosen.length > 50}
        title={chosen.length < 2 ? trans.__('Choose two runs or more') : undefined}
        onClick={() => model.compare()}
      >
        {trans.__('Compare')}
      </button>
      <button
        type="button"
        className="jp-mod-styled"
        disabled={live}
        title={live ? trans.__('A run that goes on cannot be deleted') : undefined}
        onClick={() => void model.remove()}
      >
        {trans._n('Delete %1 run', 'Delete %1 runs', chosen.length)}
      </button>
    </>
  );
}

function Nothing({ model, state }: IPartProps): React.JSX.Element {
  if (!state.loaded) {
    return <p className="nbpipe-Past-empty nbpipe-Quiet">{trans.__('Asking the server…')}</p>;
  }
  if (!narrows(state.filter)) {
    return (
      <p className="nbpipe-Past-empty nbpipe-Quiet">
        {trans.__('There are no runs yet. Open a notebook and press Run pipeline.')}
      </p>
    );
  }
  const clear = { words: '', state: '', tags: [], pinned: false };
  return (
    <div className="nbpipe-Past-empty nbpipe-Quiet">
      <p>{trans.__('No run is like that.')}</p>
      <button type="button" className="jp-mod-styled" onClick={() => model.setFilter(clear)}>
        {trans.__('Show all runs')}
      </button>
    </div>
  );
}

function Rows({ model, state }: IPartProps): React.JSX.Element {
  const names = metricNames(state.runs);
  return (
    <Virtual
      count={state.runs.length}
      rowHeight={ROW}
      label={trans.__('All runs')}
      columns={<Head metrics={names} />}
      row={index => <Row model={model} run={state.runs[index]} metrics={names} />}
      onSeen={(_, last) => {
        if (last >= state.runs.length - 20) {
          void model.more();
        }
      }}
    />
  );
}

/** The metrics that have a column: the first three that there are. */
function metricNames(runs: readonly ListedRun[]): readonly string[] {
  return [...new Set(runs.slice(0, 200).flatMap(run => Object.keys(run.metrics)))].slice(0, 3);
}

function Head({ metrics }: { readonly metrics: readonly string[] }): React.JSX.Element {
  const cell = (text: string, size: string): React.JSX.Element => (
    <span role="columnheader" className={`nbpipe-Cell nbpipe-Cell-${size}`}>
      {text}
    </span>
  );
  return (
    <>
      {cell('', 'mark')}
      {cell(trans.__('State'), 'state')}
      {cell(trans.__('Began'), 'time')}
      {cell(trans.__('Took'), 'number')}
      {cell(trans.__('Notebook'), 'name')}
      {cell(trans.__('Parameters'), 'widest')}
      {metrics.map(name => (
        <span
          key={name}
          role="columnheader"
          className="nbpipe-Cell nbpipe-Cell-number"
          title={name}
        >
          {name}
        </span>
      ))}
      {cell(trans.__('Tags and note'), 'wide')}
      {cell('', 'deeds')}
    </>
  );
}

interface IRowProps {
  readonly model: ListModel;
  readonly run: ListedRun | undefined;
  readonly metrics: readonly string[];
}

function Row({ model, run, metrics }: IRowProps): React.JSX.Element | null {
  if (run === undefined) {
    return null;
  }
  const parameters = Object.entries(run.parameters)
    .map(([name, value]) => `${name}=${textOf(value)}`)
    .join(' ');
  const words = { id: run.id };
  return (
    <>
      <span role="cell" className="nbpipe-Cell nbpipe-Cell-mark">
        <input
          type="checkbox"
          aria-label={trans.__('Choose run %1', words.id)}
          checked={model.state.chosen.has(run.id)}
          onChange={event => model.choose(run.id, event.target.checked)}
        />
      </span>
      <span role="cell" className="nbpipe-Cell nbpipe-Cell-state">
        <StateMark state={run.state} />
      </span>
      <span role="cell" className="nbpipe-Cell nbpipe-Cell-time">
        <button
          type="button"
          className="nbpipe-Link"
          title={run.id}
          aria-label={trans.__('Open run %1', run.id)}
          onClick={() => model.open(run)}
        >
          {moment(run.started)}
        </button>
      </span>
      <span role="cell" className="nbpipe-Cell nbpipe-Cell-number">
        <Elapsed started={run.started} finished={run.finished} running={!isOver(run.state)} />
      </span>
      <span role="cell" className="nbpipe-Cell nbpipe-Cell-name" title={run.path}>
        {run.path.split('/').at(-1) || run.name}
      </span>
      <span role="cell" className="nbpipe-Cell nbpipe-Cell-widest nbpipe-Quiet" title={parameters}>
        {parameters}
      </span>
      {metrics.map(name => (
        <span key={name} role="cell" className="nbpipe-Cell nbpipe-Cell-number">
          {run.metrics[name] == null ? '' : textOf(run.metrics[name])}
        </span>
      ))}
      <span role="cell" className="nbpipe-Cell nbpipe-Cell-wide" title={run.note}>
        <Tags tags={run.tags} />
        <span className="nbpipe-Quiet">{run.note}</span>
      </span>
      <span role="cell" className="nbpipe-Cell nbpipe-Cell-deeds">
        <button
          type="button"
          className="nbpipe-Link"
          aria-pressed={run.pinned}
          aria-label={trans.__('Pin run %1', run.id)}
          title={run.pinned ? trans.__('Kept whatever its age') : trans.__('Keep whatever its age')}
          onClick={() => void model.pin(run)}
        >
          {run.pinned ? trans.__('Pinned') : trans.__('Pin')}
        </button>
        <button
          type="button"
          className="nbpipe-Link"
          aria-label={trans.__('Tags and note of run %1', run.id)}
          onClick={() => void model.say(run)}
        >
          {trans.__('Tag…')}
        </button>
      </span>
    </>
  );
}

export function Tags({ tags }: { readonly tags: readonly string[] }): React.JSX.Element {
  return (
    <>
      {tags.map(tag => (
        <span key={tag} className="nbpipe-Tag">
          {tag}
        </span>
      ))}
    </>
  );
}
