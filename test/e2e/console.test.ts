/**
 * `claimgate console` in a real browser: from a log line to why it was refused, to a case; a policy that breaks and
 * recovers; hostile lines; phones, themes and screen readers.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectAccessible, hasBrowser, launchBrowser } from './support/browser.ts';

const COMMAND = join(import.meta.dirname, '../../cli/claimgate.ts');
const folder = mkdtempSync(join(tmpdir(), 'claimgate-console-'));
const config = join(folder, 'wrangler.toml');
const cases = join(folder, 'policy.test.toml');
const PHONE = { width: 390, height: 800 };
const DESK = { width: 1200, height: 900 };

const POLICY = `name = "x"
main = "x.ts"
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
jwks_uri = "https://issuer.example/keys"
[vars.API_ORDERS]
hosts = ["api.example.com"]
origin = "https://orders.example"
audience = "https://api.example.com"
[vars.API_ORDERS.routes]
"GET /orders" = { scopes_all = ["read:orders"] }
"POST /orders" = { scopes_all = ["write:orders"] }
`;

/** However busy the machine is. */
const soon = <Value>(read: () => Value) => expect.poll(read, { timeout: 30_000 });

let browser: Browser;
let context: BrowserContext;
let command: ChildProcess;
let address: string;
/** What went elsewhere than to the console, and what went wrong in the page. */
const elsewhere: string[] = [];
const errors: string[] = [];

async function startCommand(args: readonly string[] = []): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [COMMAND, 'console', '--config', config, ...args], {
    env: { ...process.env, NO_COLOR: '1' },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await vi.waitFor(() => expect(output).toContain('\n'), 30_000);
  return { child, url: output.trim() };
}

beforeAll(async () => {
  if (!hasBrowser) return;
  writeFileSync(config, POLICY);
  const started = await startCommand();
  command = started.child;
  address = started.url;
  browser = await launchBrowser();
  context = await browser.newContext({ viewport: DESK, permissions: ['clipboard-write'] });
  context.on('request', (request) => {
    if (!request.url().startsWith('http://127.0.0.1:')) elsewhere.push(request.url());
  });
});
afterAll(async () => {
  await browser?.close();
  command?.kill('SIGINT');
  rmSync(folder, { recursive: true, force: true });
});

async function open(url = address, viewport = DESK): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  await page.setViewportSize(viewport);
  await page.goto(url);
  return page;
}

let count = 0;
/** As the gateway writes it: `requestLine` in src/log.ts. */
const line = (more: object = {}) =>
  `${JSON.stringify({
    ...{ time: new Date(1_795_800_000_000 + ++count * 1_000).toISOString(), request_id: `r${count}` },
    ...{ method: 'GET', route: 'API_ORDERS GET /orders', decision: 'deny', reason: 'scopes_missing' },
    ...{
      reason_detail: ['read:orders'],
      status: 403,
      issuer: 'main',
      client: 'batch',
      scopes: ['write:orders'],
    },
    ...{ audiences: ['https://api.example.com'], host: 'api.example.com', path: '/orders' },
    ...more,
  })}\n`;
const ALLOWED = { decision: 'allow', reason: undefined, reason_detail: undefined, status: 200 };
const log = (...lines: string[]) => command.stdin?.write(lines.join(''));

describe.skipIf(!hasBrowser)('the console', () => {
  it('waits for a first request, and shows it as it comes', async () => {
    const page = await open();
    await soon(() => page.locator('#log').textContent()).toContain('No request yet');
    expect(page.url()).not.toContain('token');
    log('⛅️ wrangler 4.155.0\n');
    await soon(() => page.locator('#strange').textContent()).toContain('1 line so far');
    log(line(ALLOWED), line());
    await soon(() => page.locator('.decisions tbody tr').count()).toBe(2);
    expect(await page.locator('.decisions tbody tr').first().textContent()).toContain(
      'api.example.com/orders',
    );
    expect(await page.locator('#counts').textContent()).toBe('2 requests, 1 refused');
    await page.close();
  });

  it('leads from a denial to why, and to a case, in three clicks', async () => {
    const page = await open();
    await page.locator('.decisions').getByRole('button', { name: 'scopes_missing' }).last().click();
    await page.locator('.answer').waitFor();
    expect(await page.locator('#logged').textContent()).toContain('403 scopes_missing (read:orders)');
    expect(await page.locator('#verdict').textContent()).toContain('refused: scopes_missing');
    expect(await page.locator('#differs').count()).toBe(0);
    expect(await page.getByLabel('URL or path').inputValue()).toBe('https://api.example.com/orders');
    await page.getByRole('button', { name: 'Make this a test case' }).click();
    await soon(() => page.locator('#case').textContent()).toContain('reason = "scopes_missing"');
    await page.getByRole('button', { name: 'Append to policy.test.toml' }).click();
    await expect
      .poll(() => page.locator('.case').textContent())
      .toContain('line 3: added; the policy meets it');
    expect(readFileSync(cases, 'utf8')).toContain('client_id = "batch"');
    // What is let through from now on, it is not yet.
    await page.getByLabel('From now on it must be').selectOption('allow');
    await soon(() => page.locator('#case').textContent()).toContain('expect = "allow"');
    await page.getByRole('button', { name: 'Append to policy.test.toml' }).click();
    await soon(() => page.locator('.case').textContent()).toContain('does not meet it yet');
    rmSync(cases);
    await page.close();
  });

  it('answers anew when the policy is saved, with its errors at their lines until it is mended', async () => {
    const page = await open();
    await page.locator('.decisions').getByRole('button', { name: 'scopes_missing' }).first().click();
    await page.locator('.answer').waitFor();
    writeFileSync(config, POLICY.replace('["read:orders"]', '["read:orders"'));
    await soon(() => page.locator('#banner').textContent()).toContain('is no TOML');
    expect(await page.locator('#banner').textContent()).toContain('line 11');
    expect(await page.locator('#banner').textContent()).toContain('policy from before');
    await page.locator('.answer').waitFor();
    writeFileSync(config, POLICY.replace('scopes_all = ["read', 'scope_all = ["read'));
    await soon(() => page.locator('#banner').textContent()).toContain('Line 11');
    writeFileSync(config, POLICY.replace('"read:orders"', '"write:orders"'));
    await soon(() => page.locator('#banner').textContent()).toBe('');
    await soon(() => page.locator('#verdict').textContent()).toContain('allowed');
    expect(await page.locator('#differs').textContent()).toContain('the policy has changed since');
    writeFileSync(config, POLICY);
    await soon(() => page.locator('#verdict').textContent()).toContain('refused');
    await page.close();
  });

  it('groups denials, narrows by a group, and holds', async () => {
    const none = { client: undefined, issuer: undefined, scopes: undefined, audiences: undefined };
    log(
      line({ ...none, reason: 'token_missing', reason_detail: undefined, status: 401 }),
      line({ client: 'other' }),
      line({ ...ALLOWED, would_deny: 'scopes_missing', would_deny_detail: ['x'] }),
      `${JSON.stringify({ event: 'keys_refresh_failed', issuer: 'main', fault: 'timeout' })}\n`,
    );
    const page = await open();
    await soon(() => page.locator('#counts').textContent()).toBe('5 requests, 3 refused');
    expect(await page.locator('#events').textContent()).toContain('keys_refresh_failed main: timeout');
    const groups = (at: number) => page.locator('.group').nth(at).getByRole('button');
    expect(await groups(0).allTextContents()).toEqual([
      'scopes_missing 2',
      'scopes_missing (tried) 1',
      'token_missing 1',
    ]);
    await groups(0).first().click();
    await soon(() => page.locator('#counts').textContent()).toBe('2 requests of 5, 2 refused');
    expect(await groups(1).allTextContents()).toEqual(['batch 1', 'other 1']);
    await groups(1).last().click();
    await soon(() => page.locator('.decisions tbody tr').count()).toBe(1);
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.getByRole('button', { name: 'Hold' }).click();
    log(line(ALLOWED));
    await soon(() => page.locator('#counts').textContent()).toContain('held, 1 newer');
    expect(await page.locator('.decisions tbody tr').count()).toBe(5);
    await page.getByRole('button', { name: 'Hold' }).click();
    await soon(() => page.locator('.decisions tbody tr').count()).toBe(6);
    await page.getByLabel('Path, route, client or reason').fill('no such thing');
    await soon(() => page.locator('#view').textContent()).toContain('No request is like this');
    await page.close();
  });

  it('shows hostile lines as text', async () => {
    const hostile = '</script><img src=x onerror="document.title=1">\u202e"\'&';
    log(
      line({
        client: hostile,
        host: hostile,
        path: `/${hostile}`,
        route: hostile,
        reason: hostile,
        reason_detail: hostile,
      }),
      line({ method: hostile, path: `/${'x'.repeat(1_000_000)}`, unverified_client: hostile }),
      `${JSON.stringify({ event: hostile, issuer: hostile, fault: hostile })}\n`,
      `${hostile}\n`,
    );
    const page = await open();
    await soon(() => page.locator('main').textContent()).toContain('</script><img');
    await page.locator('.decisions').getByRole('button', { name: '</script>' }).first().click();
    await page.locator('.answer, .bad').first().waitFor();
    for (const tab of ['Ask', 'Live']) {
      await page.getByRole('tab', { name: tab }).click();
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.locator('main').textContent()).not.toContain('\u202e');
    }
    expect(await page.title()).toBe('claimgate console');
    await page.close();
  });

  it('outlives a reload, and says what an address without its token lacks', async () => {
    const page = await open();
    await page.locator('.decisions').waitFor();
    await page.reload();
    await page.locator('.decisions').waitFor();
    await page.close();
    const other = await open(address.replace(/#.*/, ''));
    expect(await other.locator('main').textContent()).toContain('lacks the token');
    await other.close();
  });

  it('fits a phone, in both themes, and has nothing that axe finds', { timeout: 120_000 }, async () => {
    for (const viewport of [PHONE, DESK])
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await open(address, viewport);
        await page.emulateMedia({ colorScheme });
        await page.locator('.decisions').waitFor();
        for (const view of ['Live', 'Ask']) {
          if (view === 'Ask') {
            await page.locator('.decisions').getByRole('button', { name: 'scopes_missing' }).last().click();
            await page.locator('.answer').waitFor();
            await page.getByRole('button', { name: 'Make this a test case' }).click();
            await page.locator('#case').waitFor();
          }
          await expectAccessible(page, `${view} at ${viewport.width}, ${colorScheme}`);
        }
        await page.close();
      }
  });

  it('keeps 10,000 of a flood, and goes on', { timeout: 120_000 }, async () => {
    const page = await open();
    for (let i = 0; i < 150; i++) log(Array.from({ length: 100 }, () => line(ALLOWED)).join(''));
    log(line({ path: '/last' }));
    await soon(() => page.locator('.decisions tbody tr').first().textContent()).toContain('/last');
    expect(await page.locator('#counts').textContent()).toBe('10,000 requests, 1 refused');
    expect(await page.locator('.decisions tbody tr').count()).toBe(100);
    await page.getByRole('button', { name: 'Refused only' }).click();
    await soon(() => page.locator('.decisions tbody tr').count()).toBe(1);
    await page.close();
  });

  it('says that a log has ended, and that the console has', async () => {
    const second = await startCommand();
    const page = await open(second.url);
    second.child.stdin?.end();
    await soon(() => page.locator('#log').textContent()).toContain('standard input ended');
    // From here on the browser itself complains.
    const before = [...errors];
    second.child.kill('SIGINT');
    await soon(() => page.locator('#banner').textContent()).toContain('The console does not answer');
    await page.close();
    errors.splice(0, errors.length, ...before);
  });

  it('reads a file as it grows', async () => {
    const file = join(folder, 'gateway.log');
    const second = await startCommand(['--log', file]);
    const page = await open(second.url);
    await soon(() => page.locator('#log').textContent()).toContain('There is no');
    appendFileSync(file, line({ path: '/from-a-file' }));
    await soon(() => page.locator('main').textContent()).toContain('/from-a-file');
    await page.close();
    second.child.kill('SIGINT');
  });

  it('asked nobody else, and nothing went wrong in it', () => {
    expect(elsewhere).toEqual([]);
    expect(errors).toEqual([]);
  });
});
