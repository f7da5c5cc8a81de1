/** What the accessibility checker says of a part of the page. */

import type { Page } from '@playwright/test';
import { source as axe } from 'axe-core';

/** The rules of the checker that a part of the page breaks. */
export async function faultsOf(page: Page, ...parts: string[]): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async include => {
    const { axe: checker } = window as unknown as {
      axe: {
        run(what: unknown): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
      };
    };
    const { violations } = await checker.run({ include });
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
  }, parts);
}
