import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { source as axe } from 'axe-core';

import type { CellText } from './notebooks';
import { openNotebook, tagsOf } from './notebooks';

/** A notebook that grew: nothing in it is tagged. */
const GROWN: readonly CellText[] = [
  { source: '## Read the numbers', kind: 'markdown' },
  { source: 'rows = []\nfor word in "3 1 2".split():\n    rows.append(int(word))' },
  { source: 'rows' },
  { source: '## Add them up', kind: 'markdown' },
  { source: 'total = 0\nfor row in rows:\n    total += row' },
  { source: '## Tell it', kind: 'markdown' },
  { source: 'print(total)' }
];
const SUGGESTED = [[], ['step:read-numbers'], [], [], ['step:add-them-up'], [], ['step:tell']];

const panelOf = (page: IJupyterLabPageFixture): Locator => page.locator('#nbpipe-panel');

const suggestionIn = (page: IJupyterLabPageFixture): Locator =>
  panelOf(page).getByRole('region', { name: 'Suggested steps' });

const node = (page: IJupyterLabPageFixture, step: string): Locator =>
  panelOf(page)
    .getByRole('region', { name: 'Pipeline graph' })
    .getByRole('button', { name: `${step}, not run` });

async function violationsOf(page: IJupyterLabPageFixture, include: string): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(
    `axe.run({ include: ${include} }).then(r => r.violations.map(v => v.id + ': ' + v.nodes[0].html))`
  );
}

test.describe('suggesting steps', () => {
  test('an untagged notebook gets steps in one click and undo takes them back', async ({
    page,
    tmpPath
  }) => {
    await openNotebook(page, `${tmpPath}/grown.ipynb`, GROWN);
    await panelOf(page).getByRole('button', { name: 'Suggest steps' }).click();
    await expect(suggestionIn(page).getByLabel('Step')).toHaveCount(3);
    const mark = page.getByRole('button', { name: 'Suggested: + step:add-them-up' });
    await expect(mark).toBeVisible();
    expect(await tagsOf(page)).toEqual(GROWN.map(() => []));

    await suggestionIn(page).getByRole('button', { name: 'Accept all' }).click();
    await expect(node(page, 'add-them-up')).toBeVisible();
    await expect(suggestionIn(page)).toHaveCount(0);
    await expect(mark).toHaveCount(0);
    expect(await tagsOf(page)).toEqual(SUGGESTED);

    await page.menu.clickMenuItem('Edit>Undo Cell Operation');
    await expect(node(page, 'add-them-up')).toHaveCount(0);
    expect(await tagsOf(page)).toEqual(GROWN.map(() => []));
    await page.menu.clickMenuItem('Edit>Redo Cell Operation');
    await expect(node(page, 'add-them-up')).toBeVisible();
    expect(await tagsOf(page)).toEqual(SUGGESTED);
  });

  test('a person keeps some of it, names a step, and leaves a cell out, by keyboard', async ({
    page,
    tmpPath
  }) => {
    await openNotebook(page, `${tmpPath}/some.ipynb`, GROWN);
    await panelOf(page).getByRole('button', { name: 'Suggest steps' }).focus();
    await page.keyboard.press('Enter');
    const suggestion = suggestionIn(page);
    await suggestion.getByRole('button', { name: 'Leave out Cell 5' }).focus();
    await page.keyboard.press('Enter');
    await expect(suggestion.getByLabel('Step')).toHaveCount(2);
    await expect(page.getByRole('button', { name: 'Suggested: + step:add-them-up' })).toHaveCount(
      0
    );
    const name = suggestion.getByLabel('Step').first();
    await name.fill('no/name');
    await expect(suggestion.getByRole('alert')).toHaveText(/make a name/);
    await name.fill('read');
    await page.keyboard.press('Enter');
    await suggestion.getByLabel('Leave out (tag skip): Cell 3').focus();
    await page.keyboard.press('Space');
    await expect(page.getByRole('button', { name: 'Suggested: + skip' })).toBeVisible();
    await suggestion.getByRole('button', { name: 'Accept the rest' }).focus();
    await page.keyboard.press('Enter');
    await expect(node(page, 'read')).toBeVisible();
    expect(await tagsOf(page)).toEqual([[], ['step:read'], ['skip'], [], [], [], ['step:tell']]);
  });

  test('the mark at a cell says why, and takes the suggestion for the cell away', async ({
    page,
    tmpPath
  }) => {
    await openNotebook(page, `${tmpPath}/mark.ipynb`, GROWN);
    await panelOf(page).getByRole('button', { name: 'Suggest steps' }).click();
    const mark = page.getByRole('button', { name: 'Suggested: + step:tell' });
    await mark.hover();
    const card = page.locator('.nbpipe-Suggested-holder', { has: mark }).locator('.nbpipe-Card');
    await expect(card).toContainText('heading “Tell it”');
    await card.getByRole('button', { name: 'Leave out' }).click();
    await expect(mark).toHaveCount(0);
    await expect(suggestionIn(page).getByLabel('Step')).toHaveCount(2);
  });

  test('follows the notebook as it is edited', async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/live.ipynb`, GROWN);
    await panelOf(page).getByRole('button', { name: 'Suggest steps' }).click();
    await expect(suggestionIn(page).getByLabel('Step')).toHaveCount(3);
    await page.notebook.setCell(5, 'markdown', '## Say how much it is');
    await expect(suggestionIn(page).getByLabel('Step').last()).toHaveValue('say-much');
  });

  for (const theme of ['light', 'dark'] as const) {
    test(`can be read by all, in the ${theme}`, async ({ page, tmpPath }, info) => {
      await (theme === 'dark' ? page.theme.setDarkTheme() : page.theme.setLightTheme());
      await openNotebook(page, `${tmpPath}/${theme}.ipynb`, GROWN);
      await panelOf(page).getByRole('button', { name: 'Suggest steps' }).click();
      await expect(suggestionIn(page).getByLabel('Step')).toHaveCount(3);
      await page.screenshot({ path: info.outputPath(`suggest-${theme}.png`) });
      const found = await violationsOf(page, "['#nbpipe-panel', '.nbpipe-Suggested']");
      expect(found).toEqual([]);
    });
  }
});
