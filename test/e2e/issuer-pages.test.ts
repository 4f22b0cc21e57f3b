/**
 * The issuer's pages in a real browser, over a real local store: what they change is what the command line sees, a new
 * secret is shown once, hostile names are text, and they can be used by keyboard, on a phone, and by a screen reader.
 */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimgate } from '../cli/support/claimgate.ts';
import { expectAccessible, hasBrowser, launchBrowser } from './support/browser.ts';
import { type IssuerPages, serveIssuerPages } from './support/issuer-pages.ts';

const AUDIENCE = 'https://api.example.com/timesheets';
const HOSTILE = '</script><img src=x onerror="document.title=1">\u202e"\'&';
const PHONE = { width: 390, height: 800 };
const DESK = { width: 1200, height: 900 };

let pages: IssuerPages;
let browser: Browser;
let context: BrowserContext;
const errors: string[] = [];

beforeAll(async () => {
  if (!hasBrowser) return;
  pages = await serveIssuerPages();
  expect((await run('issuer', 'init')).code).toBe(0);
  browser = await launchBrowser();
  context = await browser.newContext({ viewport: DESK });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
});
afterAll(async () => {
  await browser?.close();
  pages?.close();
});

const run = (...args: string[]) => claimgate([...args, '--config', pages.config]);
const shown = async (what: string, name: string) =>
  JSON.parse((await run(what, 'show', name, '--json')).stdout) as Record<string, unknown>;

async function open(tab: string, viewport = DESK): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => errors.push(error.message));
  // That a change was refused is told by the page; the browser tells it besides.
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('status of 400')) errors.push(message.text());
  });
  await page.setViewportSize(viewport);
  await page.goto(pages.address);
  await page.getByRole('tab', { name: tab }).click();
  return page;
}

/** Does something, and waits for what came of it. @returns the result's text */
async function after(page: Page, act: () => Promise<void>): Promise<string> {
  const result = page.locator('#issuer-result');
  const before = (await result.count()) === 0 ? 0 : Number(await result.getAttribute('data-count'));
  await act();
  await page.locator(`#issuer-result[data-count="${before + 1}"]`).waitFor();
  await page.locator('.issuer[aria-busy="false"]').waitFor();
  return (await result.textContent()) ?? '';
}
const press = (page: Page, name: string) =>
  after(page, () => page.getByRole('button', { name, exact: true }).click());
/** Opens the question, and answers it with yes. */
async function confirm(page: Page, button: RegExp, verb: string, insist = false): Promise<string> {
  await page.getByRole('button', { name: button }).first().click();
  const dialog = page.getByRole('dialog');
  const yes = dialog.getByRole('button', { name: verb, exact: true });
  if (insist) {
    expect(await yes.isDisabled()).toBe(true);
    await dialog.getByRole('checkbox').check();
  }
  const command = (await dialog.locator('pre').textContent()) ?? '';
  const text = await after(page, () => yes.click());
  expect(text).toContain(command);
  expect(await dialog.count()).toBe(0);
  return text;
}

describe.skipIf(!hasBrowser)('the issuer, from nothing', () => {
  it('an API is made, by the command that the form shows', async () => {
    const page = await open('APIs');
    await page.getByText('New API').click();
    await page.getByLabel('Identifier').fill(AUDIENCE);
    await page.getByLabel('Name, for people').fill('Timesheets');
    await page.getByLabel('Scopes, one a line').fill('read:timesheets=Read them\n\n batch:upload ');
    const command = `claimgate api create ${AUDIENCE} --name Timesheets --scope 'read:timesheets=Read them' --scope batch:upload --lifetime 3600 --alg ES256 --dialect rfc9068_profile --config ${pages.config}`;
    expect(await page.locator('.action pre').textContent()).toBe(command);
    expect(await press(page, 'Create API')).toContain(command);
    expect(await shown('api', AUDIENCE)).toMatchObject({
      name: 'Timesheets',
      scopes: [{ value: 'read:timesheets', description: 'Read them' }, { value: 'batch:upload' }],
      token_lifetime: 3600,
      token_dialect: 'rfc9068_profile',
    });
    await page.close();
  });

  it('a client is made, and its secret is shown once, to be copied', async () => {
    const page = await open('Clients');
    await page.getByText('New client').click();
    await page.getByLabel('Name').fill('Import Job');
    await page.getByLabel('Client id').fill('job');
    expect(await press(page, 'Create client')).toContain('shown this once');
    const secret = (await page.locator('.secret pre').last().textContent()) ?? '';
    expect(secret).toMatch(/^cgs[A-Za-z0-9]{43}$/);
    await page.getByRole('button', { name: 'Copy the secret' }).click();
    await page.getByRole('button', { name: 'Copied the secret' }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
    await page.getByRole('button', { name: 'Close' }).click();
    expect(await page.content()).not.toContain(secret);
    await page.close();
    const again = await open('Clients');
    await again.getByText('job', { exact: true }).click();
    await again.getByText(`…${secret.slice(-4)}`).waitFor();
    expect(await again.content()).not.toContain(secret);
    await again.close();
    expect(pages.answers.filter((answer) => answer.includes(secret))).toHaveLength(1);
  });

  it('it is granted scopes, others, and none any more', async () => {
    const page = await open('Clients');
    await page.getByText('job', { exact: true }).click();
    await page.getByText('Grant an API').click();
    expect(await page.getByRole('button', { name: 'Grant', exact: true }).isDisabled()).toBe(true);
    await page.getByLabel('batch:upload').check();
    expect(await press(page, 'Grant')).toContain('Import Job may have tokens');
    expect(await shown('client', 'job')).toMatchObject({
      grants: { [AUDIENCE]: { scope: ['batch:upload'] } },
    });
    await page.getByText('Grant an API').click();
    expect(await page.getByLabel('batch:upload').isChecked()).toBe(true);
    await page.getByLabel('all, also').check();
    await press(page, 'Replace grant');
    expect(await shown('client', 'job')).toMatchObject({ grants: { [AUDIENCE]: { scope: '*' } } });
    await confirm(page, /^Take back…/, 'Take back');
    expect(await shown('client', 'job')).toMatchObject({ grants: {} });
    await page.close();
  });

  it('gets a second secret, loses both, and is disabled, enabled and deleted', async () => {
    const page = await open('Clients');
    await page.getByText('job', { exact: true }).click();
    await page.getByText('Add a secret').click();
    await page.getByLabel('It ends after').fill('90d');
    await press(page, 'Add secret');
    expect((await shown('client', 'job'))['secrets']).toHaveLength(2);
    await page.getByText('Add a secret').click();
    expect(await press(page, 'Add secret')).toContain('has 2 secrets already');
    await confirm(page, /^Remove…/, 'Remove');
    await confirm(page, /^Remove…/, 'Remove', true);
    expect((await shown('client', 'job'))['secrets']).toEqual([]);
    expect(await confirm(page, /^Disable…/, 'Disable')).toContain('blocked_clients');
    expect(await shown('client', 'job')).toMatchObject({ disabled: true });
    await press(page, 'Enable');
    expect(await shown('client', 'job')).not.toHaveProperty('disabled');
    await confirm(page, /^Disable…/, 'Disable');
    await confirm(page, /^Delete…/, 'Delete');
    expect((await run('client', 'show', 'job')).code).toBe(2);
    await page.close();
  });

  it('an API is changed, disabled and deleted', async () => {
    const page = await open('APIs');
    await page.getByText('Change', { exact: true }).click();
    await page.getByLabel('Lifetime').fill('5min');
    await page.getByLabel('read:timesheets').check();
    await press(page, 'Change API');
    expect(await shown('api', AUDIENCE)).toMatchObject({
      token_lifetime: 300,
      scopes: [{ value: 'batch:upload' }],
    });
    await confirm(page, /^Disable…/, 'Disable');
    expect(await shown('api', AUDIENCE)).toMatchObject({ disabled: true });
    await press(page, 'Enable');
    await confirm(page, /^Delete…/, 'Delete');
    expect((await run('api', 'show', AUDIENCE)).code).toBe(2);
    await page.close();
  });

  it('keys rotate early only if it is said, and freely a day later; previous ones are revoked', async () => {
    const page = await open('Keys');
    await confirm(page, /^Rotate ES256…/, 'Rotate', true);
    await page.getByText('only verifies').waitFor();
    expect(await confirm(page, /^Revoke…/, 'Revoke', true)).toContain('blocked_kids');
    pages.advance(86_400);
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByText('may sign', { exact: true }).waitFor();
    expect(await confirm(page, /^Rotate ES256…/, 'Rotate')).toContain('signs now');
    const keys = JSON.parse((await run('keys', 'list', '--json')).stdout) as { status: string }[];
    expect(keys.map(({ status }) => status)).toEqual(['next', 'current', 'previous']);
    await page.close();
  });
});

describe.skipIf(!hasBrowser)('with names of any kind', () => {
  beforeAll(async () => {
    await run('api', 'create', AUDIENCE, '--name', HOSTILE, '--scope', `a=${HOSTILE}`, '--lifetime', '1h');
    await run(
      'client',
      'create',
      HOSTILE,
      '--id',
      'hostile',
      '--metadata',
      `${HOSTILE.replace('=', '')}=${HOSTILE}`,
    );
    await run('client', 'grant', 'hostile', AUDIENCE, '--scope', 'a');
  });

  it('shows them as text, and marks what turns text around', async () => {
    const page = await open('APIs');
    await page.getByText('Change', { exact: true }).click();
    for (const tab of ['APIs', 'Clients', 'Test']) {
      await page.getByRole('tab', { name: tab }).click();
      if (tab === 'Clients') await page.getByText('hostile', { exact: true }).click();
      expect(await page.locator('.issuer').textContent(), tab).toContain('</script><img');
      expect(await page.locator('.issuer').textContent(), tab).not.toContain('\u202e');
      expect(await page.locator('img').count(), tab).toBe(0);
    }
    await page.getByRole('tab', { name: 'Clients' }).click();
    await page.getByText('hostile', { exact: true }).click();
    expect(await confirm(page, /^Disable…/, 'Disable')).toContain('</script><img');
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.title()).toBe('Issuer');
    await press(page, 'Enable');
    await page.close();
  });

  it('fits a phone, in both themes, and has nothing that axe finds', { timeout: 120_000 }, async () => {
    for (const viewport of [PHONE, DESK])
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await open('APIs', viewport);
        const name = (what: string) => `${what} at ${viewport.width}, ${colorScheme}`;
        await page.emulateMedia({ colorScheme });
        await page.getByText('New API').click();
        await page.getByLabel('Identifier').fill('https://x.example/');
        await page.getByText('Change', { exact: true }).click();
        await expectAccessible(page, name('APIs'));
        await page.getByRole('tab', { name: 'Clients' }).click();
        await page.getByText('hostile', { exact: true }).click();
        await page.getByText('Grant an API').click();
        await page.getByText('Add a secret').click();
        await expectAccessible(page, name('Clients'));
        await press(page, 'Add secret');
        await expectAccessible(page, name('a secret'));
        await confirm(page, /^Remove…/, 'Remove');
        await page.getByRole('button', { name: /^Take back…/ }).click();
        await expectAccessible(page, name('a question'));
        await page.keyboard.press('Escape');
        for (const tab of ['Keys', 'Test']) {
          await page.getByRole('tab', { name: tab }).click();
          await expectAccessible(page, name(tab));
        }
        await page.close();
      }
  });

  it('can be used by keyboard, and says what came of it', async () => {
    const page = await open('APIs');
    await page.keyboard.press('ArrowRight');
    expect(await page.getByRole('tab', { name: 'Clients' }).getAttribute('aria-selected')).toBe('true');
    await page.locator('summary').filter({ hasText: 'hostile' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /^Disable…/ }).focus();
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    for (const key of ['Escape', 'Enter']) {
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      // What does nothing is what Enter does first.
      await expect.poll(focused).toBe('Cancel');
      await page.keyboard.press(key);
      await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
      await expect.poll(focused).toBe('Disable…');
    }
    expect(await shown('client', 'hostile')).not.toHaveProperty('disabled');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await after(page, () => page.getByRole('button', { name: 'Disable', exact: true }).press('Enter'));
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('issuer-result');
    await press(page, 'Enable');
    await page.close();
  });

  it('says what is missing for a token, and gives programs to copy', async () => {
    const page = await open('Test');
    await page.getByText('get a token', { exact: false }).first().waitFor();
    for (const language of ['curl', 'JavaScript', 'Python', 'Go']) {
      await page.getByRole('tab', { name: language }).click();
      const text = await page.locator('#language').textContent();
      expect(text, language).toContain('http://localhost:8788/oauth/token');
      expect(text, language).toContain('CLIENT_SECRET');
    }
    await run('client', 'disable', 'hostile');
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByText('This client is disabled').waitFor();
    await page.close();
  });

  it('nothing went wrong in it, and a console that ended is told', async () => {
    expect(errors).toEqual([]);
    const page = await open('Keys');
    await page.route('**/api/**', (route) => route.abort());
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByText('The console does not answer').waitFor();
    await page.close();
  });
});
