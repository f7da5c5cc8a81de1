/** Steps that the notebook could have: what would be tagged, why, and what a person decides. */

import React from 'react';

import type { Suggestion } from '../suggestion';
import {
  changesOf,
  isAcceptable,
  isFirst,
  nameFault,
  offersOf,
  stepAt,
  tagWords
} from '../suggestion';
import type { IActions } from '../tokens';
import { trans } from '../translation';
import type { ProposedStep, TagsChanged } from '../wire';
import { count, duration } from '../words';
import { TextField } from './fields';
import { Section } from './section';

type Actions = Pick<
  IActions,
  'leaveOut' | 'nameSuggested' | 'chooseOffer' | 'acceptSuggestion' | 'dropSuggestion' | 'goTo'
>;

export interface ISuggestionProps {
  readonly suggestion: Suggestion;
  readonly actions: Actions;
}

export default function SuggestedSteps({
  suggestion,
  actions
}: ISuggestionProps): React.JSX.Element {
  const changes = changesOf(suggestion);
  const offers = offersOf(suggestion);
  const all = [...changes, ...offers].sort((one, other) => one.index - other.index);
  const decide = React.useRef<HTMLDivElement>(null);
  // Whoever asked for it has the focus here next; whoever is elsewhere by now keeps it.
  React.useLayoutEffect(() => {
    const { activeElement, body } = document;
    if (
      activeElement === body ||
      decide.current?.closest('.nbpipe-Panel')?.contains(activeElement)
    ) {
      decide.current?.querySelector('button')?.focus();
    }
  }, []);
  return (
    <Section title={trans.__('Suggested steps')} extra={all.length > 0 ? stepCount(changes) : ''}>
      <p className="nbpipe-Hint" role="status">
        {summaryOf(suggestion, changes)}
      </p>
      <div className="nbpipe-Buttons nbpipe-Suggestion-decide" ref={decide}>
        {all.length > 0 ? (
          <button
            type="button"
            className="jp-mod-styled jp-mod-accept"
            disabled={!isAcceptable(suggestion)}
            onClick={actions.acceptSuggestion}
          >
            {suggestion.leftOut.size > 0 ? trans.__('Accept the rest') : trans.__('Accept all')}
          </button>
        ) : null}
        <button type="button" className="jp-mod-styled" onClick={actions.dropSuggestion}>
          {trans.__('Discard')}
        </button>
      </div>
      <ul className="nbpipe-List nbpipe-Suggestion">
        {all.map(change => (
          <Change
            key={change.cell}
            change={change}
            isOffer={offers.includes(change)}
            suggestion={suggestion}
            actions={actions}
          />
        ))}
      </ul>
      <Remarks suggestion={suggestion} />
    </Section>
  );
}

interface IChangeProps extends ISuggestionProps {
  readonly change: TagsChanged;
  readonly isOffer: boolean;
}

function Change(props: IChangeProps): React.JSX.Element {
  const { change, isOffer, suggestion, actions } = props;
  const cell = trans.__('Cell %1', change.index + 1);
  const step = isOffer ? null : stepAt(suggestion, change.cell);
  const tags = isOffer ? '' : tagWords(step === null ? change : withoutStep(change));
  return (
    <li className="nbpipe-Suggestion-change" data-step={change.step !== '' && !isOffer}>
      <div className="nbpipe-Suggestion-line">
        <button
          type="button"
          className="nbpipe-Link"
          onClick={() => actions.goTo(null, change.cell, null)}
        >
          {cell}
        </button>
        {step === null ? null : (
          <div className="nbpipe-Suggestion-name">
            <TextField
              label={trans.__('Step at %1', cell)}
              value={change.step}
              fault={name => nameFault(suggestion, change.cell, name.trim())}
              onCommit={name => actions.nameSuggested(change.cell, name)}
            />
          </div>
        )}
        {isOffer ? <Offer {...props} cell={cell} /> : null}
        {step === null && tags ? <span className="nbpipe-Suggestion-tags">{tags}</span> : null}
      </div>
      {step !== null && tags ? <span className="nbpipe-Suggestion-tags">{tags}</span> : null}
      <div className="nbpipe-Suggestion-line">
        <p className="nbpipe-Detail nbpipe-Quiet">{[change.why, ...factsOf(step)].join(' · ')}</p>
        {isOffer || isFirst(suggestion, change.cell) ? null : (
          <button
            type="button"
            className="nbpipe-Link nbpipe-Right"
            aria-label={trans.__('Leave out %1', cell)}
            onClick={() => actions.leaveOut(change.cell)}
          >
            {trans.__('Leave out')}
          </button>
        )}
      </div>
    </li>
  );
}

/** The change without the tag that names its step, which stands in a field. */
function withoutStep(change: TagsChanged): TagsChanged {
  return { ...change, add: change.add.filter(tag => tag !== `step:${change.step}`) };
}

/** A cell that only looks: kept with its step unless it is chosen to stay out. */
function Offer(props: IChangeProps & { readonly cell: string }): React.JSX.Element {
  const { change, cell, suggestion, actions } = props;
  return (
    <label className="nbpipe-Check">
      <input
        type="checkbox"
        aria-label={trans.__('Leave out (tag skip): %1', cell)}
        checked={suggestion.chosen.has(change.cell)}
        onChange={event => actions.chooseOffer(change.cell, event.target.checked)}
      />
      {trans.__('Leave out (tag skip)')}
    </label>
  );
}

/** What else the proposal says: parallel steps, what is kept together, problems. */
function Remarks({ suggestion }: Pick<ISuggestionProps, 'suggestion'>): React.JSX.Element | null {
  const { side_by_side, merged, problems } = suggestion.proposal;
  const lines = [
    ...side_by_side.map(group => trans.__('Side by side: %1', named(suggestion, group))),
    ...merged,
    ...problems.map(({ message, suggestion: hint }) => `${message} ${hint}`.trim())
  ];
  return lines.length === 0 ? null : (
    <ul className="nbpipe-List nbpipe-Suggestion-remarks">
      {lines.map(line => (
        <li key={line} className="nbpipe-Detail">
          {line}
        </li>
      ))}
    </ul>
  );
}

/** The names of steps as they were given. */
function named({ proposal, names }: Suggestion, steps: readonly string[]): string {
  const begins = new Map(proposal.changes.map(({ step, cell }) => [step, cell]));
  return steps.map(step => names.get(begins.get(step) ?? '') ?? step).join(', ');
}

function summaryOf({ proposal }: Suggestion, changes: readonly TagsChanged[]): string {
  if (proposal.steps.length === 0) {
    return trans.__('No steps can be suggested for this notebook.');
  }
  return changes.length === 0
    ? trans.__('Nothing would be changed: these are the steps that it has.')
    : trans.__('Nothing is written before you accept; one undo takes it back.');
}

function stepCount(changes: readonly TagsChanged[]): string {
  return count(changes.filter(({ step }) => step !== '').length, 'step');
}

/** How many cells a step has, and what is known of them. */
function factsOf(step: ProposedStep | null): string[] {
  if (step === null) {
    return [];
  }
  const { cells, looks, seconds } = step;
  return [
    trans._n('%1 cell', '%1 cells', cells.length),
    looks.length > 0 ? trans._n('%1 only looks', '%1 only look', looks.length) : '',
    seconds === null ? '' : duration(seconds)
  ].filter(Boolean);
}
