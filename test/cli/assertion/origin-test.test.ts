/** `claimgate origin-test` against origins on this machine: a sound one, and the same with one check less each. */

import { createHash, createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimgate } from '../support/claimgate.ts';

const folder = mkdtempSync(join(tmpdir(), 'claimgate-origin-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const policy = (name: string, api: string, origin = 'https://x.example') =>
  file(
    name,
    `name = "gateway"
main = "x.ts"
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
[vars.GATEWAY]
assertion = { issuer = "https://api.example.com" }
[vars.API_X]
origin = "${origin}"
audience = "x"
${api}
[vars.API_X.routes]
"GET /x" = {}
`,
  );
const ASSERTED = 'assertion = { audience = "x.internal" }';

const CHECKS = [
  'presence',
  'count',
  'typ',
  'algorithm',
  'key',
  'issuer',
  'audience',
  'expiry',
  'start',
  'lifetime',
  'binding',
  'method',
  'path',
  'query',
  'headers',
] as const;
type Check = (typeof CHECKS)[number];

let key: { kid: string } & Record<string, string>;
const decode = (part: string | undefined) =>
  JSON.parse(Buffer.from(part ?? '', 'base64url').toString() || '{}');

/** Who calls, or why not. By hand: what the product's own verifiers refuse must not decide what is tried. */
function judge(request: IncomingMessage, body: string, left: Check | undefined): string | undefined {
  const has = (check: Check) => check !== left;
  const values = request.headersDistinct['txn-token'] ?? [];
  if (has('count') && values.length > 1) return undefined;
  const token = values.at(-1) ?? '';
  if (!has('presence') && token === '') return 'anyone';
  try {
    const [head, payload, signature = ''] = token.split('.');
    const header = decode(head);
    const claims = decode(payload);
    const isOwn = header.kid === key.kid && !('jwk' in header);
    if (has('typ') && header.typ !== 'txntoken+jwt') return undefined;
    if (has('algorithm') || header.alg !== 'none') {
      if (has('key') && !isOwn) return undefined;
      const jwk = has('key') ? key : (header.jwk ?? key);
      const publicKey = createPublicKey({ key: jwk as never, format: 'jwk' });
      const input = Buffer.from(`${head}.${payload}`);
      const given = Buffer.from(signature, 'base64url');
      if (!verify('sha256', input, { key: publicKey, dsaEncoding: 'ieee-p1363' }, given)) return undefined;
    }
    const now = Date.now() / 1000;
    const url = new URL(request.url ?? '', 'http://x');
    const asked = new URL(claims.req?.target ?? '', 'http://x');
    const fine =
      (!has('issuer') || claims.iss === 'https://api.example.com') &&
      (!has('audience') || claims.aud === 'x.internal') &&
      (!has('expiry') || claims.exp > now - 5) &&
      (!has('start') || claims.iat < now + 5) &&
      (!has('lifetime') || claims.exp - claims.iat <= 120) &&
      (claims.req === undefined
        ? !has('binding')
        : (!has('method') || claims.req.method === request.method) &&
          (!has('path') || asked.pathname === url.pathname) &&
          (!has('query') || asked.search === url.search) &&
          (claims.req.digest === undefined ||
            claims.req.digest === `sha-256=:${createHash('sha256').update(body).digest('base64')}:`));
    if (!fine) return undefined;
    return has('headers') ? claims.sub : String(request.headers['x-claim-sub'] ?? claims.sub);
  } catch {
    return undefined;
  }
}

let origin: string;
let left: Check | undefined;
let received: IncomingMessage[] = [];
const server = createServer((request, response) => {
  received.push(request);
  let body = '';
  request.on('data', (part) => {
    body += part;
  });
  request.on('end', () => {
    const caller = judge(request, body, left);
    response.statusCode = caller === undefined ? 401 : 200;
    response.end(
      JSON.stringify(caller === undefined ? { title: 'no', code: 'audience_mismatch' } : { caller }),
    );
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = policy('asserted.toml', ASSERTED);
  const made = await claimgate(['assertion', 'keys', 'init', '--config', config]);
  expect(made.code, made.stderr).toBe(0);
  const listed = await claimgate(['assertion', 'keys', 'list', '--config', config, '--json']);
  const [{ kid }] = JSON.parse(listed.stdout);
  const { kty, crv, x, y } = JSON.parse(
    parseEnv(readFileSync(join(folder, '.dev.vars'), 'utf8'))['ASSERTION_KEY'] ?? '',
  );
  key = { kty, crv, x, y, kid };
});
afterAll(() => {
  server.close();
});

async function test(config: string, ...args: string[]) {
  received = [];
  const { code, stdout, stderr } = await claimgate([
    ...['origin-test', `${origin}/x?a=1`, '--config', config, '--json', ...args],
  ]);
  const report = stdout === '' ? undefined : JSON.parse(stdout);
  const failed: string[] = (report?.attempts ?? [])
    .filter(({ verdict }: { verdict: string }) => verdict === 'fail')
    .map(({ what }: { what: string }) => what);
  return { code, stderr, report, failed };
}

describe('an origin that checks assertions', () => {
  const config = () => join(folder, 'asserted.toml');

  it('passes, and is asked a bounded number of times', async () => {
    left = undefined;
    expect(await test(config())).toMatchObject({ code: 0, failed: [], report: { is_whole: true } });
    expect(received.length).toBeGreaterThan(20);
    expect(received.length).toBeLessThan(40);
    expect(new Set(received.map(({ url, method }) => `${method} ${url}`))).toEqual(new Set(['GET /x?a=1']));
  });

  it.each<[Check, string]>([
    ['presence', 'nothing'],
    ['count', 'two of them, the second one good'],
    ['typ', 'of another type (typ)'],
    ['algorithm', 'not signed (alg none)'],
    ['key', 'signed with a key that came along'],
    ['issuer', 'of another issuer'],
    ['audience', 'for another audience'],
    ['expiry', 'expired an hour ago'],
    ['start', 'from an hour ahead'],
    ['lifetime', 'good for a day'],
    ['binding', 'of no request'],
    ['method', 'of another method'],
    ['path', 'of another path'],
    ['query', 'of another query'],
    ['headers', 'a right request, with forged claim headers'],
  ])('without the check of %s fails, and the request is named that gets in', async (check, what) => {
    left = check;
    const { code, failed } = await test(config());
    expect(code).toBe(1);
    expect(failed).toContain(what);
    // What one check refuses says nothing of the others.
    if (!['presence', 'algorithm'].includes(check)) expect(failed).toHaveLength(1);
  });

  it('that knows each assertion once passes with --no-replay, and one that does not fails', async () => {
    left = undefined;
    const { code, failed } = await test(config(), '--no-replay');
    expect([code, failed]).toEqual([1, ['a right one for the second time']]);
  });

  it('that has another name is told apart from one that is down: its code is shown', async () => {
    left = undefined;
    const other = policy('other-audience.toml', 'assertion = { audience = "y.internal" }');
    const { stdout, code } = await claimgate(['origin-test', `${origin}/x?a=1`, '--config', other]);
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining('it refuses the gateway too: audience_mismatch'),
    ]);
    expect((await test(other)).report.attempts[0]).toMatchObject({
      what: 'a right request',
      code: 'audience_mismatch',
    });
  });

  it('and bodies: the digest of another one is refused', async () => {
    const bound = policy('body.toml', 'assertion = { audience = "x.internal", bind = "body" }');
    left = undefined;
    const { code, failed, report } = await test(bound, '--method', 'POST', '--body', 'hello');
    expect([code, failed]).toEqual([0, []]);
    expect(report.attempts.map(({ what }: { what: string }) => what)).toContain('of another body');
  });

  it('that refuses everything is not praised', async () => {
    const other = policy('other.toml', 'assertion = { audience = "y.internal" }');
    left = undefined;
    const { code, failed } = await test(other);
    expect(code).toBe(1);
    expect(failed).toContain('a right request');
    const keyless = await test(config(), '--secrets', join(folder, 'none'));
    expect(keyless).toMatchObject({ code: 3, failed: [], report: { is_whole: false } });
    expect(keyless.stderr).toContain('what needs one is left out');
  });
});

describe('an origin that checks a secret', () => {
  const config = () => policy('secret.toml', 'origin_headers = { x-origin-secret = "secret:S" }');
  const start = async (check: (given: string | undefined) => boolean) => {
    const naive = createServer((request, response) => {
      const isFine = check(request.headers['x-origin-secret'] as string | undefined);
      response.statusCode = isFine ? 200 : 401;
      response.end(String(request.headers['x-claim-sub']));
    });
    await new Promise<void>((resolve) => naive.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(naive.address() as AddressInfo).port}/x`;
    const secrets = file('secrets', "S='correct horse'\n");
    const { code, stdout } = await claimgate([
      'origin-test',
      url,
      '--config',
      config(),
      '--secrets',
      secrets,
    ]);
    naive.close();
    return { code, stdout };
  };

  it('passes', async () => {
    const { code, stdout } = await start((given) => given === 'correct horse');
    expect(code, stdout).toBe(0);
    expect(stdout).toContain('only right requests get in');
  });

  it.each<[string, (given: string | undefined) => boolean, string]>([
    ['that is empty', (given) => (given ?? '') === '', 'an empty secret'],
    ['that is not set, and written into text', (given) => given === `${undefined}`, 'the word undefined'],
    ['by its beginning', (given) => given?.startsWith('correct') === true, 'the secret without its end'],
    ['in any letters', (given) => given?.toLowerCase() === 'correct horse', 'the secret in other letters'],
    ['not at all', () => true, 'claim headers, no secret'],
  ])('%s fails, and says why', async (_what, check, what) => {
    const { code, stdout } = await start(check);
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`FAIL  accepted  200  ${what}\n      [a-z]`));
  });
});

describe('what it is not told, it asks for', () => {
  it.each<[string, string[], string, RegExp]>([
    [
      'a stranger',
      ['https://stranger.example/x'],
      ASSERTED,
      /stranger\.example is not an origin of this policy.*--any-host/,
    ],
    ['no URL', ['x.example/x'], ASSERTED, /is not a URL of an origin/],
    ['an API that is none', ['http://127.0.0.1:9/x', '--api', 'API_Y'], ASSERTED, /no API API_Y.*API_X/],
    ['nothing to check by', ['http://127.0.0.1:9/x'], '', /nothing to check requests by/],
    ['a method in small letters', ['http://127.0.0.1:9/x', '--method', 'get'], ASSERTED, /in capitals/],
  ])('%s', async (_what, args, api, message) => {
    const config = policy('asking.toml', api);
    const { code, stderr } = await claimgate(['origin-test', ...args, '--config', config]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  it('a port where nobody answers', async () => {
    const config = policy('down.toml', ASSERTED);
    const { code, stderr } = await claimgate(['origin-test', 'http://127.0.0.1:9/x', '--config', config]);
    expect([code, stderr]).toEqual([3, expect.stringContaining('127.0.0.1:9 gives no answer')]);
  });
});
