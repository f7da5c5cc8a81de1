/** What is wrong in the notebook, where, and what cures it. */

import React from 'react';

import { fixWords, SEVERITY } from '../marks';
import { trans } from '../translation';
import type { Fix, Problem } from '../wire';
import { Section } from './section';

export interface IProblemsProps {
  readonly problems: readonly Problem[];
  readonly onGoTo: (notebook: string | null, cell: string | null, line: number | null) => void;
  readonly onFix: (notebook: string | null, fix: Fix) => void;
}

export function Problems({ problems, onGoTo, onFix }: IProblemsProps): React.JSX.Element {
  return (
    <Section title={trans.__('Problems')} extra={problems.length}>
      {problems.length === 0 ? <p className="nbpipe-Hint">{trans.__('None found.')}</p> : null}
      <ul className="nbpipe-List">
        {problems.map((problem, i) => (
          <li key={`${problem.code} ${problem.cell} ${i}`} className="nbpipe-Problem">
            <Sentence problem={problem} onGoTo={onGoTo} />
            {problem.suggestion ? <p className="nbpipe-Detail">{problem.suggestion}</p> : null}
            {problem.fix ? (
              <FixButton fix={problem.fix} onFix={fix => onFix(problem.notebook, fix)} />
            ) : null}
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
  const { cell, notebook, severity, message, line } = problem;
  const text = (
    <>
      <span className="nbpipe-Severity" data-severity={severity}>
        <span aria-hidden="true">{SEVERITY[severity]}</span> {severityWord(severity)}
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
      onClick={() => onGoTo(notebook, cell, line)}
    >
      {text}
    </button>
  );
}

interface IFixButtonProps {
  readonly fix: Fix;
  readonly onFix: (fix: Fix) => void;
}

function FixButton({ fix, onFix }: IFixButtonProps): React.JSX.Element {
  return (
    <button type="button" className="jp-mod-styled nbpipe-Small" onClick={() => onFix(fix)}>
      {fixWords(fix)}
    </button>
  );
}

function placeOf({ index, line, notebook }: Problem): string {
  if (index === null) {
    return notebook ?? '';
  }
  return line === null
    ? trans.__('Cell %1', index + 1)
    : trans.__('Cell %1, line %2', index + 1, line);
}

function severityWord(severity: Problem['severity']): string {
  switch (severity) {
    case 'error':
      return trans.__('error');
    case 'warning':
      return trans.__('warning');
    case 'info':
      return trans.__('info');
  }
}
