import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { notebookText } from './notebooks';
import { execute, pageOf, runToTheEnd } from './ran';

/** What the same browser draws otherwise from one machine to the next: edges of letters. */
const ALIKE = { maxDiffPixelRatio: 0.02 };

/** Times, ids and the room on the disk are others each time; they keep their place, unseen. */
const UNSEEN = `
  .nbpipe-PastWidget :is(.nbpipe-Cell-time, .nbpipe-Timeline-bar, .nbpipe-Timeline-took, h2 + .nbpipe-Quiet, .nbpipe-Past-bar > .nbpipe-Right) { visibility: hidden; }
  .nbpipe-Page-top h2, .nbpipe-Page-top .nbpipe-Right, .nbpipe-Compare-table thead button, .nbpipe-Compare-table thead small,
  .nbpipe-Task > .nbpipe-Row > .nbpipe-Right, .nbpipe-RunList .nbpipe-Cell-number, .nbpipe-Compare-table tr:last-child td {
    display: inline-block; width: 60px; height: 16px; overflow: hidden; visibility: hidden; white-space: nowrap;
  }`;

const LONG = 'compare_the_predictions_of_all_models_with_what_came';

const CELLS = [
  { source: 'n = 20', tags: ['parameters'] },
  {
    source:
      'import pandas as pd\n\ntable = pd.DataFrame({"x": range(n), "square": [v * v for v in range(n)]})',
    tags: ['step:load']
  },
  { source: 'half = [10 / (24 - v) for v in table.x]', tags: [`step:${LONG}`] },
  { source: 'assert max(half) < 8, "one is too large"', tags: ['check'] },
  { source: 'best = max(half)\nmean = sum(half) / len(half)', tags: ['metrics'] }
];

const tabOf = (page: IJupyterLabPageFixture): Locator =>
  page.locator('.nbpipe-PastWidget:not(.lm-mod-hidden)');

for (const theme of ['light', 'dark'] as const) {
  test.describe(`what ran, in the ${theme} theme`, () => {
    test.beforeEach(async ({ page }) => {
      await (theme === 'dark' ? page.theme.setDarkTheme() : page.theme.setLightTheme());
      await page.addStyleTag({ content: UNSEEN });
      await page.sidebar.close('left');
    });

    test('a run that went well, what it left, and one that failed', async ({ page, tmpPath }) => {
      const path = `${tmpPath}/ran.ipynb`;
      await page.contents.uploadContent(notebookText(CELLS), 'text', path);
      const well = await runToTheEnd(page, path);
      const badly = await runToTheEnd(page, path, { n: 30 });

      await execute(page, 'nbpipe:open-run', { path, id: well });
      const run = pageOf(page, well);
      await expect(run.locator('.nbpipe-Node')).toHaveCount(2);
      await expect(tabOf(page)).toHaveScreenshot(`run-${theme}.png`, ALIKE);
      const steps = run.getByRole('list', { name: 'Steps and when they ran' });
      await steps.getByRole('button', { name: 'load' }).click();
      await run.getByRole('button', { name: 'table', exact: true }).click();
      await expect(run.getByRole('table')).toBeVisible();
      await expect(run.locator('.nbpipe-Beside')).toHaveScreenshot(`artifact-${theme}.png`, ALIKE);
      await run.getByRole('tab', { name: 'Metrics and checks' }).click();
      await expect(run.getByRole('tabpanel')).toHaveScreenshot(`results-${theme}.png`, ALIKE);

      await execute(page, 'nbpipe:open-run', { path, id: badly });
      const other = pageOf(page, badly);
      await expect(other.locator('.nbpipe-Node')).toHaveCount(2);
      await expect(tabOf(page)).toHaveScreenshot(`run-failed-${theme}.png`, ALIKE);
    });

    test('the list of runs, and two of them compared', async ({ page, tmpPath }) => {
      const path = `${tmpPath}/list.ipynb`;
      await page.contents.uploadContent(notebookText(CELLS), 'text', path);
      await execute(page, 'nbpipe:open-runs', { path });
      await expect(tabOf(page)).toContainText('There are no runs yet');
      await expect(tabOf(page)).toHaveScreenshot(`runs-none-${theme}.png`, ALIKE);
      const ids = [];
      for (const n of [20, 22, 30]) {
        ids.push(await runToTheEnd(page, path, { n }));
      }
      await page.request.patch(`/nbpipe-api/runs/${ids[0] ?? ''}?path=${path}`, {
        data: { tags: ['paper'], note: 'the one to show', pinned: true }
      });
      const list = page.getByRole('table', { name: 'All runs' });
      await expect(list).toContainText('the one to show', { timeout: 40_000 });
      await expect(
        list.getByRole('button', { name: /^Open run/, includeHidden: true })
      ).toHaveCount(3);
      await expect(tabOf(page)).toHaveScreenshot(`runs-${theme}.png`, ALIKE);

      await execute(page, 'nbpipe:compare-runs', { path, ids: ids.slice(0, 2) });
      const both = page.getByRole('region', { name: 'Comparison' });
      await expect(both.getByRole('img', { name: 'best over 2 points' })).toBeVisible();
      await both.getByLabel('Step whose notebooks are compared').selectOption('load');
      await expect(both.getByRole('list', { name: 'Cells' })).toBeVisible();
      await expect(tabOf(page)).toHaveScreenshot(`compared-${theme}.png`, ALIKE);
    });
  });
}
