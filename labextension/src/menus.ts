/** The menus that are made here; those of the page's bar stand in the schema. */

import { MenuSvg } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import { CommandIDs } from './tokens';

/** Offer the other ways to run, at a place on the page. */
export function offerRuns(commands: CommandRegistry, x: number, y: number): void {
  const menu = new MenuSvg({ commands });
  menu.addItem({ command: CommandIDs.run });
  menu.addItem({ command: CommandIDs.runOptions });
  menu.addItem({ type: 'separator' });
  for (const command of [CommandIDs.runOnly, CommandIDs.runFrom, CommandIDs.runUntil]) {
    menu.addItem({ command });
  }
  menu.addItem({ type: 'separator' });
  menu.addItem({ command: CommandIDs.runForced });
  menu.aboutToClose.connect(() => void Promise.resolve().then(() => menu.dispose()));
  menu.open(x, y);
}
