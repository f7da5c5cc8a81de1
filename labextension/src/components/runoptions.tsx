/** Which steps are to run, and what that would do. */

import { HTMLSelect } from '@jupyterlab/ui-components';
import React from 'react';

import { sentenceOf } from '../failure';
import { trans } from '../translation';
import type { PlannedTask, Selection } from '../wire';
import { plannedWord } from '../words';

type Which = 'all' | 'only' | 'from' | 'until';

export interface IRunOptionsProps {
  readonly steps: readonly string[];
  /** The step that is offered first. */
  readonly step: string;
  readonly plan: (selection: Selection) => Promise<readonly PlannedTask[]>;
  readonly onChoose: (selection: Selection) => void;
}

export function RunOptions(props: IRunOptionsProps): React.JSX.Element {
  const { steps, plan, onChoose } = props;
  const [which, setWhich] = React.useState<Which>('all');
  const [step, setStep] = React.useState(props.step || (steps[0] ?? ''));
  const [isForced, setForced] = React.useState(false);
  const selection = React.useMemo(
    () => selectionOf(which, step, isForced ? steps : []),
    [which, step, isForced, steps]
  );
  React.useEffect(() => onChoose(selection), [selection, onChoose]);
  return (
    <>
      <fieldset className="nbpipe-RunOptions-steps">
        <legend>{trans.__('Which steps')}</legend>
        {choices().map(([value, label]) => (
          <label key={value}>
            <input
              type="radio"
              name="nbpipe-which"
              checked={which === value}
              onChange={() => setWhich(value)}
            />
            {label}
          </label>
        ))}
        <HTMLSelect
          aria-label={trans.__('Step')}
          value={step}
          disabled={which === 'all'}
          onChange={event => setStep(event.target.value)}
        >
          {steps.map(name => (
            <option key={name}>{name}</option>
          ))}
        </HTMLSelect>
      </fieldset>
      <label className="nbpipe-RunOptions-force">
        <input
          type="checkbox"
          checked={isForced}
          onChange={event => setForced(event.target.checked)}
        />
        {trans.__('Run again also where a stored result could be reused')}
      </label>
      <PlanPreview selection={selection} plan={plan} />
    </>
  );
}

function choices(): readonly (readonly [Which, string])[] {
  return [
    ['all', trans.__('All')],
    ['only', trans.__('Only this one')],
    ['from', trans.__('This one and what follows')],
    ['until', trans.__('This one and what leads to it')]
  ];
}

function selectionOf(which: Which, step: string, force: readonly string[]): Selection {
  return {
    ...(which === 'all' ? {} : { [which]: [step] }),
    ...(force.length > 0 ? { force } : {})
  };
}

interface IPlanPreviewProps {
  readonly selection: Selection;
  readonly plan: (selection: Selection) => Promise<readonly PlannedTask[]>;
}

function PlanPreview({ selection, plan }: IPlanPreviewProps): React.JSX.Element {
  const [tasks, setTasks] = React.useState<readonly PlannedTask[] | null>(null);
  const [fault, setFault] = React.useState('');
  React.useEffect(() => {
    let isWanted = true;
    plan(selection).then(
      found => {
        if (isWanted) {
          setTasks(found);
          setFault('');
        }
      },
      (error: unknown) => {
        if (isWanted) {
          setFault(sentenceOf(error));
        }
      }
    );
    return () => {
      isWanted = false;
    };
  }, [selection, plan]);
  if (fault !== '') {
    return (
      <p className="nbpipe-Message" role="alert">
        {fault}
      </p>
    );
  }
  return (
    <div
      className="nbpipe-RunOptions-plan"
      tabIndex={0}
      role="region"
      aria-label={trans.__('Plan')}
    >
      {tasks === null ? (
        <p className="nbpipe-Quiet">{trans.__('Asking what would run…')}</p>
      ) : (
        <table>
          <tbody>
            {tasks.map(task => (
              <tr key={task.task} data-action={task.action}>
                <th scope="row">{task.task}</th>
                <td>{plannedWord(task.action)}</td>
                <td className="nbpipe-Quiet">{task.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
