import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { makeRig } from '../support/gateway.ts';
import {
  base64url,
  makeKey,
  NOW_SECONDS,
  type SigningKey,
  sign,
  signRaw,
  usualClaims,
} from '../support/issuer.ts';
import { AUDIENCE, ISSUER } from '../support/policy.ts';

const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

let key: SigningKey;
beforeAll(async () => {
  key = await makeKey();
});

const ROUTES = { 'GET /x': {} };
const rigWith = (issuer: Record<string, unknown> = {}, keys = [key.publicJwk]) =>
  makeRig({
    routes: ROUTES,
    keys,
    more: { ISSUERS: { main: { issuer: ISSUER, jwks_uri: `${ISSUER}keys`, ...issuer } } },
  });

/** `allow`, or the reason. */
async function outcome(token: string, rig = rigWith()): Promise<string> {
  const response = await rig.call('GET /x', token);
  expect(response.status).toBeLessThan(500);
  return rig.lastLog().reason ?? 'allow';
}

const withClaims = async (claims: Record<string, unknown>, issuer?: Record<string, unknown>) =>
  outcome(await sign(key, usualClaims(claims)), rigWith(issuer));

describe('signatures', () => {
  it.each(ALGORITHMS)('%s', async (alg) => {
    const own = await makeKey(alg);
    const rig = rigWith({ algorithms: [alg] }, [own.publicJwk]);
    const token = await sign(own);
    expect(await outcome(token, rig)).toBe('allow');
    const [header, payload, signature = ''] = token.split('.');
    const flipped = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1);
    expect(await outcome(`${header}.${payload}.${flipped}`, rig)).toBe('signature_invalid');
    const [, otherPayload] = (await sign(own, usualClaims({ scope: 'admin' }))).split('.');
    expect(await outcome(`${header}.${otherPayload}.${signature}`, rig)).toBe('signature_invalid');
  });

  it.each([
    ['EdDSA', 'Ed25519'],
    ['Ed25519', 'EdDSA'],
  ])('%s in a token is %s in the policy (RFC 9864 §2.2)', async (alg, configured) => {
    const own = await makeKey(alg);
    const jwk = { ...own.publicJwk, alg: configured };
    expect(await outcome(await sign(own), rigWith({ algorithms: [configured] }, [jwk]))).toBe('allow');
  });

  it('accepts keys without alg for what fits them', async () => {
    const rsa = await makeKey('RS256');
    const ps = { ...rsa, alg: 'PS384', privateKey: await reimport(rsa, 'RSA-PSS', 'SHA-384') };
    const rig = rigWith({ algorithms: ['PS384'] }, [rsa.publicJwk]);
    expect(await outcome(await sign(ps), rig)).toBe('allow');
  });

  it('holds a key to its alg (RFC 7517 §4.4)', async () => {
    const rsa = await makeKey('RS256');
    const rig = rigWith({ algorithms: ['RS256', 'RS384'] }, [{ ...rsa.publicJwk, alg: 'RS384' }]);
    expect(await outcome(await sign(rsa), rig)).toBe('algorithm_not_allowed');
  });

  async function reimport(from: SigningKey, name: string, hash: string): Promise<CryptoKey> {
    const jwk = (await crypto.subtle.exportKey('jwk', from.privateKey)) as JsonWebKey;
    const { alg: _alg, key_ops: _ops, ...bare } = jwk;
    return crypto.subtle.importKey('jwk', bare, { name, hash }, false, ['sign']);
  }
});

/** Of the kinds that Project Wycheproof has for JWS: each changes a good token in one way. */
describe('malformed and malicious tokens', () => {
  it.each<[string, (token: string[]) => string, string]>([
    [
      'an unsecured token (alg none) (RFC 8725 §3.2)',
      ([, p]) => `${base64url('{"alg":"none"}')}.${p}.`,
      'token_malformed',
    ],
    [
      'alg none with the signature kept',
      ([, p, s]) => `${base64url('{"alg":"none"}')}.${p}.${s}`,
      'algorithm_not_allowed',
    ],
    ['alg nOnE', ([, p, s]) => `${base64url('{"alg":"nOnE"}')}.${p}.${s}`, 'algorithm_not_allowed'],
    [
      'alg in lower case (RFC 7515 §4.1.1)',
      ([, p, s]) => `${base64url('{"alg":"es256","kid":"key-1"}')}.${p}.${s}`,
      'algorithm_not_allowed',
    ],
    [
      'alg that is a list',
      ([, p, s]) => `${base64url('{"alg":["ES256"],"kid":"key-1"}')}.${p}.${s}`,
      'algorithm_not_allowed',
    ],
    ['no alg', ([, p, s]) => `${base64url('{"kid":"key-1"}')}.${p}.${s}`, 'algorithm_not_allowed'],
    ['an empty signature', ([h, p]) => `${h}.${p}.`, 'token_malformed'],
    ['no signature', ([h, p]) => `${h}.${p}`, 'token_malformed'],
    ['a signature cut short', ([h, p, s = '']) => `${h}.${p}.${s.slice(0, -4)}`, 'signature_invalid'],
    ['a signature with bytes behind', ([h, p, s]) => `${h}.${p}.${s}AAAA`, 'signature_invalid'],
    ['a signature of zeros', ([h, p]) => `${h}.${p}.${base64url(new Uint8Array(64))}`, 'signature_invalid'],
    ['a huge signature', ([h, p]) => `${h}.${p}.${'A'.repeat(12_000)}`, 'signature_invalid'],
    [
      'a DER signature (RFC 7518 §3.4)',
      ([h, p]) => `${h}.${p}.${base64url(new Uint8Array([0x30, 6, 2, 1, 1, 2, 1, 1]))}`,
      'signature_invalid',
    ],
    ['a header that is not JSON', ([, p, s]) => `${base64url('{alg}')}.${p}.${s}`, 'token_malformed'],
    ['a header that is a list', ([, p, s]) => `${base64url('["ES256"]')}.${p}.${s}`, 'token_malformed'],
    ['a header that is null', ([, p, s]) => `${base64url('null')}.${p}.${s}`, 'token_malformed'],
    ['five parts (JWE)', ([h, p, s]) => `${h}.${p}.${s}.${s}.${s}`, 'token_malformed'],
    ['four parts', ([h, p, s]) => `${h}.${p}.${s}.`, 'token_malformed'],
    ['an empty payload', ([h, , s]) => `${h}..${s}`, 'token_malformed'],
    ['padding (RFC 7515 §2)', ([h, p, s]) => `${h}.${p}.${s}=`, 'token_malformed'],
    ['letters of plain base64', ([h, p]) => `${h}.${p}.+/+/`, 'token_malformed'],
    [
      'bytes that are not UTF-8 (RFC 7519 §7.2)',
      ([h, , s]) => `${h}.${base64url(new Uint8Array([0xff, 0xfe]))}.${s}`,
      'token_malformed',
    ],
    [
      'a payload that is not JSON (RFC 7519 §7.2)',
      ([h, , s]) => `${h}.${base64url('{')}.${s}`,
      'token_malformed',
    ],
    ['a payload that is text', ([h, , s]) => `${h}.${base64url('"text"')}.${s}`, 'token_malformed'],
    [
      'a JSON serialisation (RFC 7519 §3)',
      ([h, p, s]) => base64url(JSON.stringify({ protected: h, payload: p, signature: s })),
      'token_malformed',
    ],
  ])('%s', async (_why, change, want) => {
    expect(await outcome(change((await sign(key)).split('.')))).toBe(want);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['crit (RFC 7515 §4.1.11)', { crit: ['exp'] }, 'critical_header_unsupported'],
    ['an empty crit (RFC 7515 §4.1.11)', { crit: [] }, 'critical_header_unsupported'],
    ['b64', { b64: false }, 'critical_header_unsupported'],
    ['a kid that is a number', { kid: 1 }, 'key_unknown'],
    ['a kid that is a list', { kid: ['key-1'] }, 'token_malformed'],
    ['a kid of 2 KB', { kid: 'a'.repeat(2000) }, 'token_malformed'],
    ['an unknown kid', { kid: 'other' }, 'key_unknown'],
    ['a kid that is a path', { kid: '../../dev/null' }, 'key_unknown'],
    ['a typ that is a number', { typ: 1 }, 'token_type_not_allowed'],
    ['the typ of an ID token of some (RFC 8725 §3.12)', { typ: 'id+jwt' }, 'token_type_not_allowed'],
    ['the typ of a logout token (RFC 8725 §3.12)', { typ: 'logout+jwt' }, 'token_type_not_allowed'],
  ])('%s in the header', async (_why, header, want) => {
    const [, payload, signature] = (await sign(key)).split('.');
    const text = base64url(JSON.stringify({ alg: 'ES256', kid: 'key-1', typ: 'at+jwt', ...header }));
    expect(await outcome(`${text}.${payload}.${signature}`)).toBe(want);
  });

  it.each([
    ['a key that the token brings (jwk) (RFC 8725 §3.10)', (own: SigningKey) => ({ jwk: own.publicJwk })],
    ['a key set that the token names (jku) (RFC 8725 §3.10)', () => ({ jku: 'https://evil.example/keys' })],
    [
      'a certificate that the token names (x5u) (RFC 8725 §3.10)',
      () => ({ x5u: 'https://evil.example/cert' }),
    ],
    ['a certificate that the token brings (x5c)', () => ({ x5c: ['MIIB'] })],
  ])('never looks at %s', async (_why, header) => {
    const own = await makeKey();
    const rig = rigWith();
    expect(await outcome(await sign(own, usualClaims(), header(own)), rig)).toBe('signature_invalid');
    expect(rig.state.keyFetches).toBe(1);
    expect(rig.received).toHaveLength(0);
  });

  it('prevents confusion of RSA and HMAC keys (RS256 to HS256) (RFC 8725 §3.1)', async () => {
    const rsa = await makeKey('RS256');
    const header = base64url(JSON.stringify({ alg: 'HS256', kid: 'key-1', typ: 'at+jwt' }));
    const payload = base64url(JSON.stringify(usualClaims()));
    const secret = new TextEncoder().encode(JSON.stringify(rsa.publicJwk));
    const hmac = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, [
      'sign',
    ]);
    const mac = await crypto.subtle.sign('HMAC', hmac, new TextEncoder().encode(`${header}.${payload}`));
    const token = `${header}.${payload}.${base64url(new Uint8Array(mac))}`;
    expect(await outcome(token, rigWith({}, [rsa.publicJwk]))).toBe('algorithm_not_allowed');
  });

  it('reads duplicate members the way the signature covers them: the last counts (RFC 7519 §4)', async () => {
    const usual = JSON.stringify(usualClaims());
    const token = await signRaw(key, `${usual.slice(0, -1)},"aud":"other"}`);
    expect(await outcome(token)).toBe('audience_mismatch');
  });

  it.each([
    ['__proto__ claims', '"__proto__":{"aud":"x","scope":"admin","sub":"root"}'],
    ['a constructor claim', '"constructor":{"prototype":{"scope":"admin"}}'],
  ])('is not impressed by %s', async (_why, member) => {
    const { scope: _scope, ...claims } = usualClaims();
    const rig = makeRig({ routes: { 'GET /x': { scopes_all: ['admin'] } }, keys: [key.publicJwk] });
    const token = await signRaw(key, `${JSON.stringify(claims).slice(0, -1)},${member}}`);
    expect(await outcome(token, rig)).toBe('scopes_missing');
    expect(({} as { scope?: string }).scope).toBeUndefined();
  });

  it('takes inherited members for absent', async () => {
    const rig = makeRig({
      routes: { 'GET /x': { claims: { toString: 'x', '/constructor/name': 'Object' } } },
      keys: [key.publicJwk],
    });
    expect(await outcome(await sign(key), rig)).toBe('claim_mismatch');
  });

  it('stands deep JSON', async () => {
    const deep = `${'['.repeat(3000)}${']'.repeat(3000)}`;
    expect(
      await outcome(await signRaw(key, `${JSON.stringify(usualClaims()).slice(0, -1)},"deep":${deep}}`)),
    ).toBe('allow');
  });

  it('lets text that is no Unicode be, where nobody uses it', async () => {
    const usual = JSON.stringify(usualClaims()).slice(0, -1);
    for (const member of ['"x":"\\ud800"', '"\\udc00":1', '"x":{"y":["\\ud800a"]}', '"name":"Zoe \\ud83d"'])
      expect(await outcome(await signRaw(key, `${usual},${member}}`))).toBe('allow');
  });

  it('never fails on random text', async () => {
    const rig = rigWith();
    const part = fc.string({ unit: fc.constantFrom(...'ABCabc019-_'), maxLength: 60 });
    const token = fc.oneof(
      part,
      fc.tuple(part, part, part).map((parts) => parts.join('.')),
    );
    await fc.assert(
      fc.asyncProperty(token, async (text) => {
        expect((await rig.call('GET /x', text)).status).toBeLessThan(500);
      }),
    );
    expect(rig.received).toHaveLength(0);
  });

  it('never fails on random headers and claims, signed or not', async () => {
    const names = [
      'iss',
      'sub',
      'aud',
      'exp',
      'nbf',
      'iat',
      'jti',
      'scope',
      'scp',
      'permissions',
      'azp',
      'client_id',
      'cid',
      'appid',
      'cnf',
      '__proto__',
      'x',
    ];
    const claims = fc.dictionary(fc.constantFrom(...names), fc.jsonValue(), { noNullPrototype: true });
    const rig = makeRig({
      routes: ROUTES,
      keys: [key.publicJwk],
      api: {
        forward: { x: { header: 'x-x', as: 'json' }, jti: 'x-jti', azp: { header: 'x-azp', as: 'list' } },
      },
    });
    await fc.assert(
      fc.asyncProperty(claims, fc.boolean(), async (more, replace) => {
        const payload = replace ? more : { ...usualClaims(), ...more };
        const { status } = await rig.call('GET /x', await signRaw(key, JSON.stringify(payload)));
        expect(status === 200 || (status >= 400 && status < 500)).toBe(true);
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.constantFrom('alg', 'kid', 'typ', 'crit', 'b64', 'jwk'), fc.jsonValue()),
        async (header) => {
          const token = await signRaw(key, JSON.stringify(usualClaims()), JSON.stringify(header));
          expect((await rig.call('GET /x', token)).status).toBeLessThan(500);
        },
      ),
    );
  });
});

describe('claims', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['no exp', { exp: undefined }, 'claims_malformed'],
    ['exp as text', { exp: String(NOW_SECONDS + 60) }, 'claims_malformed'],
    ['exp null', { exp: null }, 'claims_malformed'],
    ['exp negative', { exp: -1 }, 'claims_malformed'],
    ['exp within the tolerance', { exp: NOW_SECONDS - 29 }, 'allow'],
    ['exp beyond the tolerance (RFC 7519 §4.1.4)', { exp: NOW_SECONDS - 30 }, 'token_expired'],
    ['nbf within the tolerance', { nbf: NOW_SECONDS + 30 }, 'allow'],
    ['nbf beyond the tolerance (RFC 7519 §4.1.5)', { nbf: NOW_SECONDS + 31 }, 'token_not_yet_valid'],
    ['nbf as text', { nbf: '1' }, 'claims_malformed'],
    ['nbf null', { nbf: null }, 'allow'],
    ['iat as text', { iat: '1' }, 'allow'],
    ['iat null', { iat: null }, 'allow'],
    ['no iat (RFC 7519 §4.1.6)', { iat: undefined }, 'allow'],
    ['no aud (RFC 7519 §4.1.3)', { aud: undefined }, 'audience_mismatch'],
    ['an empty aud', { aud: [] }, 'audience_mismatch'],
    ['aud as list (RFC 7519 §4.1.3)', { aud: ['x', AUDIENCE] }, 'allow'],
    ['aud with something else in the list', { aud: [AUDIENCE, 1] }, 'claims_malformed'],
    ['aud as object', { aud: { [AUDIENCE]: true } }, 'claims_malformed'],
    ['a prefix of the audience (RFC 7519 §4.1.3)', { aud: AUDIENCE.slice(0, -1) }, 'audience_mismatch'],
    ['the audience with a slash more', { aud: `${AUDIENCE}/` }, 'audience_mismatch'],
    ['no iss (RFC 8725 §3.8)', { iss: undefined }, 'issuer_not_allowed'],
    ['iss as list', { iss: [ISSUER] }, 'issuer_not_allowed'],
    ['iss without its slash', { iss: ISSUER.slice(0, -1) }, 'issuer_not_allowed'],
    ['iss in another case (RFC 8725 §3.8)', { iss: ISSUER.toUpperCase() }, 'issuer_not_allowed'],
    ['no sub', { sub: undefined }, 'allow'],
    ['an empty sub', { sub: '' }, 'allow'],
    ['sub as number', { sub: 2 ** 53 }, 'allow'],
    ['sub null', { sub: null }, 'allow'],
    ['aud null', { aud: null }, 'audience_mismatch'],
    ['aud that is no Unicode, and the audience', { aud: ['\ud800', AUDIENCE] }, 'allow'],
    ['a client id as number', { client_id: 1 }, 'allow'],
    ['scope as number', { scope: 1 }, 'allow'],
    ['permissions as a table', { permissions: { orders: true } }, 'allow'],
    ['cnf (RFC 7800 §3.1)', { cnf: { jkt: 'x' } }, 'sender_constrained'],
    ['cnf that is empty', { cnf: {} }, 'sender_constrained'],
    ['cnf as text', { cnf: '' }, 'sender_constrained'],
    ['cnf null', { cnf: null }, 'allow'],
  ])('%s: %j', async (_why, claims, want) => {
    expect(await withClaims(claims)).toBe(want);
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>, string]>([
    ['max_token_age holds', { max_token_age: 60 }, { iat: NOW_SECONDS - 89 }, 'allow'],
    ['max_token_age refuses', { max_token_age: 60 }, { iat: NOW_SECONDS - 90 }, 'token_too_old'],
    ['max_token_age needs iat', { max_token_age: 60 }, { iat: undefined }, 'claims_malformed'],
    ['max_token_age needs iat to be a date', { max_token_age: 60 }, { iat: '1' }, 'claims_malformed'],
    ['not_before needs iat not to be null', { not_before: '2020-01-01' }, { iat: null }, 'claims_malformed'],
    ['scope_claim that is null', { scope_claim: 'scp' }, { scp: null }, 'allow'],
    [
      'scope_claim with names that are no scopes',
      { scope_claim: 'permissions' },
      { permissions: ['User Admin'] },
      'allow',
    ],
    ['scope_claim with a number', { scope_claim: 'scp' }, { scp: 7 }, 'claims_malformed'],
    ['scope_claim with a table', { scope_claim: 'scp' }, { scp: {} }, 'claims_malformed'],
    ['scope_claim with a number in its list', { scope_claim: 'scp' }, { scp: ['a', 7] }, 'claims_malformed'],
    ['client_claim that is null', { client_claim: 'azp' }, { azp: null }, 'allow'],
    ['client_claim with a number', { client_claim: 'azp' }, { azp: 42 }, 'claims_malformed'],
    ['client_claim that is no Unicode', { client_claim: 'azp' }, { azp: 'a\ud800' }, 'claims_malformed'],
    ['audience_claim with a number', { audience_claim: 'x' }, { x: 42 }, 'claims_malformed'],
    [
      'max_token_age is not evaded by the future',
      { max_token_age: 60 },
      { iat: NOW_SECONDS + 31 },
      'token_not_yet_valid',
    ],
    [
      'not_before refuses',
      { not_before: new Date(NOW_SECONDS * 1000).toISOString() },
      { iat: NOW_SECONDS - 1 },
      'token_too_old',
    ],
    [
      'not_before holds',
      { not_before: new Date(NOW_SECONDS * 1000).toISOString() },
      { iat: NOW_SECONDS },
      'allow',
    ],
    ['not_before needs iat', { not_before: '2020-01-01' }, { iat: undefined }, 'claims_malformed'],
    ['clock_tolerance', { clock_tolerance: 0 }, { exp: NOW_SECONDS }, 'token_expired'],
    ['claims of the issuer hold', { claims: { token_use: 'access' } }, { token_use: 'access' }, 'allow'],
    [
      'claims of the issuer refuse',
      { claims: { token_use: 'access' } },
      { token_use: 'id' },
      'issuer_claim_mismatch',
    ],
    [
      'claims of the issuer refuse where absent',
      { claims: { token_use: ['access'] } },
      {},
      'issuer_claim_mismatch',
    ],
    ['audience_claim', { audience_claim: 'client_id' }, { aud: undefined, client_id: AUDIENCE }, 'allow'],
    ['audience_claim takes the place of aud', { audience_claim: 'client_id' }, {}, 'audience_mismatch'],
    ['token_types', { token_types: ['application/AT+JWT'] }, {}, 'allow'],
    ['token_types refuse', { token_types: ['jwt'] }, {}, 'token_type_not_allowed'],
    ['algorithms refuse', { algorithms: ['RS256'] }, {}, 'algorithm_not_allowed'],
  ])('%s', async (_why, issuer, claims, want) => {
    expect(await withClaims(claims, issuer)).toBe(want);
  });

  it.each([
    ['application/at+JWT', 'allow'],
    ['AT+jwt', 'allow'],
    ['JWT', 'allow'],
    [undefined, 'allow'],
    ['', 'token_type_not_allowed'],
    ['dpop+jwt', 'token_type_not_allowed'],
  ])('typ %s: %s', async (typ, want) => {
    expect(await outcome(await sign(key, usualClaims(), { typ }))).toBe(want);
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>, string | null]>([
    ['scope', {}, { scope: 'a b' }, 'a b'],
    ['an empty scope', {}, { scope: '', scp: 'a' }, null],
    ['a scope of blanks', {}, { scope: ' \t', scp: 'a' }, null],
    ['scope with runs of blanks', {}, { scope: '  a \t b  ' }, 'a b'],
    ['scope with tabs', {}, { scope: 'a\tb' }, 'a b'],
    ['scope with duplicates', {}, { scope: 'a b a' }, 'a b'],
    ['scope with what is not a scope', {}, { scope: 'a"b c d\\e ü \ud800' }, 'c'],
    ['scope with a line feed', {}, { scope: 'a\nb' }, null],
    ['scope that is null', {}, { scope: null, scp: 'a' }, 'a'],
    ['scope that is a number', {}, { scope: 7, scp: ['a'] }, 'a'],
    ['scp with names that have blanks', {}, { scope: undefined, scp: ['User Admin', 'a'] }, 'a'],
    ['scp with something else', {}, { scope: undefined, scp: ['a', null, 7, ['b']] }, 'a'],
    ['permissions that are a table', {}, { scope: undefined, permissions: { a: true } }, null],
    ['scope_claim with runs of blanks', { scope_claim: 'x' }, { x: ' a  b' }, 'a b'],
    ['scope_claim with names that have blanks', { scope_claim: 'x' }, { x: ['User Admin', 'a'] }, 'a'],
    ['scope before scp', {}, { scope: 'a', scp: 'b' }, 'a'],
    ['scp as text', {}, { scope: undefined, scp: 'a b' }, 'a b'],
    ['scp as list', {}, { scope: undefined, scp: ['a', 'b'] }, 'a b'],
    ['permissions', {}, { scope: undefined, permissions: ['a', 'b'] }, 'a b'],
    ['scope_claim', { scope_claim: '/realm_access/roles' }, { realm_access: { roles: ['r'] } }, 'r'],
    ['none', {}, { scope: undefined }, null],
  ])('scopes from %s', async (_why, issuer, claims, want) => {
    const rig = rigWith(issuer);
    await rig.call('GET /x', await sign(key, usualClaims(claims)));
    expect(rig.lastReceived().headers.get('x-claim-scope')).toBe(want);
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>, string | null]>([
    ['azp first', {}, { azp: 'a', client_id: 'b' }, 'a'],
    ['client_id', {}, { client_id: 'b', cid: 'c' }, 'b'],
    ['cid', {}, { client_id: undefined, cid: 'c' }, 'c'],
    ['appid', {}, { client_id: undefined, appid: 'd' }, 'd'],
    [
      'client_claim',
      { client_claim: 'https://example.com/client' },
      { 'https://example.com/client': 'e' },
      'e',
    ],
    ['an empty one counts as absent', {}, { client_id: '' }, null],
    ['an empty one leads on', {}, { azp: '', client_id: 'b' }, 'b'],
    ['null leads on', {}, { azp: null, client_id: 'b' }, 'b'],
    ['a number leads on', {}, { azp: 7, client_id: 'b' }, 'b'],
    ['what is no Unicode leads on', {}, { azp: 'a\ud800', client_id: 'b' }, 'b'],
    ['a list is none', {}, { client_id: ['b'] }, null],
    ['none', {}, { client_id: undefined }, null],
  ])('client id: %s', async (_why, issuer, claims, want) => {
    const rig = rigWith(issuer);
    await rig.call('GET /x', await sign(key, usualClaims(claims)));
    expect(rig.lastReceived().headers.get('x-claim-client-id')).toBe(want);
  });
});

describe('checks before fetches', () => {
  it.each<[string, () => Promise<string>]>([
    ['an expired token', () => sign(key, usualClaims({ exp: 1 }))],
    ['an unknown issuer', () => sign(key, usualClaims({ iss: 'https://evil.example/' }))],
    ['another audience', () => sign(key, usualClaims({ aud: 'x' }))],
    ['another algorithm', async () => sign(await makeKey('ES384'))],
    ['another type', () => sign(key, usualClaims(), { typ: 'id+jwt' })],
    ['malformed claims', () => sign(key, usualClaims({ exp: 'x' }))],
  ])('%s causes no fetch', async (_why, make) => {
    const rig = rigWith();
    await rig.call('GET /x', await make());
    expect(rig.lastLog().decision).toBe('deny');
    expect(rig.state.keyFetches).toBe(0);
  });
});

describe('remembered tokens', () => {
  it('are verified once, and judged by the clock each time', async () => {
    const rig = rigWith();
    const token = await sign(key);
    expect(await outcome(token, rig)).toBe('allow');
    expect(await outcome(token, rig)).toBe('allow');
    rig.state.nowMs = (NOW_SECONDS + 600 + 30) * 1000;
    expect(await outcome(token, rig)).toBe('token_expired');
  });

  it.each([
    [undefined, 1],
    [true, 1],
    [false, 3],
  ])('with remember_tokens = %j, three uses take %i signature checks', async (remember, checks) => {
    const verify = vi.spyOn(crypto.subtle, 'verify');
    const rig = rigWith(remember === undefined ? {} : { remember_tokens: remember });
    const token = await sign(key);
    for (let i = 0; i < 3; i++) expect(await outcome(token, rig)).toBe('allow');
    expect(verify).toHaveBeenCalledTimes(checks);
    verify.mockRestore();
  });

  it('grow too old while they are remembered', async () => {
    const rig = rigWith({ max_token_age: 60 });
    const token = await sign(key);
    expect(await outcome(token, rig)).toBe('allow');
    rig.state.nowMs += 90_000;
    expect(await outcome(token, rig)).toBe('token_too_old');
  });

  it('are void once their key has left the key set', async () => {
    const rig = rigWith();
    const token = await sign(key);
    expect(await outcome(token, rig)).toBe('allow');
    rig.state.keys = [(await makeKey('ES256', 'key-2')).publicJwk];
    rig.state.nowMs += 16 * 60_000;
    expect(await outcome(await sign(key, usualClaims({ exp: NOW_SECONDS + 9999 })), rig)).toBe('allow'); // starts the refresh
    await new Promise((resolve) => setTimeout(resolve, 50));
    rig.state.nowMs = NOW_SECONDS * 1000 + 599_000;
    expect(await outcome(token, rig)).toBe('key_unknown');
  });

  it('never cross routes: a scope of one route is not one of another', async () => {
    const rig = makeRig({
      routes: { 'GET /x': {}, 'GET /y': { scopes_all: ['admin'] } },
      keys: [key.publicJwk],
    });
    const token = await sign(key);
    expect((await rig.call('GET /x', token)).status).toBe(200);
    expect((await rig.call('GET /y', token)).status).toBe(403);
  });
});

describe('tokens without kid', () => {
  it('a new key is found though the signature is all that tells: once, within the cool-down', async () => {
    const [before, after] = await Promise.all([makeKey('ES256', null), makeKey('ES256', null)]);
    const rig = rigWith({}, [before.publicJwk]);
    expect(await outcome(await sign(before), rig)).toBe('allow');
    rig.state.keys = [after.publicJwk];
    expect(await outcome(await sign(after), rig)).toBe('signature_invalid');
    rig.state.nowMs += 31_000;
    expect(await outcome(await sign(after), rig)).toBe('allow');
    expect(rig.state.keyFetches).toBe(2);
  });

  it('is tried against four keys that fit, and refused where there are more', async () => {
    const verify = vi.spyOn(crypto.subtle, 'verify');
    const made = await Promise.all([...'abcde'].map((kid) => makeKey('ES256', kid === 'a' ? null : kid)));
    const rsa = await makeKey('RS256', 'rsa');
    const jwks = made.map(({ publicJwk }) => publicJwk);
    for (const one of made.slice(0, 4)) {
      const rig = rigWith({}, [rsa.publicJwk, ...jwks.slice(0, 4)]);
      expect(await outcome(await sign(one, usualClaims(), { kid: undefined }), rig)).toBe('allow');
    }
    verify.mockClear();
    const stranger = await sign(await makeKey('ES256', null));
    expect(await outcome(stranger, rigWith({}, jwks.slice(0, 4)))).toBe('signature_invalid');
    expect(verify).toHaveBeenCalledTimes(4);
    verify.mockClear();
    for (const one of made) {
      const token = await sign(one, usualClaims(), { kid: undefined });
      expect(await outcome(token, rigWith({}, jwks))).toBe('key_ambiguous');
    }
    expect(verify).not.toHaveBeenCalled();
    verify.mockRestore();
  });

  it.each(['a', undefined])('finds the right one of two keys with kid %s', async (kid) => {
    const [one, two] = await Promise.all([makeKey('ES256', kid ?? null), makeKey('ES256', kid ?? null)]);
    for (const own of [one, two])
      for (const jwks of [
        [one.publicJwk, two.publicJwk],
        [two.publicJwk, one.publicJwk, two.publicJwk],
      ])
        expect(await outcome(await sign(own), rigWith({}, jwks))).toBe('allow');
  });

  it('is void once the key that verified it has left, though others that could be meant are there', async () => {
    const [one, two] = await Promise.all([makeKey('ES256', null), makeKey('ES256', null)]);
    const rig = rigWith({}, [one.publicJwk, two.publicJwk]);
    const token = await sign(one, usualClaims({ exp: NOW_SECONDS + 9999 }));
    expect(await outcome(token, rig)).toBe('allow');
    rig.state.keys = [two.publicJwk];
    rig.state.nowMs += 16 * 60_000;
    await rig.call('GET /x', token); // starts the refresh
    await vi.waitFor(() => expect(rig.state.keyFetches).toBe(2));
    await vi.waitFor(async () => expect(await outcome(token, rig)).toBe('signature_invalid'));
  });

  it('a key without id may be the one that a token names', async () => {
    const own = await makeKey('ES256', 'a');
    const anonymous = { ...own.publicJwk, kid: null };
    expect(await outcome(await sign(own), rigWith({}, [anonymous as never]))).toBe('allow');
    const rig = rigWith({}, [anonymous as never]);
    expect(await outcome(await sign(await makeKey('ES256', 'b')), rig)).toBe('key_unknown');
  });

  it('a new key with an id is found beside one without', async () => {
    const [old, fresh] = await Promise.all([makeKey('ES256', null), makeKey('ES256', 'fresh')]);
    const rig = rigWith({}, [old.publicJwk]);
    expect(await outcome(await sign(old), rig)).toBe('allow');
    rig.state.keys = [old.publicJwk, fresh.publicJwk];
    rig.state.nowMs += 31_000;
    expect(await outcome(await sign(fresh), rig)).toBe('allow');
    expect(rig.state.keyFetches).toBe(2);
  });

  it('costs one fetch at most, however many bad signatures come with whatever key id', async () => {
    const [one, evil] = await Promise.all([makeKey('ES256', null), makeKey('ES256', null)]);
    const rig = rigWith({}, [one.publicJwk]);
    expect(await outcome(await sign(one), rig)).toBe('allow');
    rig.state.nowMs += 31_000;
    for (let i = 0; i < 30; i++) {
      const token = await sign(evil, usualClaims(), { kid: i % 3 === 0 ? undefined : `made-up-${i}` });
      expect(await outcome(token, rig)).toBe(i % 3 === 0 ? 'signature_invalid' : 'key_unknown');
    }
    expect(rig.state.keyFetches).toBe(2);
  });

  it.each([7, '7'])('kid %j of a token is that of a key that has the other form', async (kid) => {
    const own = await makeKey('ES256', '7');
    for (const published of [7, '7']) {
      const jwks = [{ ...own.publicJwk, kid: published as never }, (await makeKey('ES256', '8')).publicJwk];
      expect(await outcome(await sign(own, usualClaims(), { kid }), rigWith({}, jwks))).toBe('allow');
    }
  });

  it.each([null, ''])('kid %j is none, in a token and in a key', async (kid) => {
    const own = await makeKey('ES256', 'a');
    const jwk = { ...own.publicJwk, kid: kid as never };
    expect(await outcome(await sign(own, usualClaims(), { kid }), rigWith({}, [jwk]))).toBe('allow');
    expect(
      await outcome(await sign(own, usualClaims(), { kid, typ: null }), rigWith({}, [own.publicJwk])),
    ).toBe('allow');
  });
});

describe('blocked keys', () => {
  const rigThatBlocks = (kids: string[], keys: SigningKey['publicJwk'][]) =>
    makeRig({ routes: ROUTES, keys, more: { GATEWAY: { blocked_kids: kids } } });

  it('the key that verified is judged, whichever key a token could name', async () => {
    const [good, leaked] = await Promise.all([makeKey('ES256', 'good'), makeKey('ES256', 'leaked')]);
    for (const jwks of [
      [good.publicJwk, leaked.publicJwk],
      [leaked.publicJwk, good.publicJwk],
    ]) {
      const rig = rigThatBlocks(['leaked'], jwks);
      for (const kid of [undefined, null, '', 'leaked'])
        expect(await outcome(await sign(leaked, usualClaims(), { kid }), rig)).toBe('key_blocked');
      expect(await outcome(await sign(leaked, usualClaims(), { kid: 'good' }), rig)).toBe(
        'signature_invalid',
      );
      expect(await outcome(await sign(good, usualClaims(), { kid: undefined }), rig)).toBe('allow');
    }
  });

  it('a key that is published under a blocked id and another one is blocked where a token names none', async () => {
    const leaked = await makeKey('ES256', 'leaked');
    for (const other of [
      { ...leaked.publicJwk, kid: 'twin' },
      { ...leaked.publicJwk, kid: undefined as never },
    ])
      for (const jwks of [
        [other, leaked.publicJwk],
        [leaked.publicJwk, other],
      ]) {
        const token = await sign(leaked, usualClaims(), { kid: undefined });
        expect(await outcome(token, rigThatBlocks(['leaked'], jwks))).toBe('key_blocked');
      }
  });

  it('a number is blocked by its decimal text', async () => {
    const own = await makeKey('ES256', '7');
    const rig = rigThatBlocks(['7'], [own.publicJwk]);
    expect(await outcome(await sign(own, usualClaims(), { kid: 7 }), rig)).toBe('key_blocked');
  });
});

describe('blocked clients', () => {
  it.each([
    { azp: 42 },
    { client_id: ['a', '42'] },
    { azp: 'a', cid: 42 },
    { appid: [42] },
    { client_id: '42' },
  ])('whatever form the id has: %j', async (claims) => {
    const rig = makeRig({
      routes: ROUTES,
      keys: [key.publicJwk],
      more: { GATEWAY: { blocked_clients: ['42'] } },
    });
    expect(await outcome(await sign(key, usualClaims({ client_id: undefined, ...claims })), rig)).toBe(
      'client_blocked',
    );
  });
});

describe('keys of several issuers', () => {
  it("an issuer's key never verifies another issuer's token", async () => {
    const evil = await makeKey('ES256', 'key-evil');
    const OTHER = 'https://issuer.example/evil';
    const rig = makeRig({
      routes: ROUTES,
      api: { issuer: ['main', 'evil'] },
      more: {
        ISSUERS: {
          main: { issuer: ISSUER, jwks_uri: `${ISSUER}keys` },
          evil: { issuer: OTHER, jwks_uri: `${ISSUER}evil-keys` },
        },
      },
      options: {
        fetch: (async (input: RequestInfo) =>
          String(input).includes('evil-keys')
            ? Response.json({ keys: [evil.publicJwk] })
            : Response.json({ keys: [key.publicJwk] })) as typeof fetch,
      },
    });
    expect(await outcome(await sign(evil, usualClaims({ iss: OTHER })), rig)).toBe('allow');
    expect(await outcome(await sign(evil), rig)).toBe('key_unknown');
    expect(await outcome(await sign(evil, usualClaims(), { kid: 'key-1' }), rig)).toBe('signature_invalid');
  });
});
