import { ServerConnection } from '@jupyterlab/services';

import { Client, ServerError } from '../client';

interface Asked {
  url: string;
  method: string;
  body: string | null;
}

/** A client whose fetch is this function. */
function aClient(respond: () => Response | Promise<Response>): { client: Client; asked: Asked[] } {
  const asked: Asked[] = [];
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://here/base/',
    fetch: async (info: RequestInfo | URL) => {
      const request = info as Request;
      const body = request.method === 'GET' ? null : await request.text();
      asked.push({ url: request.url, method: request.method, body });
      return respond();
    }
  });
  return { client: new Client(settings), asked };
}

const json =
  (value: unknown, status = 200) =>
  () =>
    new Response(JSON.stringify(value), { status, statusText: 'Bad Request' });

describe('the client', () => {
  it('asks under nbpipe-api, with names made safe for addresses', async () => {
    const { client, asked } = aClient(json({ runs: [], tasks: [], next: null }));
    await client.runs('a b/ü&?.ipynb');
    await client.run({ id: 'r/1', path: 'b.ipynb' });
    expect(asked.map(({ url }) => url.replace(/[?&]\d+$/, ''))).toEqual([
      'http://here/base/nbpipe-api/runs?path=a+b%2F%C3%BC%26%3F.ipynb&limit=50',
      'http://here/base/nbpipe-api/runs/r%2F1?path=b.ipynb'
    ]);
  });

  it('sends what is to be compiled as JSON', async () => {
    const { client, asked } = aClient(json({}));
    await client.compile({ path: 'a.ipynb', notebook: { cells: [] }, scope: 'notebook' });
    expect(asked[0]?.method).toBe('POST');
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({
      path: 'a.ipynb',
      notebook: { cells: [] },
      scope: 'notebook'
    });
  });

  it.each([
    [json({ message: 'No step is named x.' }, 400), 'No step is named x.', 400],
    [json({ message: 'Taken.', error: { suggestion: 'Wait.' } }, 409), 'Taken. Wait.', 409],
    [
      () => new Response('<html>', { status: 502, statusText: 'Bad Gateway' }),
      '502 Bad Gateway',
      502
    ],
    [() => Promise.reject(new TypeError('net')), 'The Jupyter server does not answer.', 0],
    [() => new Response('<html>'), 'The Jupyter server gave an answer that is not JSON.', 200]
  ])('says in a sentence what went wrong (%#)', async (respond, message, status) => {
    const { client } = aClient(respond);
    const error: unknown = await client.hello().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ServerError);
    expect(error).toMatchObject({ message, status });
  });
});
