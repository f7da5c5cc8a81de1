/** Proves that the pipeline gives what Run All gives: started, followed, stopped, remembered. */

import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { Follower } from './follower';
import { givenParameters } from './parameters';
import { notesOfProof } from './proof';
import { isOver } from './reduce';
import type { Shown } from './shown';
import type { State } from './state';
import type { IClient, INotebooks } from './tokens';
import type { Compiled, Proof } from './wire';

/** Keeps the newest proof of what is open, and shows it at the cells. */
export class Proving implements IDisposable {
  constructor(
    private readonly client: IClient,
    private readonly notebooks: INotebooks,
    private readonly shown: Shown
  ) {
    this.follower = new Follower(client, shown, {
      read: ({ proving }) => proving,
      write: (_, proving) => ({ proving })
    });
    shown.changed.connect(this.onChanged, this);
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  dispose(): void {
    this.disposed = true;
    this.stop();
    Signal.disconnectReceiver(this);
  }

  /** Prove what is open, as it is. */
  async start(): Promise<void> {
    const { path, scope, compiled, typed, provingStarts } = this.shown.state;
    if (path === null || provingStarts) {
      return;
    }
    this.shown.set({ provingStarts: true, message: '' });
    await this.shown.attempt(async () => {
      const parameters = givenParameters(compiled?.parameters ?? [], typed);
      const notebook = this.notebooks.content();
      const proving = await this.client.prove({ path, scope, notebook, parameters });
      if (path === this.shown.state.path) {
        this.shown.set({ proving });
        void this.follow();
      }
    });
    this.shown.set({ provingStarts: false });
  }

  /** Ask the proof that is made to stop. */
  async cancel(): Promise<void> {
    const { proving } = this.shown.state;
    if (proving !== null) {
      await this.shown.attempt(() => this.client.cancel(proving));
    }
  }

  /** Ask for the newest proof; one that is being made is followed. */
  async refresh(): Promise<void> {
    const { path, scope, compiled } = this.shown.state;
    if (path === null || this.follower.isFollowing) {
      return;
    }
    await this.shown.attempt(async () => {
      const of = scope === 'project' ? (compiled?.project ?? path) : path;
      const { run, proof } = await this.client.proven(of);
      const now = this.shown.state;
      if (path === now.path && scope === now.scope && !this.disposed) {
        this.shown.set({ proving: run, proof });
        if (run !== null && !isOver(run.state)) {
          void this.follow();
        }
      }
    });
  }

  /** Nobody looks any more: what is made goes on. */
  stop(): void {
    this.follower.stop();
  }

  private async follow(): Promise<void> {
    await this.follower.follow();
    const { proving } = this.shown.state;
    if (proving !== null && isOver(proving.state)) {
      await this.refresh();
    }
  }

  private onChanged(_: unknown, { proof, compiled, path }: State): void {
    if (proof !== this.seen.proof || compiled !== this.seen.compiled) {
      this.seen = { proof, compiled };
      const told = proof && compiled && path !== null;
      this.notebooks.note('proven', told ? notesOfProof(proof, compiled, path) : null);
    }
  }

  private seen: { proof: Proof | null; compiled: Compiled | null } = {
    proof: null,
    compiled: null
  };
  private disposed = false;
  private readonly follower: Follower;
}
