import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { source as axe } from 'axe-core';

import { notebookText, openNotebook } from './notebooks';

const RUN_TIME = 90_000;

const panelOf = (page: IJupyterLabPageFixture): Locator => page.locator('#nbpipe-panel');

/** What the cells of the notebook in front have put out. */
const outputs = (page: IJupyterLabPageFixture): Locator =>
  page.locator('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook');

async function tag(page: IJupyterLabPageFixture, cell: number, step: string): Promise<void> {
  await page.notebook.selectCells(cell);
  const panel = panelOf(page);
  await panel.getByLabel('Role').selectOption('step');
  await panel.getByLabel('Step name').fill(step);
  await panel.getByLabel('Step name').press('Enter');
}

/** Press the button; the question asked of an unsaved notebook is answered when it comes. */
async function run(page: IJupyterLabPageFixture, answer = 'Save and run'): Promise<void> {
  const dialog = page.locator('.jp-Dialog', { hasText: 'Save the notebook before the run?' });
  await page.addLocatorHandler(dialog, async () => {
    await dialog.getByRole('button', { name: answer }).click();
  });
  await panelOf(page).getByRole('button', { name: 'Run pipeline' }).click();
}

test.describe('the pipeline panel', () => {
  test('leads the whole way: tag, graph, run, open what ran', async ({ page, tmpPath }) => {
    const path = `${tmpPath}/way.ipynb`;
    await openNotebook(page, path, [
      { source: 'import math' },
      { source: 'numbers = [1, 4, 9]' },
      { source: 'roots = [math.sqrt(n) for n in numbers]' },
      { source: 'print("the sum is", sum(roots))' }
    ]);
    await expect(page.getByRole('tab', { name: 'Pipeline', exact: true })).toBeVisible();
    const panel = panelOf(page);
    await expect(panel.getByText('Make this notebook a pipeline')).toBeVisible();

    await tag(page, 1, 'load');
    await tag(page, 2, 'roots');
    await tag(page, 3, 'report');
    const graph = panel.getByRole('region', { name: 'Pipeline graph' });
    await expect(graph.getByRole('button', { name: 'load, not run' })).toBeVisible();
    await expect(graph.locator('.react-flow__node')).toHaveCount(3);
    await expect(graph.locator('.react-flow__edge')).toHaveCount(2);
    await expect(page.getByRole('button', { name: 'Pipeline: step roots' })).toBeVisible();

    await run(page);
    await expect(graph.getByRole('button', { name: 'report, ok' })).toBeVisible({
      timeout: RUN_TIME
    });
    await expect(panel.getByRole('region', { name: 'Runs' }).getByRole('listitem')).toHaveCount(1);

    const onDisk = await page.request.get(`/api/contents/${path}`);
    const { content } = (await onDisk.json()) as {
      content: { cells: { metadata: { tags?: string[] }; outputs: unknown[] }[] };
    };
    expect(content.cells.map(cell => cell.metadata.tags ?? [])).toEqual([
      [],
      ['step:load'],
      ['step:roots'],
      ['step:report']
    ]);
    expect(content.cells.every(cell => cell.outputs.length === 0)).toBe(true);

    await graph.getByRole('button', { name: 'report, ok' }).click();
    await expect(outputs(page)).toContainText('the sum is 6.0');
    await expect(page.getByText('No Kernel').first()).toBeVisible();
    await expect(graph.getByRole('button', { name: 'report, ok' })).toBeVisible();
  });

  test('reuses what did not change', async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/again.ipynb`, [
      { source: 'a = 1', tags: ['step:one'] },
      { source: 'b = a + 1', tags: ['step:two'] }
    ]);
    const graph = panelOf(page).getByRole('region', { name: 'Pipeline graph' });
    await run(page);
    await expect(graph.getByRole('button', { name: 'two, ok' })).toBeVisible({ timeout: RUN_TIME });
    await run(page);
    await expect(graph.getByRole('button', { name: 'two, reused' })).toBeVisible({
      timeout: RUN_TIME
    });
  });

  test('shows why a step failed and opens it at the cell', async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/fails.ipynb`, [
      { source: 'rows = []', tags: ['step:load'] },
      { source: 'first = rows[0]', tags: ['step:take'] },
      { source: 'print(first)', tags: ['step:show'] }
    ]);
    const panel = panelOf(page);
    await run(page);
    const graph = panel.getByRole('region', { name: 'Pipeline graph' });
    await expect(graph.getByRole('button', { name: 'show, skipped' })).toBeVisible({
      timeout: RUN_TIME
    });
    await expect(panel.getByRole('region', { name: 'Steps' })).toContainText('IndexError');
    await expect(panel.getByRole('button', { name: 'Resume run' })).toBeVisible();
    await graph.getByRole('button', { name: 'take, failed' }).click();
    const failing = page.locator('.jp-Notebook:visible .jp-Cell.jp-mod-active');
    await expect(failing).toContainText('first = rows[0]');
    await expect(failing).toContainText('IndexError');
  });

  test('runs what is open without saving it', async ({ page, tmpPath }) => {
    const path = `${tmpPath}/unsaved.ipynb`;
    await openNotebook(page, path, [{ source: 'print("old")', tags: ['step:say'] }]);
    await page.notebook.setCell(0, 'code', 'print("new")');
    await run(page, 'Run as it is');
    const graph = panelOf(page).getByRole('region', { name: 'Pipeline graph' });
    await expect(graph.getByRole('button', { name: 'say, ok' })).toBeVisible({ timeout: RUN_TIME });
    const onDisk = await page.request.get(`/api/contents/${path}`);
    expect(await onDisk.text()).toContain('old');
    await graph.getByRole('button', { name: 'say, ok' }).click();
    await expect(outputs(page)).toContainText('new');
  });

  test('cancels a run and takes it up again', async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/long.ipynb`, [
      { source: 'wait = 300', tags: ['step:quick'] },
      { source: 'import time\ntime.sleep(wait)', tags: ['step:sleep'] }
    ]);
    const panel = panelOf(page);
    const state = panel.getByRole('status', { name: 'Run state' });
    const asleep = panel.getByRole('button', { name: 'sleep, running' });
    await run(page);
    await expect(asleep).toBeVisible({ timeout: RUN_TIME });
    await panel.getByRole('button', { name: 'Cancel run' }).click();
    await expect(state).toContainText('cancelled', { timeout: RUN_TIME });
    await panel.getByRole('button', { name: 'Resume run' }).click();
    await expect(asleep).toBeVisible({ timeout: RUN_TIME });
    await expect(panel.getByRole('button', { name: /^quick, (ok|reused)$/ })).toBeVisible();
    await panel.getByRole('button', { name: 'Cancel run' }).click();
    await expect(state).toContainText('cancelled', { timeout: RUN_TIME });
  });

  test('gives parameters to the run', async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/given.ipynb`, [
      { source: 'depth = 3\nlabel = "x"', tags: ['parameters'] },
      { source: 'print("got", depth * 2, label)', tags: ['step:use'] }
    ]);
    const panel = panelOf(page);
    await panel.getByLabel('depth').fill('21');
    await panel.getByLabel('depth').press('Enter');
    await run(page);
    const node = panel.getByRole('button', { name: 'use, ok' });
    await expect(node).toBeVisible({ timeout: RUN_TIME });
    await node.click();
    await expect(outputs(page)).toContainText('got 42 x');
  });

  test('lists problems that lead to their cell', async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/wrong.ipynb`, [
      { source: 'a = 1', tags: ['step:one'] },
      { source: 'b = a', tags: ['step:two', 'after:oen'] }
    ]);
    const problems = panelOf(page).getByRole('region', { name: 'Problems' });
    await expect(problems).toContainText('oen');
    await problems.getByRole('button', { name: 'oen' }).first().click();
    await expect(page.locator('.jp-Cell.jp-mod-active')).toContainText('b = a');
  });

  test('cures a problem that a tag cures', async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/cure.ipynb`, [
      { source: 'rows = open("data.csv").read()' },
      { source: 'n = len(rows)', tags: ['step:count'] }
    ]);
    const problems = panelOf(page).getByRole('region', { name: 'Problems' });
    await problems.getByRole('button', { name: 'Fix:' }).first().click();
    await expect(problems.getByRole('button', { name: 'Fix:' })).toHaveCount(0);
  });

  test('leaves a notebook without tags as it is', async ({ page, tmpPath }) => {
    const asked: string[] = [];
    page.on('request', request => asked.push(request.url()));
    await openNotebook(page, `${tmpPath}/plain.ipynb`, [{ source: 'x = 1' }]);
    await expect(panelOf(page).getByText('Make this notebook a pipeline')).toBeVisible();
    expect(asked.filter(url => url.includes('nbpipe-api/compile'))).toEqual([]);
    await expect(page.locator('.nbpipe-Chip')).toHaveCount(0);
  });

  test('takes a tag back with undo', async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/undo.ipynb`, [{ source: 'x = 1' }, { source: 'y = x' }]);
    await tag(page, 0, 'one');
    await expect(page.getByRole('button', { name: 'Pipeline: step one' })).toBeVisible();
    await page.menu.clickMenuItem('Edit>Undo Cell Operation');
    await expect(page.locator('.nbpipe-Chip')).toHaveCount(0);
  });

  test('shows and runs a whole project', async ({ page, tmpPath }) => {
    const first = [{ source: 'a = 1', tags: ['step:one'] }];
    await page.contents.uploadContent(notebookText(first), 'text', `${tmpPath}/p/1.ipynb`);
    await openNotebook(page, `${tmpPath}/p/2.ipynb`, [{ source: 'b = a', tags: ['step:two'] }]);
    const panel = panelOf(page);
    await panel.getByRole('radio', { name: 'Project' }).check();
    await expect(panel.getByRole('button', { name: 'one, not run' })).toBeVisible();
    await panel.getByRole('button', { name: 'What would run?' }).click();
    await expect(panel.getByRole('region', { name: 'Steps' })).toContainText('Would run');
    await run(page);
    await expect(panel.getByRole('button', { name: 'two, ok' })).toBeVisible({ timeout: RUN_TIME });
    await panel
      .getByRole('region', { name: 'Steps' })
      .getByRole('button', { name: 'one' })
      .first()
      .click();
    await expect(page.getByRole('tab', { name: '1.ipynb' })).toHaveAttribute(
      'aria-selected',
      'true'
    );
  });

  test('can be used with the keyboard alone', async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/keys.ipynb`, [
      { source: 'print(6 * 7)', tags: ['step:say'] }
    ]);
    const panel = panelOf(page);
    await run(page);
    const node = panel.getByRole('button', { name: 'say, ok' });
    await expect(node).toBeVisible({ timeout: RUN_TIME });
    await node.focus();
    await page.keyboard.press('Enter');
    await expect(outputs(page)).toContainText('42');
  });

  test('shows a table that a step drew', async ({ page, tmpPath }) => {
    const source =
      'from IPython.display import HTML, display\n' +
      'display(HTML("<table>\\n<tr><td>cell of a table</td></tr>\\n</table>"))';
    await openNotebook(page, `${tmpPath}/table.ipynb`, [{ source, tags: ['step:draw'] }]);
    const panel = panelOf(page);
    await run(page);
    const node = panel.getByRole('button', { name: 'draw, ok' });
    await expect(node).toBeVisible({ timeout: RUN_TIME });
    await node.click();
    const output = outputs(page).locator('.jp-RenderedHTMLCommon', { hasText: 'cell of a table' });
    await expect(output).toHaveText('cell of a table');
  });

  test('has no fault that an accessibility checker finds', async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/axe.ipynb`, [
      { source: 'a = 1', tags: ['parameters'] },
      { source: 'b = a', tags: ['step:one'] },
      { source: 'c = b', tags: ['step:two', 'after:oen'] }
    ]);
    await expect(panelOf(page).locator('.nbpipe-Node')).toHaveCount(2);
    await page.evaluate(axe);
    const faults = await page.evaluate<string[]>(
      "axe.run({ include: ['#nbpipe-panel', '.nbpipe-Chip'] })" +
        '.then(({ violations }) => violations.map(({ id }) => id))'
    );
    expect(faults).toEqual([]);
  });

  test('can be read in the dark', async ({ page, tmpPath }) => {
    await page.theme.setDarkTheme();
    await openNotebook(page, `${tmpPath}/dark.ipynb`, [{ source: 'a = 1', tags: ['step:one'] }]);
    const node = panelOf(page).locator('.nbpipe-Node');
    await expect(node).toBeVisible();
    const lightness = await node.evaluate(element => {
      const { color, backgroundColor } = getComputedStyle(element);
      const sum = (css: string): number =>
        (css.match(/\d+/g) ?? []).slice(0, 3).reduce((total, part) => total + Number(part), 0);
      return { text: sum(color), ground: sum(backgroundColor) };
    });
    expect(lightness.text).toBeGreaterThan(450);
    expect(lightness.ground).toBeLessThan(250);
  });

  test('keeps the graph in sight when the theme changes', async ({ page, tmpPath }) => {
    await page.theme.setLightTheme();
    await openNotebook(page, `${tmpPath}/theme.ipynb`, [{ source: 'a = 1', tags: ['step:one'] }]);
    const node = panelOf(page).locator('.nbpipe-Node');
    const width = async (): Promise<number> => Math.round((await node.boundingBox())?.width ?? 0);
    await expect.poll(width).toBeGreaterThan(50);
    const before = await width();
    await page.evaluate(() =>
      window.jupyterapp.commands
        .execute('apputils:change-theme', { theme: 'JupyterLab Dark' })
        .then(() => null)
    );
    await expect(panelOf(page).locator('.react-flow.dark')).toBeVisible();
    await expect.poll(width).toBe(before);
  });
});

test('nothing offers to upload a notebook to a vendor', async ({ page, tmpPath }) => {
  await openNotebook(page, `${tmpPath}/mine.ipynb`, [{ source: 'x = 1' }]);
  await expect(page.locator('.jp-NotebookPanel-toolbar')).toBeVisible();
  await expect(page.getByText('Share notebook', { exact: false })).toHaveCount(0);
  await expect(page.locator('[title*="Ploomber" i], [aria-label*="Ploomber" i]')).toHaveCount(0);
  const config = await page.locator('#jupyter-config-data').textContent();
  const { disabledExtensions } = JSON.parse(config ?? '{}') as { disabledExtensions?: string[] };
  expect(disabledExtensions).toContain('ploomber-extension');
  for (const route of ['apikey', 'job', 'nb-upload']) {
    expect((await page.request.get(`/ploomber/${route}`)).status()).toBe(404);
  }
});
