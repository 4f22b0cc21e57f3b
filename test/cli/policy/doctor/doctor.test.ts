/** `claimgate doctor` and `check --online`, asked about an identity provider that is healthy, and about ill ones. */
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { claimgate } from '../../support/claimgate.ts';
import { makeFolder } from '../../support/files.ts';
import {
  type Change,
  type IdentityProvider,
  startIdentityProvider,
} from '../../support/identity-provider.ts';

const AUDIENCE = 'https://api.example.com/orders';
const folder = makeFolder();

let idp: IdentityProvider;
beforeAll(async () => {
  idp = await startIdentityProvider();
});
beforeEach(() => idp.set({}));
afterAll(() => idp.close());

/** A policy that trusts the provider, or one that has its name wrong. */
const policy = (issuer = idp.issuer, more = '') =>
  folder.write(
    'wrangler.toml',
    `[vars.ISSUERS.main]
issuer = "${issuer}"
${more}
[vars.API_ORDERS]
hosts = ["api.example.com"]
origin = "service:ORDERS"
audience = "${AUDIENCE}"
[vars.API_ORDERS.routes]
"GET /orders" = { scopes_all = ["read:orders"] }
"POST /orders" = { scopes_all = ["write:orders"] }
[[services]]
binding = "ORDERS"
service = "orders"
`,
  );

interface Symptom {
  readonly state: string;
  readonly what: string;
  readonly detail?: string;
}

async function doctor(...args: string[]): Promise<{ code: number; found: Symptom[] }> {
  const cwd = folder.path('.');
  const { code, stdout, stderr } = await claimgate(['doctor', ...args, '--json'], { cwd });
  expect(stderr).toBe('');
  return { code, found: JSON.parse(stdout) as Symptom[] };
}

const wrong = (found: readonly Symptom[]) =>
  found
    .filter(({ state }) => state !== 'ok')
    .map(({ state, what, detail = '' }) => `${state} ${what.replace(idp.issuer, 'IDP')}: ${detail}`);

describe('a healthy issuer', () => {
  it('is found to be so: what was asked, its keys, its clock, and for whom its tokens are', async () => {
    policy();
    const { code, found } = await doctor();
    expect([code, wrong(found)]).toEqual([0, []]);
    const of = (word: string) => found.find(({ what }) => what === `${word} of ${idp.issuer}`)?.detail;
    expect(of('metadata')).toBe(
      `${idp.issuer}.well-known/openid-configuration  200  application/json; charset=utf-8\n${idp.issuer}.well-known/jwks.json  200  application/json; charset=utf-8`,
    );
    expect(of('keys')).toBe('RS256 (kid NEE1QURBOTM4MzI5RkFDNTYxOTU1MDg2)');
    expect(of('audience')).toBe(`API_ORDERS: "${AUDIENCE}"`);
    expect(found.map(({ what }) => what)).toContain(`clock of ${idp.issuer}`);
  });

  it('needs no policy', async () => {
    const cwd = folder.path('.');
    const args = ['doctor', '--issuer', idp.issuer, '--gateway', 'nowhere.toml'];
    const { code, stdout } = await claimgate(args, { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ok {7}metadata of http/);
    expect(stdout).toContain('\nok       keys of ');
  });
});

describe('an ill issuer', () => {
  const html = (change: string): Change => ({
    instead(request, response) {
      if (!request.url?.includes(change)) return false;
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end('<!doctype html><title>Sign in</title>');
      return true;
    },
  });
  const answering = (is: (url: string) => boolean, status: number | ((url: string) => number)): Change => ({
    instead({ url = '' }, response) {
      if (!is(url)) return false;
      response.writeHead(typeof status === 'number' ? status : status(url)).end();
      return true;
    },
  });
  const SYMMETRIC = { kty: 'oct', kid: 'shared', alg: 'HS256', k: 'c2VjcmV0' };

  it.each<[string, () => Change, readonly RegExp[]]>([
    [
      'another name',
      () => ({ metadata: { issuer: 'https://login.example.com/' } }),
      [/^error metadata of IDP: it calls itself "https:\/\/login\.example\.com\/", and the policy has/],
    ],
    [
      'a name without the slash',
      () => ({ metadata: { issuer: idp.issuer.slice(0, -1) } }),
      [/^error metadata of IDP: .*write issuer = "http:\/\/127[^"]*[0-9]": the slash at the end counts/],
    ],
    ['no keys', () => ({ keys: [] }), [/^error keys of IDP: the key set is empty; look whether .*HS256/]],
    [
      'symmetric keys',
      () => ({ keys: [SYMMETRIC] }),
      [/^error keys of IDP: no key .*\nkid shared: symmetric \(kty oct\).*have the issuer sign with RS256/],
    ],
    [
      'metadata that says HS256 only',
      () => ({ metadata: { id_token_signing_alg_values_supported: ['HS256'] } }),
      [/^warning algorithms of IDP: .*HS256, a shared secret; switch it to RS256 or ES256/],
    ],
    [
      'HTML instead of metadata',
      () => html('openid-configuration'),
      [/^error metadata of IDP: it sends HTML, not JSON.*\n.*openid-configuration {2}200 {2}text\/html/],
    ],
    [
      'HTML instead of keys',
      () => html('jwks'),
      [/^error metadata of IDP: it sends HTML.*\n.*\n.*jwks\.json {2}200/],
    ],
    [
      'a clock that is ahead',
      () => ({ ahead: 120 }),
      [/^warning clock of IDP: it is \d+ s ahead of this machine, and \d+ s are tolerated/],
    ],
    ['a clock that is behind', () => ({ ahead: -90 }), [/^warning clock of IDP: it is \d+ s behind/]],
    [
      'a redirect',
      () =>
        ({
          instead(_, response) {
            response.writeHead(302, { location: 'https://login.example.com/' }).end();
            return true;
          },
        }) as Change,
      [/^error metadata of IDP: it redirects to https:\/\/login\.example\.com\//],
    ],
    [
      'metadata nowhere',
      () =>
        ({
          instead(_, response) {
            response.writeHead(404).end();
            return true;
          },
        }) as Change,
      [
        /^error metadata of IDP: it has no such document \(404\).*\n.*openid-configuration {2}404\n.*oauth-authorization-server {2}404/,
      ],
    ],
    [
      'a firewall',
      () => answering((url) => url.includes('jwks'), 403),
      [
        /^error metadata of IDP: it refuses to answer \(403\), as a firewall does; let requests with User-Agent/,
      ],
    ],
    [
      'a telling answer at one place of two',
      () => answering((url) => url.includes('oauth-authorization-server'), 400),
      [],
    ],
    [
      'a refusal at the second place, and nothing at the first',
      () =>
        answering(
          (url) => url.includes('.well-known'),
          (url) => (url.includes('openid') ? 404 : 401),
        ),
      [/^error metadata of IDP: it refuses to answer \(401\)/],
    ],
    [
      'an outage',
      () => answering((url) => url.includes('openid'), 503),
      [/^error metadata of IDP: it fails \(503\); look whether it is up\n.*openid-configuration {2}503$/],
    ],
    [
      'a private key, and one that is none',
      () => ({
        keys: [
          { kty: 'EC', crv: 'P-256', kid: 'p', x: 'AAAA', y: 'AAAA', d: 'AAAA' },
          { kty: 'EC', crv: 'P-256', kid: 7 as never, x: 'AQAB', y: 'AQAB' },
        ],
      }),
      [/^error keys of IDP: no key .*\nkid p: it has its private half in it.*\nkid 7: malformed/],
    ],
  ])('%s', async (_, change, expected) => {
    policy();
    idp.set(change());
    const { code, found } = await doctor();
    const symptoms = wrong(found);
    expect(symptoms).toHaveLength(expected.length);
    for (const [i, pattern] of expected.entries()) expect(symptoms[i]).toMatch(pattern);
    expect(code).toBe(symptoms.some((one) => one.startsWith('error')) ? 1 : 0);
  });

  it('whose texts a terminal would obey', async () => {
    policy();
    idp.set({ metadata: { issuer: 'https://x.example/\x1b[2J' } });
    const name = await claimgate(['doctor'], { cwd: folder.path('.') });
    expect(name.stdout).toContain('it calls itself "https://x.example/\\u001b[2J"');
    idp.set({ keys: [{ kty: 'oct', kid: 'a\x1b[2J\n0', k: 'c2VjcmV0' }] });
    const kid = await claimgate(['doctor'], { cwd: folder.path('.') });
    expect(kid.stdout).toContain('kid a\ufffd[2J\ufffd0: symmetric');
    expect(name.stdout + kid.stdout).not.toContain('\x1b');
  });

  it('whose keys are for no accepted algorithm', async () => {
    policy(idp.issuer, 'algorithms = ["ES256"]');
    const { code, found } = await doctor();
    expect(code).toBe(1);
    expect(wrong(found)).toEqual([
      'error algorithms of IDP: none of its keys is for ES256; write algorithms = ["RS256"], of which take what it signs with',
    ]);
  });

  it('which nobody answers for', async () => {
    policy('http://127.0.0.1:1/');
    const { code, found } = await doctor();
    expect(code).toBe(1);
    expect(wrong(found)[0]).toMatch(/^error metadata of http:\/\/127\.0\.0\.1:1\/: it can't be reached \(/);
  });
});

describe('the name of the issuer, and the audience', () => {
  it.each<[string, () => string[], string]>([
    [
      'an issuer that the policy has with a slash',
      () => ['--issuer', idp.issuer.slice(0, -1)],
      'the slash at the end counts',
    ],
    [
      'an audience that no API takes',
      () => ['--audience', 'orders'],
      'no API takes "orders"; they are compared literally',
    ],
  ])('%s', async (_, args, message) => {
    policy();
    const { code, found } = await doctor(...args());
    expect(code).toBe(1);
    expect(wrong(found).join('\n')).toContain(message);
  });

  it('without an issuer of one’s own, --env is an environment of the policy', async () => {
    policy();
    const cwd = folder.path('.');
    const { code, stderr } = await claimgate(['doctor', '--env', 'staging'], { cwd });
    expect([code, stderr]).toEqual([2, expect.stringContaining('wrangler.toml has no [env.staging]')]);
  });

  it('an issuer of one’s own whose name is none is not asked', async () => {
    policy();
    const own = folder.write(
      'own.toml',
      'name = "issuer"\n[vars]\nISSUER = "auth.example.com"\n[[kv_namespaces]]\nbinding = "ISSUER_KV"\n',
    );
    const { code, found } = await doctor('--config', own);
    expect(code).toBe(1);
    const errors = found.filter(({ state }) => state === 'error').map(({ what }) => what);
    expect(errors).toContain('issuer auth.example.com');
    expect(errors).not.toContain('metadata of auth.example.com');
  });

  it('no issuer is judged whose name can be none', async () => {
    const { code, stderr } = await claimgate(['doctor', '--issuer', 'auth0', '--gateway', 'nowhere.toml']);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("can't be judged:\n  ISSUERS.asked.issuer: "),
    ]);
  });

  it('without a policy and without an issuer there is nothing to judge', async () => {
    const cwd = folder.path('.');
    const { code, stderr } = await claimgate(['doctor', '--gateway', 'nowhere.toml'], { cwd });
    expect([code, stderr]).toEqual([
      2,
      'error  there is no nowhere.toml; name the policy with --gateway, or an issuer with --issuer URL\n',
    ]);
  });
});

describe('a real token', () => {
  const judge = async (token: string, ...args: string[]) => {
    const { found, code } = await doctor('--token', folder.write('token.txt', `Bearer ${token}\n`), ...args);
    const [, , signature] = token.split('.');
    if (signature) expect(JSON.stringify(found)).not.toContain(signature);
    return { code, symptoms: wrong(found), found };
  };

  it('passes where its scopes fit, and each check says what it saw', async () => {
    policy();
    const token = await idp.token({ aud: AUDIENCE, scope: 'read:orders' });
    const { code, symptoms, found } = await judge(token);
    expect(code).toBe(0);
    expect(symptoms).toEqual([
      'warning token: refused on 1 route: API_ORDERS POST /orders  403 scopes_missing (needs write:orders)',
    ]);
    expect(found.map(({ what }) => what).filter((what) => what.startsWith('token'))).toEqual([
      'token: token',
      'token: issuer',
      'token: token header',
      'token: claims',
      'token: blocked',
      'token: times',
      'token: audience',
      'token: signature',
      'token: passes on 1 route',
      'token: refused on 1 route',
    ]);
    // Metadata and keys by the doctor, and once more as the gateway: not for every route.
    expect(idp.asked).toHaveLength(4);
  });

  it.each<[string, () => Promise<string>, RegExp]>([
    [
      'for another API',
      () => idp.token({ aud: 'https://api.example.com/invoices', scope: 'read:orders' }),
      /token: audience: the token is for https:\/\/api\.example\.com\/invoices; .*is for https:\/\/api\.example\.com\/orders/,
    ],
    [
      'that has expired',
      () => idp.token({ aud: AUDIENCE, exp: 1_700_000_000 }),
      /token: times: exp 2023-11-14T22:13:20Z.*it has expired/,
    ],
    [
      'of a key that is unknown',
      () => idp.token({ aud: AUDIENCE }, { kid: 'old' }),
      /token: signature: .*no such key/,
    ],
    [
      'whose issuer lacks the slash',
      () => idp.token({ aud: AUDIENCE, iss: idp.issuer.slice(0, -1) }),
      /token: issuer: .*the slash at the end counts/,
    ],
    ['that is none', async () => 'abc.def.', /token: token: .*no JWT/],
  ])('%s', async (_, make, message) => {
    policy();
    const { code, symptoms } = await judge(await make());
    expect(code).toBe(1);
    expect(symptoms.join('\n')).toMatch(message);
    expect(symptoms.at(-1)).toMatch(/^error token: passes on no route: /);
  });

  it('is read from standard input, and needs no policy', async () => {
    const args = ['doctor', '--issuer', idp.issuer, '--gateway', 'nowhere.toml', '--token', '-'];
    const input = await idp.token({ aud: AUDIENCE });
    const { code, stdout } = await claimgate(args, { input });
    expect(code, stdout).toBe(0);
    expect(stdout).toContain('token: passes on 1 route');
    const other = await claimgate([...args, '--audience', 'orders'], { input });
    expect([other.code, other.stdout]).toEqual([1, expect.stringMatching(/error {4}token: audience\n/)]);
    const empty = await claimgate(args, { input: '' });
    expect([empty.code, empty.stderr]).toEqual([2, expect.stringContaining('standard input is empty')]);
  });
});

describe('check --online', () => {
  const check = (...args: string[]) => claimgate(['check', '--online', ...args], { cwd: folder.path('.') });

  it('prints what it asked and found', async () => {
    policy();
    const { code, stdout } = await check();
    expect(code).toBe(0);
    expect(stdout).toContain(
      `asked  main  ${idp.issuer}.well-known/openid-configuration  200  application/json; charset=utf-8
asked  main  ${idp.issuer}.well-known/jwks.json  200  application/json; charset=utf-8
found  main  issuer "${idp.issuer}"
found  main  keys RS256 (kid NEE1QURBOTM4MzI5RkFDNTYxOTU1MDg2)
`,
    );
    const [result] = JSON.parse((await check('--json')).stdout);
    expect(result.online.issuers.main).toMatchObject({
      issuer: idp.issuer,
      keys: [{ algorithms: ['RS256'] }],
    });
  });

  it('names the issuer as it calls itself, where the slash is missing', async () => {
    policy(idp.issuer.slice(0, -1));
    const { code, stdout } = await check();
    expect(code).toBe(1);
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      `the issuer calls itself "${idp.issuer}" (issuer_mismatch)`,
    );
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      `write issuer = "${idp.issuer}": the slash at the end counts`,
    );
  });

  it('asks with the headers of a Worker: a firewall says the same to both', async () => {
    policy();
    const headers: string[][] = [];
    idp.set({
      instead({ rawHeaders }) {
        headers.push(
          rawHeaders
            .filter((_, i) => i % 2 === 0)
            .map((name) => name.toLowerCase())
            .sort(),
        );
        return false;
      },
    });
    await check();
    // As workerd sends them for the same call, and what HTTP/1.1 adds.
    const wanted = ['accept', 'cache-control', 'connection', 'host', 'pragma', 'user-agent'];
    expect(headers).toEqual([wanted, wanted]);
  });

  it.each([
    [403, 'the issuer refuses to answer (403), as a firewall does (http_status at IDP.well-known/jwks.json)'],
    [429, 'the issuer takes no more requests for now (429) (http_status at IDP.well-known/jwks.json)'],
    [502, 'the issuer fails (502) (http_status at IDP.well-known/jwks.json)'],
  ])('names the status and the document: %i', async (status, words) => {
    policy();
    idp.set({
      instead({ url = '' }, response) {
        if (!url.includes('jwks')) return false;
        response.writeHead(status).end();
        return true;
      },
    });
    const { code, stdout } = await check();
    expect(code).toBe(1);
    expect(stdout.replace(/\s+/g, ' ')).toContain(words.replace('IDP', idp.issuer));
    const [result] = JSON.parse((await check('--json')).stdout);
    expect(result.online.issuers.main).toMatchObject({
      fault: 'http_status',
      http_status: status,
      fault_url: `${idp.issuer}.well-known/jwks.json`,
    });
  });

  it('lists the keys that are not used, and warns of those that should be', async () => {
    policy();
    const { publicKey } = await generateKeyPair('ES256', { extractable: true });
    const good = { ...(await exportJWK(publicKey)), kid: 'good' };
    const keys = [good, { ...good, kid: 'leaked', d: 'AAAA' }, { ...good, kid: 'enc', use: 'enc' }];
    idp.set({ keys });
    const { stdout } = await check();
    expect(stdout).toContain('found  main  not used: kid leaked: it has its private half in it');
    expect(stdout).toContain('found  main  not used: kid enc: not for signatures');
    expect(stdout).toContain('warning[unsound-key]: a key of the issuer is not used: kid leaked');
    const [result] = JSON.parse((await check('--json')).stdout);
    expect(result.online.issuers.main.dropped).toEqual([
      { kid: 'leaked', why: 'private' },
      { kid: 'enc', why: 'not_for_signatures' },
    ]);
  });

  it('leaves reports for programs alone', async () => {
    policy();
    const { stdout, stderr } = await check('--format', 'sarif');
    expect(JSON.parse(stdout)).toHaveProperty('runs');
    expect(stderr).toContain('found  main  keys RS256');
  });
});
