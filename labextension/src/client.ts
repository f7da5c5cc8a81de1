/** The server's routes under `nbpipe-api`; nothing else here speaks HTTP. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { ServerError } from './failure';
import type { IClient, RunName, Since } from './tokens';
import { trans } from './translation';
import type {
  Compiled,
  CompileRequest,
  Durations,
  Events,
  Hello,
  Output,
  Plan,
  Run,
  RunEvent,
  RunRequest,
  Task
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
export class Client implements IClient {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  hello(): Promise<Hello> {
    return this.ask('GET', 'hello');
  }

  compile(request: CompileRequest): Promise<Compiled> {
    return this.ask('POST', 'compile', { body: request });
  }

  plan(request: RunRequest): Promise<Plan> {
    return this.ask('POST', 'plan', { body: request });
  }

  async runs(path: string): Promise<readonly Run[]> {
    const query = new URLSearchParams({ path, limit: '50' });
    return (await this.ask<{ runs: readonly Run[] }>('GET', `runs?${query}`)).runs;
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

function routeOf(run: RunName, route: string, numbers: Record<string, number> = {}): string {
  const query = new URLSearchParams({ path: run.path });
  Object.entries(numbers).forEach(([name, value]) => query.set(name, String(value)));
  return `runs/${encodeURIComponent(run.id)}${route}?${query}`;
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
