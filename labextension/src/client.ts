/** The server's routes under `nbpipe-api`; nothing else here speaks HTTP. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { ServerError } from './failure';
import type { IClient, RunName, Since } from './tokens';
import { trans } from './translation';
import type { IPast, Until, WhichTasks } from './runs/contracts';
import type { Filter } from './runs/filter';
import { queryOf } from './runs/filter';
import type {
  ArtifactInFull,
  CellDiff,
  Compiled,
  CompileRequest,
  Durations,
  Diff,
  Draft,
  Events,
  Hello,
  Output,
  Plan,
  Proposal,
  Proven,
  Run,
  RunEvent,
  RunPage,
  RunRequest,
  Runs,
  Said,
  Side,
  Space,
  StoredText,
  SuggestRequest,
  Task,
  TaskInFull,
  Tasks
} from './wire';

export { ServerError } from './failure';

export const ROOT = 'nbpipe-api';

/** Bytes of output that are read of a run that is looked at anew. */
const TAIL = 64 * 1024;

/** A run with some of its tasks; `next` is where more begin. */
interface RunInParts extends Run {
  readonly tasks: readonly Task[];
  readonly next: number | null;
}

/** Talks to the server extension. */
export class Client implements IClient, IPast {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  hello(): Promise<Hello> {
    return this.ask('GET', 'hello');
  }

  compile(request: CompileRequest): Promise<Compiled> {
    return this.ask('POST', 'compile', { body: request });
  }

  suggest(request: SuggestRequest): Promise<Proposal> {
    return this.ask('POST', 'suggest', { body: request });
  }

  async mentions(path: string, step: string): Promise<readonly string[]> {
    const query = new URLSearchParams({ path, step });
    const answer = await this.ask<{ notebooks: readonly string[] }>('GET', `mentions?${query}`);
    return answer.notebooks;
  }

  plan(request: RunRequest): Promise<Plan> {
    return this.ask('POST', 'plan', { body: request });
  }

  async runs(path: string): Promise<readonly Run[]> {
    const query = new URLSearchParams({ path, limit: '50' });
    return (await this.ask<{ runs: readonly Run[] }>('GET', `runs?${query}`)).runs;
  }

  proven(path: string): Promise<Proven> {
    return this.ask('GET', `proofs?${new URLSearchParams({ path })}`);
  }

  prove(request: RunRequest): Promise<Run> {
    return this.ask('POST', 'proofs', { body: request });
  }

  start(request: RunRequest): Promise<Run> {
    return this.ask('POST', 'runs', { body: request });
  }

  /** A run in full; its tasks come in as many answers as they need. */
  async run(run: RunName): Promise<Run> {
    const first = await this.ask<RunInParts>('GET', routeOf(run, ''));
    const tasks = [...first.tasks];
    for (let from = first.next; from !== null;) {
      const more = await this.ask<RunInParts>('GET', routeOf(run, '', { from }));
      tasks.push(...more.tasks);
      from = more.next;
    }
    const { next: _, ...whole } = first;
    return { ...whole, tasks };
  }

  events(run: RunName, since: Since, signal: AbortSignal): Promise<Events> {
    return this.ask('GET', routeOf(run, '/events', { ...since }), { signal });
  }

  async notes(run: RunName): Promise<readonly RunEvent[]> {
    const route = `${routeOf(run, '/events')}&kind=note`;
    return (await this.ask<Events>('GET', route)).events;
  }

  lastOutput(run: RunName): Promise<Output> {
    return this.ask('GET', routeOf(run, '/output', { tail: TAIL }));
  }

  durations(path: string): Promise<Durations> {
    return this.ask('GET', `durations?${new URLSearchParams({ path })}`);
  }

  output(run: RunName, from: number): Promise<Output> {
    return this.ask('GET', routeOf(run, '/output', { from }));
  }

  async cancel(run: RunName): Promise<void> {
    await this.ask('POST', routeOf(run, '/cancel'), { body: {} });
  }

  resume(run: RunName): Promise<Run> {
    return this.ask('POST', routeOf(run, '/resume'), { body: {} });
  }

  list(path: string, filter: Filter, before: string | null): Promise<Runs> {
    return this.ask('GET', `runs?${queryOf(path, filter, before)}`);
  }

  /** What happened after an event, whatever the cells write meanwhile. */
  newsAfter(run: RunName, after: number, wait: number, signal: AbortSignal): Promise<Events> {
    return this.ask('GET', routeOf(run, '/events', { after, wait }), { signal });
  }

  page(run: RunName): Promise<RunPage> {
    return this.ask('GET', routeOf(run, '/page'));
  }

  tasks(run: RunName, which: WhichTasks, from: number, limit: number): Promise<Tasks> {
    return this.ask('GET', routeOf(run, '/tasks', { ...which, from, limit }));
  }

  task(run: RunName, task: string): Promise<TaskInFull> {
    return this.ask('GET', routeOf(run, `/tasks/${encodeURIComponent(task)}`));
  }

  async annotate(run: RunName, said: Partial<Said>): Promise<void> {
    await this.ask('PATCH', routeOf(run, ''), { body: said });
  }

  async remove(run: RunName): Promise<void> {
    await this.ask('DELETE', routeOf(run, ''));
  }

  async compare(path: string, ids: readonly string[]): Promise<readonly Side[]> {
    const query = new URLSearchParams([['path', path], ...ids.map(id => ['run', id])]);
    return (await this.ask<{ runs: readonly Side[] }>('GET', `compare?${query}`)).runs;
  }

  space(path: string): Promise<Space> {
    return this.ask('GET', `space?${new URLSearchParams({ path })}`);
  }

  diff(before: RunName, after: string): Promise<Diff> {
    return this.ask('GET', routeOf(before, '/diff', { to: after }));
  }

  async diffCells(before: RunName, to: string, task: string): Promise<readonly CellDiff[]> {
    const route = routeOf(before, '/diff', { to, task });
    return (await this.ask<{ cells: readonly CellDiff[] }>('GET', route)).cells;
  }

  artifact(digest: string, path: string): Promise<ArtifactInFull> {
    return this.ask('GET', artifactRoute(digest, '', { path }));
  }

  text(digest: string, path: string): Promise<StoredText> {
    return this.ask('GET', artifactRoute(digest, '/text', { path }));
  }

  draft(run: RunName, task: string, until: Until): Promise<Draft> {
    return this.ask('POST', routeOf(run, '/draft'), { body: { task, until } });
  }

  failedKernel(run: RunName, task: string): Promise<Draft> {
    return this.ask('POST', routeOf(run, '/kernel'), { body: { task, until: 'failure' } });
  }

  imageUrl(digest: string, path: string): string {
    return URLExt.join(this.settings.baseUrl, ROOT, artifactRoute(digest, '/image', { path }));
  }

  fileUrl(digest: string, path: string, name: string): string {
    return URLExt.join(this.settings.baseUrl, ROOT, artifactRoute(digest, '/file', { path, name }));
  }

  private async ask<T>(
    method: string,
    route: string,
    { body, signal }: { body?: unknown; signal?: AbortSignal } = {}
  ): Promise<T> {
    const init: RequestInit = { method };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
    }
    if (signal !== undefined) {
      init.signal = signal;
    }
    const response = await this.send(URLExt.join(this.settings.baseUrl, ROOT, route), init);
    if (!response.ok) {
      throw new ServerError(await reasonOf(response), response.status);
    }
    return (await readJson(response)) as T;
  }

  private async send(url: string, init: RequestInit): Promise<Response> {
    try {
      return await ServerConnection.makeRequest(url, init, this.settings);
    } catch (error) {
      if (init.signal?.aborted) {
        throw error;
      }
      throw new ServerError(trans.__('The Jupyter server does not answer.'), 0);
    }
  }
}

type Asked = Record<string, number | string>;

function routeOf(run: RunName, route: string, asked: Asked = {}): string {
  const query = new URLSearchParams({ path: run.path });
  Object.entries(asked).forEach(([name, value]) => query.set(name, String(value)));
  return `runs/${encodeURIComponent(run.id)}${route}?${query}`;
}

function artifactRoute(digest: string, route: string, asked: Record<string, string>): string {
  return `artifacts/${encodeURIComponent(digest)}${route}?${new URLSearchParams(asked)}`;
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    throw new ServerError(
      trans.__('The Jupyter server gave an answer that is not JSON.'),
      response.status
    );
  }
}

interface Refusal {
  readonly message?: unknown;
  readonly error?: { readonly suggestion?: unknown };
}

/** The sentences that came with an error, or the status in words. */
async function reasonOf(response: Response): Promise<string> {
  try {
    const { message, error } = JSON.parse(await response.text()) as Refusal;
    const said = [message, error?.suggestion].filter(text => typeof text === 'string' && text);
    if (said.length > 0) {
      return said.join(' ');
    }
  } catch {
    // Not JSON: a page of a proxy, say.
  }
  return `${response.status} ${response.statusText}`.trim();
}
