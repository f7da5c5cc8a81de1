import React from 'react';

import { Log } from '../../components/log';
import { host, show } from './stage';

describe('the log', () => {
  it('shows each line with its task', () => {
    show(<Log lines={[{ task: 'load', text: '<i>hello</i>', level: 'output' }]} />);
    expect(host.querySelector('pre')?.textContent).toBe('load │ <i>hello</i>');
  });
});
