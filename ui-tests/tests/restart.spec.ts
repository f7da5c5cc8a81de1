import type { ChildProcess } from 'child_process';
import { spawn } from 'child_process';
import { mkdtempSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

import type { Locator, Page } from '@playwright/test';
import { expect, test } from '@playwright/test';

import { notebookText } from './notebooks';

const RUN_TIME = 90_000;

/** A server of the test's own: the others must not be killed with it. */
const PORT = Number(process.env.NBPIPE_TEST_PORT ?? '8899') + 1;
const ADDRESS = `http://127.0.0.1:${PORT}`;

async function answers(): Promise<boolean> {
  return fetch(`${ADDRESS}/nbpipe-api/hello`).then(
    ({ ok }) => ok,
    () => false
  );
}

/** Start a server on a folder; returns when it answers. */
async function serve(folder: string): Promise<ChildProcess> {
  const own = { NBPIPE_TEST_PORT: String(PORT), JUPYTERLAB_GALATA_ROOT_DIR: folder };
  const server = spawn('jupyter', ['lab', '--config', 'jupyter_server_test_config.py'], {
    env: { ...process.env, ...own },
    stdio: 'ignore'
  });
  await expect.poll(answers, { timeout: RUN_TIME }).toBe(true);
  return server;
}

/** Kill a server as the kernel does where memory is short; returns when it is gone. */
async function kill(server: ChildProcess): Promise<void> {
  const gone = new Promise(resolve => server.once('exit', resolve));
  if (server.exitCode === null && server.signalCode === null) {
    server.kill('SIGKILL');
    await gone;
  }
}

async function open(page: Page, workspace: string): Promise<{ panel: Locator; graph: Locator }> {
  // Each with a layout of its own: the second would find the panel open, and its click close it.
  await page.goto(`${ADDRESS}/lab/workspaces/${workspace}/tree/flow.ipynb`);
  // A kernel that starts writes its language into the notebook, which is unsaved from then on.
  const asItIs = page.getByRole('button', { name: 'Run as it is' });
  await page.addLocatorHandler(asItIs, found => found.click());
  await page.getByRole('tab', { name: 'Pipeline', exact: true }).click({ timeout: RUN_TIME });
  const panel = page.locator('#nbpipe-panel');
  return { panel, graph: panel.getByRole('region', { name: 'Pipeline graph' }) };
}

test('a run outlives a server that is killed, and both tabs show how it ended', async ({
  context
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'nbpipe-restart-'));
  const sign = join(folder, 'go');
  const wait = `import os, time\nwhile not os.path.exists(${JSON.stringify(sign)}):\n    time.sleep(0.1)`;
  writeFileSync(
    join(folder, 'flow.ipynb'),
    notebookText([
      { source: 'x = 41', tags: ['step:load'] },
      { source: wait, tags: ['step:wait', 'after:load'] },
      { source: 'print("sum", x + 1)', tags: ['step:sum', 'after:wait'] }
    ])
  );
  let server = await serve(folder);
  try {
    const tabs = [
      await open(await context.newPage(), 'one'),
      await open(await context.newPage(), 'other')
    ];
    const [first] = tabs;
    await first?.panel.getByRole('button', { name: 'Run pipeline' }).click();
    for (const { graph } of tabs) {
      await expect(graph.getByRole('button', { name: 'wait, running' })).toBeVisible({
        timeout: RUN_TIME
      });
    }

    await kill(server);
    for (const { panel } of tabs) {
      await expect(panel.getByText('The Jupyter server does not answer')).toBeVisible({
        timeout: RUN_TIME
      });
    }
    writeFileSync(sign, ''); // the run goes on where nobody sees it
    server = await serve(folder);

    for (const { panel, graph } of tabs) {
      await expect(graph.getByRole('button', { name: 'sum, ok' })).toBeVisible({
        timeout: RUN_TIME
      });
      await expect(panel.getByRole('status', { name: 'Run state' })).toContainText('ok');
      await expect(panel.getByText('The Jupyter server does not answer')).toHaveCount(0);
    }

    const listed = await fetch(`${ADDRESS}/nbpipe-api/runs?path=flow.ipynb`);
    const { runs } = (await listed.json()) as { runs: { id: string; state: string }[] };
    expect(runs.map(({ state }) => state)).toEqual(['ok']);
    const told = await fetch(
      `${ADDRESS}/nbpipe-api/runs/${runs[0]?.id ?? ''}/events?path=flow.ipynb`
    );
    const { events } = (await told.json()) as { events: { seq: number }[] };
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
  } finally {
    await kill(server);
  }
});
