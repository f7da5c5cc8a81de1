import React from 'react';

import { Items } from '../../components/items';
import { aTask } from '../fakes';
import { host, nothing, show, type } from './stage';

describe('the items of a fan-out', () => {
  const tasks = Array.from({ length: 20_000 }, (_, i) =>
    aTask(`score[${i}]`, { step: 'score', item: `city ${i}`, state: i % 100 ? 'ok' : 'failed' })
  );

  it('are drawn only where they are seen', () => {
    show(<Items step="score" tasks={tasks} onOpen={nothing} />);
    expect(host.querySelectorAll('li').length).toBeLessThan(30);
    expect(host.textContent).toContain('✕ failed 200');
  });

  it('are found by their name and their state', () => {
    show(<Items step="score" tasks={tasks} onOpen={nothing} />);
    type(host.querySelector('input'), 'city 1990');
    expect(host.textContent).toContain('11 items');
    type(host.querySelector('select'), 'failed');
    expect([...host.querySelectorAll('li')].map(item => item.textContent)).toEqual([
      '✕ city 19900'
    ]);
  });
});
