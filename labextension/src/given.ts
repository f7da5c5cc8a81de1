/** What a person gives to a run: values of parameters, kept by notebook, and presets of them. */

import type { IMemory, ISettings } from './settings';
import { withPreset } from './settings';
import type { Shown } from './shown';
import type { Scope } from './state';

/** Keeps what was typed, and what it was called. */
export class Given {
  constructor(
    private readonly settings: ISettings,
    private readonly memory: IMemory,
    private readonly shown: Shown
  ) {}

  /** Set what was typed for a parameter; null takes its default again. */
  setParameter(name: string, text: string | null): void {
    const { [name]: _, ...rest } = this.shown.state.typed;
    this.take(text === null ? rest : { ...rest, [name]: text });
  }

  /** Take the values of a preset; those that it does not name take their defaults. */
  takePreset(name: string): void {
    const { path, settings } = this.shown.state;
    this.take(settings.presets[path ?? '']?.[name] ?? {});
  }

  /** Keep the values that differ from their defaults under a name. */
  async savePreset(name: string): Promise<void> {
    await this.writePreset(name, this.shown.state.typed);
  }

  async deletePreset(name: string): Promise<void> {
    await this.writePreset(name, null);
  }

  /** Take over what was typed at the last visit; returns what was in view then. */
  async recall(path: string | null): Promise<Scope | null> {
    const kept = path === null ? null : await this.memory.recall(path);
    if (kept === null || path !== this.shown.state.path) {
      return null;
    }
    // What was typed while the memory was read counts more.
    this.shown.set({ typed: { ...kept.typed, ...this.shown.state.typed }, plan: null });
    return kept.scope;
  }

  /** Remember what is typed and chosen now. */
  keep(): void {
    const { path, scope, typed } = this.shown.state;
    if (path !== null) {
      this.memory.keep(path, { scope, typed });
    }
  }

  private take(typed: { readonly [name: string]: string }): void {
    this.shown.set({ typed, plan: null });
    this.keep();
  }

  private async writePreset(
    name: string,
    values: { readonly [parameter: string]: string } | null
  ): Promise<void> {
    const { path } = this.shown.state;
    if (path !== null) {
      const presets = withPreset(this.settings.values.presets, path, name, values);
      await this.shown.attempt(() => this.settings.set('presets', presets));
    }
  }
}
