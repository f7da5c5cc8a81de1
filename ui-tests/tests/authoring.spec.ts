import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import type { CellText } from './notebooks';
import { notebookText, openNotebook, tagsOf } from './notebooks';

const panelOf = (page: IJupyterLabPageFixture): Locator => page.locator('#nbpipe-panel');

const graphOf = (page: IJupyterLabPageFixture): Locator =>
  panelOf(page).getByRole('region', { name: 'Pipeline graph' });

const node = (page: IJupyterLabPageFixture, step: string): Locator =>
  graphOf(page).getByRole('button', { name: `${step}, not run` });

const THREE: readonly CellText[] = [
  { source: 'rows = [1, 2]', tags: ['step:load'] },
  { source: 'total = sum(rows)', tags: ['step:total'] },
  { source: 'print("no data")', tags: ['step:tell'] }
];

interface IOnDisk {
  readonly metadata: { readonly nbpipe?: unknown };
  readonly cells: readonly { readonly metadata: { readonly tags?: readonly string[] } }[];
}

async function onDisk(page: IJupyterLabPageFixture, path: string): Promise<IOnDisk> {
  const response = await page.request.get(`/api/contents/${path}`);
  return ((await response.json()) as { content: IOnDisk }).content;
}

test.describe('authoring', () => {
  test('makes the selected cells a step by two keys', async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/group.ipynb`, [
      { source: 'rows = [1, 2]', tags: ['step:load'] },
      { source: 'doubled = [2 * row for row in rows]' },
      { source: 'total = sum(doubled)' },
      { source: 'print(rows)' }
    ]);
    await page.notebook.selectCells(1, 2);
    await expect(panelOf(page).getByRole('button', { name: 'Make 2 cells a step' })).toBeVisible();
    await page
      .locator('.jp-Cell.jp-mod-active .jp-InputArea-prompt')
      .click({ modifiers: ['Shift'] });
    await page.keyboard.press('p');
    await page.keyboard.press('s');
    await page.locator('.jp-Dialog input').fill('double');
    await page.locator('.jp-Dialog .jp-mod-accept').click();
    await expect(node(page, 'double')).toBeVisible();
    expect(await tagsOf(page)).toEqual([['step:load'], ['step:double'], [], ['step:load']]);
    await expect(page.getByRole('button', { name: 'Pipeline: step double' })).toBeVisible();
    await page.menu.clickMenuItem('Edit>Undo Cell Operation');
    await expect(node(page, 'double')).toHaveCount(0);
    expect(await tagsOf(page)).toEqual([['step:load'], [], [], []]);
  });

  test('renames a step in all notebooks, and one undo takes all of it back', async ({
    page,
    tmpPath
  }) => {
    const other = [{ source: 'print(1)', tags: ['step:tell', 'after:load'] }];
    await page.contents.uploadContent(notebookText(other), 'text', `${tmpPath}/p/2.ipynb`);
    await openNotebook(page, `${tmpPath}/p/1.ipynb`, THREE.slice(0, 2));
    await page.notebook.selectCells(0);
    const panel = panelOf(page);
    await panel.getByText('Options').click();
    await panel.getByLabel('Retries').fill('2');
    await panel.getByLabel('Retries').press('Enter');
    await panel.getByLabel('Step name').fill('read');
    await panel.getByLabel('Step name').press('Enter');
    await expect(node(page, 'read')).toBeVisible();
    await expect(panel.getByLabel('Retries')).toHaveValue('2');
    const told = async (): Promise<unknown> =>
      (await onDisk(page, `${tmpPath}/p/2.ipynb`)).cells[0]?.metadata.tags;
    await expect.poll(told).toEqual(['step:tell', 'after:read']);
    await page.menu.clickMenuItem('Edit>Undo Cell Operation');
    await expect(node(page, 'load')).toBeVisible();
    await expect.poll(told).toEqual(['step:tell', 'after:load']);
    await expect(panel.getByLabel('Retries')).toHaveValue('2');
    await page.menu.clickMenuItem('Edit>Undo Cell Operation');
    await expect(panel.getByLabel('Retries')).toHaveValue('');
  });

  test('draws an order from step to step, says why it is there, and removes it', async ({
    page,
    tmpPath
  }) => {
    await openNotebook(page, `${tmpPath}/order.ipynb`, THREE);
    await node(page, 'load').hover();
    const from = node(page, 'load').locator('.react-flow__handle.source');
    const to = node(page, 'tell').locator('.react-flow__handle.target');
    await from.dragTo(to);
    const edge = graphOf(page).getByRole('button', { name: 'Edge from load to tell: order' });
    await expect(edge).toBeAttached();
    expect((await tagsOf(page))[2]).toEqual(['step:tell', 'after:load']);

    await edge.focus();
    await page.keyboard.press('Enter');
    const why = panelOf(page).getByRole('status', { name: 'Why this edge' });
    await expect(why).toContainText('tell is tagged to run after load');
    await edge.focus();
    await page.keyboard.press('Delete');
    await expect(edge).toHaveCount(0);
    expect((await tagsOf(page))[2]).toEqual(['step:tell']);
  });

  test('an edge leads to the line that it stands on', async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/why.ipynb`, [
      { source: 'rows = [1, 2]', tags: ['step:load'] },
      { source: '# comment\n# comment\ntotal = sum(rows)', tags: ['step:total'] }
    ]);
    const edge = graphOf(page).getByRole('button', { name: 'Edge from load to total: rows' });
    await edge.focus();
    await page.keyboard.press('Enter');
    await panelOf(page).getByRole('button', { name: 'total reads rows, which load gives' }).click();
    const cell = page.locator('.jp-Cell.jp-mod-active');
    await expect(cell).toContainText('total = sum(rows)');
    await expect(cell.locator('.cm-editor.cm-focused')).toBeVisible();
    expect(await page.evaluate(() => window.getSelection()?.toString())).toBe('total = sum(rows)');
  });

  test('does the same without a mouse, in the list of steps', async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/list.ipynb`, THREE);
    const steps = panelOf(page).getByRole('region', { name: 'Steps' });
    await steps.getByLabel('Name and order of tell').focus();
    await page.keyboard.press('Enter');
    await steps.getByLabel('Let tell come after').selectOption('total');
    await steps.getByRole('button', { name: 'Remove the order of tell after total' }).focus();
    await page.keyboard.press('Enter');
    await expect(steps.getByRole('button', { name: 'Remove the order' })).toHaveCount(0);
    await steps.getByLabel('Name', { exact: true }).fill('say');
    await page.keyboard.press('Enter');
    await expect(node(page, 'say')).toBeVisible();
    await node(page, 'load').focus();
    await page.keyboard.press('ArrowDown');
    await expect(node(page, 'total')).toBeFocused();
  });

  test('the graph keeps its place when the notebook changes', async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/place.ipynb`, [
      ...THREE,
      { source: 'more = rows + [3]' },
      { source: 'less = rows[:1]' }
    ]);
    await node(page, 'load').focus();
    await page.keyboard.press('ArrowDown'); // selects the step below
    await graphOf(page).getByRole('button', { name: 'Zoom In' }).click();
    await expect(node(page, 'total')).toBeVisible();
    const place = async (): Promise<number[]> => {
      const box = await node(page, 'total').boundingBox();
      const frame = await graphOf(page).boundingBox();
      return [box?.width ?? 0, (box?.x ?? 0) - (frame?.x ?? 0), (box?.y ?? 0) - (frame?.y ?? 0)];
    };
    await expect.poll(async () => (await place())[0]).toBeGreaterThan(120);
    await expect
      .poll(async () => JSON.stringify(await place()) === JSON.stringify(await place()))
      .toBe(true);
    const before = (await place()).map(Math.round);
    await page.evaluate(() =>
      window.jupyterapp.commands.execute('notebook:move-cursor-down').then(() => null)
    );
    await page.notebook.selectCells(3);
    await panelOf(page).getByLabel('Role').selectOption('step');
    await panelOf(page).getByLabel('Step name').fill('more');
    await panelOf(page).getByLabel('Step name').press('Enter');
    await expect(graphOf(page).locator('[data-id="more"]')).toBeAttached();
    expect((await place()).map(Math.round)).toEqual(before);
  });

  test('a chip says what flows through its step, to the pointer and to the keyboard', async ({
    page,
    tmpPath
  }) => {
    await openNotebook(page, `${tmpPath}/chip.ipynb`, [
      ...THREE.slice(0, 2),
      { source: 'print(total)' }
    ]);
    const chip = page.getByRole('button', {
      name: 'Pipeline: step total; takes rows from load'
    });
    await expect(page.getByRole('button', { name: 'Pipeline: total' })).toHaveCount(1);
    const card = page.locator('.nbpipe-Card.nbpipe-mod-open');
    await chip.hover();
    await expect(card).toContainText('takes rows from load');
    await page.mouse.move(0, 0);
    await expect(card).toHaveCount(0);
    await chip.focus();
    await expect(card).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(card).toHaveCount(0);
  });

  test('a problem is marked on its cell, with its cure', async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/fault.ipynb`, [
      { source: 'rows = open("data.csv").read()' },
      { source: 'n = len(rows)', tags: ['step:count'] }
    ]);
    const mark = page.locator('.nbpipe-Mark').first();
    await expect(mark).toContainText('1 problem');
    await mark.hover();
    await page.locator('.nbpipe-Card.nbpipe-mod-open .nbpipe-Card-fix').click();
    await expect(page.locator('.nbpipe-Mark')).toHaveCount(0);
  });

  test('a quick fix rewrites a name in the code, and one undo takes it back', async ({
    page,
    tmpPath
  }) => {
    await openNotebook(page, `${tmpPath}/typo.ipynb`, [
      { source: 'features = [1, 2]', tags: ['step:load'] },
      { source: 'total = sum(featurs)', tags: ['step:fit', 'after:laod'] }
    ]);
    const problems = panelOf(page).getByRole('region', { name: 'Problems' });
    const cell = page.locator('.jp-Notebook .jp-Cell').nth(1);
    await problems.getByRole('button', { name: 'Fix: write features for featurs' }).click();
    await expect(cell).toContainText('total = sum(features)');
    await problems.getByRole('button', { name: 'Fix: tag it after:load' }).click();
    await expect(problems.getByText('None found.')).toBeVisible();
    expect((await tagsOf(page))[1]).toEqual(['step:fit', 'after:load']);
    await page.menu.clickMenuItem('Edit>Undo Cell Operation');
    await page.menu.clickMenuItem('Edit>Undo Cell Operation');
    await expect(cell).toContainText('total = sum(featurs)');
    expect((await tagsOf(page))[1]).toEqual(['step:fit', 'after:laod']);
  });

  test('makes a whole notebook one step by one switch', async ({ page, tmpPath }) => {
    const path = `${tmpPath}/fit.ipynb`;
    await openNotebook(page, path, [{ source: 'x = 1' }]);
    const one = panelOf(page).getByRole('switch', { name: 'The whole notebook is one step' });
    await one.check();
    await expect(node(page, 'fit')).toBeVisible();
    await one.uncheck();
    await expect(panelOf(page).getByText('Make this notebook a pipeline')).toBeVisible();
    await page.menu.clickMenuItem('Edit>Undo Cell Operation');
    await expect(node(page, 'fit')).toBeVisible();
  });

  test('makes closed notebooks one step each from the file browser', async ({ page, tmpPath }) => {
    const path = `${tmpPath}/closed.ipynb`;
    await page.contents.uploadContent(notebookText([{ source: 'x = 1' }]), 'text', path);
    await page.filebrowser.refresh();
    await page
      .locator('.jp-DirListing-item', { hasText: 'closed.ipynb' })
      .click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Pipeline: one step' }).click();
    await expect
      .poll(async () => (await onDisk(page, path)).metadata.nbpipe)
      .toEqual({ version: 1, step: 'closed' });
  });

  test('a large pipeline is seen as a whole, and read from near', async ({ page, tmpPath }) => {
    const cells = Array.from({ length: 150 }, (_, i) => ({
      source: i < 10 ? `v${i} = ${i}` : `v${i} = v${i - 10} + v${i - 7 - (i % 3)}`,
      tags: [`step:s${i}`]
    }));
    await openNotebook(page, `${tmpPath}/large.ipynb`, cells);
    const graph = graphOf(page);
    await expect(graph.locator('canvas')).toBeVisible();
    await expect(panelOf(page).getByText('150 steps: click to come nearer.')).toBeVisible();
    await expect(graph.locator('.nbpipe-Node')).toHaveCount(0);
    await graph.click();
    await expect(graph.locator('.nbpipe-Node').first()).toBeVisible();
    expect(await graph.locator('.nbpipe-Node').count()).toBeLessThan(60);
    const steps = panelOf(page).getByRole('region', { name: 'Steps' });
    await steps.getByLabel('Search steps').fill('s149');
    await steps.getByRole('button', { name: 's149', exact: true }).click();
    await expect(page.locator('.jp-Cell.jp-mod-active')).toContainText('v149');
  });
});
