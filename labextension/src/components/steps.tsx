/** The steps as a list: the same as the drawing, with all the words. */

import React from 'react';

import type { IFlow } from '../marks';
import { flowLines, flowsOf } from '../marks';
import { canComeAfter } from '../order';
import { isBad } from '../reduce';
import type { StepState } from '../reduce';
import { trans } from '../translation';
import type { Compiled, Failure, PlannedTask, Step, Task } from '../wire';
import { plannedWord } from '../words';
import { Connection, OrderChoice } from './connections';
import { Elapsed } from './elapsed';
import { TextField } from './fields';
import { Items } from './items';
import { Section } from './section';
import { StateMark } from './statemark';

export interface IStepsProps {
  readonly compiled: Compiled;
  readonly states: ReadonlyMap<string, StepState>;
  /** What the next run would do, by step, where that was asked for. */
  readonly plan: ReadonlyMap<string, PlannedTask> | null;
  readonly colours: ReadonlyMap<string, number>;
  /** First lines of the notebook's cells, by id. */
  readonly titles: ReadonlyMap<string, string>;
  /** False for the steps of a past run. */
  readonly editable: boolean;
  readonly onOpen: (step: string, task: string | null) => void;
  readonly onGoTo: (notebook: string | null, cell: string | null, line: number | null) => void;
  readonly onRename: (step: string, name: string) => void;
  readonly onOrder: (step: string, after: string, wanted: boolean) => void;
}

/** More than that are searched, and shown some at a time. */
const MANY = 12;
const AT_ONCE = 50;

export function Steps(props: IStepsProps): React.JSX.Element {
  const { steps } = props.compiled;
  const [text, setText] = React.useState('');
  const [most, setMost] = React.useState(AT_ONCE);
  const flows = React.useMemo(() => flowsOf(props.compiled), [props.compiled]);
  const wanted = text.trim().toLowerCase();
  const found = steps.filter(({ name, notebook }) =>
    `${name} ${notebook}`.toLowerCase().includes(wanted)
  );
  return (
    <Section title={trans.__('Steps')} extra={steps.length}>
      {steps.length > MANY ? (
        <input
          className="jp-mod-styled nbpipe-Search"
          type="search"
          aria-label={trans.__('Search steps')}
          placeholder={trans.__('Search steps')}
          value={text}
          onChange={event => setText(event.target.value)}
        />
      ) : null}
      <ul className="nbpipe-List">
        {found.slice(0, most).map(step => (
          <StepRow
            key={step.name}
            {...props}
            step={step}
            flow={flows.get(step.name)}
            state={props.states.get(step.name)}
          />
        ))}
      </ul>
      {found.length > most ? (
        <button type="button" className="nbpipe-Link" onClick={() => setMost(most + 4 * AT_ONCE)}>
          {trans.__('Show more: %1 of %2 are shown', most, found.length)}
        </button>
      ) : null}
    </Section>
  );
}

interface IStepRowProps extends IStepsProps {
  readonly step: Step;
  readonly flow: IFlow | undefined;
  readonly state: StepState | undefined;
}

function StepRow(props: IStepRowProps): React.JSX.Element {
  const { step, flow, state, colours, titles, onOpen, onGoTo } = props;
  const begin = step.cells[0];
  const planned = props.plan?.get(step.name);
  return (
    <li className="nbpipe-Step" data-nbpipe-colour={colours.get(step.name)}>
      <div className="nbpipe-Row">
        <button
          type="button"
          className="nbpipe-Link nbpipe-Step-name"
          title={step.line}
          disabled={begin === undefined}
          onClick={() => begin !== undefined && onGoTo(step.notebook, begin, null)}
        >
          {step.name}
        </button>
        <StateMark state={state?.state ?? 'none'} title={state?.reason} />
        <span className="nbpipe-Quiet nbpipe-Right">
          {state ? (
            <Elapsed
              started={state.started}
              seconds={state.state === 'reused' ? null : state.seconds}
              running={state.state === 'running'}
            />
          ) : null}
        </span>
        {state?.tasks.some(({ notebook }) => notebook !== null) ? (
          <button
            type="button"
            className="nbpipe-Link"
            aria-label={trans.__('Open executed notebook of %1', step.name)}
            onClick={() => onOpen(step.name, null)}
          >
            {trans.__('Open')}
          </button>
        ) : null}
      </div>
      {state ? <StepNews state={state} titles={titles} /> : <Flow flow={flow} />}
      {planned ? <Planned task={planned} /> : null}
      {state && state.tasks.length > 1 ? (
        <StepItems step={step.name} tasks={state.tasks} onOpen={task => onOpen(step.name, task)} />
      ) : null}
      {props.editable ? <StepMore {...props} /> : null}
    </li>
  );
}

/** What can be done with a step besides running it; made when it is opened. */
function StepMore(props: IStepRowProps): React.JSX.Element {
  const { step, compiled, onRename, onOrder, onGoTo } = props;
  const [open, setOpen] = React.useState(false);
  const names = compiled.steps.map(({ name }) => name);
  return (
    <details className="nbpipe-Detail" onToggle={event => setOpen(event.currentTarget.open)}>
      <summary aria-label={trans.__('Name and order of %1', step.name)}>
        {trans.__('Name and order')}
      </summary>
      {open ? (
        <div className="nbpipe-Form">
          <TextField
            label={trans.__('Name')}
            value={step.name}
            onCommit={name => onRename(step.name, name)}
          />
          {compiled.edges
            .filter(({ target }) => target === step.name)
            .map(edge => (
              <Connection
                key={`${edge.source} ${edge.kind}`}
                edge={edge}
                step={step}
                onGoTo={onGoTo}
                onOrder={onOrder}
              />
            ))}
          <OrderChoice
            step={step}
            others={canComeAfter(names, compiled.edges, step.name)}
            onOrder={onOrder}
          />
        </div>
      ) : null}
    </details>
  );
}

/** What goes in and out, as long as nothing has happened. */
function Flow({ flow }: { flow: IFlow | undefined }): React.JSX.Element | null {
  const lines = flow ? flowLines(flow) : [];
  return lines.length > 0 ? (
    <p className="nbpipe-Quiet nbpipe-Detail">{lines.join(' · ')}</p>
  ) : null;
}

interface IStepNewsProps {
  readonly state: StepState;
  readonly titles: ReadonlyMap<string, string>;
}

function StepNews({ state, titles }: IStepNewsProps): React.JSX.Element | null {
  if (state.error) {
    return <ErrorLine error={state.error} />;
  }
  if (state.state === 'running') {
    const current = state.tasks.map(({ cells }) => cells.current).find(Boolean);
    const at = current ? titles.get(current) : undefined;
    return (
      <p className="nbpipe-Quiet nbpipe-Detail">
        {state.tasks.length > 1
          ? trans.__('%1 of %2 done', state.done, state.tasks.length)
          : trans.__(
              'cell %1 of %2',
              Math.min(state.cells.done + 1, state.cells.total),
              state.cells.total
            )}
        {at ? <code className="nbpipe-Preview"> {at}</code> : null}
      </p>
    );
  }
  // Why a step that went well had to run is not worth a line; it is said on its state.
  return state.reason && state.state !== 'ok' ? (
    <p className="nbpipe-Quiet nbpipe-Detail">{state.reason}</p>
  ) : null;
}

function Planned({ task }: { task: PlannedTask }): React.JSX.Element {
  return (
    <p className="nbpipe-Detail">
      {plannedWord(task.action)}
      {task.reason ? <span className="nbpipe-Quiet">: {task.reason}</span> : null}
    </p>
  );
}

function ErrorLine({ error }: { error: Failure }): React.JSX.Element {
  return (
    <p className="nbpipe-Error nbpipe-Detail">
      <strong>{error.name}</strong>
      {error.message ? `: ${error.message}` : ''}
    </p>
  );
}

interface IStepItemsProps {
  readonly step: string;
  readonly tasks: readonly Task[];
  readonly onOpen: (task: string) => void;
}

/** The items of a fan-out: counts, and a grid when it is opened. */
function StepItems({ step, tasks, onOpen }: IStepItemsProps): React.JSX.Element {
  const [open, setOpen] = React.useState(false);
  const bad = tasks.filter(({ state }) => isBad(state)).length;
  const counts = [
    trans._n('%1 item', '%1 items', tasks.length),
    ...(bad > 0 ? [trans.__('%1 not well', bad)] : [])
  ];
  return (
    <details className="nbpipe-Detail" onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>{counts.join(', ')}</summary>
      {open ? <Items step={step} tasks={tasks} onOpen={onOpen} /> : null}
    </details>
  );
}
