import React from 'react';

import { ServerNotice } from '../../components/empty';
import { host, show } from './stage';

describe('a server that cannot be used', () => {
  it.each([
    [{ is: 'missing' }, 'does not have the nbpipe server extension'],
    [{ is: 'other', version: '9.0', api: 9 }, 'has nbpipe 9.0, which speaks interface 9'],
    [{ is: 'failing', message: 'It is full.' }, 'nbpipe does not answer: It is full.']
  ] as const)('%j is explained', (server, text) => {
    show(<ServerNotice server={server} onRetry={() => undefined} />);
    expect(host.textContent).toContain(text);
  });
});
