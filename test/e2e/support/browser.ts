/** A real browser, where the machine has one. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Tests without one are skipped, and say so. */
export const hasBrowser = existsSync(CHROMIUM);
if (!hasBrowser)
  process.stdout.write(`Skipped: there is no ${CHROMIUM}. Name a Chromium in the variable CHROMIUM.\n`);

export function launchBrowser(): Promise<Browser> {
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--disable-dev-shm-usage', ...(isRoot ? ['--no-sandbox'] : [])],
  });
}

interface Axe {
  run(): Promise<{ violations: { id: string }[] }>;
}

/** The page is no wider than its window, and axe finds nothing. @param what is looked at, for the failure */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  const { scrollWidth, clientWidth } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return { scrollWidth, clientWidth };
  });
  expect(scrollWidth, what).toBeLessThanOrEqual(clientWidth);
  // Its own script is what a page's policy keeps out: it comes by the debugger.
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: Axe };
    return (await axe.run()).violations.map(({ id }) => id);
  });
  expect(found, what).toEqual([]);
}
