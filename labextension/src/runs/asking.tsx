/** The questions that are asked of a person: tags and a note, and whether runs shall go. */

import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import React from 'react';

import { trans } from '../translation';
import type { ListedRun, Said } from '../wire';
import { tagsIn } from './tagtext';

/** Ask for tags and a note; null where nothing was changed. */
export async function askSaid(said: Said, known: readonly string[]): Promise<Said | null> {
  const form = new SaidForm(said, known);
  const result = await showDialog({
    title: trans.__('Tags and note'),
    body: form,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Save') })
    ]
  });
  return result.button.accept ? result.value : null;
}

class SaidForm extends ReactWidget {
  constructor(
    private readonly said: Said,
    private readonly known: readonly string[]
  ) {
    super();
    this.addClass('nbpipe-SaidForm');
    this._tags = said.tags.join(', ');
    this._note = said.note;
  }

  getValue(): Said {
    return { tags: tagsIn(this._tags), note: this._note, pinned: this.said.pinned };
  }

  protected override render(): React.JSX.Element {
    return (
      <>
        <label>
          {trans.__('Tags, separated by commas')}
          <input
            className="jp-mod-styled"
            list="nbpipe-known-tags"
            defaultValue={this._tags}
            onChange={event => {
              this._tags = event.target.value;
            }}
          />
        </label>
        <datalist id="nbpipe-known-tags">
          {this.known.map(tag => (
            <option key={tag} value={tag} />
          ))}
        </datalist>
        <label>
          {trans.__('Note')}
          <textarea
            className="jp-mod-styled"
            rows={4}
            defaultValue={this._note}
            onChange={event => {
              this._note = event.target.value;
            }}
          />
        </label>
      </>
    );
  }

  private _tags: string;
  private _note: string;
}

/** Ask whether runs shall be deleted. */
export async function confirmDelete(runs: readonly ListedRun[]): Promise<boolean> {
  const pinned = runs.filter(run => run.pinned).length;
  const result = await showDialog({
    title: trans._n('Delete %1 run?', 'Delete %1 runs?', runs.length),
    body: [
      trans.__('Their executed notebooks, logs and values that no other run needs are lost.'),
      pinned > 0 ? trans._n('%1 of them is pinned.', '%1 of them are pinned.', pinned) : ''
    ].join(' '),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label: trans.__('Delete') })
    ]
  });
  return result.button.accept;
}
