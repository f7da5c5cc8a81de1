/** A run as a page: its graph and times, what came of it, what it said, what it was made with. */

import React from 'react';

import { Elapsed } from '../components/elapsed';
import { StateMark } from '../components/statemark';
import { colours } from '../colours';
import { isOver } from '../reduce';
import { trans } from '../translation';
import type { RunPage, StepSum } from '../wire';
import { Items } from './items';
import { Tags } from './list';
import { LogView } from './logview';
import { MadeWith } from './madewith';
import type { PageModel, PageState, Tab } from './pagemodel';
import { Results } from './results';
import { stepStateOf } from './stepstate';
import { TaskView } from './task';
import { progressOf } from './timeline';
import { Timeline } from './timelineview';

const Graph = React.lazy(() => import('../components/graph'));

export interface IPageProps {
  readonly model: PageModel;
  readonly dark: boolean;
}

export function RunPageView({ model, dark }: IPageProps): React.JSX.Element {
  const { state } = model;
  const { page, name } = state;
  if (page === null) {
    return (
      <p className="nbpipe-Past nbpipe-Past-empty nbpipe-Quiet" role="status">
        {state.message || trans.__('Asking the server…')}
      </p>
    );
  }
  return (
    <div className="nbpipe-Past nbpipe-Page" role="region" aria-label={trans.__('Run %1', name.id)}>
      <Top model={model} page={page} />
      {state.message ? (
        <p role="alert" className="nbpipe-Message">
          {state.message}
        </p>
      ) : null}
      <Tabs model={model} state={state} />
      <div className="nbpipe-Page-body">
        <div className="nbpipe-Page-main" role="tabpanel" aria-label={tabWord(state.tab)}>
          <Body model={model} state={state} page={page} dark={dark} />
        </div>
        {state.step === null ? null : <Beside model={model} state={state} page={page} />}
      </div>
    </div>
  );
}

interface IPartProps {
  readonly model: PageModel;
  readonly page: RunPage;
}

function Top({ model, page }: IPartProps): React.JSX.Element {
  return (
    <header className="nbpipe-Page-top">
      <div className="nbpipe-Row">
        <StateMark state={page.state} />
        <h2>{page.id}</h2>
        <span className="nbpipe-Quiet">
          {[new Date(page.started).toLocaleString(), page.path, page.user]
            .filter(Boolean)
            .join(' · ')}
        </span>
        <span className="nbpipe-Quiet nbpipe-Right">
          <Elapsed started={page.started} finished={page.finished} running={!isOver(page.state)} />
        </span>
      </div>
      {page.tags.length > 0 || page.note ? (
        <p>
          <Tags tags={page.tags} /> {page.note}
        </p>
      ) : null}
      <div className="nbpipe-Buttons">
        <button
          type="button"
          className="jp-mod-styled"
          aria-pressed={page.pinned}
          onClick={() => void model.pin()}
        >
          {page.pinned ? trans.__('Unpin') : trans.__('Pin')}
        </button>
        <button type="button" className="jp-mod-styled" onClick={() => void model.say()}>
          {trans.__('Tags and note…')}
        </button>
        <button
          type="button"
          className="jp-mod-styled"
          onClick={() => void model.compareWithBefore()}
        >
          {trans.__('Compare with the run before')}
        </button>
        <button type="button" className="jp-mod-styled" onClick={() => model.showAll()}>
          {trans.__('All runs')}
        </button>
      </div>
    </header>
  );
}

const TABS: readonly Tab[] = ['overview', 'results', 'log', 'made-with'];

function tabWord(tab: Tab): string {
  switch (tab) {
    case 'overview':
      return trans.__('Overview');
    case 'results':
      return trans.__('Metrics and checks');
    case 'log':
      return trans.__('Log');
    case 'made-with':
      return trans.__('Code and environment');
  }
}

interface ITabsProps {
  readonly model: PageModel;
  readonly state: PageState;
}

function Tabs({ model, state }: ITabsProps): React.JSX.Element {
  const move = (by: number): void => {
    const next = TABS[(TABS.indexOf(state.tab) + by + TABS.length) % TABS.length];
    if (next) {
      model.setTab(next);
    }
  };
  const steps: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1 };
  return (
    <div
      role="tablist"
      aria-label={trans.__('Parts of the run')}
      className="nbpipe-Tabs"
      onKeyDown={event => {
        const by = steps[event.key];
        if (by !== undefined) {
          event.preventDefault();
          move(by);
          event.currentTarget.querySelectorAll('button')[TABS.indexOf(model.state.tab)]?.focus();
        }
      }}
    >
      {TABS.map(tab => (
        <button
          key={tab}
          type="button"
          role="tab"
          aria-selected={tab === state.tab}
          tabIndex={tab === state.tab ? 0 : -1}
          onClick={() => model.setTab(tab)}
        >
          {tabWord(tab)}
        </button>
      ))}
    </div>
  );
}

interface IBodyProps extends IPartProps {
  readonly state: PageState;
  readonly dark: boolean;
}

function Body({ model, state, page, dark }: IBodyProps): React.JSX.Element {
  switch (state.tab) {
    case 'overview':
      return <Overview model={model} page={page} dark={dark} state={state} />;
    case 'results':
      return <Results page={page} onLook={step => void model.look(step)} />;
    case 'log':
      return <LogView lines={state.log} cut={state.cut} running={!isOver(page.state)} />;
    case 'made-with':
      return <MadeWith page={page} />;
  }
}

function Overview({ model, page, dark, state }: IBodyProps): React.JSX.Element {
  const states = React.useMemo(
    () => new Map(page.steps.map(step => [step.step, stepStateOf(step)])),
    [page.steps]
  );
  const colour = React.useMemo(
    () => colours(page.graph.steps.map(({ name }) => name)),
    [page.graph.steps.length]
  );
  const look = (step: string | null): void => void model.look(step);
  return (
    <>
      <Failures model={model} page={page} />
      {page.graph.steps.length > 0 ? (
        <React.Suspense fallback={<div className="nbpipe-Graph" aria-busy="true" />}>
          <Graph
            compiled={page.graph}
            states={states}
            colours={colour}
            dark={dark}
            current={null}
            several={false}
            editable={false}
            onOpen={look}
            onGoTo={(_, cell) => look(stepWith(page, cell))}
            onOrder={() => undefined}
          />
        </React.Suspense>
      ) : null}
      <h3>{trans.__('Timeline')}</h3>
      <Timeline page={page} chosen={state.step} onLook={look} />
    </>
  );
}

/** The step that a cell is in; null for none. */
function stepWith({ graph }: RunPage, cell: string | null): string | null {
  return graph.steps.find(({ cells }) => cell !== null && cells.includes(cell))?.name ?? null;
}

function Failures({ model, page }: IPartProps): React.JSX.Element | null {
  if (page.failures.length === 0) {
    return null;
  }
  const show = async (step: string, task: string): Promise<void> => {
    await model.look(step);
    await model.lookAt(task);
  };
  return (
    <ul className="nbpipe-List nbpipe-Failures" aria-label={trans.__('What went wrong')}>
      {page.failures.map(task => (
        <li key={task.task}>
          <StateMark state={task.state} />{' '}
          <button
            type="button"
            className="nbpipe-Link nbpipe-Step-name"
            onClick={() => void show(task.step, task.task)}
          >
            {task.item === null ? task.task : `${task.step}: ${task.item}`}
          </button>{' '}
          {task.error ? `${task.error.name}: ${task.error.message}` : task.reason}
        </li>
      ))}
    </ul>
  );
}

interface IBesideProps extends ITabsProps {
  readonly page: RunPage;
}

/** What is beside: the step that is looked at. */
function Beside({ model, state, page }: IBesideProps): React.JSX.Element {
  const step = state.step ?? '';
  const sum: StepSum | undefined = page.steps.find(each => each.step === step);
  const fanned = sum !== undefined && progressOf(sum).total > 1;
  return (
    <aside className="nbpipe-Beside" aria-label={trans.__('Step %1', step)}>
      <div className="nbpipe-Row">
        <h3>{step}</h3>
        <button
          type="button"
          className="nbpipe-Link nbpipe-Right"
          onClick={() => void model.look(null)}
        >
          {trans.__('Close')}
        </button>
      </div>
      {sum === undefined ? (
        <p className="nbpipe-Quiet">{trans.__('It was not part of this run.')}</p>
      ) : null}
      {fanned ? <Items key={step} model={model} state={state} sum={sum} /> : null}
      {state.task === null ? null : (
        <TaskView key={state.task.task} model={model} task={state.task} busy={state.busy} />
      )}
    </aside>
  );
}
