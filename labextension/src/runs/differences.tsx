/** What differs between two runs: code by step, inputs, values, and a step's notebooks. */

import React from 'react';

import { trans } from '../translation';
import type { CellDiff, Diff, How, Side } from '../wire';
import { moment } from '../words';
import type { CompareModel, CompareState } from './comparemodel';

export interface IDifferencesProps {
  readonly model: CompareModel;
  readonly state: CompareState;
  readonly sides: readonly Side[];
}

export function Differences(props: IDifferencesProps): React.JSX.Element | null {
  const { model, state, sides } = props;
  const { pair, diff } = state;
  if (pair === null) {
    return null;
  }
  return (
    <section aria-label={trans.__('What differs')}>
      <div className="nbpipe-Past-bar">
        <h2>{trans.__('What differs')}</h2>
        <Choice
          label={trans.__('Before')}
          value={pair[0]}
          sides={sides}
          onChange={id => void model.setPair(id, pair[1])}
        />
        <span aria-hidden="true">→</span>
        <Choice
          label={trans.__('After')}
          value={pair[1]}
          sides={sides}
          onChange={id => void model.setPair(pair[0], id)}
        />
      </div>
      {diff === null ? <p className="nbpipe-Quiet">…</p> : <Told diff={diff} />}
      <Notebooks {...props} pair={pair} />
    </section>
  );
}

interface IChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly sides: readonly Side[];
  readonly onChange: (id: string) => void;
}

function Choice({ label, value, sides, onChange }: IChoiceProps): React.JSX.Element {
  return (
    <select
      className="jp-mod-styled"
      aria-label={label}
      value={value}
      onChange={event => onChange(event.target.value)}
    >
      {sides.map(side => (
        <option key={side.id} value={side.id}>
          {`${moment(side.started)} (${side.id.slice(-4)})`}
        </option>
      ))}
    </select>
  );
}

function Told({ diff }: { readonly diff: Diff }): React.JSX.Element {
  const { code, inputs, outputs } = diff;
  if (code.length + inputs.length + outputs.length === 0) {
    return <p className="nbpipe-Quiet">{trans.__('Code, inputs and values are the same.')}</p>;
  }
  return (
    <>
      {code.map(({ name, how, lines }) => (
        <React.Fragment key={name}>
          <h3>
            {name} <small className="nbpipe-Quiet">{howWord(how)}</small>
          </h3>
          <Lines lines={lines} />
        </React.Fragment>
      ))}
      <ul className="nbpipe-List">
        {inputs.map(({ task, text }, i) => (
          <li key={i}>
            <strong>{task}</strong>: {text}
          </li>
        ))}
        {outputs.map(({ task, name, how, before, after }) => (
          <li key={`${task} ${name}`}>
            <strong>{task}</strong>: {name} {howWord(how)}
            {before !== after ? (
              <span className="nbpipe-Quiet">
                {' '}
                {shortened(before)} → {shortened(after)}
              </span>
            ) : null}
          </li>
        ))}
      </ul>
    </>
  );
}

function howWord(how: How): string {
  return { new: trans.__('is new'), gone: trans.__('is gone'), changed: trans.__('differs') }[how];
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

interface INotebooksProps extends IDifferencesProps {
  readonly pair: readonly [string, string];
}

/** The executed notebooks of a step in both runs, cell by cell. */
function Notebooks({ model, state, sides, pair }: INotebooksProps): React.JSX.Element {
  const [before, after] = pair.map(id => sides.find(side => side.id === id));
  const both = (before?.steps ?? []).filter(one => after?.steps.some(s => s.step === one.step));
  const [unchanged, setUnchanged] = React.useState(false);
  return (
    <>
      <div className="nbpipe-Past-bar">
        <h3>{trans.__('Executed notebooks')}</h3>
        <select
          className="jp-mod-styled"
          aria-label={trans.__('Step whose notebooks are compared')}
          value={state.task}
          onChange={event => void model.setTask(event.target.value)}
        >
          <option value="">{trans.__('choose a step')}</option>
          {both.map(({ step }) => (
            <option key={step} value={step}>
              {step}
            </option>
          ))}
        </select>
        {state.cells === null ? null : (
          <label className="nbpipe-Choice">
            <input
              type="checkbox"
              checked={unchanged}
              onChange={event => setUnchanged(event.target.checked)}
            />
            {trans.__('Show cells that are the same')}
          </label>
        )}
      </div>
      {state.cells === null ? null : (
        <Cells cells={state.cells.filter(({ how }) => unchanged || how !== '')} />
      )}
    </>
  );
}

function Cells({ cells }: { readonly cells: readonly CellDiff[] }): React.JSX.Element {
  if (cells.length === 0) {
    return <p className="nbpipe-Quiet">{trans.__('All cells are the same.')}</p>;
  }
  return (
    <ol className="nbpipe-List" aria-label={trans.__('Cells')}>
      {cells.map(({ cell, how, source, output, pictures }) => (
        <li key={cell} className="nbpipe-CellDiff" data-how={how}>
          <small className="nbpipe-Quiet">{how === '' ? trans.__('the same') : howWord(how)}</small>
          <Lines lines={source} />
          {output.length > 0 ? <Lines lines={output} /> : null}
          {pictures ? <p>{trans.__('What it drew differs.')}</p> : null}
        </li>
      ))}
    </ol>
  );
}

function Lines({ lines }: { readonly lines: readonly string[] }): React.JSX.Element {
  return (
    <pre className="nbpipe-Lines" tabIndex={0}>
      {lines.map((line, i) => (
        <span key={i} data-mark={line.charAt(0)}>
          {line}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}
