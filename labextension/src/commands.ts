/** The commands: menus, palette, toolbar, shortcuts and the panel all call these. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { askOptions, askUnsaved } from './dialogs';
import { pipelineIcon, runPipelineIcon } from './icon';
import type { PipelineModel } from './model';
import { isOver } from './reduce';
import type { ISettings } from './settings';
import { rolesOf } from './tags';
import type { INotebooks } from './tokens';
import { CommandIDs, PANEL_ID } from './tokens';
import { trans } from './translation';
import type { Selection } from './wire';

const STEP = {
  args: { type: 'object', properties: { step: { type: 'string' } } }
} as const;
const NO_ARGUMENTS = { args: { type: 'object', properties: {} } } as const;

/** What the commands work with. */
export interface ICommandOptions {
  readonly app: JupyterFrontEnd;
  readonly model: PipelineModel;
  readonly notebooks: INotebooks;
  readonly settings: ISettings;
}

/** Add the commands to the application. */
export function addCommands(options: ICommandOptions): void {
  const { app, model } = options;
  const all = [...panelCommands(options), ...runCommands(options), ...stepCommands(options)];
  all.forEach(([id, command]) => app.commands.addCommand(id, command));
  let shown = '';
  model.changed.connect((_, { path, run, starting, active, compiled }) => {
    const matters = [path, run?.id, run?.state, starting, active, compiled?.steps.length].join();
    if (matters !== shown) {
      shown = matters;
      all.forEach(([id]) => app.commands.notifyCommandChanged(id));
    }
  });
}

type Command = readonly [string, CommandRegistry.ICommandOptions];

function panelCommands({ app, model }: ICommandOptions): Command[] {
  const show = (): void => app.shell.activateById(PANEL_ID);
  return [
    [
      CommandIDs.showPanel,
      {
        label: () => trans.__('Show Pipeline'),
        caption: () => trans.__('Show the pipeline of the open notebook'),
        icon: pipelineIcon,
        describedBy: NO_ARGUMENTS,
        execute: () => {
          show();
          // The palette, when it closes, gives the focus back to the notebook.
          requestAnimationFrame(() => setTimeout(() => document.getElementById(PANEL_ID)?.focus()));
        }
      }
    ],
    [
      CommandIDs.showRun,
      {
        label: () => trans.__('Show Run'),
        describedBy: { args: { type: 'object', properties: { run: { type: 'string' } } } },
        execute: async args => {
          show();
          await model.running.show(typeof args['run'] === 'string' ? args['run'] : null);
        }
      }
    ],
    [
      CommandIDs.openFailing,
      {
        label: () => trans.__('Open Failing Notebook'),
        caption: () => trans.__('Open what a failed step left, at the cell that failed'),
        describedBy: STEP,
        isEnabled: args => failing(model, args) !== null,
        execute: async args => {
          const task = failing(model, args);
          await (task && model.openStep(task.step, task.task));
        }
      }
    ]
  ];
}

function runCommands(options: ICommandOptions): Command[] {
  const { model } = options;
  const running = (): boolean => model.state.run !== null && !isOver(model.state.run.state);
  return [
    [
      CommandIDs.run,
      {
        label: () => trans.__('Run pipeline'),
        caption: () => trans.__('Run pipeline'),
        icon: runPipelineIcon,
        describedBy: NO_ARGUMENTS,
        isEnabled: () => isReady(options),
        execute: () => runNow(options, {})
      }
    ],
    [
      CommandIDs.runForced,
      {
        label: () => trans.__('Run All Steps Anew'),
        caption: () => trans.__('Run every step, also where a stored result could be reused'),
        describedBy: NO_ARGUMENTS,
        isEnabled: () => isReady(options) && stepNames(model).length > 0,
        execute: () => runNow(options, { force: stepNames(model) })
      }
    ],
    [
      CommandIDs.runOptions,
      {
        label: () => trans.__('Run Pipeline with Options…'),
        caption: () => trans.__('Choose the steps, and see what would run'),
        describedBy: NO_ARGUMENTS,
        isEnabled: () => isReady(options) && stepNames(model).length > 0,
        execute: async () => {
          const plan = (some: Selection) => model.running.planOf(some);
          const chosen = await askOptions(stepNames(model), stepAt(model), plan);
          await (chosen && runNow(options, chosen));
        }
      }
    ],
    [
      CommandIDs.cancel,
      {
        label: () => trans.__('Cancel run'),
        caption: () => trans.__('Stop the pipeline; what is finished is kept'),
        describedBy: NO_ARGUMENTS,
        isEnabled: running,
        execute: () => model.running.cancel()
      }
    ],
    [
      CommandIDs.resume,
      {
        label: () => trans.__('Resume run'),
        caption: () => trans.__('Run what the last run did not finish; what is stored is reused'),
        describedBy: NO_ARGUMENTS,
        isEnabled: () => model.state.run !== null && !running() && model.state.run.state !== 'ok',
        execute: () => model.running.resume()
      }
    ]
  ];
}

/** Runs about one step: the one named, else that of the active cell. */
function stepCommands(options: ICommandOptions): Command[] {
  const { model } = options;
  const command = (
    label: (step: string) => string,
    plain: () => string,
    selection: (step: string) => Selection
  ): CommandRegistry.ICommandOptions => ({
    label: args => (args['isPalette'] ? plain() : label(stepOf(model, args) || '…')),
    describedBy: STEP,
    isEnabled: args => isReady(options) && stepOf(model, args) !== '',
    isVisible: args => args['isPalette'] === true || stepOf(model, args) !== '',
    execute: args => runNow(options, selection(stepOf(model, args)))
  });
  return [
    [
      CommandIDs.runOnly,
      command(
        step => trans.__('Run Only Step %1', step),
        () => trans.__('Run Only the Step of the Active Cell'),
        step => ({ only: [step] })
      )
    ],
    [
      CommandIDs.runFrom,
      command(
        step => trans.__('Run from Step %1 On', step),
        () => trans.__('Run from the Step of the Active Cell On'),
        step => ({ from: [step] })
      )
    ],
    [
      CommandIDs.runUntil,
      command(
        step => trans.__('Run until Step %1', step),
        () => trans.__('Run until the Step of the Active Cell'),
        step => ({ until: [step] })
      )
    ],
    [
      CommandIDs.retry,
      command(
        step => trans.__('Retry Step %1', step),
        () => trans.__('Retry the Step of the Active Cell'),
        step => ({ from: [step] })
      )
    ]
  ];
}

function isReady({ model, notebooks }: ICommandOptions): boolean {
  return notebooks.path !== null && !model.state.starting;
}

/** Run what is open; where it is not saved the person says what is meant. */
async function runNow(options: ICommandOptions, selection: Selection): Promise<void> {
  const { app, model, notebooks, settings } = options;
  app.shell.activateById(PANEL_ID);
  if (!model.state.tagged && model.state.scope === 'notebook') {
    return; // The panel says how to begin.
  }
  const answer = notebooks.dirty
    ? await askUnsaved(settings, model.state.scope === 'notebook')
    : 'save';
  if (answer === null) {
    return;
  }
  if (answer === 'save' && notebooks.dirty) {
    await notebooks.save();
  }
  await model.running.start(answer === 'as-it-is', selection);
}

function stepNames({ state }: PipelineModel): readonly string[] {
  return (state.compiled?.steps ?? []).map(({ name }) => name);
}

/** The step of the active cell; empty where there is none. */
function stepAt({ state }: PipelineModel): string {
  const { active, roles, cells } = state;
  const role = active === null ? undefined : (roles.get(active) ?? rolesOf(cells).get(active));
  return role?.step ?? '';
}

function stepOf(model: PipelineModel, args: ReadonlyPartialJSONObject): string {
  return typeof args['step'] === 'string' ? args['step'] : stepAt(model);
}

/** The task whose notebook shows why the run failed. */
function failing({ state }: PipelineModel, args: ReadonlyPartialJSONObject) {
  const tasks = (state.run?.tasks ?? []).filter(task => task.error && task.notebook !== null);
  return tasks.find(({ step }) => args['step'] === undefined || step === args['step']) ?? null;
}
