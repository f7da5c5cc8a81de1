import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect, galata, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { faultsOf } from './axe';
import type { CellText } from './notebooks';
import { openNotebook } from './notebooks';

const RUN_TIME = 90_000;

const panelOf = (page: IJupyterLabPageFixture): Locator => page.locator('#nbpipe-panel');
const stateOf = (page: IJupyterLabPageFixture): Locator =>
  panelOf(page).getByRole('status', { name: 'Run state' });

/** Settings of ours, for the tests of a block. */
const settings = (own: Record<string, unknown>) => ({
  ...galata.DEFAULT_SETTINGS,
  'jupyterlab-nbpipe:plugin': { unsaved: 'save', ...own }
});

const SLOW: readonly CellText[] = [
  { source: 'pause = 4', tags: ['parameters'] },
  {
    source: 'import time\nprint("going to sleep", flush=True)\ntime.sleep(pause)',
    tags: ['step:sleep']
  },
  { source: 'rows = []\nfirst = rows[0]', tags: ['step:take', 'after:sleep'] },
  { source: 'print(first)', tags: ['step:show'] }
];

test.describe('a run', () => {
  test.use({ mockSettings: settings({ tellAfter: 1 }) });

  test('is started by its shortcut, watched, and tells in which step and cell it failed', async ({
    page,
    tmpPath
  }) => {
    await openNotebook(page, `${tmpPath}/watch.ipynb`, SLOW);
    const panel = panelOf(page);
    await expect(panel.getByText('What would run?')).toBeVisible();
    expect(await faultsOf(page, '#nbpipe-panel')).toEqual([]);
    await page.locator('.jp-Notebook .jp-Cell').first().locator('.jp-InputPrompt').click();
    await page.keyboard.press('Control+Shift+Enter');

    await test.step('the cells, the panel and the status bar show how it stands', async () => {
      const cell = page.locator('.jp-Notebook .jp-Cell').nth(1);
      await expect(cell).toHaveAttribute('data-nbpipe-state', 'running', { timeout: RUN_TIME });
      await expect(cell).toContainText('running');
      await expect(panel).toContainText('sleep, cell 1 of 1');
      await expect(page.locator('.nbpipe-Status')).toContainText('running');
      expect(await faultsOf(page, '#nbpipe-panel', '.nbpipe-Status')).toEqual([]);
    });

    await test.step('a reload in the middle loses nothing', async () => {
      await page.reload({ waitForIsReady: false });
      await expect(stateOf(page)).toContainText('failed', { timeout: RUN_TIME });
    });

    await test.step('why it failed is said, with what can be done', async () => {
      const fault = panel.locator('.nbpipe-Fault');
      await expect(fault).toContainText('Step take, cell 3 of the notebook: IndexError');
      await expect(page.locator('.nbpipe-Status')).toContainText('failed');
      expect(await faultsOf(page, '#nbpipe-panel', '.nbpipe-Status')).toEqual([]);
      await expect(fault.getByRole('button', { name: 'Retry take' })).toBeVisible();
      await fault.getByRole('button', { name: 'Open failing notebook' }).click();
      await expect(page.locator('.jp-Notebook:visible .jp-Cell.jp-mod-active')).toContainText(
        'first = rows[0]'
      );
    });
  });

  test('is told of when it ends, also where the panel is not seen, and in two tabs', async ({
    page,
    tmpPath
  }) => {
    const path = `${tmpPath}/told.ipynb`;
    await openNotebook(page, path, SLOW);
    await panelOf(page).getByRole('button', { name: 'Run pipeline' }).click();
    await expect(stateOf(page)).toContainText('running', { timeout: RUN_TIME });

    const other = await page.context().newPage();
    await other.goto(`/lab/tree/${path}`);
    await other.getByRole('tab', { name: 'Pipeline', exact: true }).click();
    const there = other.locator('#nbpipe-panel').getByRole('status', { name: 'Run state' });
    await expect(there).toContainText(/running|failed/, { timeout: RUN_TIME });

    await page.bringToFront();
    await page.sidebar.openTab('jp-debugger-sidebar');
    const toast = page.locator('.Toastify__toast');
    await expect(toast).toContainText('Step take, cell 3 of the notebook: IndexError', {
      timeout: RUN_TIME
    });
    await toast.getByRole('button', { name: 'Open run' }).click();
    await expect(stateOf(page)).toContainText('failed');
    await other.bringToFront();
    await expect(there).toContainText('failed', { timeout: RUN_TIME });
    await other.close();
  });
});

test.describe('before a run', () => {
  test.use({ mockSettings: settings({}) });

  test('one sees what would run, and chooses the steps', async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/choose.ipynb`, [
      { source: 'a = 1', tags: ['step:one'] },
      { source: 'b = a + 1', tags: ['step:two'] }
    ]);
    const panel = panelOf(page);
    await expect(panel.locator('.nbpipe-PlanLine')).toContainText('1 to run · 1 perhaps');
    await panel.getByRole('button', { name: 'Other ways to run' }).click();
    await page.getByRole('menuitem', { name: 'Run Pipeline with Options…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('This one and what leads to it').check();
    await dialog.getByRole('combobox', { name: 'Step' }).selectOption('one');
    await expect(dialog.getByRole('row', { name: /^two/ })).toContainText('left out');
    expect(await faultsOf(page, '.nbpipe-RunOptions')).toEqual([]);
    await dialog.getByRole('button', { name: 'Run', exact: true }).click();
    await expect(stateOf(page)).toContainText('ok', { timeout: RUN_TIME });
    await expect(panel.locator('.nbpipe-PlanLine')).toContainText('1 to run · 1 reused');
  });

  test('a value that is none is told at its field; values are kept, also under a name', async ({
    page,
    tmpPath
  }) => {
    await openNotebook(page, `${tmpPath}/values.ipynb`, [
      { source: 'depth = 3\nnames = ["a"]', tags: ['parameters'] },
      { source: 'print(depth, names)', tags: ['step:use'] }
    ]);
    const panel = panelOf(page);
    const depth = panel.getByRole('textbox', { name: 'depth' });
    await depth.fill('deep');
    await expect(panel.getByText('A whole number, as 10')).toBeVisible();
    await depth.fill('9');
    await depth.press('Enter');
    await panel.getByRole('button', { name: 'Save as preset…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('combobox').fill('deep');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(panel.getByRole('combobox', { name: 'Preset' })).toHaveValue('deep');
    await page.reload({ waitForIsReady: false });
    await expect(depth).toHaveValue('9');
    await panel.getByRole('combobox', { name: 'Preset' }).selectOption('');
    await expect(depth).toHaveValue('3');
  });

  test('a server that goes away is said to be away, and all goes on when it is back', async ({
    page,
    tmpPath
  }) => {
    await openNotebook(page, `${tmpPath}/away.ipynb`, [{ source: 'a = 1', tags: ['step:one'] }]);
    const panel = panelOf(page);
    await expect(panel.getByRole('button', { name: 'one, not run' })).toBeVisible();
    await page.route('**/nbpipe-api/**', route => route.abort());
    await page.notebook.setCell(0, 'code', 'a = 2');
    await expect(panel.getByText('The Jupyter server does not answer')).toBeVisible();
    await page.unroute('**/nbpipe-api/**');
    await expect(panel.getByText('The Jupyter server does not answer')).toHaveCount(0);
  });

  test('an untagged notebook shows how to begin, and one click makes the first step', async ({
    page,
    tmpPath
  }) => {
    await openNotebook(page, `${tmpPath}/empty.ipynb`, [{ source: 'a = 1' }]);
    const panel = panelOf(page);
    await expect(panel.getByText('Make this notebook a pipeline')).toBeVisible();
    expect(await faultsOf(page, '#nbpipe-panel')).toEqual([]);
    await panel.getByRole('button', { name: 'Begin the first step here' }).click();
    await expect(panel.getByRole('button', { name: 'first, not run' })).toBeVisible();
  });
});

test.describe('at home', () => {
  test.use({ mockSettings: settings({ launcher: true }) });

  test('the launcher, the menu and the palette lead to a pipeline', async ({ page }) => {
    await page.locator('.jp-LauncherCard', { hasText: 'Pipeline' }).click();
    const graph = panelOf(page).getByRole('region', { name: 'Pipeline graph' });
    await expect(graph.getByRole('button', { name: 'report, not run' })).toBeVisible();
    await page.getByRole('menuitem', { name: 'Run', exact: true }).click();
    await expect(page.locator('.lm-Menu-item[data-command="nbpipe:run"]')).toBeVisible();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+Shift+C');
    await page.locator('.jp-ModalCommandPalette input').fill('Run Pipeline with');
    await expect(page.locator('[data-command="nbpipe:run-options"]')).toBeVisible();
  });
});

test('the panel speaks German where JupyterLab does', async ({ page, tmpPath }) => {
  const setting = '/lab/api/settings/@jupyterlab/translation-extension:plugin';
  const speak = (raw: string) => page.request.put(setting, { data: { raw } });
  const path = `${tmpPath}/deutsch.ipynb`;
  await openNotebook(page, path, [{ source: 'a = 1', tags: ['step:eins'] }]);
  await speak('{"locale": "de_DE"}');
  try {
    // A page of its own: the tests' page is not told what the server has.
    const german = await page.context().newPage();
    await german.goto(`/lab/tree/${path}`);
    await german.getByRole('tab', { name: 'Pipeline', exact: true }).click();
    const panel = german.locator('#nbpipe-panel');
    await expect(panel.getByRole('button', { name: 'Pipeline ausführen' })).toBeVisible();
    await expect(panel.getByText('Was würde laufen?')).toBeVisible();
    await expect(panel.getByRole('button', { name: 'eins, nicht gelaufen' })).toBeVisible();
    await german.close();
  } finally {
    await speak('{}');
  }
});
