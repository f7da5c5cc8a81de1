/** What runs: a run is planned, started, stopped, taken up again and chosen from the list. */

import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { Signal } from '@lumino/signaling';

import { Follower } from './follower';
import { givenParameters } from './parameters';
import { isOver } from './reduce';
import type { Shown } from './shown';
import type { State } from './state';
import { inShort } from './state';
import type { IClient, INotebooks } from './tokens';
import type { PlannedTask, Run, RunRequest, Selection } from './wire';

/** Milliseconds after the last change before the plan is asked for. */
const QUIET = 400;

/** Starts runs of what is open, and keeps the list of them. */
export class Running implements IDisposable {
  constructor(
    private readonly client: IClient,
    private readonly notebooks: INotebooks,
    private readonly shown: Shown
  ) {
    this.follower = new Follower(client, shown);
    shown.changed.connect(this.onChanged, this);
  }

  /** Reads the news of the run that is shown. */
  readonly follower: Follower;

  get isDisposed(): boolean {
    return this.planner.isDisposed;
  }

  dispose(): void {
    Signal.disconnectReceiver(this);
    this.follower.stop();
    this.planner.dispose();
  }

  /** Ask what a run would do now, and how long that took before. */
  askPlan(): Promise<void> {
    return this.shown.attempt(() => this.plan());
  }

  /** Return what a run of some steps would do now. */
  async planOf(selection: Selection): Promise<readonly PlannedTask[]> {
    const asItIs = this.shown.state.scope === 'notebook';
    return (await this.client.plan(this.request(asItIs, selection))).tasks;
  }

  /** Show the plan step by step, or no longer. */
  async showPlan(planShown: boolean): Promise<void> {
    this.shown.set({ planShown });
    if (planShown && this.shown.state.plan === null) {
      await this.askPlan();
    }
  }

  /**
   * Start a run of the current notebook.
   *
   * @param asItIs Run what is open, saved or not; else what is on disk.
   * @param selection Which steps; all of them where nothing is named.
   */
  async start(asItIs: boolean, selection: Selection = {}): Promise<Run | null> {
    if (this.shown.state.path === null || this.shown.state.starting) {
      return null;
    }
    this.shown.set({ starting: true, message: '' });
    try {
      const run = await this.client.start(this.request(asItIs, selection));
      this.took(run);
      return run;
    } catch (error) {
      this.shown.fail(error);
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
    this.shown.set({ run: run ?? null, looking: id !== null && run !== undefined, log: [] });
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

  /** Ask for the list of runs; the newest one, or the one that is looked at, is followed. */
  async refresh(): Promise<void> {
    const { path, scope, compiled } = this.shown.state;
    if (path === null) {
      return;
    }
    await this.shown.attempt(async () => {
      const runs = await this.client.runs(scope === 'project' ? (compiled?.project ?? path) : path);
      const now = this.shown.state;
      if (path === now.path && scope === now.scope && !this.isDisposed) {
        const run = toShow(now, runs);
        this.shown.set(run?.id === now.run?.id ? { runs } : { runs, run, log: [] });
        if (run?.id !== now.run?.id || !this.follower.isFollowing) {
          await this.follower.follow();
        }
      }
    });
  }

  /** What is to be run: the notebook, as it is or from disk, or the whole project from disk. */
  private request(asItIs: boolean, selection: Selection): RunRequest {
    const { path, scope, compiled, typed } = this.shown.state;
    const notebook = asItIs && scope === 'notebook' ? this.notebooks.content() : null;
    const parameters = givenParameters(compiled?.parameters ?? [], typed);
    return { path: path ?? '', scope, notebook, parameters, ...selection };
  }

  private took(run: Run): void {
    const runs = [inShort(run), ...this.shown.state.runs.filter(({ id }) => id !== run.id)];
    this.shown.set({ run, runs, looking: false, log: [], plan: null, message: '' });
    void this.follower.follow();
  }

  /** The plan is asked for where it is not known, and somebody looks at it. */
  private onChanged(_: unknown, { plan, compiled, settings, run }: State): void {
    const isIdle = run === null || isOver(run.state);
    const isAsked =
      settings.showPlan && this.shown.visible && this.shown.state.server.is === 'ready';
    if (plan === null && compiled !== null && isIdle && isAsked) {
      void this.planner.invoke();
    }
  }

  /** A plan that cannot be made is no fault of its own: the problems say why. */
  private async planQuietly(): Promise<void> {
    if (this.shown.visible && this.shown.state.compiled !== null) {
      await this.plan().catch(() => this.shown.set({ plan: new Map() }));
    }
  }

  private async plan(): Promise<void> {
    const { compiled, typed, path } = this.shown.state;
    const tasks = await this.planOf({});
    const { steps } = await this.client.durations(path ?? '');
    const now = this.shown.state;
    if (now.compiled === compiled && now.typed === typed) {
      this.shown.set({ plan: new Map(tasks.map(task => [task.step, task])), durations: steps });
    }
  }

  private readonly planner = new Debouncer(() => this.planQuietly(), QUIET);
}

/** The run that is looked at; else the newest, unless what is shown is it. */
function toShow({ run, looking }: State, runs: readonly Run[]): Run | null {
  if (looking && run !== null) {
    return run;
  }
  const newest = runs[0] ?? null;
  return newest?.id === run?.id ? run : newest;
}
