import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect, galata, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { openNotebook } from './notebooks';

const RUN_TIME = 90_000;

/** What the same browser draws otherwise from one machine to the next: edges of letters. */
const ALIKE = { maxDiffPixelRatio: 0.02 };

const panelOf = (page: IJupyterLabPageFixture): Locator => page.locator('#nbpipe-panel');

/** Make the panel as wide as that, or as narrow as it lets itself be made. */
async function widen(page: IJupyterLabPageFixture, width: number): Promise<void> {
  await page.evaluate(wanted => {
    const { shell } = window.jupyterapp as unknown as {
      shell: { _hsplitPanel: { setRelativeSizes(sizes: number[]): void; node: HTMLElement } };
    };
    const split = shell._hsplitPanel;
    const left = document.getElementById('jp-left-stack')?.offsetWidth ?? 0;
    split.setRelativeSizes([left, split.node.offsetWidth - left - wanted, wanted]);
  }, width);
  await page.waitForTimeout(300); // the frame of the graph follows
}

/** Nothing of the drawing lies under its buttons. */
async function expectClear(graph: Locator): Promise<void> {
  await expect
    .poll(() =>
      graph.evaluate(frame => {
        const buttons = frame.querySelector('.react-flow__controls')?.getBoundingClientRect();
        const under = [...frame.querySelectorAll('.nbpipe-Node')].filter(node => {
          const box = node.getBoundingClientRect();
          return buttons && box.bottom > buttons.top && box.left < buttons.right;
        });
        return under.map(node => node.textContent);
      })
    )
    .toEqual([]);
}

/** Forty steps, in rows of four, each of which reads three of the row above. */
const FORTY = Array.from({ length: 40 }, (_, i) => {
  const above = [0, 1, 3].map(way => (Math.floor(i / 4) - 1) * 4 + ((i + way) % 4));
  const code = i < 4 ? `v${i} = ${i}` : `v${i} = ${above.map(j => `v${j}`).join(' + ')}`;
  return { source: code, tags: [`step:${i % 7 === 5 ? 'a_step_with_a_long_name_' : 'step'}${i}`] };
});

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
      await expectClear(graph);
      await expect(graph).toHaveScreenshot(`graph-${theme}.png`, ALIKE);
      const problems = panel.getByRole('region', { name: 'Problems' });
      await expect(problems.getByRole('listitem')).toHaveCount(2);
      await expect(problems).toHaveScreenshot(`problems-${theme}.png`, ALIKE);
    });

    for (const [width, name] of [
      [300, 'narrow'],
      [640, 'wide']
    ] as const) {
      test(`forty steps in a ${name} panel`, async ({ page, tmpPath }) => {
        await look(page);
        await openNotebook(page, `${tmpPath}/forty.ipynb`, FORTY);
        const panel = panelOf(page);
        const graph = panel.getByRole('region', { name: 'Pipeline graph' });
        await expect(graph.locator('.nbpipe-Node')).toHaveCount(40);
        await widen(page, width);
        await expectClear(graph);
        await expect(graph).toHaveScreenshot(`forty-${name}-${theme}.png`, ALIKE);
        await panel.evaluate(node => node.scrollTo(0, 0));
        await page.screenshot({ path: test.info().outputPath(`panel-${name}-${theme}.png`) });
      });
    }

    test('one step, in a panel as narrow as can be', async ({ page, tmpPath }) => {
      await look(page);
      await openNotebook(page, `${tmpPath}/one.ipynb`, [
        { source: 'a = 1', tags: [`step:${LONG}`] }
      ]);
      const panel = panelOf(page);
      const graph = panel.getByRole('region', { name: 'Pipeline graph' });
      await expect(graph.locator('.nbpipe-Node')).toHaveCount(1);
      await widen(page, 240);
      await expectClear(graph);
      await expect(panel).toHaveScreenshot(`narrow-${theme}.png`, ALIKE);
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
