/** The commands that open what ran, and the tabs that they open; restored after a reload. */

import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import { WidgetTracker } from '@jupyterlab/apputils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { pipelineIcon } from '../icon';
import type { Notebooks } from '../notebook';
import { trans } from '../translation';
import type { IDoors, IPast, Spec } from './contracts';
import { PastIDs } from './contracts';
import { nameOf, PastWidget } from './widget';

export interface IPastParts {
  readonly app: JupyterFrontEnd;
  readonly past: IPast;
  readonly notebooks: Notebooks;
  readonly documents: IDocumentManager;
  readonly palette: ICommandPalette | null;
  readonly restorer: ILayoutRestorer | null;
  readonly isDark: () => boolean;
}

/** Add the commands; returns the tabs, to be drawn anew when the theme changes. */
export function addPast(parts: IPastParts): WidgetTracker<PastWidget> {
  const { app, past, notebooks, palette, restorer, isDark } = parts;
  const tracker = new WidgetTracker<PastWidget>({ namespace: 'nbpipe-past' });
  const options = { past, doors: doorsOf(parts), isDark };
  const shown = (widget: PastWidget): PastWidget => {
    app.shell.add(widget, 'main');
    return widget;
  };
  const open = (spec: Spec): void => {
    const id = nameOf(spec);
    if (!tracker.find(widget => widget.id === id)) {
      void tracker.add(shown(new PastWidget(spec, options)));
    }
    app.shell.activateById(id);
  };
  const { commands } = app;
  commands.addCommand(PastIDs.runs, {
    label: trans.__('Show Runs'),
    caption: trans.__('List the runs of the open notebook'),
    icon: pipelineIcon,
    describedBy: { args: argsOf({ path: 'string' }) },
    execute: args => open({ kind: 'runs', path: textIn(args, 'path') || (notebooks.path ?? '') })
  });
  commands.addCommand(PastIDs.run, {
    label: trans.__('Open Run'),
    describedBy: { args: argsOf({ path: 'string', id: 'string' }) },
    execute: args => open({ kind: 'run', path: textIn(args, 'path'), id: textIn(args, 'id') })
  });
  commands.addCommand(PastIDs.compare, {
    label: trans.__('Compare Runs'),
    describedBy: { args: argsOf({ path: 'string', ids: 'array' }) },
    execute: args =>
      open({ kind: 'compare', path: textIn(args, 'path'), ids: textsIn(args, 'ids') })
  });
  commands.addCommand(PastIDs.again, {
    label: trans.__('Open Again'),
    isVisible: () => false,
    describedBy: { args: argsOf({ kind: 'string', path: 'string', id: 'string', ids: 'array' }) },
    execute: args => open(specIn(args))
  });
  palette?.addItem({ command: PastIDs.runs, category: trans.__('Pipeline') });
  void restorer?.restore(tracker, {
    command: PastIDs.again,
    name: ({ id }) => id,
    args: ({ spec }) => ({ ...spec })
  });
  return tracker;
}

function doorsOf({ app, notebooks, documents }: IPastParts): IDoors {
  const execute = (command: string, args: ReadonlyPartialJSONObject): void =>
    void app.commands.execute(command, args);
  return {
    openRun: ({ id, path }) => execute(PastIDs.run, { id, path }),
    openRuns: path => execute(PastIDs.runs, { path }),
    compare: (path, ids) => execute(PastIDs.compare, { path, ids: [...ids] }),
    openExecuted: (path, cell) => notebooks.openExecuted(path, cell),
    openDraft: async draft => (await import('./doors')).openDraft(documents, draft),
    insert: code => notebooks.insert(code),
    askSaid: async (said, known) => (await import('./asking')).askSaid(said, known),
    confirmDelete: async runs => (await import('./asking')).confirmDelete(runs)
  };
}

function argsOf(types: Readonly<Record<string, string>>): ReadonlyJSONObject {
  const properties = Object.entries(types).map(([name, type]) => [name, { type }] as const);
  return { type: 'object', properties: Object.fromEntries(properties) };
}

/** What a tab showed when the page was left. */
function specIn(args: ReadonlyPartialJSONObject): Spec {
  const path = textIn(args, 'path');
  switch (args.kind) {
    case 'run':
      return { kind: 'run', path, id: textIn(args, 'id') };
    case 'compare':
      return { kind: 'compare', path, ids: textsIn(args, 'ids') };
    default:
      return { kind: 'runs', path };
  }
}

function textIn(args: ReadonlyPartialJSONObject, name: string): string {
  const value = args[name];
  return typeof value === 'string' ? value : '';
}

function textsIn(args: ReadonlyPartialJSONObject, name: string): readonly string[] {
  const value = args[name];
  return Array.isArray(value) ? value.filter(each => typeof each === 'string') : [];
}
