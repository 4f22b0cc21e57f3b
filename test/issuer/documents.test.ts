import { describe, expect, it } from 'vitest';
import { makeIssuer, TOKEN_ISSUER } from '../support/token-issuer.ts';

const JWKS = '.well-known/jwks.json';
const METADATA = ['.well-known/oauth-authorization-server', '.well-known/openid-configuration'];

describe('metadata', () => {
  it.each(METADATA)('%s describes the issuer as it is configured (RFC 8414 §2)', async (path) => {
    const issuer = await makeIssuer();
    const response = await issuer.app.fetch(
      new Request(`https://evil.example/${path}`, { headers: { host: 'evil.example' } }),
    );
    expect(await response.json()).toEqual({
      issuer: TOKEN_ISSUER,
      authorization_endpoint: `${TOKEN_ISSUER}authorize`,
      token_endpoint: `${TOKEN_ISSUER}oauth/token`,
      jwks_uri: `${TOKEN_ISSUER}.well-known/jwks.json`,
      grant_types_supported: ['client_credentials'],
      response_types_supported: [],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'],
    });
  });

  it('names an authorization endpoint that only says what there is', async () => {
    const response = await (await makeIssuer()).ask('authorize?response_type=code');
    expect([response.status, response.headers.get('content-type')]).toEqual([
      400,
      'application/problem+json',
    ]);
  });
});

describe('the key set', () => {
  it('has the public members of all keys, and nothing else (RFC 7517 §5)', async () => {
    const issuer = await makeIssuer({ algorithms: ['RS256', 'ES256', 'EdDSA'] });
    const { keys } = (await (await issuer.ask(JWKS)).json()) as { keys: Record<string, unknown>[] };
    const members = keys.map((key) => `${key['alg']} ${Object.keys(key).sort().join(' ')}`);
    expect([...new Set(members)]).toEqual([
      'RS256 alg e kid kty n use',
      'ES256 alg crv kid kty use x y',
      'EdDSA alg crv kid kty use x',
    ]);
    expect(keys).toHaveLength(6);
    expect(new Set(keys.map((key) => key['kid'])).size).toBe(6);
  });

  it('may be kept for five minutes, by browsers of other sites too, and is asked for by its tag', async () => {
    const issuer = await makeIssuer();
    const first = await issuer.ask(JWKS);
    expect(first.headers.get('cache-control')).toBe('public, max-age=300');
    expect(first.headers.get('access-control-allow-origin')).toBe('*');
    const etag = first.headers.get('etag') ?? '';
    for (const tag of [etag, `W/${etag}`, `"x", ${etag}`])
      expect((await issuer.ask(JWKS, { headers: { 'if-none-match': tag } })).status).toBe(304);
    expect((await issuer.ask(JWKS, { headers: { 'if-none-match': '"x"' } })).status).toBe(200);
    const head = await issuer.ask(JWKS, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect((await issuer.ask(JWKS, { method: 'POST' })).headers.get('allow')).toBe('GET, HEAD');
  });
});

describe('an issuer that lacks something answers nothing but 503', () => {
  const GOOD = '{"keys":[]}';
  it.each([
    ['ISSUER', 'no issuer', { ISSUER: undefined }],
    ['ISSUER', 'an issuer without slash', { ISSUER: 'https://auth.example.com' }],
    ['ISSUER', 'an issuer with a path', { ISSUER: 'https://auth.example.com/a/' }],
    ['ISSUER', 'an issuer in the clear', { ISSUER: 'http://auth.example.com/' }],
    ['ISSUER', 'an issuer in capitals', { ISSUER: 'https://AUTH.example.com/' }],
    ['ISSUER_KV', 'no KV namespace', { ISSUER_KV: undefined }],
    ['SIGNING_KEYS_ES256', 'no keys', { SIGNING_KEYS_ES256: undefined }],
    ['SIGNING_KEYS_ES256', 'keys that are no JSON', { SIGNING_KEYS_ES256: '{' }],
    ['SIGNING_KEYS_ES256', 'a set without a current key', { SIGNING_KEYS_ES256: GOOD }],
    ['SIGNING_KEYS_RS256', 'a bad set beside a good one', { SIGNING_KEYS_RS256: GOOD }],
    [
      'SIGNING_KEYS_ES256',
      'keys of another kind',
      {
        SIGNING_KEYS_ES256: '{"keys":[{"status":"current","since":1,"jwk":{"kty":"RSA","kid":"k","d":"x"}}]}',
      },
    ],
    [
      'SIGNING_KEYS_ES256',
      'a previous key that kept its private half',
      {
        SIGNING_KEYS_ES256:
          '{"keys":[{"status":"current","since":1,"jwk":{"kty":"EC","kid":"a","d":"x"}},{"status":"previous","since":1,"jwk":{"kty":"EC","kid":"b","d":"x"}}]}',
      },
    ],
    ['CLIENT_LIMIT', 'a limit that is none', { CLIENT_LIMIT: 'x' }],
    ['ASSERTIONS', 'a memory of assertions that is none', { ASSERTIONS: 'x' }],
    [
      'SIGNING_KEYS_ES256',
      'a key on another curve',
      {
        SIGNING_KEYS_ES256:
          '{"keys":[{"status":"current","since":1,"jwk":{"kty":"EC","crv":"P-384","kid":"k","d":"x"}}]}',
      },
    ],
  ])('%s: %s', async (at, _what, env) => {
    const issuer = await makeIssuer({ env });
    for (const path of [JWKS, ...METADATA, 'oauth/token', 'x']) {
      const response = await issuer.ask(path, { method: path === 'oauth/token' ? 'POST' : 'GET' });
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '60']);
      expect(await response.text()).not.toContain('remedy');
    }
    expect(issuer.logs[0]).toMatchObject({ event: 'issuer_misconfigured', faults: [{ at }] });
  });

  it('and shows what it is only on this machine', async () => {
    const issuer = await makeIssuer({ env: { ISSUER_KV: undefined } });
    const local = await issuer.app.fetch(new Request('http://localhost:8788/'));
    expect(((await local.json()) as { faults: string[] }).faults[0]).toMatch(/^ISSUER_KV: /);
    const { faults } = (await (await issuer.ask('')).json()) as { faults?: string[] };
    expect(faults).toBeUndefined();
  });
});

it('there is nothing at other paths', async () => {
  expect((await (await makeIssuer()).ask('api/v2/clients')).status).toBe(404);
});
