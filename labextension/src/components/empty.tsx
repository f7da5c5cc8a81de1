/** What is shown when there is nothing to show yet: how to begin. */

import React from 'react';

import type { Server } from '../state';
import { API } from '../tokens';
import { trans } from '../translation';

export function NoNotebook(): React.JSX.Element {
  return <p className="nbpipe-Hint">{trans.__('Open a notebook to see its pipeline.')}</p>;
}

export interface IEmptyProps {
  /** Make the first step; null where there is no cell to make one of. */
  readonly onFirst: (() => void) | null;
  /** Ask for steps; null while that is done. */
  readonly onSuggest: (() => void) | null;
  readonly onProject: () => void;
}

export function Empty({ onFirst, onSuggest, onProject }: IEmptyProps): React.JSX.Element {
  return (
    <div className="nbpipe-Empty">
      <h3>{trans.__('Make this notebook a pipeline')}</h3>
      <p>{trans.__('Steps can be suggested, from its headings and from what its cells need.')}</p>
      <div className="nbpipe-Buttons">
        <button
          type="button"
          className="jp-mod-styled jp-mod-accept"
          aria-disabled={onSuggest === null}
          onClick={onSuggest ?? undefined}
        >
          {trans.__('Suggest steps')}
        </button>
      </div>
      <p>{trans.__('Or make them by hand:')}</p>
      <ol>
        <li>{trans.__('Select the cells that belong together.')}</li>
        <li>
          {trans.__(
            'Choose Make cells a step in their context menu, or Begins a step below, and name it.'
          )}
        </li>
        <li>
          {trans.__('Do the same for the next step. What flows between them is found by itself.')}
        </li>
        <li>
          {trans.__(
            'Press Run pipeline. This notebook is not changed; each step leaves one of its own.'
          )}
        </li>
      </ol>
      <p className="nbpipe-Hint">{trans.__('Imports and functions at the top need no tag.')}</p>
      {onFirst === null ? null : (
        <div className="nbpipe-Buttons">
          <button type="button" className="jp-mod-styled" onClick={onFirst}>
            {trans.__('Begin the first step here')}
          </button>
        </div>
      )}
      <p>
        {trans.__('Or let each notebook of this folder be a step:')}{' '}
        <button type="button" className="nbpipe-Link" onClick={onProject}>
          {trans.__('show the whole project')}
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
          {trans.__(
            'Install it where the Jupyter server runs, restart the server, and reload this page:'
          )}
          <br />
          <code>pip install --upgrade jupyterlab-nbpipe</code>
        </p>
      )}
      <button type="button" className="jp-mod-styled" onClick={onRetry}>
        {trans.__('Try again')}
      </button>
    </div>
  );
}

function noticeOf(server: IServerNoticeProps['server']): string {
  switch (server.is) {
    case 'missing':
      return trans.__(
        'The Jupyter server does not have the nbpipe server extension, or it is switched off.'
      );
    case 'other':
      return trans.__(
        'The Jupyter server has nbpipe %1, which speaks interface %2; this page speaks %3.',
        server.version,
        server.api,
        API
      );
    case 'failing':
      return trans.__('nbpipe does not answer: %1', server.message);
  }
}
