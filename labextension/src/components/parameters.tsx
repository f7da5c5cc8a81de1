/** The pipeline's parameters: one field each, by the type of its default, and presets of them. */

import React from 'react';

import { fromText, toText } from '../parameters';
import type { IActions } from '../tokens';
import { trans } from '../translation';
import type { Parameter, ParameterType } from '../wire';
import { Field, TextField } from './fields';
import { Section } from './section';

type Typed = { readonly [name: string]: string };

export interface IParametersProps {
  readonly parameters: readonly Parameter[];
  readonly typed: Typed;
  /** Sets of values by name. */
  readonly presets: { readonly [name: string]: Typed };
  readonly actions: Pick<IActions, 'setParameter' | 'takePreset' | 'savePreset' | 'deletePreset'>;
}

export function Parameters(props: IParametersProps): React.JSX.Element | null {
  const { parameters, typed, actions } = props;
  if (parameters.length === 0) {
    return null;
  }
  const changed = parameters.filter(({ name }) => typed[name] !== undefined).length;
  return (
    <Section
      title={trans.__('Parameters')}
      extra={changed > 0 ? trans._n('%1 changed', '%1 changed', changed) : ''}
    >
      <div className="nbpipe-Form">
        <Presets {...props} isChanged={changed > 0} />
        {parameters.map(parameter => (
          <OneParameter
            key={parameter.name}
            parameter={parameter}
            typed={typed[parameter.name]}
            onChange={text => actions.setParameter(parameter.name, text)}
          />
        ))}
      </div>
    </Section>
  );
}

/** Values kept under a name; shown where there are some, or some to keep. */
function Presets(
  props: IParametersProps & { readonly isChanged: boolean }
): React.JSX.Element | null {
  const { presets, typed, actions, isChanged } = props;
  const names = Object.keys(presets);
  if (names.length === 0 && !isChanged) {
    return null;
  }
  const current = names.find(name => areSame(presets[name] ?? {}, typed)) ?? '';
  return (
    <div className="nbpipe-Presets">
      <Field label={trans.__('Preset')}>
        <select
          className="jp-mod-styled"
          value={current}
          onChange={event => actions.takePreset(event.target.value)}
        >
          <option value="">{isChanged ? trans.__('(not kept)') : trans.__('(defaults)')}</option>
          {names.map(name => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </Field>
      <div className="nbpipe-Presets-buttons">
        <button
          type="button"
          className="nbpipe-Link"
          disabled={!isChanged || current !== ''}
          onClick={actions.savePreset}
        >
          {trans.__('Save as preset…')}
        </button>
        {current === '' ? null : (
          <button
            type="button"
            className="nbpipe-Link"
            onClick={() => actions.deletePreset(current)}
          >
            {trans.__('Delete preset')}
          </button>
        )}
      </div>
    </div>
  );
}

function areSame(some: Typed, others: Typed): boolean {
  const names = Object.keys(some);
  return (
    names.length === Object.keys(others).length && names.every(name => some[name] === others[name])
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
        <TextField
          label={parameter.name}
          value={text}
          inputMode={KEYBOARDS[parameter.type] ?? 'text'}
          isLong={isLong(parameter)}
          fault={typing => faultOf(parameter, typing)}
          onCommit={set}
        />
      )}
      {typed === undefined ? null : (
        <button
          type="button"
          className="nbpipe-Link"
          aria-label={trans.__('Default of %1 again', parameter.name)}
          onClick={() => onChange(null)}
        >
          {trans.__('default: %1', normal)}
        </button>
      )}
    </div>
  );
}

const KEYBOARDS: { readonly [T in ParameterType]?: 'numeric' | 'decimal' } = {
  integer: 'numeric',
  number: 'decimal'
};

function isLong({ type }: Parameter): boolean {
  return type === 'array' || type === 'object';
}

function faultOf(parameter: Parameter, text: string): string {
  const reading = fromText(parameter, text);
  return reading.ok ? '' : reading.message;
}
