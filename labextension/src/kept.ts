/** Settings as JupyterLab keeps them, and what was typed as the browser does. */

import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IMemory, ISettings, Remembered, Settings } from './settings';
import { DEFAULTS, readRemembered, readSettings } from './settings';
import type { Json } from './wire';

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

/**
 * Keeps what was typed in the browser's own store.
 *
 * JupyterLab's store of the workspace is written seconds later: a reload in between would lose
 * what was typed last.
 */
export class PageMemory implements IMemory {
  /** @param prefix Tells apart servers that share an origin. */
  constructor(
    private readonly storage: Storage,
    private readonly prefix: string
  ) {}

  recall(path: string): Promise<Remembered | null> {
    return Promise.resolve(readRemembered(read(this.storage.getItem(this.keyOf(path)))));
  }

  keep(path: string, remembered: Remembered): void {
    try {
      this.storage.setItem(this.keyOf(path), JSON.stringify(remembered));
    } catch {
      // A browser that keeps nothing, or no more: what was typed stands until the page is left.
    }
  }

  private keyOf(path: string): string {
    return `nbpipe:${this.prefix}:${path}`;
  }
}

function read(text: string | null): Json | undefined {
  try {
    return text === null ? undefined : (JSON.parse(text) as Json);
  } catch {
    return undefined;
  }
}
