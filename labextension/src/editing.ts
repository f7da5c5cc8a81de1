/** The commands that edit: steps made and renamed, notebooks made one step. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { InputDialog } from '@jupyterlab/apputils';
import type { IFileBrowserFactory } from '@jupyterlab/filebrowser';

import { nameFor } from './components/onestep';
import type { PipelineModel } from './model';
import { isName, readTags } from './tags';
import { CommandIDs, PANEL_ID } from './tokens';
import { trans } from './translation';

const NAME = {
  args: {
    type: 'object',
    properties: { name: { type: 'string', description: 'The name of the step' } }
  }
} as const;
const NONE = { args: { type: 'object', properties: {} } } as const;

/** Add the commands; those for files where there is a file browser. */
export function addEditingCommands(
  app: JupyterFrontEnd,
  model: PipelineModel,
  browsers: IFileBrowserFactory | null
): void {
  const { commands, shell } = app;
  const isOpen = (): boolean => model.state.path !== null;

  commands.addCommand(CommandIDs.makeStep, {
    label: () => trans.__('Make cells a step…'),
    caption: () => trans.__('Make the selected cells a step of the pipeline'),
    describedBy: NAME,
    isEnabled: isOpen,
    execute: async args => {
      shell.activateById(PANEL_ID);
      const name = await givenName(args.name, trans.__('Make cells a step'), '');
      if (name !== null) {
        await model.authored.makeStep(name);
      }
    }
  });

  commands.addCommand(CommandIDs.suggest, {
    label: () => trans.__('Suggest steps'),
    caption: () => trans.__('Show the steps that the open notebook could have'),
    describedBy: NONE,
    isEnabled: () => isOpen() && typeof model.state.metadata?.step !== 'string',
    execute: async () => {
      shell.activateById(PANEL_ID);
      await model.suggesting.suggest();
    }
  });

  commands.addCommand(CommandIDs.verify, {
    label: () => trans.__('Verify'),
    caption: () => trans.__('Prove that the pipeline gives what Run All gives'),
    describedBy: NONE,
    isEnabled: () => isOpen() && (model.state.tagged || model.state.scope === 'project'),
    execute: async () => {
      shell.activateById(PANEL_ID);
      await model.proving.start();
    }
  });

  commands.addCommand(CommandIDs.renameStep, {
    label: () => trans.__('Rename step…'),
    caption: () => trans.__('Rename the step of the active cell wherever the project names it'),
    describedBy: NAME,
    isEnabled: () => isOpen() && stepHere(model) !== '',
    execute: async args => {
      const step = stepHere(model);
      const name = await givenName(args.name, trans.__('Rename step %1', step), step);
      if (name !== null) {
        await model.authored.renameStep(step, name);
      }
    }
  });

  commands.addCommand(CommandIDs.oneStep, {
    label: () => trans.__('The whole notebook is one step'),
    describedBy: NONE,
    isEnabled: isOpen,
    isToggleable: true,
    isToggled: () => typeof model.state.metadata?.step === 'string',
    execute: async () => {
      const { path } = model.state;
      if (path !== null) {
        await model.authored.toggleOneStep(path, nameFor(path));
      }
    }
  });

  if (browsers) {
    addFileCommand(app, model, browsers);
  }
}

function addFileCommand(
  { commands, shell }: JupyterFrontEnd,
  model: PipelineModel,
  browsers: IFileBrowserFactory
): void {
  const chosen = (): string[] => {
    const items = [...(browsers.tracker.currentWidget?.selectedItems() ?? [])];
    return items.flatMap(({ type, path }) => (type === 'notebook' ? path : []));
  };
  commands.addCommand(CommandIDs.fileOneStep, {
    label: () => trans.__('Pipeline: one step, or no longer'),
    caption: () => trans.__('Make each selected notebook one step of the pipeline, or no longer'),
    describedBy: NONE,
    isVisible: () => chosen().length > 0,
    execute: async () => {
      shell.activateById(PANEL_ID);
      for (const path of chosen()) {
        await model.authored.toggleOneStep(path, nameFor(path));
      }
    }
  });
}

/** The step of the active cell. */
function stepHere({ state }: PipelineModel): string {
  const cell = state.cells.find(({ id }) => id === state.active);
  return readTags(cell?.tags ?? []).step || (state.roles.get(state.active ?? '')?.step ?? '');
}

async function givenName(given: unknown, title: string, text: string): Promise<string | null> {
  if (typeof given === 'string') {
    return given;
  }
  const { button, value } = await InputDialog.getText({
    title,
    label: trans.__('Name: letters, digits, spaces and _ . -'),
    text,
    required: true,
    pattern: '[\\p{L}\\p{N}_][\\p{L}\\p{N}_.\\- ]{0,99}'
  });
  const name = value?.trim() ?? '';
  return button.accept && isName(name) ? name : null;
}
