/** `claimgate revoke`, `close` and their sisters against a gateway under `wrangler dev`, and the issuer beside it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openAdmin } from '../../cli/revocation/admin.ts';
import { claimgate, type Run, spawnClaimgate } from '../cli/support/claimgate.ts';
import { type RecordingOrigin, startOrigin } from './support/origin.ts';
import { freePort } from './support/ports.ts';
import { type RunningDev, startDev } from './support/wrangler-dev.ts';

/** The promise is a minute; a machine under load gets twice of it, so that the test hangs on no speed. */
const PROMISE = { timeout: 120_000, interval: 500 };
const folder = mkdtempSync(join(tmpdir(), 'claimgate-revocation-'));
const keys = await generateKeyPair('ES256', { extractable: true });
const running: RunningDev[] = [];
let origin: RecordingOrigin;
let url: string;
let issuerUrl: string;

const gatewayConfig = (origin: string, own: string) => `name = "shop"
main = "${resolve('src/index.ts')}"
compatibility_date = "2026-10-01"
[[kv_namespaces]]
binding = "KEYS"
[[durable_objects.bindings]]
name = "REVOCATIONS"
class_name = "Revocations"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Revocations"]
[vars.GATEWAY]
revocation = "REVOCATIONS"
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
jwks_uri = "${origin}/jwks"
max_token_age = 3600
[vars.ISSUERS.own]
issuer = "${own}"
jwks_uri = "${own}.well-known/jwks.json"
max_token_age = 86400
[vars.API_ORDERS]
origin = "${origin}"
audience = "orders"
issuer = "main"
[vars.API_ORDERS.routes]
"GET    /orders"     = { auth = "required" }
"DELETE /orders/:id" = { auth = "required" }
"GET    /strict"     = { auth = "required", revocation = "strict" }
[vars.API_REPORTS]
origin = "${origin}"
audience = "reports"
issuer = "own"
[vars.API_REPORTS.routes]
"GET /reports" = { auth = "required" }
`;

const issuerConfig = (own: string) => `name = "issuer"
main = "${resolve('issuer/src/index.ts')}"
compatibility_date = "2026-10-01"
[vars]
ISSUER = "${own}"
[[kv_namespaces]]
binding = "ISSUER_KV"
`;

const run = async (...args: string[]): Promise<Run> => claimgate(args, { cwd: folder });
const done = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await run(...args);
  expect(code, stderr).toBe(0);
  return stdout;
};
const WHY = ['--why', 'laptop stolen', '--by', 'ann'];
const revoke = (...args: string[]) => done('revoke', '--issuer', 'main', ...args, ...WHY);

beforeAll(async () => {
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  origin = await startOrigin((request, response) => {
    if (request.url !== '/jwks') return response.end('from the origin');
    return response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
  });
  const [port, issuerPort] = [await freePort(), await freePort()];
  url = `http://127.0.0.1:${port}`;
  issuerUrl = `http://127.0.0.1:${issuerPort}/`;
  writeFileSync(join(folder, 'wrangler.toml'), gatewayConfig(origin.url, issuerUrl));
  writeFileSync(join(folder, 'issuer.toml'), issuerConfig(issuerUrl));
  await done('issuer', 'init', '--alg', 'ES256', '--config', 'issuer.toml');
  running.push(await startDev(join(folder, 'wrangler.toml'), port));
  running.push(await startDev(join(folder, 'issuer.toml'), issuerPort));
});

afterAll(async () => {
  await Promise.all(running.map((one) => one.stop()));
  await origin?.close();
  rmSync(folder, { recursive: true, force: true });
});

const token = (claims: Record<string, unknown>) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setIssuer('https://issuer.example/')
    .setAudience('orders')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(keys.privateKey);

async function statusOf(path: string, bearer: string, method = 'GET'): Promise<number> {
  const response = await fetch(url + path, { method, headers: { authorization: `Bearer ${bearer}` } });
  await response.arrayBuffer();
  return response.status;
}

/** Asks until it is answered so: within the promise, wherever the isolate is in its time. */
const becomes = (status: number, path: string, bearer: string, method?: string) =>
  vi.waitFor(async () => expect(await statusOf(path, bearer, method)).toBe(status), PROMISE);

it('where no `wrangler dev` runs, a command says so, and so it does for another environment', async () => {
  const other = join(folder, 'other.toml');
  writeFileSync(other, gatewayConfig(origin.url, issuerUrl).replace('name = "shop"', 'name = "other"'));
  const { code, stdout, stderr } = await run(
    'revoke',
    '--all',
    '--issuer',
    'main',
    ...WHY,
    '--config',
    other,
  );
  expect([code, stdout]).toEqual([3, '']);
  expect(stderr).toBe(
    'error  no `wrangler dev` of other runs on this machine; start it, with npm start in a clone, or act on Cloudflare with --remote\n',
  );
  expect((await run('switches', '--env', 'staging')).stderr).toContain('has no [env.staging]');
});

describe('revoke', () => {
  it('by each kind: refused within the promise, and let in again after unrevoke', {
    timeout: 300_000,
  }, async () => {
    const tokens = {
      sub: await token({ sub: 'eve', jti: '1' }),
      client: await token({ sub: 'a', azp: 'job', jti: '2' }),
      sid: await token({ sub: 'b', sid: 's-1', jti: '3' }),
      jti: await token({ sub: 'c', jti: 'the-one' }),
      token: await token({ sub: 'd', jti: 'another' }),
    };
    const innocent = await token({ sub: 'adam', azp: 'shop', sid: 's-2', jti: '5' });
    for (const one of [...Object.values(tokens), innocent]) expect(await statusOf('/orders', one)).toBe(200);
    await revoke('--sub', 'eve');
    // The object itself is asked where the policy says so: at once.
    expect(await statusOf('/strict', tokens.sub)).toBe(401);
    expect(await statusOf('/strict', innocent)).toBe(200);
    await revoke('--client', 'job');
    await revoke('--sid', 's-1');
    await revoke('--jti', 'the-one');
    writeFileSync(join(folder, 'token'), tokens.token);
    await revoke('--token', 'token');
    for (const one of Object.values(tokens)) await becomes(401, '/orders', one);
    expect(await statusOf('/orders', innocent)).toBe(200);
    const listed = JSON.parse(await done('switches', '--json')) as { rows: { kind: string }[] };
    expect(listed.rows.map(({ kind }) => kind)).toEqual(['token', 'token', 'session', 'client', 'subject']);
    const rows = [
      ['--sub', 'eve'],
      ['--client', 'job'],
      ['--sid', 's-1'],
      ['--jti', 'the-one'],
      ['--jti', 'another'],
    ];
    for (const row of rows) await done('unrevoke', '--issuer', 'main', ...row, ...WHY);
    for (const one of Object.values(tokens)) await becomes(200, '/orders', one);
    expect(await done('switches')).toBe('nothing is revoked, closed or blocked\n');
    await revoke('--all');
    expect(await revoke('--all')).toMatch(/^replaces {3}entry \d+, which would have ended 2/m);
    expect(await statusOf('/strict', innocent)).toBe(401);
    await done('unrevoke', '--issuer', 'main', '--all', ...WHY);
    expect(await statusOf('/strict', innocent)).toBe(200);
  });

  it('the object says in one sentence what it does not take', async () => {
    const admin = await openAdmin({ config: join(folder, 'wrangler.toml') });
    const revoked = { kind: 'token', issuer: 'https://issuer.example/', id: 'x'.repeat(513) } as const;
    const change = { action: 'revoke', revoked, livesSeconds: 1, by: 'x', why: 'x' } as const;
    try {
      await expect(admin.apply(change)).rejects.toThrow(
        'the object refused: revoked.id has more than 512 characters',
      );
      await expect(admin.apply({ ...change, action: 'undo' } as never)).rejects.toThrow(
        'the object refused: this version of the gateway does not take action (invalid_union); deploy the version that the command is of',
      );
    } finally {
      await admin.close();
    }
  });
});

it('close and open: a route, an API, a client, with an end, and a second time', {
  timeout: 300_000,
}, async () => {
  const bearer = await token({ sub: 'adam', azp: 'shop', jti: '6' });
  await done('close', 'API_ORDERS', 'DELETE', '/orders/:id', '--for', '2h', ...WHY);
  expect(await done('close', 'API_ORDERS', 'DELETE /orders/:id', '--for', '1h', ...WHY)).toMatch(
    /^replaces {3}entry \d+, which would have ended 2\d{3}-\d\d-\d\d \d\d:\d\d UTC$/m,
  );
  await becomes(503, '/orders/1', bearer, 'DELETE');
  expect(await statusOf('/orders', bearer)).toBe(200);
  await done('close', 'API_ORDERS', '--status', '403', ...WHY);
  await done('close', '--client', 'job', ...WHY);
  expect(await statusOf('/strict', bearer)).toBe(403);
  await done('open', 'API_ORDERS', ...WHY);
  await done('open', 'API_ORDERS', 'DELETE /orders/:id', ...WHY);
  await becomes(200, '/orders/1', bearer, 'DELETE');
  expect(await statusOf('/strict', bearer)).toBe(200);
  expect(await statusOf('/strict', await token({ azp: 'job' }))).toBe(401);
  expect(await run('open', 'API_ORDERS', ...WHY)).toMatchObject({ code: 1 });
  await done('open', '--client', 'job', ...WHY);
});

it('two people at once lose nothing, and the record has all of it, in pages', {
  timeout: 300_000,
}, async () => {
  const config = join(folder, 'wrangler.toml');
  const people = await Promise.all(
    ['ann', 'bob'].map(async (by) => ({ by, admin: await openAdmin({ config }) })),
  );
  try {
    await Promise.all(
      people.flatMap(({ by, admin }) =>
        Array.from({ length: 10 }, (_, i) =>
          admin.apply({
            ...{ action: 'close', kind: 'client', target: `${by}-${i}`, status: 503, by, why: 'at once' },
          }),
        ),
      ),
    );
  } finally {
    await Promise.all(people.map(({ admin }) => admin.close()));
  }
  const ends = await Promise.all(
    ['carl', 'dora'].map((name) =>
      spawnClaimgate(['close', '--client', name, '--why', 'at once', '--config', config]),
    ),
  );
  expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual([
    [0, ''],
    [0, ''],
  ]);
  const names = (rows: readonly { target: string }[]) => rows.map(({ target }) => target).sort();
  const all = ['ann', 'bob'].flatMap((by) => Array.from({ length: 10 }, (_, i) => `${by}-${i}`));
  const { rows } = JSON.parse(await done('switches', '--json'));
  expect(names(rows)).toEqual([...all, 'carl', 'dora'].sort());
  const told: { target: string }[] = [];
  let next: number | null = null;
  do {
    const before: string[] = next === null ? [] : ['--before', String(next)];
    const page = JSON.parse(await done('switches', '--record', '--limit', '9', '--json', ...before));
    expect(page.rows.length).toBeLessThanOrEqual(9);
    told.push(
      ...page.rows
        .filter(({ why }: { why: string }) => why === 'at once')
        .map((row: { what: object }) => row.what),
    );
    next = page.next;
  } while (next !== null);
  expect(names(told)).toEqual([...all, 'carl', 'dora'].sort());
});

it('client disable --revoke: a token that is out is refused within the promise', {
  timeout: 300_000,
}, async () => {
  const at = ['--config', 'issuer.toml'];
  await done(
    'api',
    'create',
    'reports',
    '--scope',
    'read:reports',
    '--lifetime',
    '1h',
    '--alg',
    'ES256',
    ...at,
  );
  const { client_secret } = JSON.parse(
    await done('client', 'create', 'Job', '--id', 'job-1', '--json', ...at),
  );
  await done('client', 'grant', 'job-1', 'reports', '--scope', 'read:reports', ...at);
  const get = async () => {
    const body = new URLSearchParams({
      ...{ grant_type: 'client_credentials', client_id: 'job-1', client_secret, audience: 'reports' },
    });
    const response = await fetch(`${issuerUrl}oauth/token`, { method: 'POST', body });
    return ((await response.json()) as { access_token: string }).access_token;
  };
  const bearer = await vi.waitFor(async () => {
    const got = await get();
    expect(got).toEqual(expect.any(String));
    return got;
  }, PROMISE);
  expect(await statusOf('/reports', bearer)).toBe(200);
  const asked = Math.floor(Date.now() / 1000);
  const told = await done('client', 'disable', 'job-1', '--revoke', ...at);
  expect(told).toMatch(/^revoked {4}client job-1 of own$/m);
  expect(told).toContain('claimgate unrevoke --issuer own --client=job-1 --why …');
  await becomes(401, '/reports', bearer);
  const { rows } = JSON.parse(await done('switches', '--json'));
  expect(rows[0]).toMatchObject({ kind: 'client', target: 'job-1', why: 'job-1: the client is disabled' });
  // Until then an issuer elsewhere may not have taken notice.
  expect(rows[0].before).toBeGreaterThanOrEqual(asked + 60);
});
