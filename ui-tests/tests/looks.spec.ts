import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect, galata, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { openNotebook } from './notebooks';

const RUN_TIME = 90_000;

/** What the same browser draws otherwise from one machine to the next: edges of letters. */
const ALIKE = { maxDiffPixelRatio: 0.02 };

const panelOf = (page: IJupyterLabPageFixture): Locator => page.locator('#nbpipe-panel');

const LONG = 'compare_the_predictions_of_all_models_with_what_came';

test.use({
  mockSettings: { ...galata.DEFAULT_SETTINGS, 'jupyterlab-nbpipe:plugin': { unsaved: 'save' } }
});

for (const theme of ['light', 'dark'] as const) {
  const look = async (page: IJupyterLabPageFixture): Promise<void> => {
    await (theme === 'dark' ? page.theme.setDarkTheme() : page.theme.setLightTheme());
  };

  test.describe(`in the ${theme} theme`, () => {
    test('the panel without a step, with a graph, and with problems', async ({ page, tmpPath }) => {
      await look(page);
      await openNotebook(page, `${tmpPath}/empty.ipynb`, [{ source: 'a = 1' }]);
      const panel = panelOf(page);
      await expect(panel.getByText('Make this notebook a pipeline')).toBeVisible();
      await expect(panel.locator('.nbpipe-Empty')).toHaveScreenshot(`empty-${theme}.png`, ALIKE);

      await openNotebook(page, `${tmpPath}/graph.ipynb`, [
        { source: 'rows = [1, 2]', tags: ['step:load'] },
        { source: 'doubled = [2 * row for row in rows]', tags: ['step:double'] },
        { source: 'total = sum(rows)', tags: ['step:total'] },
        { source: 'print(total, doubled, rowz)', tags: [`step:${LONG}`, 'after:totl'] }
      ]);
      const graph = panel.getByRole('region', { name: 'Pipeline graph' });
      await expect(graph.locator('.nbpipe-Node')).toHaveCount(4);
      await expect(graph).toHaveScreenshot(`graph-${theme}.png`, ALIKE);
      const problems = panel.getByRole('region', { name: 'Problems' });
      await expect(problems.getByRole('listitem')).toHaveCount(2);
      await expect(problems).toHaveScreenshot(`problems-${theme}.png`, ALIKE);
    });

    test('a run that failed', async ({ page, tmpPath }) => {
      await look(page);
      await openNotebook(page, `${tmpPath}/failed.ipynb`, [
        { source: 'rows = []', tags: ['step:load'] },
        { source: 'first = rows[0]', tags: ['step:take'] },
        { source: 'print(first)', tags: ['step:show'] }
      ]);
      const panel = panelOf(page);
      await panel.getByRole('button', { name: 'Run pipeline' }).click();
      const graph = panel.getByRole('region', { name: 'Pipeline graph' });
      await expect(graph.getByRole('button', { name: 'show, skipped' })).toBeVisible({
        timeout: RUN_TIME
      });
      await expect(panel.getByRole('status', { name: 'Run state' })).toContainText('failed');
      const fault = panel.locator('.nbpipe-Fault');
      await expect(fault.getByRole('button', { name: 'Open in its kernel' })).toBeVisible();
      await page.mouse.move(0, 0);
      await expect(graph).toHaveScreenshot(`failed-graph-${theme}.png`, ALIKE);
      await expect(fault).toHaveScreenshot(`failed-why-${theme}.png`, ALIKE);
    });
  });
}
