/** The steps as a list: the same as the drawing, with all the words. */

import React from 'react';

import { isBad } from '../reduce';
import type { StepState } from '../reduce';
import type { Failure, PlannedTask, Step, Task } from '../wire';
import { count } from '../words';
import { Elapsed } from './elapsed';
import { Section } from './section';
import { StateMark } from './statemark';

export interface IStepsProps {
  readonly steps: readonly Step[];
  readonly states: ReadonlyMap<string, StepState>;
  /** What the next run would do, by step, where that was asked for. */
  readonly plan: ReadonlyMap<string, PlannedTask> | null;
  readonly colours: ReadonlyMap<string, number>;
  /** First lines of the notebook's cells, by id. */
  readonly titles: ReadonlyMap<string, string>;
  readonly onOpen: (step: string, task: string | null) => void;
  readonly onGoTo: (notebook: string | null, cell: string) => void;
}

export function Steps(props: IStepsProps): React.JSX.Element {
  return (
    <Section title="Steps" extra={props.steps.length}>
      <ul className="nbpipe-List">
        {props.steps.map(step => (
          <StepRow key={step.name} {...props} step={step} state={props.states.get(step.name)} />
        ))}
      </ul>
    </Section>
  );
}

interface IStepRowProps extends IStepsProps {
  readonly step: Step;
  readonly state: StepState | undefined;
}

function StepRow(props: IStepRowProps): React.JSX.Element {
  const { step, state, colours, titles, onOpen, onGoTo } = props;
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
          onClick={() => begin !== undefined && onGoTo(step.notebook, begin)}
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
            aria-label={`Open executed notebook of ${step.name}`}
            onClick={() => onOpen(step.name, null)}
          >
            Open
          </button>
        ) : null}
      </div>
      {state ? <StepNews state={state} titles={titles} /> : <Flow step={step} />}
      {planned ? <Planned task={planned} /> : null}
      {state && state.tasks.length > 1 ? (
        <Items tasks={state.tasks} onOpen={task => onOpen(step.name, task)} />
      ) : null}
    </li>
  );
}

/** What goes in and out, as long as nothing has happened. */
function Flow({ step }: { step: Step }): React.JSX.Element | null {
  const words = [
    step.inputs.length > 0 ? `takes ${step.inputs.join(', ')}` : '',
    step.outputs.length > 0 ? `gives ${step.outputs.join(', ')}` : '',
    step.after.length > 0 ? `after ${step.after.join(', ')}` : '',
    step.foreach === null ? '' : `for each ${step.foreach}`
  ].filter(Boolean);
  return words.length > 0 ? (
    <p className="nbpipe-Quiet nbpipe-Detail">{words.join(' · ')}</p>
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
          ? `${state.done} of ${state.tasks.length} done`
          : `cell ${Math.min(state.cells.done + 1, state.cells.total)} of ${state.cells.total}`}
        {at ? <code className="nbpipe-Preview"> {at}</code> : null}
      </p>
    );
  }
  // Why a step that went well had to run is not worth a line; it is said on its state.
  return state.reason && state.state !== 'ok' ? (
    <p className="nbpipe-Quiet nbpipe-Detail">{state.reason}</p>
  ) : null;
}

const ACTIONS = {
  run: 'Would run',
  reuse: 'Would be reused',
  waiting: 'Is known when what it takes is there',
  'left-out': 'Would be left out'
} as const;

function Planned({ task }: { task: PlannedTask }): React.JSX.Element {
  return (
    <p className="nbpipe-Detail">
      {ACTIONS[task.action]}
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

interface IItemsProps {
  readonly tasks: readonly Task[];
  readonly onOpen: (task: string) => void;
}

function Items({ tasks, onOpen }: IItemsProps): React.JSX.Element {
  const bad = tasks.filter(({ state }) => isBad(state)).length;
  return (
    <details className="nbpipe-Detail">
      <summary>
        {count(tasks.length, 'item')}
        {bad > 0 ? `, ${bad} not well` : ''}
      </summary>
      <ul className="nbpipe-List">
        {tasks.map(task => (
          <li key={task.task} className="nbpipe-Row">
            <span className="nbpipe-Preview">{task.item ?? task.task}</span>
            <StateMark state={task.state} />
            {task.notebook === null ? null : (
              <button
                type="button"
                className="nbpipe-Link nbpipe-Right"
                aria-label={`Open executed notebook of ${task.task}`}
                onClick={() => onOpen(task.task)}
              >
                Open
              </button>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}
