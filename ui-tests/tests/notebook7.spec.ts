import type { Locator, Page } from '@playwright/test';
import { expect, test } from '@playwright/test';
import type { ChildProcess } from 'child_process';
import { spawn } from 'child_process';

import { notebookText } from './notebooks';

const RUN_TIME = 90_000;
const PORT = Number(process.env.NBPIPE_TEST_PORT ?? '8899') + 1000;
const ADDRESS = `http://127.0.0.1:${PORT}`;

let server: ChildProcess;

const panelOf = (page: Page): Locator => page.locator('#nbpipe-panel');

/** Start Notebook 7 on a port of its own, as the tests start JupyterLab. */
test.beforeAll(async ({ request }) => {
  server = spawn('jupyter', ['notebook', '--config', 'jupyter_server_test_config.py'], {
    env: { ...process.env, NBPIPE_TEST_PORT: String(PORT) },
    stdio: 'ignore'
  });
  await expect
    .poll(
      async () => {
        const answer = await request.get(`${ADDRESS}/nbpipe-api/hello`).catch(() => null);
        return answer?.status();
      },
      { timeout: RUN_TIME }
    )
    .toBe(200);
});

test.afterAll(() => {
  server.kill();
});

test('the panel is at home in Notebook 7', async ({ page, request }) => {
  const text = notebookText([
    { source: 'rows = [1, 2]', tags: ['step:load'] },
    { source: 'print(sum(rows))', tags: ['step:total'] }
  ]);
  const content: unknown = JSON.parse(text);
  const data = { type: 'notebook', format: 'json', content };
  await request.put(`${ADDRESS}/api/contents/seven.ipynb`, { data });

  await page.goto(`${ADDRESS}/notebooks/seven.ipynb`);
  await expect(page.getByRole('button', { name: 'Pipeline: step total' })).toBeVisible();
  await page.getByRole('menuitem', { name: 'View' }).click();
  await page.getByRole('menuitem', { name: 'Show Pipeline' }).click();
  const panel = panelOf(page);
  const node = (name: string): Locator => panel.getByRole('button', { name });
  await expect(node('load, not run')).toBeVisible();
  await expect(node('Edge from load to total: rows')).toBeAttached();

  // A kernel that starts writes its language into the notebook, which is unsaved from then on.
  const asItIs = page.getByRole('button', { name: 'Run as it is' });
  await page.addLocatorHandler(asItIs, found => found.click());
  await panel.getByRole('button', { name: 'Run pipeline' }).click();
  await expect(node('total, ok')).toBeVisible({ timeout: RUN_TIME });
  const opened = page.context().waitForEvent('page');
  await node('total, ok').click();
  const executed = await opened;
  await expect(executed.locator('.jp-Notebook')).toContainText('sum(rows)');
  await expect(executed.locator('.jp-OutputArea-output').first()).toBeVisible();
});
