import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect, galata, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { faultsOf } from './axe';
import type { CellText } from './notebooks';
import { notebookText, tagsOf } from './notebooks';

const RUN_TIME = 90_000;

const panelOf = (page: IJupyterLabPageFixture): Locator => page.locator('#nbpipe-panel');

test.use({
  mockSettings: { ...galata.DEFAULT_SETTINGS, 'jupyterlab-nbpipe:plugin': { unsaved: 'save' } }
});

/** Press Tab until something has the focus, as a person does who sees where it is. */
async function tabTo(page: IJupyterLabPageFixture, wanted: Locator, key = 'Tab'): Promise<void> {
  for (let pressed = 0; pressed < 60; pressed++) {
    await seesFocus(page);
    if (await wanted.evaluate(node => node === document.activeElement)) {
      return;
    }
    await page.keyboard.press(key);
  }
  throw new Error(`${key} does not lead to ${String(wanted)}`);
}

/** Something in the panel has the focus, it is in view, and it is drawn as what has it. */
async function seesFocus(page: IJupyterLabPageFixture): Promise<void> {
  await expect.poll(() => page.evaluate(focusNow)).toBe('seen');
}

function focusNow(): string {
  const active = document.activeElement;
  const panel = document.getElementById('nbpipe-panel');
  if (!active || !panel?.contains(active)) {
    return `not in the panel: ${active?.outerHTML.slice(0, 120)}`;
  }
  // A box or a switch inside a label may show it by its label, an edge by its line.
  const shows = [active, active.parentElement, active.querySelector('.react-flow__edge-path')];
  const drawn = shows.some(each => {
    const style = each ? getComputedStyle(each) : null;
    const rings = style && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
    return rings || (style?.strokeWidth === '2.5px' && each !== active);
  });
  const { top, bottom } = active.getBoundingClientRect();
  const frame = panel.getBoundingClientRect();
  const inView = bottom > frame.top && top < frame.bottom;
  return drawn && inView ? 'seen' : `not seen: ${active.outerHTML.slice(0, 200)}`;
}

async function command(page: IJupyterLabPageFixture, name: string): Promise<void> {
  await page.keyboard.press('Control+Shift+C');
  await page.locator('.jp-ModalCommandPalette input').fill(name);
  await page.keyboard.press('Enter');
}

test.describe('without a mouse', () => {
  test('a notebook is tagged, run, and what ran is opened', async ({ page, tmpPath }) => {
    const path = `${tmpPath}/keys.ipynb`;
    const cells = [{ source: 'rows = [1, 2]' }, { source: 'print(sum(rows))' }];
    await page.contents.uploadContent(notebookText(cells), 'text', path);
    await page.notebook.openByPath(path);
    await page.notebook.activate('keys.ipynb');
    const panel = panelOf(page);

    await test.step('the panel is opened from the palette, and has the focus', async () => {
      await command(page, 'Show Pipeline');
      await expect(panel.getByText('Make this notebook a pipeline')).toBeVisible();
      await seesFocus(page);
      await tabTo(page, panel.getByRole('button', { name: 'Begin the first step here' }));
      expect(await faultsOf(page, '#nbpipe-panel')).toEqual([]);
      await page.keyboard.press('Enter');
      await expect(panel.getByRole('button', { name: 'first, not run' })).toBeVisible();
      await seesFocus(page);
    });

    await test.step('the step is named, and given an option', async () => {
      await tabTo(page, panel.getByLabel('Step name'));
      await page.keyboard.press('Control+A');
      await page.keyboard.type('load');
      await page.keyboard.press('Enter');
      await expect(panel.getByRole('button', { name: 'load, not run' })).toBeVisible();
      await tabTo(page, panel.locator('summary', { hasText: 'Options' }).first());
      await page.keyboard.press('Enter');
      await tabTo(page, panel.getByLabel('Retries'));
      await page.keyboard.type('2');
      await page.keyboard.press('Enter');
      await seesFocus(page);
      expect(await tagsOf(page)).toEqual([['step:load'], []]);
      expect(await faultsOf(page, '#nbpipe-panel')).toEqual([]);
    });

    await test.step('it is run, and the executed notebook is opened', async () => {
      await tabTo(page, panel.getByRole('button', { name: 'Run pipeline' }), 'Shift+Tab');
      await page.keyboard.press('Enter');
      await seesFocus(page);
      const node = panel.getByRole('button', { name: 'load, ok' });
      await expect(node).toBeVisible({ timeout: RUN_TIME });
      await seesFocus(page);
      expect(await faultsOf(page, '#nbpipe-panel')).toEqual([]);
      await tabTo(page, node);
      await page.keyboard.press('Enter');
      const executed = page.locator('.jp-NotebookPanel:visible');
      await expect(executed).toContainText('nbpipe');
      await expect(page.locator('.lm-TabBar-tab.jp-mod-current')).not.toContainText('keys.ipynb');
    });

    await test.step('and from there the way leads back', async () => {
      await page.keyboard.press('Control+Shift+[');
      await expect(page.locator('.lm-TabBar-tab.jp-mod-current')).toContainText('keys.ipynb');
      await command(page, 'Show Pipeline');
      await expect(panel.getByRole('button', { name: 'load, ok' })).toBeVisible();
      await seesFocus(page);
    });
  });

  test('suggested steps are looked through, and the focus is never lost', async ({
    page,
    tmpPath
  }) => {
    const path = `${tmpPath}/suggest.ipynb`;
    const cells: readonly CellText[] = [
      { source: '## Read the numbers', kind: 'markdown' },
      { source: 'rows = []\nfor word in "3 1 2".split():\n    rows.append(int(word))' },
      { source: '## Add them up', kind: 'markdown' },
      { source: 'total = 0\nfor row in rows:\n    total += row' }
    ];
    await page.contents.uploadContent(notebookText(cells), 'text', path);
    await page.notebook.openByPath(path);
    await page.notebook.activate('suggest.ipynb');
    const panel = panelOf(page);
    const suggest = panel.getByRole('button', { name: 'Suggest steps' });
    await command(page, 'Show Pipeline');
    await expect(suggest).toBeVisible();
    for (const answer of ['Discard', /^Accept/]) {
      await tabTo(page, suggest);
      await page.keyboard.press('Enter');
      const button = panel.getByRole('button', { name: answer });
      await expect(button).toBeVisible();
      const leave = panel.getByRole('button', { name: /^Leave out/ }).last();
      await tabTo(page, leave);
      await page.keyboard.press('Enter');
      await seesFocus(page);
      await tabTo(page, button, 'Shift+Tab');
      expect(await faultsOf(page, '#nbpipe-panel')).toEqual([]);
      await page.keyboard.press('Enter');
      await expect(button).toHaveCount(0);
      await seesFocus(page);
    }
    await expect(panel.locator('.nbpipe-Node').first()).toBeVisible();
    await seesFocus(page);
  });
});
