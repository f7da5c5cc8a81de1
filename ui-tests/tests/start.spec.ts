import { expect, test } from '@jupyterlab/galata';
import type { Page, Response } from '@playwright/test';
import { gzipSync } from 'zlib';

import { openNotebook } from './notebooks';

/** Bytes of the extension, compressed, that JupyterLab may load at its start. */
const MOST = 60_000;

/** Notes the extension's files as a page loads them, with their compressed size. */
function watch(page: Page): () => Promise<ReadonlyMap<string, number>> {
  const loading: Promise<[string, number]>[] = [];
  const note = async (response: Response): Promise<[string, number]> => [
    new URL(response.url()).pathname,
    gzipSync(await response.body()).length
  ];
  page.on('response', response => {
    if (response.url().includes('/extensions/jupyterlab-nbpipe/static/') && response.ok()) {
      loading.push(note(response));
    }
  });
  return async () => new Map(await Promise.all(loading));
}

const total = (files: ReadonlyMap<string, number>): number =>
  [...files.values()].reduce((sum, size) => sum + size, 0);

test('JupyterLab starts with less than 60 kB of it; the rest comes with the panel', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/start.ipynb`, [{ source: 'a = 1', tags: ['step:one'] }]);
  const fresh = await page.context().newPage();
  const loaded = watch(fresh);
  await fresh.goto(`/lab/tree/${tmpPath}/start.ipynb?reset`);
  await expect(fresh.getByRole('button', { name: 'Pipeline: step one' })).toBeVisible();
  await fresh.waitForLoadState('networkidle');
  const start = await loaded();
  expect(start.size).toBeGreaterThan(1);
  expect(total(start), JSON.stringify([...start])).toBeLessThan(MOST);

  await fresh.getByRole('tab', { name: 'Pipeline', exact: true }).click();
  await expect(fresh.getByRole('button', { name: 'one, not run' })).toBeVisible();
  expect(total(await loaded())).toBeGreaterThan(MOST);
  await fresh.close();
});
