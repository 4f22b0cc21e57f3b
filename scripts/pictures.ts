/**
 * `node scripts/pictures.ts`: the pictures of the pages in docs/images, from the policy of a clone; those of the console
 * from a log that is made here. Needs Chromium.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { openConsole } from '../cli/console/console.ts';
import { takeLines } from '../cli/console/lines.ts';
import type { RequestLine } from '../src/log.ts';
import { serveIssuerPages } from '../test/e2e/support/issuer-pages.ts';

const folder = mkdtempSync(join(tmpdir(), 'claimgate-pictures-'));
const file = join(folder, 'policy.html');
writeFileSync(file, execFileSync(process.execPath, ['cli/claimgate.ts', 'page', '--env', 'production']));
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});

async function take(
  name: string,
  act: (page: Page) => Promise<void>,
  height: number,
  address = `file://${file}`,
): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 960, height }, timezoneId: 'UTC' });
  await page.goto(address);
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
await takeIssuer();

/** A quarter of an hour, in which a new client asks without its scope. */
function* lines(): Generator<RequestLine> {
  for (let i = 0; i < 240; i++) {
    const isUpload = i % 5 < 3;
    const isNew = i > 150 && i < 190 && i % 2 === 0;
    const route = isUpload ? 'API_TIMESHEETS POST /timesheets/upload' : 'API_TIMESHEETS GET /timesheets';
    const common = {
      time: new Date(Date.UTC(2026, 10, 24, 9, 0, i * 4)).toISOString(),
      request_id: `r${i}`,
      method: isUpload ? 'POST' : 'GET',
      route,
      host: 'api.example.com',
      path: isUpload ? '/timesheets/upload' : '/timesheets',
    };
    if (i % 17 === 0) yield { ...common, decision: 'deny', reason: 'token_missing', status: 401 };
    else if (isNew)
      yield {
        ...{
          ...common,
          decision: 'deny',
          reason: 'scopes_missing',
          status: 403,
          issuer: 'issuer',
          client: 'night-export',
        },
        ...{ reason_detail: [isUpload ? 'batch:upload' : 'read:timesheets'], scopes: ['approve:timesheets'] },
      };
    else yield { ...common, decision: 'allow', status: 200, issuer: 'issuer', client: `desk-${i % 3}` };
  }
}

const log = takeLines();
for (const line of lines()) log.take(JSON.stringify(line));
const opened = await openConsole({
  ...{ config: 'wrangler.toml', environment: 'production', port: 0, apis: [] },
  input: { kind: 'lines', name: "the gateway's log", lines: log },
});
await take('console-live', (page) => page.locator('.decisions').waitFor(), 760, opened.address);
await opened.close();
await browser.close();
rmSync(folder, { recursive: true, force: true });

/** An issuer of a folder of its own, so that commands name no file. */
async function takeIssuer(): Promise<void> {
  const home = process.cwd();
  const project = mkdtempSync(join(tmpdir(), 'claimgate-pictures-'));
  mkdirSync(join(project, 'issuer'));
  process.chdir(project);
  const pages = await serveIssuerPages('issuer/wrangler.toml');
  const audience = 'https://api.example.com/timesheets';
  const run = (...args: string[]) =>
    execFileSync(process.execPath, [join(home, 'cli/claimgate.ts'), ...args]);
  run('issuer', 'init');
  const scopes = ['read:timesheets=Read own timesheets', 'batch:upload=Upload many at once'];
  const flags = ['--name', 'Timesheets', '--lifetime', '1h', '--dialect', 'rfc9068_profile'];
  run('api', 'create', audience, ...flags, ...scopes.flatMap((scope) => ['--scope', scope]));
  run('client', 'create', 'Timesheets Import Job', '--id', 'import-job', '--metadata', 'tenant=acme');
  run('client', 'grant', 'import-job', audience, '--scope', 'batch:upload');
  const page = await browser.newPage({ viewport: { width: 880, height: 600 } });
  const shoot = (name: string) =>
    page.screenshot({ path: join(home, `docs/images/${name}.png`), fullPage: true });
  await page.goto(pages.address);
  await page.getByRole('tab', { name: 'Clients' }).click();
  await page.getByText('import-job').click();
  await page.getByText('Grant an API').click();
  await page.getByLabel('read:timesheets').check();
  await shoot('issuer-client');
  await page.getByRole('tab', { name: 'Test' }).click();
  await page.getByRole('heading', { name: 'Get a token' }).waitFor();
  await shoot('issuer-test');
  await page.close();
  pages.close();
  process.chdir(home);
  rmSync(project, { recursive: true, force: true });
}
