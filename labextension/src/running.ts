/** What runs: a run is planned, started, stopped, taken up again and chosen from the list. */

import type { IDisposable } from '@lumino/disposable';

import { sentenceOf } from './failure';
import { Follower } from './follower';
import { fromText } from './parameters';
import type { Shown } from './shown';
import type { IClient, INotebooks } from './tokens';
import type { Json, Run, RunRequest } from './wire';

/** Starts runs of what is open, and keeps the list of them. */
export class Running implements IDisposable {
  constructor(
    private readonly client: IClient,
    private readonly notebooks: INotebooks,
    private readonly shown: Shown
  ) {
    this.follower = new Follower(client, shown);
  }

  /** Reads the news of the run that is shown. */
  readonly follower: Follower;

  get isDisposed(): boolean {
    return this.shown.isDisposed;
  }

  dispose(): void {
    this.follower.stop();
  }

  /** Ask what a run would do now. */
  async askPlan(): Promise<void> {
    await this.shown.attempt(async () => {
      const asItIs = this.shown.state.scope === 'notebook';
      const { tasks } = await this.client.plan(this.request(asItIs));
      this.shown.set({ plan: new Map(tasks.map(task => [task.step, task])) });
    });
  }

  /** Set what was typed for a parameter; null takes its default again. */
  setParameter(name: string, text: string | null): void {
    const { [name]: _, ...rest } = this.shown.state.typed;
    this.shown.set({ typed: text === null ? rest : { ...rest, [name]: text }, plan: null });
  }

  /**
   * Start a run of the current notebook.
   *
   * @param asItIs Run what is open, saved or not; else what is on disk.
   */
  async start(asItIs: boolean): Promise<Run | null> {
    if (this.shown.state.path === null || this.shown.state.starting) {
      return null;
    }
    this.shown.set({ starting: true, message: '' });
    try {
      const run = await this.client.start(this.request(asItIs));
      this.took(run);
      return run;
    } catch (error) {
      this.shown.set({ message: sentenceOf(error) });
      return null;
    } finally {
      this.shown.set({ starting: false });
    }
  }

  /** Ask the run that is shown to stop. */
  async cancel(): Promise<void> {
    const { run } = this.shown.state;
    if (run) {
      await this.shown.attempt(() => this.client.cancel(run));
    }
  }

  /** Take up the run that is shown from what it has stored. */
  async resume(): Promise<void> {
    const { run } = this.shown.state;
    if (run) {
      await this.shown.attempt(async () => this.took(await this.client.resume(run)));
    }
  }

  /** Show a run from the list; null shows the notebook and its last run. */
  async show(id: string | null): Promise<void> {
    const { runs } = this.shown.state;
    const run = runs.find(each => each.id === (id ?? runs[0]?.id));
    this.shown.set({ run: run ?? null, looking: id !== null, log: [] });
    await this.follower.follow();
  }

  /** Show a step's executed notebook at the cell that failed, else where its own cells begin. */
  async openStep(step: string, task: string | null): Promise<void> {
    const { run, compiled } = this.shown.state;
    const tasks = (run?.tasks ?? []).filter(each => each.step === step && each.notebook !== null);
    const chosen =
      tasks.find(each => each.task === task) ?? tasks.find(each => each.error) ?? tasks[0];
    if (chosen?.notebook) {
      const { notebook, error } = chosen;
      const begin = compiled?.steps.find(each => each.name === step);
      const cell = error?.cell ?? begin?.cells[0] ?? null;
      await this.shown.attempt(() => this.notebooks.openExecuted(notebook, cell));
    }
  }

  /** Ask for the list of runs; the run that is shown is followed. */
  async refresh(): Promise<void> {
    const { path, scope, compiled } = this.shown.state;
    if (path === null) {
      return;
    }
    await this.shown.attempt(async () => {
      const runs = await this.client.runs(scope === 'project' ? (compiled?.project ?? path) : path);
      const now = this.shown.state;
      if (path === now.path && scope === now.scope && !this.isDisposed) {
        const run = now.run ?? runs[0] ?? null;
        this.shown.set({ runs, run });
        if (run !== now.run || !this.follower.isFollowing) {
          await this.follower.follow();
        }
      }
    });
  }

  /** Parameters that differ from their defaults, as values; throws for one that is no value. */
  parameters(): { [name: string]: Json } {
    const values: { [name: string]: Json } = {};
    for (const parameter of this.shown.state.compiled?.parameters ?? []) {
      const text = this.shown.state.typed[parameter.name];
      const reading = text === undefined ? null : fromText(parameter, text);
      if (reading?.ok === false) {
        throw new Error(`Parameter ${parameter.name}: ${reading.message}. Nothing was run.`);
      }
      if (reading !== null) {
        values[parameter.name] = reading.value;
      }
    }
    return values;
  }

  /** What is to be run: the notebook, as it is or from disk, or the whole project from disk. */
  private request(asItIs: boolean): RunRequest {
    const { path, scope } = this.shown.state;
    const notebook = asItIs && scope === 'notebook' ? this.notebooks.content() : null;
    return { path: path ?? '', scope, notebook, parameters: this.parameters() };
  }

  private took(run: Run): void {
    const runs = [run, ...this.shown.state.runs.filter(({ id }) => id !== run.id)];
    this.shown.set({ run, runs, looking: false, log: [], plan: null, message: '' });
    void this.follower.follow();
  }
}
