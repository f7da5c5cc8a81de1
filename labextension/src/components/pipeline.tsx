/** Everything in the panel, from top to bottom. */

import React from 'react';

import { colours } from '../colours';
import { optionsOf } from '../edits';
import type { Scope, State } from '../state';
import { stepStates } from '../reduce';
import { readTags, stepNames } from '../tags';
import type { IActions, ICell } from '../tokens';
import { trans } from '../translation';
import type { Compiled } from '../wire';
import { CellForm } from './cellform';
import { Empty, NoNotebook, ServerNotice } from './empty';
import { Log } from './log';
import { OneStep } from './onestep';
import { Parameters } from './parameters';
import { Problems } from './problems';
import { RunBar } from './runbar';
import { Runs } from './runs';
import { Section } from './section';
import { Steps } from './steps';

/** The name that a first step has until it is given another. */
const FIRST_STEP = 'first';

const Graph = React.lazy(() => import('./graph'));
const Verified = React.lazy(() => import('./proof'));
const SuggestedSteps = React.lazy(() => import('./suggestion'));

export interface IPipelineProps {
  readonly state: State;
  readonly actions: IActions;
  readonly dark: boolean;
}

export default function Pipeline(props: IPipelineProps): React.JSX.Element {
  const { state, actions } = props;
  if (state.server.is === 'unknown') {
    return <p className="nbpipe-Hint">{trans.__('Asking the server…')}</p>;
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
      {shown ? <RunBar {...props} /> : null}
      {state.suggestion === null ? null : (
        <React.Suspense fallback={null}>
          <SuggestedSteps suggestion={state.suggestion} actions={actions} />
        </React.Suspense>
      )}
      {shown && (state.proving !== null || state.proof !== null) ? (
        <React.Suspense fallback={null}>
          <Verified state={state} actions={actions} />
        </React.Suspense>
      ) : null}
      {shown || state.suggestion !== null ? null : <NoStepYet {...props} />}
      <Message text={state.message} isAway={state.away} />
      <ThisCell {...props} />
      <OneStep
        path={state.path}
        metadata={state.metadata}
        onChange={actions.setOneStep}
        onRename={actions.renameStep}
      />
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

/** One click makes the first step, of the active cell. */
function NoStepYet({ state, actions }: IPipelineProps): React.JSX.Element {
  const isCode = ({ kind }: ICell): boolean => kind === 'code';
  const active = state.cells.find(({ id }) => id === state.active);
  const cell = active && isCode(active) ? active : state.cells.find(isCode);
  const begin = (id: string): void => actions.setTags(id, { role: 'step', step: FIRST_STEP });
  return (
    <Empty
      onSuggest={state.suggesting ? null : actions.suggest}
      onFirst={cell === undefined ? null : () => begin(cell.id)}
      onProject={() => actions.setScope('project')}
    />
  );
}

function ThisCell({ state, actions }: IPipelineProps): React.JSX.Element | null {
  const { cells, metadata } = state;
  const cell = cells.find(each => each.id === state.active);
  if (cell === undefined) {
    return null;
  }
  const role = state.roles.get(cell.id) ?? null;
  const step = readTags(cell.tags).step || (role?.step ?? '');
  return (
    <CellForm
      key={cell.id}
      cell={cell}
      role={role}
      steps={stepNames(cells)}
      selected={state.selected.length}
      options={optionsOf({ cells, metadata }, step)}
      onChange={change => actions.setTags(cell.id, change)}
      onRename={actions.renameStep}
      onOption={actions.setOption}
      onGroup={actions.makeStep}
    />
  );
}

function OfPipeline({ state, actions, dark }: IPipelineProps): React.JSX.Element {
  const graph = shownGraph(state);
  const states = React.useMemo(() => stepStates(state.run), [state.run]);
  const colour = React.useMemo(() => colours(graph?.steps.map(s => s.name) ?? []), [graph]);
  const titles = React.useMemo(
    () => new Map(state.cells.map(({ id, title }) => [id, title])),
    [state.cells]
  );
  const { openStep } = actions;
  const open = React.useCallback((step: string) => openStep(step, null), [openStep]);
  if (graph === null) {
    return (
      <p className="nbpipe-Hint">{state.compiling ? trans.__('Reading the notebook…') : ''}</p>
    );
  }
  const editable = graph === state.compiled;
  return (
    <>
      <Section
        title={trans.__('Graph')}
        busy={state.compiling}
        extra={<ScopeChoice scope={state.scope} onChange={actions.setScope} />}
      >
        <React.Suspense fallback={<div className="nbpipe-Graph" aria-busy="true" />}>
          <Graph
            compiled={graph}
            states={states}
            colours={colour}
            dark={dark}
            current={state.roles.get(state.active ?? '')?.step ?? null}
            several={state.scope === 'project'}
            editable={editable}
            onOpen={open}
            onGoTo={actions.goTo}
            onOrder={actions.setOrder}
          />
        </React.Suspense>
      </Section>
      <Problems problems={graph.problems} onGoTo={actions.goTo} onFix={actions.fix} />
      <Steps
        compiled={graph}
        states={states}
        plan={state.planShown ? state.plan : null}
        colours={colour}
        titles={titles}
        editable={editable}
        onOpen={openStep}
        onGoTo={actions.goTo}
        onRename={actions.renameStep}
        onOrder={actions.setOrder}
      />
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

interface IScopeChoiceProps {
  readonly scope: Scope;
  readonly onChange: (scope: Scope) => void;
}

/** Whether the graph is that of this notebook or of its whole project. */
function ScopeChoice({ scope, onChange }: IScopeChoiceProps): React.JSX.Element {
  const choices = [
    ['notebook', trans.__('This notebook')],
    ['project', trans.__('Project')]
  ] as const;
  return (
    <span className="nbpipe-Scope" role="radiogroup" aria-label={trans.__('Whose graph')}>
      {choices.map(([value, text]) => (
        <label key={value} data-chosen={scope === value}>
          <input
            type="radio"
            name="nbpipe-scope"
            checked={scope === value}
            onChange={() => onChange(value)}
          />
          {text}
        </label>
      ))}
    </span>
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
