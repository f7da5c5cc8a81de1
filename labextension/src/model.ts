/** The panel's model: what is authored, what runs and what is shown, led by one notebook. */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { Authored } from './authored';
import { sentenceOf, statusOf } from './failure';
import { Running } from './running';
import { Shown } from './shown';
import type { Scope, Server, State } from './state';
import { EMPTY, isInside } from './state';
import type { IClient, INotebooks } from './tokens';
import { API } from './tokens';

/** Follows the current notebook, compiles it as it changes, and follows one run of it. */
export class PipelineModel implements IDisposable {
  constructor(
    private readonly client: IClient,
    private readonly notebooks: INotebooks
  ) {
    this.authored = new Authored(client, notebooks, this.shown);
    this.running = new Running(client, notebooks, this.shown);
    notebooks.currentChanged.connect(this.onCurrent, this);
    notebooks.edited.connect(this.onEdited, this);
    notebooks.activeChanged.connect(this.onActive, this);
  }

  /** What a person changes in the notebook, and what the compiler says of it. */
  readonly authored: Authored;

  /** Runs: planned, started, followed, listed. */
  readonly running: Running;

  /** Emitted after each change of `state`. */
  get changed(): ISignal<Shown, State> {
    return this.shown.changed;
  }

  get state(): State {
    return this.shown.state;
  }

  get isDisposed(): boolean {
    return this.shown.isDisposed;
  }

  /** Whether anybody looks: nothing is asked of the server while nobody does. */
  get visible(): boolean {
    return this.shown.visible;
  }

  set visible(visible: boolean) {
    if (visible === this.shown.visible || this.isDisposed) {
      return;
    }
    this.shown.visible = visible;
    if (visible) {
      void this.wake();
    } else {
      this.running.follower.stop();
    }
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.shown.dispose();
    this.running.dispose();
    this.authored.dispose();
    Signal.disconnectReceiver(this);
  }

  /** Ask the server again after it did not answer. */
  async retry(): Promise<void> {
    this.shown.set({ server: { is: 'unknown' }, message: '' });
    await this.wake();
  }

  /** Show the notebook alone, or its whole project. */
  async setScope(scope: Scope): Promise<void> {
    this.running.follower.stop();
    this.authored.forget();
    this.shown.set({ scope, run: null, runs: [], log: [], looking: false });
    await this.authored.compile();
    await this.running.refresh();
  }

  /** Show what a step left in the run that is shown; where nothing, the step itself. */
  async openStep(step: string, task: string | null): Promise<void> {
    const { run, compiled } = this.state;
    if ((run?.tasks ?? []).some(each => each.step === step && each.notebook !== null)) {
      return this.running.openStep(step, task);
    }
    const begin = compiled?.steps.find(each => each.name === step);
    if (begin?.cells[0] !== undefined) {
      await this.authored.goTo(begin.notebook, begin.cells[0]);
    }
  }

  private async wake(): Promise<void> {
    await this.greet();
    this.onCurrent();
  }

  private async greet(): Promise<void> {
    if (this.state.server.is === 'ready') {
      return;
    }
    try {
      const { version, api } = await this.client.hello();
      this.shown.set({ server: api === API ? { is: 'ready' } : { is: 'other', version, api } });
    } catch (error) {
      this.shown.set({ server: statusOf(error) === 404 ? { is: 'missing' } : failing(error) });
    }
  }

  private get listens(): boolean {
    return this.visible && this.state.server.is === 'ready';
  }

  private onCurrent(): void {
    const { path } = this.notebooks;
    if (path !== this.state.path) {
      this.running.follower.stop();
      this.authored.forget();
      this.shown.set({ ...EMPTY, server: this.state.server, path, scope: this.scopeFor(path) });
    }
    this.authored.read();
    if (this.listens) {
      void this.authored.compile();
      void this.running.refresh();
    }
  }

  /** The whole project stays in view on the way from one of its notebooks to another. */
  private scopeFor(path: string | null): Scope {
    const { scope, compiled } = this.state;
    const inside = compiled && path !== null && isInside(path, compiled.project);
    return inside ? scope : 'notebook';
  }

  private onEdited(): void {
    this.authored.read();
    if (this.listens) {
      this.authored.compileSoon();
    }
  }

  private onActive(): void {
    this.shown.set({ active: this.notebooks.active });
  }

  private readonly shown = new Shown();
}

function failing(error: unknown): Server {
  return { is: 'failing', message: sentenceOf(error) };
}
