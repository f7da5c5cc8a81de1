/** What is wrong in the notebook, where, and what cures it. */

import React from 'react';

import type { Problem } from '../wire';
import { Section } from './section';

export interface IProblemsProps {
  readonly problems: readonly Problem[];
  readonly onGoTo: (notebook: string | null, cell: string) => void;
  readonly onFix: (cell: string, add: readonly string[], remove: readonly string[]) => void;
}

const SIGNS = { error: '✕', warning: '▲', info: 'ℹ' } as const;

export function Problems({ problems, onGoTo, onFix }: IProblemsProps): React.JSX.Element {
  return (
    <Section title="Problems" extra={problems.length}>
      {problems.length === 0 ? <p className="nbpipe-Hint">None found.</p> : null}
      <ul className="nbpipe-List">
        {problems.map((problem, i) => (
          <li key={`${problem.code} ${problem.cell} ${i}`} className="nbpipe-Problem">
            <Sentence problem={problem} onGoTo={onGoTo} />
            {problem.suggestion ? <p className="nbpipe-Detail">{problem.suggestion}</p> : null}
            {problem.fix ? <FixButton fix={problem.fix} onFix={onFix} /> : null}
          </li>
        ))}
      </ul>
    </Section>
  );
}

interface ISentenceProps extends Pick<IProblemsProps, 'onGoTo'> {
  readonly problem: Problem;
}

function Sentence({ problem, onGoTo }: ISentenceProps): React.JSX.Element {
  const { cell, notebook, severity, message } = problem;
  const text = (
    <>
      <span className="nbpipe-Severity" data-severity={severity}>
        <span aria-hidden="true">{SIGNS[severity]}</span> {severity}
      </span>{' '}
      {message} <span className="nbpipe-Quiet">{placeOf(problem)}</span>
    </>
  );
  if (cell === null) {
    return <p className="nbpipe-Problem-text">{text}</p>;
  }
  return (
    <button
      type="button"
      className="nbpipe-Problem-text nbpipe-Problem-link"
      onClick={() => onGoTo(notebook, cell)}
    >
      {text}
    </button>
  );
}

function FixButton({
  fix,
  onFix
}: { fix: NonNullable<Problem['fix']> } & Pick<IProblemsProps, 'onFix'>): React.JSX.Element {
  const words = [
    ...fix.add.map(tag => `add tag ${tag}`),
    ...fix.remove.map(tag => `remove tag ${tag}`)
  ].join(', ');
  return (
    <button
      type="button"
      className="jp-mod-styled nbpipe-Small"
      onClick={() => onFix(fix.cell, fix.add, fix.remove)}
    >
      Fix: {words}
    </button>
  );
}

function placeOf({ index, line }: Problem): string {
  if (index === null) {
    return '';
  }
  return line === null ? `Cell ${index + 1}` : `Cell ${index + 1}, line ${line}`;
}
