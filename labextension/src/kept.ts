/** Settings and memory as JupyterLab keeps them. */

import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { IStateDB } from '@jupyterlab/statedb';
import { Debouncer } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IMemory, ISettings, Remembered, Settings } from './settings';
import { DEFAULTS, readRemembered, readSettings } from './settings';
import type { Json } from './wire';

const SOON = 300;

/** The settings of our schema; the defaults until they are loaded, or where there are none. */
export class RegistrySettings implements ISettings {
  constructor(registry: ISettingRegistry | null, plugin: string) {
    void registry?.load(plugin).then(
      loaded => {
        this.loaded = loaded;
        loaded.changed.connect(() => this.read());
        this.read();
      },
      () => undefined // The registry says itself what is wrong with a schema.
    );
  }

  get values(): Settings {
    return this._values;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  async set<K extends keyof Settings>(name: K, value: Settings[K]): Promise<void> {
    this._values = { ...this._values, [name]: value };
    this._changed.emit();
    await this.loaded?.set(name, value);
  }

  private read(): void {
    this._values = readSettings(this.loaded?.composite ?? {});
    this._changed.emit();
  }

  private loaded: ISettingRegistry.ISettings | null = null;
  private _values: Settings = DEFAULTS;
  private readonly _changed = new Signal<this, void>(this);
}

/** Keeps what was typed and chosen in JupyterLab's own store of the workspace. */
export class StateMemory implements IMemory {
  constructor(private readonly state: IStateDB | null) {}

  async recall(path: string): Promise<Remembered | null> {
    return readRemembered((await this.state?.fetch(keyOf(path))) as Json | undefined);
  }

  keep(path: string, remembered: Remembered): void {
    this.waiting.set(path, remembered);
    void this.writer.invoke();
  }

  private async write(): Promise<void> {
    const all = [...this.waiting];
    this.waiting.clear();
    for (const [path, kept] of all) {
      await this.state?.save(keyOf(path), { ...kept });
    }
  }

  private readonly waiting = new Map<string, Remembered>();
  private readonly writer = new Debouncer(() => this.write(), SOON);
}

function keyOf(path: string): string {
  return `nbpipe:${path}`;
}
