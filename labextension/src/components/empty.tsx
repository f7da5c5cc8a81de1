/** What is shown when there is nothing to show yet: how to begin. */

import React from 'react';

import type { Server } from '../state';
import { API } from '../tokens';

export function NoNotebook(): React.JSX.Element {
  return <p className="nbpipe-Hint">Open a notebook to see its pipeline.</p>;
}

export function Empty({ onProject }: { onProject: () => void }): React.JSX.Element {
  return (
    <div className="nbpipe-Empty">
      <h3>Make this notebook a pipeline</h3>
      <ol>
        <li>Select the cell where a step begins.</li>
        <li>
          Below, choose <em>Begins a step</em> and name it. The cells under it belong to it.
        </li>
        <li>Do the same for the next step. What flows between them is found by itself.</li>
        <li>
          Press <em>Run pipeline</em>. This notebook is not changed; each step leaves one of its
          own.
        </li>
      </ol>
      <p className="nbpipe-Hint">Imports and functions at the top need no tag.</p>
      <p>
        Or let each notebook of this folder be a step:{' '}
        <button type="button" className="nbpipe-Link" onClick={onProject}>
          show the whole project
        </button>
      </p>
    </div>
  );
}

export interface IServerNoticeProps {
  readonly server: Exclude<Server, { is: 'ready' | 'unknown' }>;
  readonly onRetry: () => void;
}

export function ServerNotice({ server, onRetry }: IServerNoticeProps): React.JSX.Element {
  return (
    <div className="nbpipe-Empty" role="alert">
      <p>{noticeOf(server)}</p>
      {server.is === 'failing' ? null : (
        <p>
          Install it where the Jupyter server runs, restart the server, and reload this page:
          <br />
          <code>pip install --upgrade jupyterlab-nbpipe</code>
        </p>
      )}
      <button type="button" className="jp-mod-styled" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}

function noticeOf(server: IServerNoticeProps['server']): string {
  switch (server.is) {
    case 'missing':
      return 'The Jupyter server does not have the nbpipe server extension, or it is switched off.';
    case 'other':
      return (
        `The Jupyter server has nbpipe ${server.version}, which speaks interface ${server.api}; ` +
        `this page speaks ${API}.`
      );
    case 'failing':
      return `nbpipe does not answer: ${server.message}`;
  }
}
