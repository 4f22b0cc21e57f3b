import { describe, expect, it } from 'vitest';
import { explain } from '../../../../cli/policy/explain/explain.ts';
import type { Explanation } from '../../../../cli/policy/explain/explanation.ts';
import {
  checkRequest,
  readClaims,
  readHeaders,
  readTime,
  readToken,
} from '../../../../cli/policy/explain/inputs.ts';
import { renderExplanation } from '../../../../cli/policy/explain/report.ts';
import { parsePolicyFile, policyOf } from '../../../../cli/policy/file/config.ts';
import { completeUrl } from '../../../../cli/policy/what-if/targets.ts';
import type { Claims } from '../../../../cli/policy/what-if/token.ts';
import { CommandError } from '../../../../cli/text/terminal.ts';
import { claimgate } from '../../support/claimgate.ts';
import { makeFolder } from '../../support/files.ts';
import { SHOP } from '../../support/shop.ts';

const folder = makeFolder();
const shop = folder.write('shop.toml', SHOP);
const policy = policyOf(parsePolicyFile('shop.toml', SHOP), undefined);
const NOW_MS = Date.parse('2026-11-24T12:00:00Z');

async function ask(
  request: string,
  claims?: Claims,
  headers: Record<string, string> = {},
): Promise<Explanation> {
  const [method = '', target = ''] = request.split(' ');
  return explain(
    {
      method,
      url: completeUrl(policy, method, target),
      headers: new Headers({ 'x-request-id': 'request-1', ...headers }),
    },
    { policy, signature: claims === undefined ? 'offline' : 'unsigned', claims, nowMs: NOW_MS },
  );
}

const stepOf = ({ steps }: Explanation, name: string) => steps.find(({ step }) => step === name);

describe('the steps of a request', () => {
  it('lead from the URL to the origin', async () => {
    const told = await ask('POST /orders?x=1', { scope: 'write:orders sales', sub: 'u', tenant: 'acme' });
    expect(told.steps.map(({ step, verdict }) => `${verdict} ${step}`)).toEqual([
      'ok target',
      'ok host',
      'ok route',
      'ok near misses',
      'ok authorization',
      'ok token',
      'ok issuer',
      'ok token header',
      'ok claims',
      'ok blocked',
      'ok times',
      'ok audience',
      'skipped signature',
      'ok rules',
      'ok forward',
    ]);
    expect(told).toMatchObject({ result: 'allowed', reason: null, signature: 'unsigned' });
    expect(told.origin).toEqual({
      kind: 'url',
      method: 'POST',
      url: 'https://shop.internal.example/base/orders?x=1',
      headers: [
        ['cache-control', 'no-cache'],
        ['pragma', 'no-cache'],
        ['x-claim-iss', 'https://auth0.example/'],
        ['x-claim-scope', 'write:orders sales'],
        ['x-claim-sub', 'u'],
        ['x-client-request-id', 'request-1'],
        ['x-forwarded-host', 'shop.example.com'],
        ['x-forwarded-proto', 'https'],
        ['x-origin-secret', '(from secret SHOP_SECRET)'],
        ['x-request-id', '(a new id)'],
        ['x-tenant', 'acme'],
      ],
    });
  });

  it.each<[string, string, Claims | undefined, string, string, RegExp]>([
    ['a path in two readings', 'GET /a%2Fb', undefined, 'target', 'path_ambiguous', /holds \/, \\, \? or #/],
    [
      'no host',
      'GET https://other.example/orders',
      undefined,
      'host',
      'route_unknown',
      /there is shop\.example\.com, admin\.example\.com/,
    ],
    ['no route', 'GET /nothing', undefined, 'route', 'route_unknown', /no pattern fits/],
    ['no method', 'DELETE /orders', undefined, 'route', 'method_not_allowed', /it has GET, HEAD, POST, PUT/],
    ['no token', 'GET /orders', undefined, 'authorization', 'token_missing', /GET \/orders needs a token/],
    [
      'an issuer',
      'GET /robots',
      { iss: 'https://auth0.example/' },
      'issuer',
      'issuer_not_allowed',
      /takes "https:\/\/robots\.example\/"/,
    ],
    [
      'a malformed claim',
      'GET /orders',
      { nbf: '5' },
      'claims',
      'claims_malformed',
      /^nbf is missing, malformed or not accepted/,
    ],
    [
      'a claim that the issuer demands',
      'GET /robots',
      { token_use: 'id' },
      'claims',
      'issuer_claim_mismatch',
      /token_use, as robots demands/,
    ],
    [
      'a blocked client',
      'GET /orders',
      { client_id: 'evil' },
      'blocked',
      'client_blocked',
      /"evil" is blocked/,
    ],
    ['an expired token', 'GET /orders', { exp: 5 }, 'times', 'token_expired', /has expired/],
    ['a token that is too old', 'GET /robots', { iat: 5 }, 'times', 'token_too_old', /is too old/],
    [
      'an audience',
      'GET /orders/5',
      { aud: 'https://shop.example.com' },
      'audience',
      'audience_mismatch',
      /is for urn:shop/,
    ],
    [
      'a scope',
      'POST /orders',
      { scope: 'write:orders' },
      'rules',
      'scopes_missing',
      /refused: the token has none of the scopes sales or admin/,
    ],
    [
      'a claim',
      'GET /orgs/acme/orders',
      { org_id: 'acme', tier: 'tin' },
      'rules',
      'claim_mismatch',
      /the claim tier is not "gold" or "silver"/,
    ],
    [
      'claims too large',
      'GET /maybe',
      { tenant: 'x'.repeat(8_200) },
      'forward',
      'claims_too_large',
      /the claim tenant does not fit/,
    ],
  ])('end where the request is refused: %s', async (_what, request, claims, step, reason, words) => {
    const told = await ask(request, claims);
    expect(told).toMatchObject({ result: 'refused', reason, origin: null });
    expect(told.steps.at(-1)).toMatchObject({ step, verdict: 'refused' });
    expect(told.steps.at(-1)?.decided).toMatch(words);
    expect(told.answer.body).toMatchObject({ reason, request_id: '(a new id)' });
  });

  it('say what a claim is not taken for, that nobody asked for', async () => {
    const { steps } = await ask('GET /orders', { sub: 5, client_id: 7, scope: { a: 1 }, iat: null });
    const { verdict, checks = [] } = steps.find(({ step }) => step === 'claims') ?? {};
    expect(verdict).toBe('ok');
    expect(Object.fromEntries(checks.map(({ check, saw }) => [check.split(' (')[0], saw]))).toMatchObject({
      sub: '5, which is not text: the origin gets no x-claim-sub',
      'client id': 'none in 7',
      scopes: 'none in {"a":1}',
      iat: 'null',
    });
  });

  it.each([
    ['no token', undefined, null],
    ['a good token: its claims make the answer one caller’s', { scope: 'read:orders' }, 'no-cache'],
  ])('leave a request on trial to shared caches as before: %s', async (_what, claims, want) => {
    const trial = `[vars.ISSUERS.own]
issuer = "https://id.example.com/"
[vars.API_ORDERS]
origin = "https://orders.internal.example"
audience = "orders"
report_only = true
[vars.API_ORDERS.routes]
"GET /orders" = { scopes_all = ["read:orders"] }
`;
    const policy = policyOf(parsePolicyFile('trial.toml', trial), undefined);
    const request = { method: 'GET', url: 'https://api.example.com/orders', headers: new Headers() };
    const signature = claims === undefined ? 'offline' : 'unsigned';
    const { origin } = await explain(request, { policy, signature, claims, nowMs: NOW_MS });
    const sent = new Map(origin?.headers);
    expect([sent.get('cache-control') ?? null, sent.get('pragma') ?? null]).toEqual([want, want]);
  });

  it('name the claim that can not be sent', async () => {
    const { steps, reason, answer } = await ask('GET /maybe', { tenant: 'a\ud83d' });
    expect(reason).toBe('claims_malformed');
    expect(answer.body).toMatchObject({ claim: 'tenant' });
    expect(steps.at(-1)).toMatchObject({ step: 'forward', verdict: 'refused' });
    expect(steps.at(-1)?.decided).toMatch(/^the claim tenant has half a character in it/);
  });

  it('show each rule with what the token has', async () => {
    const { steps } = await ask('GET /orgs/acme/orders', { org_id: 'other', tier: 'gold' });
    expect(steps.at(-1)?.checks).toEqual([
      { check: 'where org_id is :org', saw: '"other", the path has "acme"', verdict: 'refused' },
      { check: 'where tier is "gold" or "silver"', saw: '"gold"', verdict: 'ok' },
    ]);
  });

  it('say which patterns fit, and which reading needs other rules', async () => {
    const more = SHOP.replace(
      '"*   /admin/*" =',
      '"GET /admin/secret" = { scopes_all = ["secret"] }\n"* /admin/*" =',
    );
    const strict = policyOf(parsePolicyFile('shop.toml', more), undefined);
    const told = await explain(
      { method: 'GET', url: 'https://admin.example.com/admin/Secret', headers: new Headers() },
      { policy: strict, signature: 'unsigned', claims: { scope: 'admin' }, nowMs: NOW_MS },
    );
    expect(stepOf(told, 'route')?.decided).toBe('API_ADMIN * /admin/*');
    expect(stepOf(told, 'near misses')).toMatchObject({
      saw: 'a lax origin may read it as /admin/secret',
      decided: 'the rules of API_ADMIN GET /admin/secret must hold too',
    });
    expect(
      told.steps.filter(({ step }) => step === 'rules').map(({ saw, verdict }) => [saw, verdict]),
    ).toEqual([
      ['API_ADMIN * /admin/*', 'ok'],
      ['API_ADMIN GET /admin/secret', 'refused'],
    ]);
  });

  it('go on behind rules that are only tried', async () => {
    const told = await ask('GET /tried', {});
    expect(told).toMatchObject({ result: 'allowed', would_deny: 'scopes_missing' });
    expect(stepOf(told, 'tried rules')).toMatchObject({ verdict: 'would_refuse' });
    const open = await ask('GET https://admin.example.com/new', { exp: 5 });
    expect(open).toMatchObject({ result: 'allowed', would_deny: 'token_expired' });
    expect(open.steps.map(({ verdict }) => verdict)).toContain('would_refuse');
    expect(open.steps.at(-1)).toMatchObject({ step: 'forward', verdict: 'ok' });
  });

  it('of a preflight end at once, or lead to an origin that speaks CORS itself', async () => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'PUT' };
    const withCors = (cors: string) =>
      SHOP.replace('forward = { tenant', `cors = ${cors}\nforward = { tenant`);
    const explained = (cors: string) =>
      explain(
        { method: 'OPTIONS', url: 'https://shop.example.com/orders', headers: new Headers(headers) },
        {
          policy: policyOf(parsePolicyFile('cors.toml', withCors(cors)), undefined),
          signature: 'offline',
          nowMs: NOW_MS,
        },
      );
    const passed = await explained('"origin"');
    expect(passed.steps.map(({ step, decided }) => [step, decided])).toEqual([
      ['target', expect.any(String)],
      ['cors', 'API_SHOP speaks CORS itself: its origin answers, and no token is asked for'],
      ['forward', 'sent to https://shop.internal.example/base/orders'],
    ]);
    const refused = await explained('{ origins = ["https://other.example"] }');
    expect(refused.steps.map(({ decided }) => decided)).toEqual([
      'a preflight of a browser: the gateway answers it itself, to anyone; the browser then keeps the request to itself, since cors lacks the origin: origins = ["https://app.example"]',
    ]);
  });

  it('look at no token on a public route', async () => {
    const told = await ask('GET /files/a', undefined, { authorization: 'Bearer abc' });
    expect(stepOf(told, 'authorization')).toMatchObject({ verdict: 'skipped' });
    expect(told.result).toBe('allowed');
  });
});

describe("the zone's origin", () => {
  const zone = `routes = [{ pattern = "zone.example.com/*", zone_name = "example.com" }]
[vars.ISSUERS.cognito]
issuer = "https://cognito.example/"
audience_claim = "client_id"
[vars.API_ZONE]
hosts = ["zone.example.com"]
origin = "zone"
zone_unprotected = true
audience = "app"
[vars.API_ZONE.routes]
"GET /x" = {}
`;
  const ofZone = (headers: Record<string, string>) =>
    explain(
      { method: 'GET', url: 'http://zone.example.com:8080/x', headers: new Headers(headers) },
      {
        policy: policyOf(parsePolicyFile('zone.toml', zone), undefined),
        signature: 'unsigned',
        claims: {},
        nowMs: NOW_MS,
      },
    );

  it('is asked over TLS, and the audience is where the issuer has it', async () => {
    const told = await ofZone({});
    expect(told).toMatchObject({ result: 'allowed', origin: { url: 'https://zone.example.com/x' } });
    expect(told.origin?.headers).toContainEqual(['x-claim-loop', '1']);
    expect(told.origin?.headers).toContainEqual(['x-claim-client-id', 'app']);
  });

  it('is not asked again by what came from it', async () => {
    const told = await ofZone({ 'x-claim-loop': '1' });
    expect(told).toMatchObject({ result: 'refused', reason: 'loop', answer: { status: 508 } });
    expect(told.steps.at(-1)).toMatchObject({ step: 'forward', decided: 'the request went in a circle' });
  });
});

describe('claims that nobody has signed', () => {
  it('get what the route takes, where they leave it out', async () => {
    const told = await ask('GET /robots', { access: { scopes: ['beep'] } });
    expect(told.result).toBe('allowed');
    expect(stepOf(told, 'claims')?.checks.map(({ check, saw }) => `${check}: ${saw}`)).toEqual(
      expect.arrayContaining([
        'exp: 1795525200',
        'iat: 1795521600',
        'scopes (/access/scopes): beep',
        'audience (aud): ["https://shop.example.com"]',
        'token_use, as robots demands: "access"',
      ]),
    );
  });

  it('are never taken for verified', async () => {
    const told = await ask('GET /maybe', {});
    expect(stepOf(told, 'signature')).toMatchObject({ verdict: 'skipped' });
    expect(renderExplanation(told).join('\n')).toContain('allowed, if a token with these claims were signed');
  });
});

describe('what is covered', () => {
  const SECRET = 'tOpSeCrEt-0123456789';
  it('tokens, cookies and the like, on all ways', async () => {
    const token = `eyJhbGciOiJFUzI1NiJ9.${SECRET}.${SECRET}`;
    const headers = {
      authorization: `Bearer ${token}`,
      cookie: SECRET,
      'x-api-key': SECRET,
      accept: 'text/csv',
    };
    for (const request of [
      `GET /files/a?access_token=${SECRET}&page=2`,
      `GET /orders?token=${SECRET}`,
      'GET /maybe',
    ]) {
      const told = await ask(request, undefined, headers);
      const text = JSON.stringify(told) + renderExplanation(told).join('\n');
      expect(text).not.toContain(SECRET);
    }
    const told = await ask(`GET /files/a?access_token=${SECRET}&page=2`, undefined, headers);
    expect(told.origin?.headers).toContainEqual(['accept', 'text/csv']);
    expect(told.origin?.headers).toContainEqual([
      'authorization',
      `Bearer eyJhbG… (${token.length} characters)`,
    ]);
    expect(told.origin?.url).toBe('https://shop.internal.example/base/files/a?access_token=…&page=2');
  });
});

it('nothing of a token commands the terminal', async () => {
  const EVIL = '\u001b[2J\u009b2J\u202e';
  for (const claims of [{ aud: EVIL }, { [EVIL]: EVIL }, { iss: EVIL }, { sub: EVIL, tenant: EVIL }]) {
    const text = renderExplanation(await ask('GET /maybe', claims)).join('\n');
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  }
});

describe('claimgate explain', () => {
  const now = ['--now', '2026-11-24T12:00:00Z'];
  const run = (...args: string[]) => claimgate(['explain', ...args, '--config', shop, ...now]);

  it('a request that is allowed: exit code 0, in 80 columns', async () => {
    const { code, stdout, stderr } = await run(
      'GET',
      '/robots',
      '--claims',
      '{"access":{"scopes":["beep"]},"robot":"r2"}',
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).toContain('GET https://shop.example.com/robots\n\nok    target ');
    expect(stdout).toContain('  x-claim-client-id: r2\n');
    expect(stdout).not.toContain('\u001b');
  });

  it.each([
    ['swordfish.swordfish.swordfish', 401, 'a token without a scheme'],
    ['swordfish', 401, 'text without a scheme'],
    ['swordfish.swordfish swordfish', 401, 'text without a scheme'],
    ['Basic swordfish', 401, 'another scheme than Bearer: "Basic"'],
    ['Bearer "swordfish"', 400, 'its token is in quotes'],
    ['Bearer swordfish, Bearer swordfish', 400, 'there are two headers'],
    ['Bearer Bearer swordfish', 400, 'it has the word Bearer twice'],
    ['Bearer', 400, 'there is no token behind Bearer'],
    ['Bearer a swordfish', 400, 'it is not Bearer, a blank and one token'],
  ])('%s: %i, and why, without a word of it', async (authorization, status, words) => {
    const { stdout } = await run('GET', '/orders', '--header', `authorization: ${authorization}`, '--json');
    const { steps, answer } = JSON.parse(stdout);
    expect(answer.status).toBe(status);
    expect(JSON.stringify(steps).replaceAll('\\"', '"')).toContain(words);
    expect(stdout).not.toContain('swordfish');
  });

  it('one that is refused: exit code 1, with the answer as the client would get it', async () => {
    const { code, stdout } = await run('GET', '/orders', '--claims', '{"scope":"orders"}', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      request: { method: 'GET', url: 'https://shop.example.com/orders' },
      now: '2026-11-24T12:00:00.000Z',
      result: 'refused',
      reason: 'scopes_missing',
      answer: {
        status: 403,
        headers: expect.arrayContaining([
          [
            'www-authenticate',
            'Bearer realm="https://shop.example.com", error="insufficient_scope", error_description="The token lacks a scope that this request needs.", scope="read:orders orders", resource_metadata="https://shop.example.com/.well-known/oauth-protected-resource"',
          ],
        ]),
        body: { title: 'Insufficient scope', status: 403, scopes_needed: ['read:orders', 'orders'] },
      },
      origin: null,
    });
  });

  it('a token from standard input, whose signature is not looked at offline', async () => {
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const claims = { iss: 'https://auth0.example/', aud: 'urn:shop', exp: 4_000_000_000, client_id: 'web' };
    const token = `${encode({ alg: 'RS256', kid: 'k' })}.${encode(claims)}.c2lnbmF0dXJl`;
    const { code, stdout } = await claimgate(
      ['explain', 'GET', '/orders/5', '--token', '-', '--offline', '--config', shop],
      {
        input: `Bearer ${token}\n`,
      },
    );
    expect(code).toBe(0);
    expect(stdout).toContain('not verified: no key is fetched with --offline');
    expect(stdout).toContain('allowed, if its signature is good');
    expect(stdout).not.toContain(token.split('.')[1]);
  });

  it("keys that can't be fetched: exit code 3, and what to do", async () => {
    const text = SHOP.replace('https://robots.example/keys', 'http://127.0.0.1:9/keys');
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const claims = {
      iss: 'https://robots.example/',
      aud: 'urn:shop',
      token_use: 'access',
      iat: Date.parse('2026-11-24T12:00:00Z') / 1000,
      exp: 4_000_000_000,
    };
    const token = `${encode({ alg: 'RS256', kid: 'k' })}.${encode(claims)}.c2lnbmF0dXJl`;
    const { code, stderr, stdout } = await claimgate([
      'explain',
      'GET',
      '/robots',
      '--token',
      `@${folder.write('token', token)}`,
      '--config',
      folder.write('dead.toml', text),
      ...now,
    ]);
    expect([code, stderr]).toEqual([
      3,
      'The keys could not be fetched from here; --offline judges all but the signature.\n',
    ]);
    expect(stdout).toMatch(/no {4}signature {6}the issuer's keys can't be had: network error/);
  });

  it.each<[string, string[], string]>([
    [
      'a token that is none',
      ['--token', 'abc'],
      "--token is not a JWT; give three parts joined by dots, or to see how the gateway answers it: --header 'Authorization: Bearer …'",
    ],
    [
      'token and claims',
      ['--claims', '{}', '--token', 'a.b.c'],
      '--token and --claims exclude each other; leave one out',
    ],
  ])('%s: exit code 2, and one line', async (_what, args, message) => {
    expect(await run('GET', '/orders', ...args)).toEqual({
      code: 2,
      stdout: '',
      stderr: `error  ${message}\n`,
    });
  });
});

describe("what can't be read is told in one line, which is never what was given", () => {
  it.each<[string, () => unknown, string]>([
    [
      'a file that is not there',
      () => readToken('@nowhere'),
      "nowhere can't be read (ENOENT); name another one: --token @file",
    ],
    [
      'claims that are no JSON',
      () => readClaims('{scope}'),
      '--claims is not JSON; write it like \'{"scope":"read:orders"}\', or name a file: @claims.json',
    ],
    [
      'claims that are no object',
      () => readClaims('[]'),
      '--claims is not an object; write it like \'{"scope":"read:orders"}\'',
    ],
    [
      'no header',
      () => readHeaders(['Accept']),
      "this is not a header; write it like --header 'Accept: text/csv'",
    ],
    [
      'a header that can be none',
      () => readHeaders(['x-a: €']),
      `"x-a" is not a header; write it like --header 'Accept: text/csv'`,
    ],
    [
      'no time',
      () => readTime('soon'),
      '"soon" is not a time; write a date such as 2026-11-24T12:00:00Z, or seconds since 1970',
    ],
    [
      'no URL',
      () => checkRequest('GET', 'orders'),
      '"orders" is neither a URL nor a path; write https://api.example.com/orders, or /orders',
    ],
    ['no method', () => checkRequest('G T', '/orders'), '"G T" is not a method; write it like GET /orders'],
  ])('%s', (_what, read, message) => {
    expect(read).toThrow(new CommandError(message));
  });
});
