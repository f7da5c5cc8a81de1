/** Wires the parts of the extension together. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette, IThemeManager } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator } from '@jupyterlab/translation';

import { CellStates } from './cellstates';
import { Chips } from './chips';
import { Client } from './client';
import { addCommands } from './commands';
import { RunsDrive } from './drive';
import { Herald } from './herald';
import { Hints } from './hints';
import { RegistrySettings, PageMemory } from './kept';
import { addLauncherCard, addStartCommand } from './launchercard';
import { addEditingCommands } from './editing';
import { PipelineModel } from './model';
import { Notebooks } from './notebook';
import { PipelinePanel } from './panel';
import { addStatus } from './status';
import { addPast } from './runs/commands';
import { CommandIDs, PANEL_ID, PLUGIN_ID } from './tokens';
import { speak, trans } from './translation';

const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'Turns tagged notebooks into pipelines: tags, graph, runs.',
  autoStart: true,
  requires: [INotebookTracker, IDocumentManager],
  optional: [
    ICommandPalette,
    ILayoutRestorer,
    IThemeManager,
    ITranslator,
    ISettingRegistry,
    IStatusBar,
    ILauncher,
    IFileBrowserFactory
  ],
  activate
};

function activate(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  documents: IDocumentManager,
  palette: ICommandPalette | null,
  restorer: ILayoutRestorer | null,
  themes: IThemeManager | null,
  translator: ITranslator | null,
  registry: ISettingRegistry | null,
  statusBar: IStatusBar | null,
  launcher: ILauncher | null,
  browsers: IFileBrowserFactory | null
): void {
  speak(translator);
  const { serverSettings, contents, events } = app.serviceManager;
  contents.addDrive(new RunsDrive(serverSettings));

  const chips = new Chips({
    open: panel => {
      app.shell.activateById(panel.id);
      void app.commands.execute(CommandIDs.showPanel);
    },
    fix: (panel, fix) => {
      app.shell.activateById(panel.id);
      void model.authored.fix(null, fix);
    }
  });
  app.docRegistry.addWidgetExtension('Notebook', chips);

  const client = new Client(serverSettings);
  const notebooks = new Notebooks(tracker, documents, app.shell, chips, contents);
  const settings = new RegistrySettings(registry, PLUGIN_ID);
  const model = new PipelineModel({
    client,
    notebooks,
    settings,
    memory: new PageMemory(window.localStorage, serverSettings.baseUrl)
  });
  addCommands({ app, model, notebooks, settings });
  addEditingCommands(app, model, browsers);
  addStartCommand(app, documents);
  new Herald(model, app.commands);
  new Hints(events.stream, runs => model.hear(runs));
  new CellStates(model, tracker);

  const isDark = (): boolean => themes?.theme != null && !themes.isLight(themes.theme);
  const past = addPast({ app, past: client, notebooks, documents, palette, restorer, isDark });
  themes?.themeChanged.connect(() => past.forEach(tab => tab.update()));
  const panel = new PipelinePanel({ model, commands: app.commands, isDark });
  themes?.themeChanged.connect(() => panel.update());
  app.shell.add(panel, 'right', { rank: 300 });
  restorer?.add(panel, PANEL_ID);

  if (statusBar !== null) {
    addStatus(statusBar, model, app.commands);
  }
  if (launcher !== null) {
    addLauncherCard(launcher, settings);
  }
  const { fileOneStep: _, ...everywhere } = CommandIDs;
  for (const command of Object.values(everywhere)) {
    palette?.addItem({ command, category: trans.__('Pipeline'), args: { isPalette: true } });
  }
}

export default plugin;
