import React, { act } from 'react';

import { OneStep } from '../../components/onestep';
import { host, labelled, show, type } from './stage';

describe('the switch that makes a notebook one step', () => {
  it('names the step after the file, and takes it back', () => {
    const did: unknown[] = [];
    const shown = (step: string | null): void =>
      show(
        <OneStep
          path="work/1 fit it.ipynb"
          metadata={step === null ? null : { version: 1, step }}
          onChange={name => did.push(name)}
          onRename={(...names) => did.push(names)}
        />
      );
    shown(null);
    act(() => host.querySelector('input')?.click());
    shown('1-fit-it');
    type(labelled('Its name'), 'fit');
    act(() => host.querySelector('input')?.click());
    expect(did).toEqual(['1-fit-it', ['1-fit-it', 'fit'], null]);
  });
});
