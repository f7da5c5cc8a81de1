/** The server's routes under `nbpipe-api`; nothing else here speaks HTTP. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import type { IClient } from './tokens';
import type { Compiled, CompileRequest, Events, Hello, Run, RunRequest } from './wire';

export const ROOT = 'nbpipe-api';

/** The server did not do what was asked; `status` is 0 where it was not reached. */
export class ServerError extends Error {
  constructor(
    message: string,
    readonly status: number
  ) {
    super(message);
    this.name = 'ServerError';
  }
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

  async runs(path: string): Promise<readonly Run[]> {
    const query = new URLSearchParams({ path, limit: '50' });
    return (await this.ask<{ runs: readonly Run[] }>('GET', `runs?${query}`)).runs;
  }

  start(request: RunRequest): Promise<Run> {
    return this.ask('POST', 'runs', { body: request });
  }

  run(id: string): Promise<Run> {
    return this.ask('GET', `runs/${encodeURIComponent(id)}`);
  }

  events(id: string, after: number, wait: number, signal: AbortSignal): Promise<Events> {
    const query = new URLSearchParams({ after: String(after), wait: String(wait) });
    return this.ask('GET', `runs/${encodeURIComponent(id)}/events?${query}`, { signal });
  }

  async cancel(id: string): Promise<void> {
    await this.ask('POST', `runs/${encodeURIComponent(id)}/cancel`, { body: {} });
  }

  resume(id: string): Promise<Run> {
    return this.ask('POST', `runs/${encodeURIComponent(id)}/resume`, { body: {} });
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
      throw new ServerError('The Jupyter server does not answer.', 0);
    }
  }
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    throw new ServerError('The Jupyter server gave an answer that is not JSON.', response.status);
  }
}

/** The sentence that came with an error, or the status in words. */
async function reasonOf(response: Response): Promise<string> {
  try {
    const answer = JSON.parse(await response.text()) as { message?: unknown; reason?: unknown };
    const said = [answer.message, answer.reason].find(text => typeof text === 'string' && text);
    if (typeof said === 'string') {
      return said;
    }
  } catch {
    // Not JSON: a page of a proxy, say.
  }
  return `${response.status} ${response.statusText}`.trim();
}
