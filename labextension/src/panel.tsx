/** The side panel: the one place where the model meets React. */

import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import React from 'react';

import { askPresetName } from './dialogs';
import { FocusKeeper } from './focus';
import { pipelineIcon } from './icon';
import { offerRuns } from './menus';
import type { PipelineModel } from './model';
import { PastIDs } from './runs/contracts';
import type { IActions } from './tokens';
import { CommandIDs, PANEL_ID } from './tokens';
import { trans } from './translation';

/** All that is drawn comes when the panel is first seen, and not with JupyterLab's start. */
const Pipeline = React.lazy(() => import('./components/pipeline'));

/** What the panel needs of the page. */
export interface IPanelOptions {
  readonly model: PipelineModel;
  readonly commands: CommandRegistry;
  readonly isDark: () => boolean;
}

/** The panel; while it is hidden nothing is asked of the server. */
export class PipelinePanel extends ReactWidget {
  constructor(private readonly options: IPanelOptions) {
    super();
    this.id = PANEL_ID;
    this.addClass('nbpipe-Panel');
    this.title.icon = pipelineIcon;
    this.title.caption = trans.__('Pipeline');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Pipeline'));
    document.addEventListener('visibilitychange', this.look);
    this.node.tabIndex = -1;
    this.actions = actionsOf(options);
    this.keeper = new FocusKeeper(this.node);
  }

  override dispose(): void {
    document.removeEventListener('visibilitychange', this.look);
    this.keeper.dispose();
    super.dispose();
  }

  protected override render(): React.JSX.Element {
    const { model, isDark } = this.options;
    if (!this.seen) {
      return <></>;
    }
    return (
      <React.Suspense fallback={<div aria-busy="true" />}>
        <UseSignal signal={model.changed}>
          {() => <Pipeline state={model.state} actions={this.actions} dark={isDark()} />}
        </UseSignal>
      </React.Suspense>
    );
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.look();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.look();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.look();
  }

  protected override onBeforeDetach(message: Message): void {
    this.options.model.visible = false;
    super.onBeforeDetach(message);
  }

  private readonly look = (): void => {
    const { model } = this.options;
    const isSeen = document.visibilityState === 'visible';
    model.awake = isSeen;
    model.visible = this.isVisible && isSeen;
    if (this.isVisible && !this.seen) {
      this.seen = true;
      this.update();
    }
  };

  private seen = false;
  private readonly keeper: FocusKeeper;
  private readonly actions: IActions;
}

function actionsOf({ model, commands }: IPanelOptions): IActions {
  const command = (id: string) => () => void commands.execute(id);
  return {
    run: command(CommandIDs.run),
    cancel: command(CommandIDs.cancel),
    resume: command(CommandIDs.resume),
    setTags: (cell, change) => void model.authored.setTags(cell, change),
    goTo: (notebook, cell, line) => void model.authored.goTo(notebook, cell, line),
    fix: (notebook, fix) => void model.authored.fix(notebook, fix),
    makeStep: command(CommandIDs.makeStep),
    renameStep: (step, name) => void model.authored.renameStep(step, name),
    setOrder: (step, after, wanted) => void model.authored.setOrder(step, after, wanted),
    setOption: (step, option, value) => void model.authored.setOption(step, option, value),
    setOneStep: name => void model.authored.setOneStep(name),
    offerRuns: (x, y) => offerRuns(commands, x, y),
    retryStep: step => void commands.execute(CommandIDs.retry, { step }),
    openFailedKernel: () => void model.failedKernel.open(),
    setParameter: (name, text) => model.given.setParameter(name, text),
    takePreset: name => model.given.takePreset(name),
    savePreset: () => void savePreset(model),
    deletePreset: name => void model.given.deletePreset(name),
    verify: command(CommandIDs.verify),
    stopVerifying: () => void model.proving.cancel(),
    suggest: command(CommandIDs.suggest),
    leaveOut: cell => void model.suggesting.leaveOut(cell),
    nameSuggested: (cell, name) => model.suggesting.rename(cell, name),
    chooseOffer: (cell, chosen) => model.suggesting.choose(cell, chosen),
    acceptSuggestion: () => void model.suggesting.accept(),
    dropSuggestion: () => model.suggesting.drop(),
    plan: () => void model.running.showPlan(!model.state.planShown),
    setScope: scope => void model.setScope(scope),
    openStep: (step, task) => void model.openStep(step, task),
    showRun: id => void model.running.show(id),
    openRun: id => void commands.execute(PastIDs.run, { id, path: model.state.path }),
    openRuns: () => void commands.execute(PastIDs.runs, { path: model.state.path }),
    retry: () => void model.retry()
  };
}

async function savePreset(model: PipelineModel): Promise<void> {
  const { path, settings } = model.state;
  const name = await askPresetName(Object.keys(settings.presets[path ?? ''] ?? {}));
  await (name !== null && model.given.savePreset(name));
}
