/** What a run was made with: the notebooks as they were, its engine, what was installed. */

import React from 'react';

import { trans } from '../translation';
import type { Environment, RunPage } from '../wire';
import { Fact } from './artifact';
import { DataTable } from './datatable';

export function MadeWith({ page }: { readonly page: RunPage }): React.JSX.Element {
  const chosen = Object.entries(page.selection).filter(([, steps]) => steps.length > 0);
  return (
    <>
      <h3>{trans.__('Run')}</h3>
      <dl className="nbpipe-Facts">
        <Fact name={trans.__('engine')} value={page.engine} />
        <Fact name={trans.__('started by')} value={page.user} />
        {chosen.map(([name, steps]) => (
          <Fact key={name} name={name} value={steps.join(', ')} />
        ))}
      </dl>
      <h3>{trans.__('Code')}</h3>
      <p className="nbpipe-Quiet">
        {trans.__('The notebooks as they were are kept; these are the digests of their bytes.')}
      </p>
      <dl className="nbpipe-Facts">
        {Object.entries(page.sources).map(([path, digest]) => (
          <Fact key={path} name={path} value={digest} />
        ))}
      </dl>
      <h3>{trans.__('Environment')}</h3>
      {Object.keys(page.environment).length === 0 ? (
        <p className="nbpipe-Quiet">{trans.__('It was not written down for this run.')}</p>
      ) : null}
      {Object.entries(page.environment).map(([kernel, found]) => (
        <Kernel key={kernel} name={kernel} found={found} />
      ))}
    </>
  );
}

interface IKernelProps {
  readonly name: string;
  readonly found: Environment;
}

function Kernel({ name, found }: IKernelProps): React.JSX.Element {
  const versions = Object.entries(found.versions ?? {}).sort(([a], [b]) => a.localeCompare(b));
  return (
    <details>
      <summary>
        {[name, found.language, found.python].filter(Boolean).join(' · ')}
        {versions.length > 0 ? ` · ${trans._n('%1 package', '%1 packages', versions.length)}` : ''}
      </summary>
      <DataTable
        table={{
          head: [trans.__('module'), trans.__('version')],
          rows: versions,
          caption: ''
        }}
      />
    </details>
  );
}
