/** "A laptop was stolen at 10:00" of docs/revocation.md, command by command, against a gateway under `wrangler dev`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { claimgate } from '../cli/support/claimgate.ts';
import { type RecordingOrigin, startOrigin } from './support/origin.ts';
import { freePort } from './support/ports.ts';
import { type RunningDev, startDev } from './support/wrangler-dev.ts';

/** The promise is a minute; a machine under load gets twice of it, so that the test hangs on no speed. */
const PROMISE = { timeout: 120_000, interval: 500 };

const page = readFileSync('docs/revocation.md', 'utf8');
const [section = ''] = /^## A laptop was stolen[\s\S]*?(?=^## )/m.exec(page) ?? [];
/** The page acts on Cloudflare. Here is a `wrangler dev`, whose log is a file. */
const commands = [...section.matchAll(/^ *```sh\n([\s\S]*?)^ *```/gm)]
  .flatMap(([, block = '']) => block.trim().split('\n'))
  .map((line) => line.trim().replace(/ --env production| --remote/g, ''));

const folder = mkdtempSync(join(tmpdir(), 'claimgate-incident-'));
const keys = await generateKeyPair('ES256', { extractable: true });
const THIEF = 'auth0|5f7c';
let origin: RecordingOrigin;
let dev: RunningDev;
let url: string;

beforeAll(async () => {
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  origin = await startOrigin((request, response) => {
    if (request.url !== '/jwks') return response.end('from the origin');
    return response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
  });
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const [, setUp = ''] = /^ *```toml\n([\s\S]*?)^ *```/m.exec(page.slice(page.indexOf('## Set it up'))) ?? [];
  writeFileSync(
    join(folder, 'wrangler.toml'),
    `name = "shop"
main = "${resolve('src/index.ts')}"
compatibility_date = "2026-10-01"
[[kv_namespaces]]
binding = "KEYS"
${setUp.replace(/^ {3}/gm, '')}
log_subject = "plain"
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
jwks_uri = "${origin.url}/jwks"
max_token_age = 3600
[vars.API_ORDERS]
origin = "${origin.url}"
audience = "orders"
[vars.API_ORDERS.routes]
"GET /orders" = { auth = "required" }
`,
  );
  dev = await startDev(join(folder, 'wrangler.toml'), port);
});

afterAll(async () => {
  await dev?.stop();
  await origin?.close();
  rmSync(folder, { recursive: true, force: true });
});

const token = (sub: string) =>
  new SignJWT({ sub, azp: 'web-app' })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setIssuer('https://issuer.example/')
    .setAudience('orders')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(keys.privateKey);

async function statusOf(bearer: string): Promise<number> {
  const response = await fetch(`${url}/orders`, { headers: { authorization: `Bearer ${bearer}` } });
  await response.arrayBuffer();
  return response.status;
}

/** What the gateway has logged so far. @param wanted is in it: the log of a process comes late */
const writeLog = (wanted: string) =>
  vi.waitFor(() => {
    const lines = dev.lines.filter((line) => line.includes('"decision"'));
    expect(lines.join('\n')).toContain(wanted);
    writeFileSync(join(folder, 'day.log'), lines.map((line) => line.slice(line.indexOf('{'))).join('\n'));
  }, PROMISE);

async function run(command: string): Promise<string> {
  const words = [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '');
  expect(words.slice(0, 2)).toEqual(['npx', 'claimgate']);
  const { code, stdout, stderr } = await claimgate(words.slice(2), { cwd: folder });
  expect(code, `${command}\n${stderr}`).toBe(0);
  return stdout;
}

it('is followed from the first question to the record', { timeout: 300_000 }, async () => {
  const [dryRun = '', revoke = '', logs = '', switches = '', record = ''] = commands;
  expect(commands).toHaveLength(5);
  const [stolen, good] = [await token(THIEF), await token('auth0|other')];
  for (const one of [stolen, stolen, good]) expect(await statusOf(one)).toBe(200);
  await writeLog('auth0|other');

  expect(await run(dryRun)).toContain('2 of 3 requests');
  expect(await statusOf(stolen)).toBe(200);

  const told = await run(revoke);
  const entry = /^entry +(\d+)$/m.exec(told)?.[1] ?? '';
  expect(told).toMatch(/^in effect +everywhere by \d\d:\d\d:\d\d UTC$/m);
  expect(told).toMatch(/^take back +claimgate unrevoke /m);
  await vi.waitFor(async () => expect(await statusOf(stolen)).toBe(401), PROMISE);
  expect(await statusOf(good)).toBe(200);

  await writeLog('token_revoked');
  expect(await run(logs.replace('logs', 'logs day.log'))).toMatch(
    new RegExp(`^ +\\d+ +token_revoked[\\s\\S]*^refused: who and what\n +\\d+ +entry +${entry}$`, 'm'),
  );

  expect(await run(switches)).toMatch(new RegExp(`^${entry} .*subject .*5f7c.* laptop stolen$`, 'm'));
  expect(await run(record)).toMatch(/ revoke +subject +.*5f7c.* laptop stolen$/m);
});
