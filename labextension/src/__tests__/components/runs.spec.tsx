import React from 'react';

import { Runs } from '../../components/runs';
import { aRun } from '../fakes';
import { click, host, show } from './stage';

describe('runs', () => {
  it('are shown with their state in words, and chosen by a click', () => {
    const chosen: string[] = [];
    show(
      <Runs
        runs={[aRun({ id: 'new', state: 'ok', counts: { ok: 2, reused: 1 } })]}
        shown={null}
        looking={false}
        onShow={id => chosen.push(id)}
        onPage={id => chosen.push(`page of ${id}`)}
        onAll={() => chosen.push('all')}
      />
    );
    expect(host.textContent).toContain('2 ok, 1 reused');
    click('ok');
    click('All runs');
    click('Open');
    expect(chosen).toEqual(['new', 'all', 'page of new']);
  });
});
