/** `node scripts/pictures.ts`: the pictures of the page in docs/images, from the policy of a clone. Needs Chromium. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';

const folder = mkdtempSync(join(tmpdir(), 'claimgate-pictures-'));
const file = join(folder, 'policy.html');
writeFileSync(file, execFileSync(process.execPath, ['cli/claimgate.ts', 'page', '--env', 'production']));
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});

async function take(name: string, act: (page: Page) => Promise<void>, height: number): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 960, height } });
  await page.goto(`file://${file}`);
  await act(page);
  await page.screenshot({ path: `docs/images/${name}.png` });
  await page.close();
}

mkdirSync('docs/images', { recursive: true });
await take(
  'page-routes',
  (page) => page.getByLabel('Scopes that a token has').fill('read:timesheets create:timesheets'),
  620,
);
await take(
  'page-ask',
  async (page) => {
    await page.getByRole('tab', { name: 'Ask' }).click();
    await page.getByLabel('URL or path').fill('/approvals');
    await page.getByLabel('Token, or claims').fill('{"sub":"7","scope":"read:timesheets"}');
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.locator('.answer').waitFor();
  },
  620,
);
await browser.close();
rmSync(folder, { recursive: true, force: true });
