/** The card in the launcher, and the command behind it. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { ILauncher } from '@jupyterlab/launcher';
import type { IDisposable } from '@lumino/disposable';

import { pipelineIcon } from './icon';
import type { ISettings } from './settings';
import { openFirstPipeline } from './start';
import { CommandIDs, PANEL_ID } from './tokens';
import { trans } from './translation';

/** Add the command that makes a first pipeline. */
export function addStartCommand(
  { commands, shell }: JupyterFrontEnd,
  documents: IDocumentManager
): void {
  commands.addCommand(CommandIDs.start, {
    label: args => (args['isPalette'] ? trans.__('New Pipeline Notebook') : trans.__('Pipeline')),
    caption: () => trans.__('A new notebook with two steps to start from'),
    icon: pipelineIcon,
    describedBy: { args: { type: 'object', properties: { cwd: { type: 'string' } } } },
    execute: async args => {
      await openFirstPipeline(documents, typeof args['cwd'] === 'string' ? args['cwd'] : '');
      shell.activateById(PANEL_ID);
    }
  });
}

/** Add the card, as long as the settings want it. */
export function addLauncherCard(launcher: ILauncher, settings: ISettings): void {
  let card: IDisposable | null = null;
  const follow = (): void => {
    const isWanted = settings.values.launcher;
    if (isWanted && card === null) {
      card = launcher.add({ command: CommandIDs.start, rank: 90 });
    } else if (!isWanted) {
      card?.dispose();
      card = null;
    }
  };
  settings.changed.connect(follow);
  follow();
}
