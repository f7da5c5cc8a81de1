/** The pipeline's parameters: one field each, by the type of its default. */

import React from 'react';

import { fromText, toText } from '../parameters';
import type { Parameter } from '../wire';
import { Field, TextField } from './fields';
import { Section } from './section';

export interface IParametersProps {
  readonly parameters: readonly Parameter[];
  readonly typed: { readonly [name: string]: string };
  readonly onChange: (name: string, text: string | null) => void;
}

export function Parameters({
  parameters,
  typed,
  onChange
}: IParametersProps): React.JSX.Element | null {
  if (parameters.length === 0) {
    return null;
  }
  const changed = parameters.filter(({ name }) => typed[name] !== undefined).length;
  return (
    <Section title="Parameters" extra={changed > 0 ? `${changed} changed` : ''}>
      <div className="nbpipe-Form">
        {parameters.map(parameter => (
          <OneParameter
            key={parameter.name}
            parameter={parameter}
            typed={typed[parameter.name]}
            onChange={text => onChange(parameter.name, text)}
          />
        ))}
      </div>
    </Section>
  );
}

interface IOneParameterProps {
  readonly parameter: Parameter;
  readonly typed: string | undefined;
  readonly onChange: (text: string | null) => void;
}

function OneParameter({ parameter, typed, onChange }: IOneParameterProps): React.JSX.Element {
  const normal = toText(parameter, parameter.default);
  const text = typed ?? normal;
  const set = (value: string): void => onChange(value === normal ? null : value);
  const reading = fromText(parameter, text);
  return (
    <div className="nbpipe-Parameter" data-changed={typed !== undefined}>
      {parameter.type === 'boolean' ? (
        <Field label={parameter.name}>
          <input
            type="checkbox"
            checked={text === 'true'}
            onChange={event => set(String(event.target.checked))}
          />
        </Field>
      ) : (
        <TextField label={parameter.name} value={text} onCommit={set} />
      )}
      {typed === undefined ? null : (
        <button
          type="button"
          className="nbpipe-Link"
          aria-label={`Default of ${parameter.name} again`}
          onClick={() => onChange(null)}
        >
          default: {normal}
        </button>
      )}
      {reading.ok ? null : (
        <p className="nbpipe-Error" role="alert">
          {reading.message}.
        </p>
      )}
    </div>
  );
}
