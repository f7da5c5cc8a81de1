import React from 'react';

import { Problems } from '../../components/problems';
import type { Problem } from '../../wire';
import { aFix } from '../fakes';
import { click, host, show } from './stage';

describe('problems', () => {
  const problem: Problem = {
    code: 'no-step',
    message: 'Nothing stands above this cell.',
    severity: 'error',
    notebook: 'demo.ipynb',
    cell: 'c1',
    index: 2,
    line: 3,
    suggestion: 'Tag it setup.',
    fix: aFix({ cell: 'c1', add: ['setup'], remove: ['check'] })
  };

  it('lead to their cell and offer the cure', () => {
    const did: unknown[] = [];
    show(
      <Problems
        problems={[problem]}
        onGoTo={(...place) => did.push(place)}
        onFix={(...fix) => did.push(fix)}
      />
    );
    expect(host.textContent).toContain('Cell 3, line 3');
    click('Nothing stands above');
    click('Fix: tag it setup instead of check');
    expect(did).toEqual([
      ['demo.ipynb', 'c1', 3],
      ['demo.ipynb', problem.fix]
    ]);
  });

  it('of the whole notebook lead nowhere', () => {
    show(
      <Problems
        problems={[{ ...problem, cell: null, index: null, fix: null }]}
        onGoTo={() => undefined}
        onFix={() => undefined}
      />
    );
    expect(host.querySelector('button')).toBeNull();
  });
});
