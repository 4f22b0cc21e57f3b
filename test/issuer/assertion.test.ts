import { exportJWK, exportSPKI, SignJWT } from 'jose';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ASSERTION_ALGORITHMS } from '../../issuer/src/client/algorithms.ts';
import { base64url, NOW_SECONDS } from '../support/issuer.ts';
import {
  type AssertionKey,
  addApi,
  addClient,
  assertionRequest,
  makeAssertion,
  makeAssertionKey,
  makeIssuer,
  TOKEN_ISSUER,
} from '../support/token-issuer.ts';

const keys = new Map<string, AssertionKey>();
beforeAll(async () => {
  for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA']) keys.set(alg, await makeAssertionKey(alg));
});
beforeEach(() => addApi());

const keyFor = (alg: string) => keys.get(alg === 'Ed25519' ? 'EdDSA' : alg) as AssertionKey;
const withKeys = (...own: AssertionKey[]) =>
  addClient({ secrets: [], jwks: own.map(({ record }) => record) });

async function outcome(clientId: string, assertion: string, more: Record<string, string> = {}) {
  const issuer = await makeIssuer();
  const response = await issuer.post(assertionRequest(assertion, more));
  const { error } = (await response.json()) as { error?: string };
  const line = issuer.lastLine();
  return {
    status: response.status,
    error,
    reason: line?.reason,
    detail: line?.reason_detail,
    client: clientId,
  };
}

describe('a client assertion', () => {
  it.each(ASSERTION_ALGORITHMS)(
    'signed with %s authenticates, with `client_id` beside it and without',
    async (alg) => {
      const key = keyFor(alg);
      const { id } = await withKeys(key);
      expect(await outcome(id, await makeAssertion({ ...key, alg }, id))).toMatchObject({ status: 200 });
      expect(await outcome(id, await makeAssertion({ ...key, alg }, id), { client_id: id })).toMatchObject({
        status: 200,
      });
    },
  );

  it('may be signed with either of two live keys, with `kid` or without, until one expires', async () => {
    const [a, b] = [await makeAssertionKey('ES256', 'a'), await makeAssertionKey('ES256', 'b')];
    const { id } = await addClient({
      secrets: [],
      jwks: [{ ...a.record, expires_at: NOW_SECONDS }, b.record],
    });
    const both = await withKeys(a, b);
    for (const key of [a, b]) {
      expect((await outcome(both.id, await makeAssertion(key, both.id))).status).toBe(200);
      expect(
        (await outcome(both.id, await makeAssertion(key, both.id, {}, { kid: key.record.id }))).status,
      ).toBe(200);
    }
    expect((await outcome(id, await makeAssertion(a, id))).reason).toBe('assertion_signature_invalid');
    expect((await outcome(id, await makeAssertion(b, id))).status).toBe(200);
  });

  it.each([
    ['of another client', { iss: 'other', sub: 'other' }, 'client_unknown'],
    ['whose iss and sub differ (RFC 7523 §3)', { iss: 'other' }, 'assertion_malformed'],
    ['without sub', { sub: undefined }, 'assertion_malformed'],
    ['for the token endpoint', { aud: `${TOKEN_ISSUER}oauth/token` }, 'assertion_claims_invalid'],
    ['for the issuer without its slash', { aud: TOKEN_ISSUER.slice(0, -1) }, 'assertion_claims_invalid'],
    [
      'for several audiences, the issuer among them',
      { aud: [TOKEN_ISSUER, 'https://other.example/'] },
      'assertion_claims_invalid',
    ],
    ['for a list with the issuer only', { aud: [TOKEN_ISSUER] }, 'assertion_claims_invalid'],
    ['without audience (RFC 7523 §3)', { aud: undefined }, 'assertion_claims_invalid'],
    ['that has expired', { exp: NOW_SECONDS - 10 }, 'assertion_claims_invalid'],
    ['without exp (RFC 7523 §3)', { exp: undefined }, 'assertion_claims_invalid'],
    ['that lives for over five minutes', { exp: NOW_SECONDS + 311 }, 'assertion_claims_invalid'],
    ['with exp as text', { exp: String(NOW_SECONDS + 60) }, 'assertion_claims_invalid'],
    ['that is not valid yet (RFC 7523 §3)', { nbf: NOW_SECONDS + 11 }, 'assertion_claims_invalid'],
    ['from the future', { iat: NOW_SECONDS + 11 }, 'assertion_claims_invalid'],
    ['without jti', { jti: undefined }, 'assertion_claims_invalid'],
    ['with a jti of 65 characters', { jti: 'x'.repeat(65) }, 'assertion_claims_invalid'],
    ['with a jti that is a number', { jti: 1 }, 'assertion_claims_invalid'],
    ['of over 2048 characters', { x: 'x'.repeat(2048) }, 'assertion_malformed'],
  ])('%s is refused', async (_why, claims, reason) => {
    const key = keyFor('ES256');
    const { id } = await withKeys(key);
    const { detail: _, ...found } = await outcome(id, await makeAssertion(key, id, claims));
    expect(found).toEqual({ status: 401, error: 'invalid_client', reason, client: id });
  });

  it.each([
    ['within ten seconds of expiry', { exp: NOW_SECONDS - 9 }],
    [
      'of a clock that is ten seconds ahead',
      { nbf: NOW_SECONDS + 10, iat: NOW_SECONDS + 10, exp: NOW_SECONDS + 310 },
    ],
    ['without iat', { iat: undefined }],
  ])('%s is accepted', async (_why, claims) => {
    const key = keyFor('ES256');
    const { id } = await withKeys(key);
    expect((await outcome(id, await makeAssertion(key, id, claims))).status).toBe(200);
  });

  it('with another client_id beside it is refused (RFC 7521 §4.2)', async () => {
    const key = keyFor('ES256');
    const { id } = await withKeys(key);
    const found = await outcome(id, await makeAssertion(key, id), { client_id: 'other' });
    expect([found.status, found.error]).toEqual([400, 'invalid_request']);
  });

  it.each(['', 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer'])(
    'of the type "%s" is refused (RFC 7523 §2.2)',
    async (type) => {
      const key = keyFor('ES256');
      const { id } = await withKeys(key);
      expect((await outcome(id, await makeAssertion(key, id), { client_assertion_type: type })).status).toBe(
        401,
      );
    },
  );

  it('is refused where another client has the key', async () => {
    const key = keyFor('ES256');
    await withKeys(key);
    const { id } = await withKeys(await makeAssertionKey());
    expect((await outcome(id, await makeAssertion(key, id))).reason).toBe('assertion_signature_invalid');
  });

  it('is refused where the client has a secret only, by the same answer as for an unknown client', async () => {
    const key = keyFor('ES256');
    const { id } = await addClient();
    const known = await outcome(id, await makeAssertion(key, id));
    const unknown = await outcome('nobody', await makeAssertion(key, 'nobody'));
    expect([known.status, known.error]).toEqual([unknown.status, unknown.error]);
    expect([known.reason, unknown.reason]).toEqual(['assertion_key_unknown', 'client_unknown']);
  });

  it.each(['x', 'a.b.c', '..', 'eyJhbGciOiJFUzI1NiJ9..x'])('that is no JWT (%s) is refused', async (text) => {
    expect((await outcome('x', text)).status).toBe(401);
  });
});

describe('the client of an assertion', () => {
  it('that is disabled gets no token', async () => {
    const key = keyFor('ES256');
    const { id } = await addClient({ secrets: [], jwks: [key.record], disabled: true });
    expect((await outcome(id, await makeAssertion(key, id))).reason).toBe('client_disabled');
  });

  it('has its `kid` minded: it names one of the keys', async () => {
    const [a, b] = [await makeAssertionKey('ES256', 'a'), await makeAssertionKey('ES256', 'b')];
    const { id } = await withKeys(a, b);
    expect((await outcome(id, await makeAssertion(a, id, {}, { kid: 'b' }))).reason).toBe(
      'assertion_signature_invalid',
    );
    expect((await outcome(id, await makeAssertion(a, id, {}, { kid: 'c' }))).reason).toBe(
      'assertion_key_unknown',
    );
  });

  it('has the kind of its key minded', async () => {
    const key = keyFor('ES256');
    const { id } = await withKeys(keyFor('RS256'));
    expect((await outcome(id, await makeAssertion(key, id))).reason).toBe('assertion_key_unknown');
  });

  it('costs a verification, also where there is no key to verify with', async () => {
    const key = keyFor('ES256');
    const { id } = await withKeys(key);
    const verify = vi.spyOn(crypto.subtle, 'verify');
    const count = async (clientId: string) => {
      verify.mockClear();
      await outcome(clientId, await makeAssertion(key, clientId));
      return verify.mock.calls.length;
    };
    expect([await count(id), await count('nobody')]).toEqual([1, 1]);
    verify.mockRestore();
  });
});

describe('algorithm confusion', () => {
  it('alg none is refused, with an empty signature and with another', async () => {
    const { id } = await withKeys(keyFor('ES256'));
    const claims = { iss: id, sub: id, aud: TOKEN_ISSUER, exp: NOW_SECONDS + 60, jti: 'x' };
    const head = base64url(JSON.stringify({ alg: 'none' }));
    for (const signature of ['', 'x']) {
      const found = await outcome(id, `${head}.${base64url(JSON.stringify(claims))}.${signature}`);
      expect([found.status, found.reason]).toEqual([401, 'assertion_malformed']);
    }
  });

  it('HS256 with the public key as the secret is refused', async () => {
    const { publicKey } = await crypto.subtle
      .generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
      .then((pair) => pair as CryptoKeyPair);
    const jwk = { ...(await exportJWK(publicKey)) };
    const { id } = await addClient({ secrets: [], jwks: [{ id: 'k', jwk, created_at: 1 }] });
    const secret = new TextEncoder().encode(await exportSPKI(publicKey));
    const claims = { iss: id, sub: id, aud: TOKEN_ISSUER, exp: NOW_SECONDS + 60, jti: 'x' };
    const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(secret);
    expect((await outcome(id, forged)).reason).toBe('assertion_malformed');
  });

  it('a key that is for one algorithm does not serve another', async () => {
    const key = keyFor('RS256');
    const { id } = await addClient({
      secrets: [],
      jwks: [{ ...key.record, jwk: { ...key.record.jwk, alg: 'PS256' } }],
    });
    expect((await outcome(id, await makeAssertion(key, id))).reason).toBe('assertion_key_unknown');
  });

  it('a key inside the assertion is never looked at', async () => {
    const [own, other] = [keyFor('ES256'), await makeAssertionKey()];
    const { id } = await withKeys(own);
    const { jwk } = other.record;
    expect((await outcome(id, await makeAssertion(other, id, {}, { jwk }))).status).toBe(401);
  });

  it('a registered key that is not a key refuses, and is no error', async () => {
    const key = keyFor('ES256');
    const { id } = await addClient({
      secrets: [],
      jwks: [{ id: 'k', jwk: { kty: 'EC', crv: 'P-256', x: '!', y: 1 }, created_at: 1 }],
    });
    expect((await outcome(id, await makeAssertion(key, id))).reason).toBe('assertion_signature_invalid');
  });
});

describe('an assertion that was used', () => {
  const makeReplay = (use: (jti: string) => boolean | Promise<boolean>) => ({
    ASSERTIONS: { getByName: () => ({ use }) },
  });

  it('is refused where the issuer remembers (the real object is in the end-to-end tests) (RFC 7523 §3)', async () => {
    const key = keyFor('ES256');
    const { id } = await withKeys(key);
    const used = new Set<string>();
    const issuer = await makeIssuer({ env: makeReplay((jti) => !used.has(jti) && Boolean(used.add(jti))) });
    const request = assertionRequest(await makeAssertion(key, id));
    expect((await issuer.post(request)).status).toBe(200);
    expect((await issuer.post(request)).status).toBe(401);
    expect(issuer.lastLine()?.reason).toBe('assertion_replayed');
  });

  it('is not taken before its signature is good: a stranger can’t use up ids', async () => {
    const key = keyFor('ES256');
    const { id } = await withKeys(key);
    let asked = 0;
    const issuer = await makeIssuer({ env: makeReplay(() => ++asked > 0) });
    await issuer.post(assertionRequest(await makeAssertion(await makeAssertionKey(), id)));
    expect(asked).toBe(0);
  });

  it('is taken by its client and id, until it can’t be used for its age', async () => {
    const key = keyFor('ES256');
    const { id } = await withKeys(key);
    const taken: unknown[] = [];
    const use = (jti: string, until: number) => taken.push(jti, until) > 0;
    const issuer = await makeIssuer({
      env: { ASSERTIONS: { getByName: (name: string) => taken.push(name) && { use } } },
    });
    await issuer.post(assertionRequest(await makeAssertion(key, id, { jti: 'one', exp: NOW_SECONDS + 60 })));
    expect(taken).toEqual([id, 'one', NOW_SECONDS + 70]);
  });

  it('can’t be told from others where the memory fails: nothing is issued', async () => {
    const key = keyFor('ES256');
    const { id } = await withKeys(key);
    const issuer = await makeIssuer({ env: makeReplay(() => Promise.reject(new Error('down'))) });
    expect((await issuer.post(assertionRequest(await makeAssertion(key, id)))).status).toBe(503);
  });
});
