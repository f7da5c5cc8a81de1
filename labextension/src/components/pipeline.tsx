/** Everything in the panel, from top to bottom. */

import React from 'react';

import { colours } from '../colours';
import type { State } from '../state';
import { stepStates } from '../reduce';
import { stepNames } from '../tags';
import type { IActions } from '../tokens';
import { trans } from '../translation';
import type { Compiled } from '../wire';
import { CellForm } from './cellform';
import { Empty, NoNotebook, ServerNotice } from './empty';
import { Log } from './log';
import { Parameters } from './parameters';
import { Problems } from './problems';
import { RunBar } from './runbar';
import { Runs } from './runs';
import { Section } from './section';
import { Steps } from './steps';

const Graph = React.lazy(() => import('./graph'));

export interface IPipelineProps {
  readonly state: State;
  readonly actions: IActions;
  readonly dark: boolean;
}

export function Pipeline(props: IPipelineProps): React.JSX.Element {
  const { state, actions } = props;
  if (state.server.is === 'unknown') {
    return <p className="nbpipe-Hint">Asking the server…</p>;
  }
  if (state.server.is !== 'ready') {
    return <ServerNotice server={state.server} onRetry={actions.retry} />;
  }
  if (state.path === null) {
    return <NoNotebook />;
  }
  const shown = state.tagged || state.scope === 'project';
  return (
    <div className="nbpipe-Body">
      {shown ? <RunBar {...props} /> : <Empty onProject={() => actions.setScope('project')} />}
      <Message text={state.message} isAway={state.away} />
      <ThisCell {...props} />
      {shown ? <OfPipeline {...props} /> : null}
      <Runs
        runs={state.runs}
        shown={state.run?.id ?? null}
        looking={state.looking}
        onShow={actions.showRun}
        onPage={actions.openRun}
        onAll={actions.openRuns}
      />
    </div>
  );
}

function ThisCell({ state, actions }: IPipelineProps): React.JSX.Element | null {
  const cell = state.cells.find(each => each.id === state.active);
  if (cell === undefined) {
    return null;
  }
  return (
    <CellForm
      key={cell.id}
      cell={cell}
      role={state.roles.get(cell.id) ?? null}
      steps={stepNames(state.cells)}
      onChange={change => actions.setTags(cell.id, change)}
    />
  );
}

function OfPipeline({ state, actions, dark }: IPipelineProps): React.JSX.Element {
  const graph = shownGraph(state);
  const states = React.useMemo(() => stepStates(state.run), [state.run]);
  const colour = React.useMemo(() => colours(graph?.steps.map(s => s.name) ?? []), [graph]);
  if (graph === null) {
    return <p className="nbpipe-Hint">{state.compiling ? 'Reading the notebook…' : ''}</p>;
  }
  const open = (step: string): void => actions.openStep(step, null);
  return (
    <>
      <Section title="Graph" busy={state.compiling} extra={<Scope {...{ state, actions }} />}>
        <React.Suspense fallback={<div className="nbpipe-Graph" aria-busy="true" />}>
          <Graph compiled={graph} states={states} colours={colour} dark={dark} onOpen={open} />
        </React.Suspense>
      </Section>
      <Steps
        steps={graph.steps}
        states={states}
        plan={state.planShown ? state.plan : null}
        colours={colour}
        titles={new Map(state.cells.map(({ id, title }) => [id, title]))}
        onOpen={actions.openStep}
        onGoTo={actions.goTo}
      />
      <Problems problems={graph.problems} onGoTo={actions.goTo} onFix={actions.fix} />
      <Parameters
        parameters={state.compiled?.parameters ?? []}
        typed={state.typed}
        presets={state.settings.presets[state.path ?? ''] ?? {}}
        actions={actions}
      />
      <Log lines={state.log} />
    </>
  );
}

function Scope({ state, actions }: Omit<IPipelineProps, 'dark'>): React.JSX.Element {
  return (
    <label className="nbpipe-Scope">
      <input
        type="checkbox"
        checked={state.scope === 'project'}
        onChange={event => actions.setScope(event.target.checked ? 'project' : 'notebook')}
      />
      Whole project
    </label>
  );
}

/** A run that is looked at shows its own graph; else the notebook's as it is now. */
function shownGraph({ looking, run, compiled }: State): Compiled | null {
  return (looking ? run?.graph : null) ?? compiled;
}

function Message({ text, isAway }: { text: string; isAway: boolean }): React.JSX.Element {
  const said = isAway ? trans.__('The Jupyter server does not answer. It is asked again.') : text;
  return <div role="alert">{said === '' ? null : <p className="nbpipe-Message">{said}</p>}</div>;
}
