import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { source as axe } from 'axe-core';

import type { CellText } from './notebooks';
import { openNotebook } from './notebooks';

const RUN_TIME = 90_000;

const SAME: readonly CellText[] = [
  { source: 'n = 3', tags: ['parameters'] },
  { source: 'rows = list(range(n))\nrows', tags: ['step:load'] },
  { source: 'print(sum(rows))', tags: ['step:total'] }
];

/** A module that remembers: what one step tells it, another does not hear in a pipeline. */
const MODULE =
  'kept = []\n\ndef remember(x):\n    kept.append(x)\n\ndef recall():\n    return kept\n';
const APART: readonly CellText[] = [
  { source: 'import mine' },
  { source: 'mine.remember(1)\nx = 1', tags: ['step:tell'] },
  { source: 'print(mine.recall())', tags: ['step:hear'] }
];

const panelOf = (page: IJupyterLabPageFixture): Locator => page.locator('#nbpipe-panel');

const verificationIn = (page: IJupyterLabPageFixture): Locator =>
  panelOf(page).getByRole('region', { name: 'Verification' });

async function verify(page: IJupyterLabPageFixture): Promise<void> {
  await panelOf(page).getByRole('button', { name: 'Verify', exact: true }).click();
}

async function violationsOf(page: IJupyterLabPageFixture, include: string): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(
    `axe.run({ include: ${include} }).then(r => r.violations.map(v => v.id + ': ' + v.nodes[0].html))`
  );
}

test.describe('verifying', () => {
  test('verify says equal, a reload shows it, and a change makes it stale', async ({
    page,
    tmpPath
  }, info) => {
    await openNotebook(page, `${tmpPath}/same.ipynb`, SAME);
    await verify(page);
    await expect(verificationIn(page)).toContainText('✓ Equal', { timeout: RUN_TIME });
    const mark = page.getByRole('button', { name: 'Verified: ✓ as in Run All' });
    await expect(mark).toHaveCount(2);
    await page.screenshot({ path: info.outputPath('verify-equal.png') });
    expect(await violationsOf(page, "['#nbpipe-panel', '.nbpipe-Proven']")).toEqual([]);
    await expect(panelOf(page).getByRole('region', { name: 'Runs' })).toContainText('None yet');

    await test.step('the page is loaded anew', async () => {
      await page.reload({ waitForIsReady: false });
      await expect(verificationIn(page)).toContainText('✓ Equal');
      await expect(mark).toHaveCount(2);
    });

    await test.step('the notebook is changed, and changed back', async () => {
      await page.notebook.setCell(2, 'code', 'print(sum(rows) + 1)');
      await expect(verificationIn(page)).toContainText('The notebook has changed since');
      await expect(page.getByRole('button', { name: /before a change/ })).toHaveCount(2);
      await page.notebook.setCell(2, 'code', 'print(sum(rows))');
      await expect(verificationIn(page)).not.toContainText('The notebook has changed since');
    });
  });

  for (const theme of ['light', 'dark'] as const) {
    test(`verify says where it differs and why, in the ${theme}`, async ({
      page,
      tmpPath
    }, info) => {
      await (theme === 'dark' ? page.theme.setDarkTheme() : page.theme.setLightTheme());
      await page.contents.uploadContent(MODULE, 'text', `${tmpPath}/mine.py`);
      await openNotebook(page, `${tmpPath}/apart.ipynb`, APART);
      await verify(page);
      const found = verificationIn(page);
      await expect(found).toContainText('✕ Different', { timeout: RUN_TIME });
      await expect(found).toContainText('[1] → []');
      await page.screenshot({ path: info.outputPath(`verify-apart-${theme}.png`) });
      expect(await violationsOf(page, "['#nbpipe-panel', '.nbpipe-Proven']")).toEqual([]);

      await found.getByRole('button', { name: 'Cell 3, step hear' }).focus();
      await page.keyboard.press('Enter');
      await expect(page.locator('.jp-Cell.jp-mod-active')).toContainText('mine.recall');
      const mark = page.getByRole('button', { name: 'Verified: ✕ differs from Run All' });
      await expect(mark).toBeVisible();
    });
  }

  test('is watched, stopped, and goes on while the page is loaded anew', async ({
    page,
    tmpPath
  }, info) => {
    await openNotebook(page, `${tmpPath}/slow.ipynb`, [
      { source: 'import time' },
      { source: 'time.sleep(600)', tags: ['step:wait'] }
    ]);
    await verify(page);
    const found = verificationIn(page);
    await expect(found).toContainText('Running all cells in one kernel: 1 of 2 cells', {
      timeout: RUN_TIME
    });
    await page.screenshot({ path: info.outputPath('verify-going.png') });
    await page.reload({ waitForIsReady: false });
    await expect(found).toContainText('Running all cells in one kernel');
    await found.getByRole('button', { name: 'Stop verifying' }).click();
    await expect(found).toContainText('The last verification was stopped', { timeout: RUN_TIME });
    await expect(panelOf(page).getByRole('button', { name: 'Verify', exact: true })).toBeEnabled();
  });
});
