/** Runs for the tests, started through the server, and the ways to where they are shown. */

import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

export const RUN_TIME = 90_000;

/** Run a notebook through the server, and wait until it ended; returns the run's id. */
export async function runToTheEnd(
  page: IJupyterLabPageFixture,
  path: string,
  parameters: { [name: string]: number } = {}
): Promise<string> {
  const started = await page.request.post('/nbpipe-api/runs', { data: { path, parameters } });
  const { id } = (await started.json()) as { id: string };
  const state = async (): Promise<string> => {
    const answer = await page.request.get(`/nbpipe-api/runs/${id}?path=${path}`);
    return ((await answer.json()) as { state: string }).state;
  };
  await expect.poll(state, { timeout: RUN_TIME }).not.toBe('running');
  return id;
}

export async function execute(
  page: IJupyterLabPageFixture,
  command: string,
  args: { [name: string]: string | string[] }
): Promise<void> {
  await page.evaluate(
    ([name, given]) => window.jupyterapp.commands.execute(name, given).then(() => null),
    [command, args] as const
  );
}

export const pageOf = (page: IJupyterLabPageFixture, id: string): Locator =>
  page.getByRole('region', { name: `Run ${id}` });
