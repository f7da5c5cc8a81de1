/** The panel's model: what is authored, what runs and what is shown, led by one notebook. */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { Authored } from './authored';
import { sentenceOf, statusOf } from './failure';
import { FailedKernel } from './failedkernel';
import { Given } from './given';
import { Lookout } from './lookout';
import { Proving } from './proving';
import { Running } from './running';
import type { IMemory, ISettings } from './settings';
import { Shown } from './shown';
import type { Scope, Server, State } from './state';
import { EMPTY, isInside } from './state';
import { Suggesting } from './suggesting';
import type { IClient, INotebooks } from './tokens';
import { API } from './tokens';

/** What the model needs of the page. */
export interface IModelOptions {
  readonly client: IClient;
  readonly notebooks: INotebooks;
  readonly settings: ISettings;
  readonly memory: IMemory;
}

/** Follows the current notebook, compiles it as it changes, and follows one run of it. */
export class PipelineModel implements IDisposable {
  constructor({ client, notebooks, settings, memory }: IModelOptions) {
    this.client = client;
    this.notebooks = notebooks;
    this.settings = settings;
    this.authored = new Authored(client, notebooks, this.shown);
    this.suggesting = new Suggesting(client, notebooks, this.authored, this.shown);
    this.proving = new Proving(client, notebooks, this.shown);
    this.running = new Running(client, notebooks, this.shown);
    this.failedKernel = new FailedKernel(client, notebooks, this.shown);
    this.given = new Given(settings, memory, this.shown);
    this.lookout = new Lookout(client, this.shown, () => this.begin());
    notebooks.currentChanged.connect(this.onCurrent, this);
    notebooks.edited.connect(this.onEdited, this);
    notebooks.activeChanged.connect(this.onActive, this);
    settings.changed.connect(this.onSettings, this);
    this.onSettings();
  }

  /** What a person changes in the notebook, and what the compiler says of it. */
  readonly authored: Authored;

  /** Steps that the notebook could have. */
  readonly suggesting: Suggesting;

  /** Whether the pipeline gives what Run All gives. */
  readonly proving: Proving;

  /** Runs: planned, started, followed, listed. */
  readonly running: Running;

  /** The kernel of the step that failed. */
  readonly failedKernel: FailedKernel;

  /** What a person gives to a run: values of parameters, and presets of them. */
  readonly given: Given;

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
    } else if (!this.shown.awake) {
      this.stopFollowing();
    }
  }

  /** Whether the page is seen at all: a run that goes on is followed as long. */
  get awake(): boolean {
    return this.shown.awake;
  }

  set awake(awake: boolean) {
    if (awake === this.shown.awake || this.isDisposed) {
      return;
    }
    this.shown.awake = awake;
    if (!awake) {
      this.stopFollowing();
    } else if (this.listens) {
      void this.running.refresh();
      void this.proving.refresh();
    }
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.shown.dispose();
    this.running.dispose();
    this.authored.dispose();
    this.suggesting.dispose();
    this.proving.dispose();
    this.failedKernel.dispose();
    this.lookout.dispose();
    Signal.disconnectReceiver(this);
  }

  /** Ask the server again after it did not answer. */
  async retry(): Promise<void> {
    this.shown.set({ server: { is: 'unknown' }, message: '' });
    await this.wake();
  }

  /** Runs have news: those of the notebook in front are listed anew, unless they are followed. */
  hear(runs: ReadonlySet<string>): void {
    const { run, proving } = this.state;
    const others = [...runs].filter(id => id !== proving?.id);
    const isKnown = run !== null && others.length === 1 && others[0] === run.id;
    if (!this.listens) {
      return;
    }
    if (others.length > 0 && !(isKnown && this.running.follower.isFollowing)) {
      void this.running.refresh();
    }
    if (!isKnown) {
      void this.proving.refresh(); // one that another page started
    }
  }

  /** Show the notebook alone, or its whole project. */
  async setScope(scope: Scope): Promise<void> {
    this.stopFollowing();
    this.authored.forget();
    const nothing = { run: null, runs: [], log: [], looking: false, proving: null, proof: null };
    this.shown.set({ scope, ...nothing });
    this.given.keep();
    await this.authored.compile();
    await this.running.refresh();
    await this.proving.refresh();
  }

  /** Show what a step left in the run that is shown; where nothing, the step itself. */
  async openStep(step: string, task: string | null): Promise<void> {
    const { run, compiled } = this.state;
    if ((run?.tasks ?? []).some(each => each.step === step && each.notebook !== null)) {
      return this.running.openStep(step, task);
    }
    const begin = compiled?.steps.find(each => each.name === step);
    if (begin?.cells[0] !== undefined) {
      await this.authored.goTo(begin.notebook, begin.cells[0], null);
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

  /** The server is back: all is asked for again. */
  private begin(): void {
    this.shown.set({ plan: null });
    this.authored.forget();
    this.onCurrent();
  }

  private get listens(): boolean {
    return this.shown.visible && this.state.server.is === 'ready';
  }

  private onCurrent(): void {
    const { path } = this.notebooks;
    if (path !== this.state.path) {
      this.stopFollowing();
      this.authored.forget();
      const { server, settings, away } = this.state;
      this.shown.set({ ...EMPTY, server, settings, away, path, scope: this.scopeFor(path) });
      void this.given.recall(path).then(scope => {
        if (scope !== null && scope !== this.state.scope && path === this.state.path) {
          void this.setScope(scope);
        }
      });
    }
    this.authored.read();
    if (this.listens) {
      void this.authored.compile();
      void this.running.refresh();
      void this.proving.refresh();
    }
  }

  private stopFollowing(): void {
    this.running.follower.stop();
    this.proving.stop();
  }

  /** The whole project stays in view on the way from one of its notebooks to another. */
  private scopeFor(path: string | null): Scope {
    const { scope, compiled } = this.state;
    const inside = compiled && path !== null && isInside(path, compiled.project);
    return inside ? scope : 'notebook';
  }

  private onEdited(): void {
    this.authored.followSoon();
    this.suggesting.followSoon();
  }

  private onActive(): void {
    const { active, selected } = this.notebooks;
    this.shown.set({ active, selected });
  }

  private onSettings(): void {
    this.shown.set({ settings: this.settings.values });
  }

  private readonly client: IClient;
  private readonly notebooks: INotebooks;
  private readonly settings: ISettings;
  private readonly lookout: Lookout;
  private readonly shown = new Shown();
}

function failing(error: unknown): Server {
  return { is: 'failing', message: sentenceOf(error) };
}
