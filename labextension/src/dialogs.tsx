/** What is asked of a person before a run. */

import { Dialog, InputDialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import React from 'react';

import { RunOptions } from './components/runoptions';
import type { ISettings, Unsaved } from './settings';
import { trans } from './translation';
import type { PlannedTask, Selection } from './wire';

/**
 * Ask what to run of an unsaved notebook, unless the settings say it.
 *
 * Returns null for nothing.
 */
export async function askUnsaved(
  settings: ISettings,
  canRunAsItIs: boolean
): Promise<Exclude<Unsaved, 'ask'> | null> {
  const { unsaved } = settings.values;
  if (unsaved === 'save' || (unsaved === 'as-it-is' && canRunAsItIs)) {
    return unsaved;
  }
  const result = await showDialog({
    title: trans.__('Save the notebook before the run?'),
    body: canRunAsItIs
      ? trans.__('It has changes that are not saved. They can also be run as they are.')
      : trans.__('It has changes that are not saved. A project is run as it is on disk.'),
    checkbox: {
      label: trans.__('Do the same from now on'),
      caption: trans.__('Can be changed in the settings')
    },
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      ...(canRunAsItIs
        ? [Dialog.createButton({ label: trans.__('Run as it is'), actions: ['as-it-is'] })]
        : []),
      Dialog.okButton({ label: trans.__('Save and run'), actions: ['save'] })
    ]
  });
  const action = result.button.accept ? result.button.actions[0] : undefined;
  const answer = action === 'save' || action === 'as-it-is' ? action : null;
  if (answer !== null && result.isChecked) {
    await settings.set('unsaved', answer);
  }
  return answer;
}

/** Ask which steps are to run, showing what each choice would do; null for none. */
export async function askOptions(
  steps: readonly string[],
  step: string,
  plan: (selection: Selection) => Promise<readonly PlannedTask[]>
): Promise<Selection | null> {
  const body = new OptionsBody(steps, step, plan);
  const result = await showDialog({
    title: trans.__('Run pipeline with options'),
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Run') })
    ]
  });
  return result.button.accept ? result.value : null;
}

/** Ask for the name of a preset; null for none. */
export async function askPresetName(known: readonly string[]): Promise<string | null> {
  const { button, value } = await InputDialog.getItem({
    title: trans.__('Save these values as a preset'),
    label: trans.__('Name'),
    items: [...known],
    editable: true,
    okLabel: trans.__('Save'),
    cancelLabel: trans.__('Cancel')
  });
  const name = value?.trim() ?? '';
  return button.accept && name !== '' ? name : null;
}

class OptionsBody extends ReactWidget implements Dialog.IBodyWidget<Selection> {
  constructor(
    private readonly steps: readonly string[],
    private readonly step: string,
    private readonly plan: (selection: Selection) => Promise<readonly PlannedTask[]>
  ) {
    super();
    this.addClass('nbpipe-RunOptions');
  }

  getValue(): Selection {
    return this.chosen;
  }

  protected override render(): React.JSX.Element {
    return (
      <RunOptions
        steps={this.steps}
        step={this.step}
        plan={this.plan}
        onChoose={selection => {
          this.chosen = selection;
        }}
      />
    );
  }

  private chosen: Selection = {};
}
