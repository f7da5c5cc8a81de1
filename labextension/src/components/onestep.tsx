/** One switch: the whole notebook is one step. */

import React from 'react';

import type { Metadata } from '../edits';
import { suggestedName } from '../tags';
import { trans } from '../translation';
import { TextField } from './fields';

export interface IOneStepProps {
  readonly path: string;
  readonly metadata: Metadata | null;
  readonly onChange: (name: string | null) => void;
  readonly onRename: (step: string, name: string) => void;
}

export function OneStep({ path, metadata, onChange, onRename }: IOneStepProps): React.JSX.Element {
  const step = typeof metadata?.step === 'string' ? metadata.step : null;
  return (
    <div className="nbpipe-OneStep">
      <label className="nbpipe-Check">
        <input
          type="checkbox"
          role="switch"
          checked={step !== null}
          onChange={event => onChange(event.target.checked ? nameFor(path) : null)}
        />
        {trans.__('The whole notebook is one step')}
      </label>
      {step === null ? null : (
        <TextField
          label={trans.__('Its name')}
          value={step}
          onCommit={name => (name ? onRename(step, name) : onChange(null))}
        />
      )}
    </div>
  );
}

/** The name that a notebook has as a step, from its file's. */
export function nameFor(path: string): string {
  const stem = (path.split('/').at(-1) ?? '').replace(/\.[^.]+$/, '');
  return suggestedName(stem);
}
