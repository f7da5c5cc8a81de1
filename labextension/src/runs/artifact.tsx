/** A value or a file that a step left, shown by what it is; nothing of it is run to look at it. */

import React from 'react';

import { sentenceOf } from '../failure';
import { trans } from '../translation';
import type { Artifact, ArtifactInFull } from '../wire';
import { LineChart } from './charts';
import { DataTable } from './datatable';
import { seriesIn } from './series';
import { sizeText } from './size';
import { readHtmlTable, readSeparated } from './table';

export interface IShelf {
  preview(digest: string): Promise<ArtifactInFull>;
  text(digest: string): Promise<{ readonly text: string; readonly whole: boolean }>;
  imageUrl(digest: string): string;
  fileUrl(artifact: Artifact, ending?: string): string;
}

export interface IArtifactProps {
  readonly artifact: Artifact;
  readonly shelf: IShelf;
  /** Puts code that loads it into the notebook in front; null where there is nothing to load. */
  readonly onInsert: (() => void) | null;
}

export function ArtifactCard({ artifact, shelf, onInsert }: IArtifactProps): React.JSX.Element {
  const [open, setOpen] = React.useState(false);
  const { name, type, size, codec, kind } = artifact;
  return (
    <li className="nbpipe-Artifact">
      <div className="nbpipe-Row">
        <button
          type="button"
          className="nbpipe-Link nbpipe-Step-name"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          <span aria-hidden="true">{open ? '▾' : '▸'}</span> {name}
        </button>
        <span className="nbpipe-Quiet nbpipe-Preview" title={type}>
          {shortType(type) || kind}
        </span>
        <span className="nbpipe-Quiet nbpipe-Right">{sizeText(size)}</span>
        {onInsert ? (
          <button
            type="button"
            className="nbpipe-Link"
            title={trans.__('Put code that loads it into the notebook in front')}
            aria-label={trans.__('Insert code that loads %1', name)}
            onClick={onInsert}
          >
            {trans.__('Insert code')}
          </button>
        ) : null}
        <a
          className="nbpipe-Link"
          href={shelf.fileUrl(artifact, kind === 'value' ? endingOf(codec) : '')}
          download=""
          aria-label={trans.__('Download %1', name)}
        >
          {trans.__('Download')}
        </a>
      </div>
      {open ? <Looked artifact={artifact} shelf={shelf} /> : null}
    </li>
  );
}

const ENDINGS: Readonly<Record<string, string>> = {
  json: '.json',
  npy: '.npy',
  arrow: '.arrow',
  joblib: '.joblib'
};

function endingOf(codec: string): string {
  return ENDINGS[codec] ?? (codec.includes('pickle') ? '.pkl' : '');
}

/** The last part of a type's name. */
function shortType(type: string): string {
  return type.includes('/') ? type : (type.split('.').at(-1) ?? type);
}

type Look =
  | { readonly is: 'waiting' }
  | { readonly is: 'failed'; readonly message: string }
  | { readonly is: 'there'; readonly full: ArtifactInFull; readonly text: string | null };

function Looked({ artifact, shelf }: Omit<IArtifactProps, 'onInsert'>): React.JSX.Element {
  const [look, setLook] = React.useState<Look>({ is: 'waiting' });
  React.useEffect(() => {
    let wanted = true;
    fetched(artifact, shelf).then(
      there => wanted && setLook(there),
      (error: unknown) => wanted && setLook({ is: 'failed', message: sentenceOf(error) })
    );
    return () => {
      wanted = false;
    };
  }, [artifact.digest]);
  switch (look.is) {
    case 'waiting':
      return <p className="nbpipe-Quiet">{trans.__('Asking the server…')}</p>;
    case 'failed':
      return <p className="nbpipe-Error">{look.message}</p>;
    case 'there':
      return <Shown artifact={artifact} full={look.full} text={look.text} shelf={shelf} />;
  }
}

async function fetched(artifact: Artifact, shelf: IShelf): Promise<Look> {
  const full = await shelf.preview(artifact.digest);
  const asText = artifact.kind !== 'value' && !isPicture(full);
  let text: string | null = null;
  if (asText) {
    const read = await shelf.text(artifact.digest).catch(() => null);
    text = read === null ? null : read.whole ? read.text : `${read.text}\n…`;
  }
  return { is: 'there', full, text };
}

function isPicture({ type, preview }: ArtifactInFull): boolean {
  return preview.image !== undefined || /^image\/(png|jpeg|gif)$/.test(type);
}

interface IShownProps {
  readonly artifact: Artifact;
  readonly full: ArtifactInFull;
  readonly text: string | null;
  readonly shelf: IShelf;
}

/** A picture, a chart, a table, a text, or what is known of the rest. */
function Shown({ artifact, full, text, shelf }: IShownProps): React.JSX.Element {
  const { preview } = full;
  if (isPicture(full)) {
    return (
      <img
        className="nbpipe-Artifact-picture"
        src={shelf.imageUrl(artifact.digest)}
        alt={trans.__('Picture of %1', artifact.name)}
      />
    );
  }
  const series = text !== null && artifact.name === 'metrics.jsonl' ? seriesIn(text) : null;
  if (series !== null) {
    return (
      <div className="nbpipe-Charts">
        {series.map(({ name, points }) => (
          <LineChart key={name} title={name} points={points} />
        ))}
      </div>
    );
  }
  const table =
    preview.html !== undefined
      ? readHtmlTable(preview.html)
      : text !== null && /csv|tab-separated/.test(full.type)
        ? readSeparated(text)
        : null;
  if (table !== null) {
    return <DataTable table={table} />;
  }
  return (
    <>
      <dl className="nbpipe-Facts">
        <Fact name={trans.__('type')} value={full.type} />
        <Fact name={trans.__('size')} value={preview.shape?.join(' × ')} />
        <Fact name={trans.__('kept as')} value={full.codec} />
      </dl>
      {(text ?? preview.text) ? (
        <pre className="nbpipe-Log" tabIndex={0}>
          {text ?? preview.text}
        </pre>
      ) : (
        <p className="nbpipe-Quiet">{trans.__('There is nothing to show of it.')}</p>
      )}
    </>
  );
}

interface IFactProps {
  readonly name: string;
  readonly value: string | undefined;
}

export function Fact({ name, value }: IFactProps): React.JSX.Element | null {
  return value ? (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  ) : null;
}
