/** The commands: menus, palette, toolbar, shortcuts and the panel all call these. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, showDialog } from '@jupyterlab/apputils';

import { pipelineIcon, runPipelineIcon } from './icon';
import type { PipelineModel } from './model';
import { isOver } from './reduce';
import type { INotebooks } from './tokens';
import { CommandIDs, PANEL_ID } from './tokens';

const NO_ARGUMENTS = { args: { type: 'object', properties: {} } } as const;

type Answer = 'save' | 'as-it-is' | 'cancel';

/** Add the commands to the application. */
export function addCommands(
  app: JupyterFrontEnd,
  model: PipelineModel,
  notebooks: INotebooks
): void {
  const { commands, shell } = app;
  const ask = rememberingAsk();
  const running = (): boolean => model.state.run !== null && !isOver(model.state.run.state);

  commands.addCommand(CommandIDs.showPanel, {
    label: 'Show Pipeline',
    caption: 'Show the pipeline of the open notebook',
    icon: pipelineIcon,
    describedBy: NO_ARGUMENTS,
    execute: () => shell.activateById(PANEL_ID)
  });

  commands.addCommand(CommandIDs.run, {
    label: 'Run pipeline',
    caption: 'Run pipeline',
    icon: runPipelineIcon,
    describedBy: NO_ARGUMENTS,
    isEnabled: () => notebooks.path !== null && !model.state.starting,
    execute: async () => {
      shell.activateById(PANEL_ID);
      if (!model.state.tagged && model.state.scope === 'notebook') {
        return; // The panel says how to begin.
      }
      const answer = notebooks.dirty ? await ask(model.state.scope === 'notebook') : 'save';
      if (answer === 'cancel') {
        return;
      }
      if (answer === 'save' && notebooks.dirty) {
        await notebooks.save();
      }
      await model.running.start(answer === 'as-it-is');
    }
  });

  commands.addCommand(CommandIDs.cancel, {
    label: 'Cancel run',
    caption: 'Stop the pipeline; what is finished is kept',
    describedBy: NO_ARGUMENTS,
    isEnabled: running,
    execute: () => model.running.cancel()
  });

  commands.addCommand(CommandIDs.resume, {
    label: 'Resume run',
    caption: 'Run what the last run did not finish; what is stored is reused',
    describedBy: NO_ARGUMENTS,
    isEnabled: () => model.state.run !== null && !running() && model.state.run.state !== 'ok',
    execute: () => model.running.resume()
  });

  const refresh = (): void => Object.values(CommandIDs).forEach(id => refreshOne(id));
  const refreshOne = (id: string): void => commands.notifyCommandChanged(id);
  let shown = '';
  model.changed.connect((_, { path, run, starting }) => {
    const matters = `${path} ${run?.id} ${run?.state} ${starting}`;
    if (matters !== shown) {
      shown = matters;
      refresh();
    }
  });
}

/** Ask what to run of an unsaved notebook; an answer may be kept until the page is left. */
function rememberingAsk(): (canRunAsItIs: boolean) => Promise<Answer> {
  let kept: Answer | null = null;
  return async canRunAsItIs => {
    if (kept === 'save' || (kept !== null && canRunAsItIs)) {
      return kept;
    }
    const result = await showDialog({
      title: 'Save the notebook before the run?',
      body: canRunAsItIs
        ? 'It has changes that are not saved. They can also be run as they are.'
        : 'It has changes that are not saved. A project is run as it is on disk.',
      checkbox: { label: 'Do the same from now on', caption: 'Until this page is reloaded' },
      buttons: [
        Dialog.cancelButton(),
        ...(canRunAsItIs
          ? [Dialog.createButton({ label: 'Run as it is', actions: ['as-it-is'] })]
          : []),
        Dialog.okButton({ label: 'Save and run', actions: ['save'] })
      ]
    });
    const action = result.button.accept ? result.button.actions[0] : undefined;
    const answer: Answer = action === 'save' || action === 'as-it-is' ? action : 'cancel';
    if (answer !== 'cancel' && result.isChecked) {
      kept = answer;
    }
    return answer;
  };
}
