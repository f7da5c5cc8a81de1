/** The buttons of a run, what it would do, how far it is, and why it failed. */

import { caretDownIcon } from '@jupyterlab/ui-components';
import React from 'react';

import { expectedOf } from '../estimate';
import { isOver } from '../reduce';
import type { State } from '../state';
import type { IActions } from '../tokens';
import { trans } from '../translation';
import { duration } from '../words';
import { Fault } from './fault';
import { RunLine } from './runline';

export interface IRunBarProps {
  readonly state: State;
  readonly actions: IActions;
}

export function RunBar({ state, actions }: IRunBarProps): React.JSX.Element {
  const { run, looking } = state;
  const isRunning = run !== null && !isOver(run.state);
  return (
    <div className="nbpipe-RunBar">
      <Buttons state={state} actions={actions} isRunning={isRunning} />
      {isRunning || looking ? null : <PlanLine state={state} actions={actions} />}
      {looking ? null : <More state={state} actions={actions} />}
      {run ? <RunLine state={state} run={run} onGoTo={actions.goTo} /> : null}
      {run && !isRunning ? <Fault state={state} run={run} actions={actions} /> : null}
      {looking ? (
        <button type="button" className="nbpipe-Link" onClick={() => actions.showRun(null)}>
          {trans.__('Back to the notebook as it is now')}
        </button>
      ) : null}
    </div>
  );
}

function Buttons(props: IRunBarProps & { readonly isRunning: boolean }): React.JSX.Element {
  const { state, actions, isRunning } = props;
  const { run, starting } = state;
  const isResumable = run !== null && !isRunning && run.state !== 'ok';
  // Not `disabled`: what was just pressed keeps the focus.
  const busy = starting || isRunning;
  return (
    <div className="nbpipe-Buttons">
      <span className="nbpipe-Split">
        <button
          type="button"
          className="jp-mod-styled jp-mod-accept"
          aria-disabled={busy}
          onClick={busy ? undefined : actions.run}
        >
          {trans.__('Run pipeline')}
        </button>
        <button
          type="button"
          className="jp-mod-styled jp-mod-accept nbpipe-Split-more"
          aria-label={trans.__('Other ways to run')}
          title={trans.__('Other ways to run')}
          aria-haspopup="menu"
          disabled={busy || state.compiled === null}
          onClick={({ currentTarget }) => {
            const { left, bottom } = currentTarget.getBoundingClientRect();
            actions.offerRuns(left, bottom);
          }}
        >
          <caretDownIcon.react tag="span" />
        </button>
      </span>
      {isRunning ? (
        <button type="button" className="jp-mod-styled jp-mod-warn" onClick={actions.cancel}>
          {trans.__('Cancel run')}
        </button>
      ) : null}
      {isResumable ? (
        <button type="button" className="jp-mod-styled" onClick={actions.resume}>
          {trans.__('Resume run')}
        </button>
      ) : null}
    </div>
  );
}

/** What else can be done with the pipeline. */
function More({ state, actions }: IRunBarProps): React.JSX.Element {
  const isOneStep = typeof state.metadata?.step === 'string';
  const proves = state.provingStarts || isMade(state);
  return (
    <div className="nbpipe-Buttons nbpipe-More">
      <button
        type="button"
        className="jp-mod-styled"
        aria-disabled={proves}
        title={trans.__('Prove that the pipeline gives what Run All gives')}
        onClick={proves ? undefined : actions.verify}
      >
        {trans.__('Verify')}
      </button>
      <button
        type="button"
        className="jp-mod-styled"
        disabled={isOneStep}
        aria-disabled={state.suggesting || isOneStep}
        title={isOneStep ? trans.__('The whole notebook is one step') : undefined}
        onClick={state.suggesting ? undefined : actions.suggest}
      >
        {trans.__('Suggest steps')}
      </button>
    </div>
  );
}

/** A proof is being made. */
function isMade({ proving }: State): boolean {
  return proving !== null && !isOver(proving.state);
}

/** What a run would do now; step by step on demand. */
function PlanLine({ state, actions }: IRunBarProps): React.JSX.Element | null {
  if (state.compiled === null || state.compiled.steps.length === 0) {
    return null;
  }
  return (
    <div className="nbpipe-PlanLine">
      <button
        type="button"
        className="nbpipe-Link"
        aria-expanded={state.planShown}
        onClick={actions.plan}
      >
        {trans.__('What would run?')}
      </button>
      <span className="nbpipe-Quiet">{planWords(state)}</span>
    </div>
  );
}

function planWords({ plan, compiled, durations }: State): string {
  if (plan === null || plan.size === 0 || compiled === null) {
    return '';
  }
  const of = (action: string): number =>
    [...plan.values()].filter(task => task.action === action).length;
  const words = [
    of('run') > 0 ? trans._n('%1 to run', '%1 to run', of('run')) : '',
    of('waiting') > 0 ? trans._n('%1 perhaps', '%1 perhaps', of('waiting')) : '',
    of('reuse') > 0 ? trans._n('%1 reused', '%1 reused', of('reuse')) : ''
  ].filter(Boolean);
  const seconds = expectedOf(plan, compiled.edges, durations);
  const about = seconds === null ? [] : [trans.__('about %1', duration(seconds))];
  return [...words, ...about].join(' · ');
}
