import React, { act } from 'react';
import { createRoot } from 'react-dom/client';

import type { IDoors, IPast } from '../runs/contracts';
import { RunList } from '../runs/list';
import { ListModel } from '../runs/listmodel';
import type { Runs, Space } from '../wire';

const NONE: Runs = { runs: [], found: 0, tags: {} };

/** The list as a person reads it, of a store that holds so much; null where nobody says so. */
async function textOf(space: Space | null): Promise<string> {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  const past: Partial<IPast> = {
    list: () => Promise.resolve(NONE),
    space: () => (space === null ? Promise.reject(new Error('404')) : Promise.resolve(space))
  };
  const model = new ListModel(past as IPast, {} as IDoors, 'a.ipynb');
  await model.refresh();
  const host = document.createElement('div');
  const root = createRoot(host);
  act(() => root.render(<RunList model={model} />));
  const text = host.textContent;
  act(() => root.unmount());
  model.dispose();
  return text;
}

describe('the list of runs', () => {
  it('says what the store holds and what is left, and warns of nothing', async () => {
    const text = await textOf({ held: 12_300_000, free: 45e9, quota: null, near: [] });
    expect(text).toContain('0 runs · 12.3 MB stored · 45.0 GB free');
    expect(text).not.toContain('gc');
  });

  it('says that the disk or the quota is nearly used up, and what to do', async () => {
    const text = await textOf({ held: 19e8, free: 5e8, quota: '2 GB', near: ['disk', 'quota'] });
    expect(text).toContain('Only 500 MB of disk are free for the store.');
    expect(text).toContain('The store holds 1.9 GB of its quota of 2 GB.');
    expect(text).toContain('nbpipe gc');
  });

  it('is shown also where the server does not say what the store holds', async () => {
    expect(await textOf(null)).toContain('There are no runs yet.');
  });
});
