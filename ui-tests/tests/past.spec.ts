import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { source as axe } from 'axe-core';

import { notebookText, openNotebook } from './notebooks';
import { execute, pageOf, RUN_TIME, runToTheEnd } from './ran';

const CELLS = [
  { source: 'n = 2', tags: ['parameters'] },
  { source: 'numbers = list(range(n))\nprint("loaded", numbers)', tags: ['step:load'] },
  { source: 'half = [10 / (4 - number) for number in numbers]', tags: ['step:half'] },
  { source: 'best = max(half)', tags: ['metrics'] }
];

const cellsInFront = (page: IJupyterLabPageFixture): Locator =>
  page.locator('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook');

test.describe('what ran', () => {
  test('is listed, tagged, found, looked at and loaded', async ({ page, tmpPath }) => {
    const path = `${tmpPath}/kept.ipynb`;
    await openNotebook(page, path, CELLS);
    const id = await runToTheEnd(page, path);
    await execute(page, 'nbpipe:open-runs', { path });
    const list = page.getByRole('table', { name: 'All runs' });
    await expect(list.getByRole('button', { name: `Open run ${id}` })).toBeVisible();

    await list.getByRole('button', { name: `Tags and note of run ${id}` }).click();
    const dialog = page.locator('.jp-Dialog');
    await dialog.getByLabel('Tags, separated by commas').fill('best, paper');
    await dialog.getByLabel('Note').fill('the one to show');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(list).toContainText('paper');
    await list.getByRole('button', { name: `Pin run ${id}` }).click();
    await expect(list.getByRole('button', { name: `Pin run ${id}` })).toHaveText('Pinned');

    await page.getByLabel('Search runs').fill('nothing like it');
    await expect(page.getByText('No run is like that.')).toBeVisible();
    await page.getByLabel('Search runs').fill('n=2 show');
    const remembered = page.waitForRequest(
      request =>
        request.method() === 'PUT' &&
        request.url().includes('/workspaces/') &&
        (request.postData() ?? '').includes(`nbpipe-past run ${path} ${id}`)
    );
    await list.getByRole('button', { name: `Open run ${id}` }).click();

    const run = pageOf(page, id);
    const steps = run.getByRole('list', { name: 'Steps and when they ran' });
    await steps.getByRole('button', { name: 'load' }).click();
    await run.getByRole('button', { name: 'numbers', exact: true }).click();
    await expect(run.getByText('[0, 1]')).toBeVisible();
    await run.getByRole('tab', { name: 'Metrics and checks' }).click();
    await expect(run.getByRole('tabpanel')).toContainText('best');

    const address = await run.getByRole('link', { name: 'Download numbers' }).getAttribute('href');
    const file = await page.request.get(address ?? '');
    expect(file.headers()['content-disposition']).toContain('attachment');

    await remembered; // JupyterLab waits half a second before it writes down which tabs are open
    await page.reload({ waitForIsReady: false });
    await expect(pageOf(page, id).getByRole('tab', { name: 'Overview' })).toBeVisible();
  });

  test('puts code that loads a value into the notebook in front', async ({ page, tmpPath }) => {
    const path = `${tmpPath}/load.ipynb`;
    await openNotebook(page, path, CELLS);
    const id = await runToTheEnd(page, path);
    await execute(page, 'nbpipe:open-run', { path, id });
    const run = pageOf(page, id);
    await run
      .getByRole('list', { name: 'Steps and when they ran' })
      .getByRole('button', { name: 'load' })
      .click();
    await run.getByRole('button', { name: 'Insert code that loads numbers' }).click();
    await expect(cellsInFront(page)).toContainText(`nbpipe.load("${id}/load/numbers")`);
  });

  test('opens a step that failed where it failed, with its state', async ({ page, tmpPath }) => {
    const path = `${tmpPath}/broken.ipynb`;
    await page.contents.uploadContent(notebookText(CELLS), 'text', path);
    const id = await runToTheEnd(page, path, { n: 5 });
    await execute(page, 'nbpipe:open-run', { path, id });
    const run = pageOf(page, id);
    const wrong = run.getByRole('list', { name: 'What went wrong' });
    await expect(wrong).toContainText('ZeroDivisionError');
    await wrong.getByRole('button', { name: 'half' }).click();
    await run.getByRole('button', { name: 'Open where it failed' }).click();

    const active = page.locator('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell.jp-mod-active');
    await expect(active).toContainText('half = [10', { timeout: RUN_TIME });
    await page.notebook.addCell('code', 'print("here are", numbers)');
    await page.menu.clickMenuItem('Run>Run Selected Cell');
    await expect(cellsInFront(page)).toContainText('here are [0, 1, 2, 3, 4]', {
      timeout: RUN_TIME
    });
    await page.evaluate(() => window.jupyterapp.serviceManager.sessions.shutdownAll());
  });

  test('opens a step that failed in the very kernel that failed, until that is shut down', async ({
    page,
    tmpPath
  }) => {
    const path = `${tmpPath}/very.ipynb`;
    const source = 'print("began")\nnumbers.append(7)\nhalf = 1 / 0\nnumbers.append(8)';
    const cells = [...CELLS.slice(0, 2), { source, tags: ['step:half'] }];
    await page.contents.uploadContent(notebookText(cells), 'text', path);
    const id = await runToTheEnd(page, path);
    await execute(page, 'nbpipe:open-run', { path, id });
    const run = pageOf(page, id);
    const wrong = run.getByRole('list', { name: 'What went wrong' });
    await wrong.getByRole('button', { name: 'half' }).click();
    await run.getByRole('button', { name: 'Open in its kernel' }).click();

    const active = page.locator('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell.jp-mod-active');
    await expect(active).toContainText('half = 1 / 0', { timeout: RUN_TIME });
    await expect(cellsInFront(page)).toContainText('began');
    await page.notebook.addCell('code', 'print("here are", numbers)');
    await page.menu.clickMenuItem('Run>Run Selected Cell');
    await expect(cellsInFront(page)).toContainText('here are [0, 1, 7]', { timeout: RUN_TIME });

    await page.evaluate(() => window.jupyterapp.serviceManager.sessions.shutdownAll());
    await execute(page, 'nbpipe:open-run', { path, id });
    await wrong.getByRole('button', { name: 'half' }).click();
    await expect(run.getByRole('button', { name: 'Open where it failed' })).toBeVisible();
    await expect(run.getByRole('button', { name: 'Open in its kernel' })).toHaveCount(0);
  });

  test('is compared with what ran before', async ({ page, tmpPath }) => {
    const path = `${tmpPath}/two.ipynb`;
    await page.contents.uploadContent(notebookText(CELLS), 'text', path);
    const ids = [await runToTheEnd(page, path), await runToTheEnd(page, path, { n: 3 })];
    await execute(page, 'nbpipe:compare-runs', { path, ids });
    const both = page.getByRole('region', { name: 'Comparison' });
    await expect(both.getByRole('row', { name: '≠ n parameter' })).toContainText('3');
    await expect(both.getByRole('row', { name: '≠ best metric' })).toContainText('5');
    await expect(both.getByRole('img', { name: 'best over 2 points' })).toBeVisible();
    await both.getByLabel('Step whose notebooks are compared').selectOption('load');
    await expect(both.getByRole('list', { name: 'Cells' })).toContainText('+loaded [0, 1, 2]');
    await page.evaluate(axe);
    const faults = await page.evaluate<string[]>(
      "axe.run({ include: ['.nbpipe-PastWidget'] })" +
        '.then(({ violations }) => violations.map(({ id }) => id))'
    );
    expect(faults).toEqual([]);
  });
});
