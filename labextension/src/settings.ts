/** What a person can set, as the settings editor keeps it. */

import type { ISignal } from '@lumino/signaling';

import type { Json } from './wire';

/** What is done with an unsaved notebook that is to be run. */
export type Unsaved = 'ask' | 'save' | 'as-it-is';

/** Sets of parameters' values under a name: notebook → name → parameter → what was typed. */
export type Presets = {
  readonly [path: string]: { readonly [name: string]: { readonly [parameter: string]: string } };
};

export interface Settings {
  readonly unsaved: Unsaved;
  /** Say beforehand what would run and what would be reused. */
  readonly showPlan: boolean;
  /** Seconds from which on a run is long: its end is told; less than 0 tells of none. */
  readonly tellAfter: number;
  readonly statusBar: boolean;
  readonly launcher: boolean;
  /** Mark the cells of a run in the notebook. */
  readonly cellStates: boolean;
  /** Most pictures of a run in a second. */
  readonly picturesPerSecond: number;
  readonly logLines: number;
  readonly presets: Presets;
}

export const DEFAULTS: Settings = {
  unsaved: 'ask',
  showPlan: true,
  tellAfter: 10,
  statusBar: true,
  launcher: true,
  cellStates: true,
  picturesPerSecond: 4,
  logLines: 500,
  presets: {}
};

/** The settings, and a way to change one of them. */
export interface ISettings {
  readonly values: Settings;
  readonly changed: ISignal<ISettings, void>;
  set<K extends keyof Settings>(name: K, value: Settings[K]): Promise<void>;
}

/** Return settings from what the registry holds; what is of another type takes its default. */
export function readSettings(held: { readonly [name: string]: unknown }): Settings {
  const fitting = Object.entries(DEFAULTS).filter(
    ([name, normal]) => typeof held[name] === typeof normal && held[name] !== null
  );
  return { ...DEFAULTS, ...Object.fromEntries(fitting.map(([name]) => [name, held[name]])) };
}

/** Return the presets of one notebook with one more, or without one. */
export function withPreset(
  presets: Presets,
  path: string,
  name: string,
  values: { readonly [parameter: string]: string } | null
): Presets {
  const { [name]: _, ...others } = presets[path] ?? {};
  const mine = values === null ? others : { ...others, [name]: values };
  const { [path]: __, ...rest } = presets;
  return Object.keys(mine).length === 0 ? rest : { ...rest, [path]: mine };
}

/** What is kept of a notebook from one visit of the page to the next. */
export interface Remembered {
  readonly scope: 'notebook' | 'project';
  readonly typed: { readonly [name: string]: string };
}

/** Keeps what was typed, and what was in view, by notebook. */
export interface IMemory {
  recall(path: string): Promise<Remembered | null>;
  keep(path: string, remembered: Remembered): void;
}

/** Return what was kept if it is what we kept. */
export function readRemembered(held: Json | undefined): Remembered | null {
  if (typeof held !== 'object' || held === null || Array.isArray(held)) {
    return null;
  }
  const { scope, typed } = held;
  const texts = typeof typed === 'object' && typed !== null ? Object.entries(typed) : [];
  return {
    scope: scope === 'project' ? 'project' : 'notebook',
    typed: Object.fromEntries(texts.filter(([, text]) => typeof text === 'string')) as {
      [name: string]: string;
    }
  };
}
