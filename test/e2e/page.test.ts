/**
 * `claimgate page` in a real browser: it says what the command line says, asks nobody, shows hostile text as text, and
 * can be used by keyboard, on a phone's width and by a screen reader.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageParts } from '../../cli/page/bundle.ts';
import { renderPage } from '../../cli/page/html.ts';
import { traceOf } from '../../cli/policy/explain/explain.ts';
import { explanationOf } from '../../cli/policy/explain/explanation.ts';
import type { EnvironmentData, PageData } from '../../page/data.ts';
import { compilePolicy } from '../../src/policy/compile/compile.ts';
import { claimgate } from '../cli/support/claimgate.ts';
import { expectAccessible, hasBrowser, launchBrowser } from './support/browser.ts';
import { makePolicy, makeTokens, SAMPLES } from './support/requests.ts';

const folder = mkdtempSync(join(tmpdir(), 'claimgate-page-'));
const PHONE = { width: 390, height: 800 };
const DESK = { width: 1200, height: 900 };

let browser: Browser;
let context: BrowserContext;
/** What pages asked for beyond themselves, and what went wrong in them. */
const asked: string[] = [];
const errors: string[] = [];

beforeAll(async () => {
  if (!hasBrowser) return;
  browser = await launchBrowser();
  context = await browser.newContext({ viewport: DESK });
  context.on('request', (request) => {
    if (!request.url().startsWith('file:')) asked.push(request.url());
  });
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(html: string, viewport = DESK): Promise<Page> {
  const file = join(folder, 'page.html');
  writeFileSync(file, html);
  const page = await context.newPage();
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  await page.setViewportSize(viewport);
  await page.goto(`file://${file}`);
  return page;
}

/** Asks, and waits for the answer. */
async function press(page: Page): Promise<void> {
  const before = Number(await page.locator('#told').getAttribute('data-count'));
  await page.getByRole('button', { name: 'Ask' }).click();
  await page.locator(`#told[data-count="${before + 1}"]`).waitFor();
}

const environment = (more: Partial<EnvironmentData>): EnvironmentData => ({
  name: null,
  vars: {},
  findings: [],
  coverage: null,
  changes: null,
  ...more,
});
const dataOf = (...environments: EnvironmentData[]): PageData => ({
  file: 'wrangler.toml',
  version: '0.0.0',
  environments,
});
const pageOf = async (...environments: EnvironmentData[]) =>
  renderPage(dataOf(...environments), await pageParts());

describe.skipIf(!hasBrowser)('the page and the command line agree', () => {
  it('on every request that explain is compared with the Worker by', { timeout: 180_000 }, async () => {
    const tokens = await makeTokens();
    const tables = makePolicy('https://keys.example/keys', 'http://127.0.0.1:9');
    const compiled = compilePolicy(tables);
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults));
    const { policy } = compiled;
    const page = await open(await pageOf(environment({ vars: JSON.parse(JSON.stringify(tables)) })));
    await page.getByRole('tab', { name: 'Ask' }).click();
    await page.getByText('Keys and headers').click();
    let compared = 0;
    for (const sample of SAMPLES) {
      // What no text field can hold.
      if (/[\r\n]/.test(sample.target)) continue;
      const token = sample.claims === undefined ? undefined : await tokens.sign(sample);
      const url = `http://${sample.host ?? '127.0.0.1'}${sample.target}`;
      const lines = [
        ...(sample.headers ?? []),
        ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
      ];
      const headers = new Headers();
      for (const line of lines)
        headers.append(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2));
      const request = { method: sample.method, url, headers };
      const nowMs = Date.now();
      const trace = await traceOf(request, { policy, nowMs, signature: 'offline' });
      const told = await explanationOf(request, trace, 'offline', nowMs);

      await page.getByLabel('Method').fill(sample.method);
      await page.getByLabel('URL or path').fill(url);
      await page.getByLabel('Headers, one a line').fill(lines.join('\n'));
      await press(page);
      const shown = await page.evaluate(() => ({
        verdict: document.querySelector('#verdict')?.textContent ?? '',
        steps: [...document.querySelectorAll('.steps > li')].map((one) => [
          one.className,
          one.querySelector('strong')?.textContent ?? '',
        ]),
      }));
      const what = `${sample.method} ${sample.target}: ${sample.what}`;
      expect(shown.verdict.startsWith(told.result), `${what}: ${shown.verdict}`).toBe(true);
      if (told.reason !== null) expect(shown.verdict, what).toContain(told.reason);
      expect(shown.steps, what).toEqual(told.steps.map(({ verdict, step }) => [verdict, step]));
      compared++;
    }
    expect(compared).toBeGreaterThan(80);
    await page.close();
  });

  it('on signatures, by a key set that is pasted', async () => {
    const tokens = await makeTokens();
    const tables = makePolicy('https://keys.example/keys', 'http://127.0.0.1:9');
    const page = await open(await pageOf(environment({ vars: JSON.parse(JSON.stringify(tables)) })));
    const sample = SAMPLES.find(({ what }) => what === 'a good token');
    if (sample === undefined) throw new Error('no such sample');
    const token = await tokens.sign(sample);
    await page.getByRole('tab', { name: 'Ask' }).click();
    await page.getByText('Keys and headers').click();
    const verdictOf = async (given: string, keys: object) => {
      await page.getByLabel('URL or path').fill(`http://${sample.host ?? '127.0.0.1'}${sample.target}`);
      await page.getByLabel('Token, or claims').fill(given);
      await page.getByLabel('Key set').fill(JSON.stringify(keys));
      await press(page);
      return page.locator('#verdict').textContent();
    };
    expect(await verdictOf(token, { keys: tokens.keys })).toBe('allowed');
    const [head, claims] = token.split('.');
    expect(await verdictOf(`${head}.${claims}.AAAA`, { keys: tokens.keys })).toContain('signature_invalid');
    await page.close();
  });
});

describe.skipIf(!hasBrowser)('the page', () => {
  const HOSTILE = '</script><img src=x onerror="document.title=1">\u202e"\'&';
  const hostile = environment({
    name: HOSTILE,
    vars: {
      ISSUERS: { [HOSTILE]: { issuer: 'https://issuer.example/' } },
      API_X: {
        origin: 'https://x.example',
        audience: HOSTILE,
        routes: {
          'GET /x': { scopes_all: ['a'] },
          'GET /y': { clients: [HOSTILE], claims: { [HOSTILE]: HOSTILE } },
        },
      },
    },
    findings: [
      {
        ...{ severity: 'warning', rule: HOSTILE, at: HOSTILE, api: 'API_X', route: 'GET /x', line: 1 },
        ...{ problem: HOSTILE, remedy: HOSTILE, why: HOSTILE },
      },
    ],
    coverage: { cases: 1, open: { 'API_X GET /x': [HOSTILE] } },
    changes: {
      from: HOSTILE,
      differences: [
        { change: 'widened', subject: [HOSTILE], before: [HOSTILE], now: [HOSTILE], example: [HOSTILE] },
      ],
      other: [HOSTILE],
    },
  });

  it('shows hostile text as text, on every view', async () => {
    const page = await open(await pageOf(hostile, hostile));
    for (const tab of ['Routes', 'Changes', 'Findings']) {
      await page.getByRole('tab', { name: tab }).click();
      expect(await page.locator('img').count(), tab).toBe(0);
      expect(await page.locator('main').textContent(), tab).toContain('</script><img');
    }
    await page.getByRole('tab', { name: 'Ask' }).click();
    await page.getByLabel('URL or path').fill(`/x?q=${HOSTILE}`);
    await page.getByLabel('Token, or claims').fill(HOSTILE);
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.locator('.answer, .bad').first().waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.title()).toBe('wrangler.toml: policy');
    await page.close();
  });

  it('says that a policy has revocation, which routes are strict, and that nobody was asked', async () => {
    const vars = {
      GATEWAY: { revocation: 'REVOCATIONS' },
      ISSUERS: { main: { issuer: 'https://issuer.example/', max_token_age: 3600 } },
      API_X: {
        origin: 'https://x.example',
        audience: 'x',
        routes: { 'GET /a': { auth: 'none' }, 'DELETE /a': { revocation: 'strict' } },
      },
    };
    const page = await open(await pageOf(environment({ vars })));
    expect(await page.locator('.summary').textContent()).toContain(
      'What is revoked or closed is refused, too.',
    );
    expect(await page.getByRole('row', { name: 'DELETE' }).textContent()).toContain(
      'asks each time what is revoked',
    );
    await page.getByRole('tab', { name: 'Ask' }).click();
    await page.getByLabel('Method').fill('GET');
    await page.getByLabel('URL or path').fill('/a');
    await press(page);
    expect(await page.locator('.steps').textContent()).toContain(
      'not asked here; claimgate explain --remote asks',
    );
    await page.close();
  });

  it('says what is wrong with a policy, and with what was typed', async () => {
    const page = await open(
      await pageOf(environment({ vars: { API_X: { origin: 'https://x.example', audiense: 'x' } } })),
    );
    await expect.poll(() => page.locator('main').textContent()).toContain('did you mean "audience"?');
    await page.close();
    const fine = await open(await pageOf(hostile));
    await fine.getByRole('tab', { name: 'Ask' }).click();
    await fine.getByLabel('URL or path').fill('orders');
    await fine.getByRole('button', { name: 'Ask' }).click();
    await expect.poll(() => fine.locator('.ask > div').textContent()).toContain('write https://');
    await fine.close();
  });

  it('has no secret of the configuration', async () => {
    const file = join(folder, 'wrangler.toml');
    writeFileSync(
      file,
      `name = "x"
main = "x.ts"
[vars]
PASSWORD = "hunter2"
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
jwks_uri = "https://issuer.example/keys?code=hunter2"
[vars.API_X]
origin = "https://x.example"
audience = "x"
origin_headers = { x-origin-secret = "hunter2" }
[vars.API_X.routes]
"GET /x" = {}
`,
    );
    const { stdout } = await claimgate(['page', '--config', file]);
    expect(stdout).toContain('API_X');
    expect(stdout).not.toContain('hunter2');
  });

  it('fits a phone, in both themes, and has nothing that axe finds', async () => {
    const { stdout } = await claimgate(['page', '--against', 'wrangler.toml']);
    for (const viewport of [PHONE, DESK])
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await open(stdout, viewport);
        await page.emulateMedia({ colorScheme });
        for (const tab of ['Routes', 'Ask', 'Changes', 'Findings']) {
          await page.getByRole('tab', { name: tab }).click();
          if (tab === 'Routes') await page.getByLabel('Scopes that a token has').fill('read:timesheets');
          if (tab === 'Ask') {
            await page.getByLabel('URL or path').fill('/timesheets');
            await page.getByRole('button', { name: 'Ask' }).click();
            await page.locator('.answer').waitFor();
          }
          await expectAccessible(page, `${tab} at ${viewport.width}, ${colorScheme}`);
        }
        await page.close();
      }
  });

  it('can be used by keyboard', async () => {
    const page = await open(await pageOf(hostile));
    await page.getByRole('tab', { name: 'Routes' }).focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.getByRole('tab', { name: 'Ask' }).getAttribute('aria-selected')).toBe('true');
    await page.getByLabel('URL or path').fill('/x');
    await page.keyboard.press('Enter');
    await page.locator('.answer').waitFor();
    await page.close();
  });

  it('has 2,000 routes, and finds one', async () => {
    const routes = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, i) => [`GET /things/${i}`, { scopes_all: [`scope:${i % 20}`] }]),
    );
    const vars = {
      ISSUERS: { main: { issuer: 'https://issuer.example/' } },
      API_X: { origin: 'https://x.example', audience: 'x', routes },
    };
    const page = await open(await pageOf(environment({ vars })));
    await expect.poll(() => page.locator('tbody tr').count()).toBe(2_000);
    await page.getByLabel('Path, method or words').fill('/things/1999');
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1);
    await page.getByLabel('Path, method or words').fill('');
    await page.getByLabel('Scopes that a token has').fill('scope:7');
    await expect.poll(() => page.locator('.summary').textContent()).toContain('100 let it in');
    await page.close();
  });

  it('asked nobody, and nothing went wrong in it', () => {
    expect(asked).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('is under 150 KB, gzipped', async () => {
    const { gzipSync } = await import('node:zlib');
    const { stdout } = await claimgate(['page']);
    expect(gzipSync(stdout).length).toBeLessThan(150_000);
  });
});
