/** A task that is looked at: how it went, what it left, and the ways into it. */

import React from 'react';

import { StateMark } from '../components/statemark';
import { trans } from '../translation';
import type { Artifact, TaskInFull } from '../wire';
import { duration } from '../words';
import { ArtifactCard, Fact } from './artifact';
import type { PageModel } from './pagemodel';
import { textOf } from './sides';
import { sizeText } from './size';

export interface ITaskProps {
  readonly model: PageModel;
  readonly task: TaskInFull;
  readonly busy: boolean;
}

export function TaskView({ model, task, busy }: ITaskProps): React.JSX.Element {
  return (
    <article className="nbpipe-Task" aria-label={trans.__('Task %1', task.task)}>
      <div className="nbpipe-Row">
        {task.item === null ? null : <h3>{task.item}</h3>}
        <StateMark state={task.state} />
        <span className="nbpipe-Quiet nbpipe-Right">
          {task.seconds === null ? '' : duration(task.seconds)}
        </span>
      </div>
      <Doors model={model} task={task} busy={busy} />
      <Fault task={task} />
      <dl className="nbpipe-Facts">
        <Fact name={trans.__('because')} value={task.reason} />
        <Fact
          name={trans.__('made in')}
          value={task.source ? `${task.source.run} / ${task.source.task}` : undefined}
        />
        <Fact
          name={trans.__('attempt')}
          value={task.attempt > 1 ? String(task.attempt) : undefined}
        />
        <Fact
          name={trans.__('memory')}
          value={task.memory === null ? undefined : sizeText(task.memory)}
        />
        {Object.entries(task.metrics).map(([name, value]) => (
          <Fact key={name} name={name} value={value === null ? '—' : textOf(value)} />
        ))}
      </dl>
      <Checks checks={task.checks} />
      <Left model={model} task={task} />
    </article>
  );
}

function Doors({ model, task, busy }: ITaskProps): React.JSX.Element {
  if (task.notebook === null) {
    return <p className="nbpipe-Quiet">{trans.__('It left no executed notebook.')}</p>;
  }
  return (
    <div className="nbpipe-Buttons">
      <button type="button" className="jp-mod-styled" onClick={() => void model.openNotebook(task)}>
        {trans.__('Open notebook')}
      </button>
      {task.lingers ? (
        <button
          type="button"
          className="jp-mod-styled"
          disabled={busy}
          title={trans.__('A copy with the very kernel that failed, as the failing cell left it')}
          onClick={() => void model.openInItsKernel(task)}
        >
          {trans.__('Open in its kernel')}
        </button>
      ) : null}
      <button
        type="button"
        className="jp-mod-styled"
        disabled={busy}
        title={trans.__('A copy with a live kernel, in which what the step takes is loaded')}
        onClick={() => void model.openWithState(task, 'inputs')}
      >
        {trans.__('Open with its inputs')}
      </button>
      {task.error?.cell ? (
        <button
          type="button"
          className="jp-mod-styled"
          disabled={busy}
          title={trans.__(
            'A copy with a live kernel, in which all before the failing cell has run'
          )}
          onClick={() => void model.openWithState(task, 'failure')}
        >
          {trans.__('Open where it failed')}
        </button>
      ) : null}
    </div>
  );
}

function Fault({ task }: { readonly task: TaskInFull }): React.JSX.Element | null {
  const { error } = task;
  if (error === null) {
    return null;
  }
  return (
    <div className="nbpipe-Fault">
      <p className="nbpipe-Error">
        <strong>{error.name}</strong>
        {error.message ? `: ${error.message}` : ''}
      </p>
      {error.traceback ? (
        <details>
          <summary>{trans.__('Traceback')}</summary>
          <pre className="nbpipe-Log" tabIndex={0}>
            {error.traceback}
          </pre>
        </details>
      ) : null}
    </div>
  );
}

interface IChecksProps {
  readonly checks: { readonly [cell: string]: string };
}

function Checks({ checks }: IChecksProps): React.JSX.Element | null {
  const said = Object.values(checks);
  if (said.length === 0) {
    return null;
  }
  return (
    <>
      <h4>{trans.__('Checks')}</h4>
      <ul className="nbpipe-List">
        {said.map((text, i) => (
          <li key={i}>
            <CheckMark said={text} />
          </li>
        ))}
      </ul>
    </>
  );
}

export function CheckMark({ said }: { readonly said: string }): React.JSX.Element {
  return said === 'ok' ? (
    <StateMark state="ok" />
  ) : (
    <>
      <StateMark state="failed" /> {said}
    </>
  );
}

const TITLES: readonly (readonly [string, readonly string[]])[] = [
  ['values', ['value']],
  ['files', ['file']],
  ['others', ['notebook', 'log', 'items', 'random', 'profile', 'dump']]
];

function Left({ model, task }: Omit<ITaskProps, 'busy'>): React.JSX.Element {
  const words: Readonly<Record<string, string>> = {
    values: trans.__('Values'),
    files: trans.__('Files'),
    others: trans.__('Notebook, log and other')
  };
  return (
    <>
      {TITLES.map(([name, kinds]) => (
        <Shelf
          key={name}
          title={words[name] ?? name}
          artifacts={task.artifacts.filter(({ kind }) => kinds.includes(kind))}
          model={model}
          task={task}
        />
      ))}
    </>
  );
}

interface IShelfProps {
  readonly title: string;
  readonly artifacts: readonly Artifact[];
  readonly model: PageModel;
  readonly task: TaskInFull;
}

function Shelf({ title, artifacts, model, task }: IShelfProps): React.JSX.Element | null {
  if (artifacts.length === 0) {
    return null;
  }
  const canLoad = ({ kind }: Artifact): boolean => kind === 'value' || kind === 'file';
  return (
    <>
      <h4>{title}</h4>
      <ul className="nbpipe-List" aria-label={title}>
        {artifacts.map(artifact => (
          <ArtifactCard
            key={`${artifact.name} ${artifact.digest}`}
            artifact={artifact}
            shelf={model}
            onInsert={canLoad(artifact) ? () => model.insert(task, artifact) : null}
          />
        ))}
      </ul>
    </>
  );
}
