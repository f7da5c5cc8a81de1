/** Wires the parts of the extension together. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette, IThemeManager } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';

import { Chips } from './chips';
import { Client } from './client';
import { addCommands } from './commands';
import { RunsDrive } from './drive';
import { PipelineModel } from './model';
import { Notebooks } from './notebook';
import { PipelinePanel } from './panel';
import { CommandIDs, PANEL_ID, PLUGIN_ID } from './tokens';
import { speak } from './translation';

const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'Turns tagged notebooks into pipelines: tags, graph, runs.',
  autoStart: true,
  requires: [INotebookTracker, IDocumentManager],
  optional: [ICommandPalette, ILayoutRestorer, IThemeManager, ITranslator],
  activate
};

function activate(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  documents: IDocumentManager,
  palette: ICommandPalette | null,
  restorer: ILayoutRestorer | null,
  themes: IThemeManager | null,
  translator: ITranslator | null
): void {
  speak(translator);
  const { serverSettings, contents } = app.serviceManager;
  contents.addDrive(new RunsDrive(serverSettings));

  const chips = new Chips(panel => {
    app.shell.activateById(panel.id);
    void app.commands.execute(CommandIDs.showPanel);
  });
  app.docRegistry.addWidgetExtension('Notebook', chips);

  const notebooks = new Notebooks(tracker, documents, app.shell, chips);
  const model = new PipelineModel(new Client(serverSettings), notebooks);
  addCommands(app, model, notebooks);

  const isDark = (): boolean => themes?.theme != null && !themes.isLight(themes.theme);
  const panel = new PipelinePanel({ model, commands: app.commands, isDark });
  themes?.themeChanged.connect(() => panel.update());
  app.shell.add(panel, 'right', { rank: 300 });
  restorer?.add(panel, PANEL_ID);

  for (const command of Object.values(CommandIDs)) {
    palette?.addItem({ command, category: 'Pipeline' });
  }
}

export default plugin;
