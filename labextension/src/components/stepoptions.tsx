/** The options of a step: what is left empty has its default. */

import React from 'react';

import type { Metadata } from '../edits';
import type { IOption } from '../options';
import { ENGINES, OPTIONS, textOf, valueOf, written } from '../options';
import { trans } from '../translation';
import type { Json } from '../wire';
import { Field, TextField } from './fields';

export interface IStepOptionsProps {
  /** As they are written in the notebook. */
  readonly options: Metadata;
  readonly onChange: (option: string, value: Json) => void;
}

export function StepOptions({ options, onChange }: IStepOptionsProps): React.JSX.Element {
  const set = OPTIONS.filter(option => textOf(options, option) !== '').length;
  return (
    <details className="nbpipe-Options">
      <summary>
        {trans.__('Options')}
        {set > 0 ? (
          <span className="nbpipe-Quiet"> {trans._n('%1 set', '%1 set', set)}</span>
        ) : null}
      </summary>
      <div className="nbpipe-Form">
        {OPTIONS.map(option => (
          <OptionField key={option.name} option={option} options={options} onChange={onChange} />
        ))}
      </div>
    </details>
  );
}

interface IOptionFieldProps extends IStepOptionsProps {
  readonly option: IOption;
}

function OptionField({ option, options, onChange }: IOptionFieldProps): React.JSX.Element {
  const [wrong, setWrong] = React.useState(false);
  const label = labelOf(option.name);
  const text = textOf(options, option);
  const commit = (typed: string): void => {
    const value = valueOf(option.kind, typed);
    setWrong(value === undefined);
    if (value !== undefined) {
      onChange(...written(options, option, value));
    }
  };
  const choices = choicesOf(option);
  if (choices) {
    return (
      <Field label={label}>
        <select
          className="jp-mod-styled"
          value={text}
          onChange={event => commit(event.target.value)}
        >
          {choices.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </Field>
    );
  }
  return (
    <>
      <TextField label={label} value={text} placeholder={hintOf(option)} onCommit={commit} />
      {wrong ? (
        <p className="nbpipe-Error" role="alert">
          {trans.__('%1: write %2', label, hintOf(option))}
        </p>
      ) : null}
    </>
  );
}

function choicesOf({ kind }: IOption): (readonly [string, string])[] | null {
  switch (kind) {
    case 'engine':
      return [['', trans.__('the default')], ...ENGINES.map(name => [name, name] as const)];
    case 'flag':
      return [
        ['', trans.__('yes')],
        ['false', trans.__('no: run every time')]
      ];
    default:
      return null;
  }
}

function labelOf(name: string): string {
  const labels: Readonly<Record<string, string>> = {
    retries: trans.__('Retries'),
    retry_delay: trans.__('Pause before a retry'),
    timeout: trans.__('Timeout'),
    cpu: trans.__('Cores'),
    memory: trans.__('Memory'),
    gpu: trans.__('GPUs'),
    engine: trans.__('Engine'),
    cache: trans.__('Reuse'),
    gives: trans.__('Gives'),
    reads: trans.__('Reads files'),
    writes: trans.__('Writes files')
  };
  return labels[name] ?? name;
}

const SECONDS = new Set(['retry_delay', 'timeout']);

function hintOf({ name, kind }: IOption): string {
  switch (kind) {
    case 'count':
      return trans.__('a whole number');
    case 'amount':
      return SECONDS.has(name) ? trans.__('seconds') : trans.__('a number');
    case 'size':
      return trans.__('a size, as 2 GB');
    default:
      return name === 'gives' ? trans.__('names, with commas') : trans.__('paths, with commas');
  }
}
