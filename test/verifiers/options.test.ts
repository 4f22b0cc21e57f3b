/** What is the verifier's own, beside docs/assertion-vectors.json. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  createReplayMemory,
  createSecretVerifier,
  createVerifier,
  OriginRefusal,
  problemOf,
  userKey,
  type VerifierOptions,
} from '../../origin/src/index.ts';
import { AUDIENCE, createSigner, ISSUER, type Signer } from '../support/assertion.ts';

let signer: Signer;
let options: VerifierOptions;
beforeAll(async () => {
  signer = await createSigner('one');
  options = { issuer: ISSUER, audience: AUDIENCE, keys: { keys: [signer.jwk] } };
});

const SECRET = 'a secret of some length';

describe('options', () => {
  it.each<[string, Partial<VerifierOptions>, string]>([
    ['issuer', { issuer: '' }, 'issuer: the verifier needs it; it is empty'],
    ['audience', { audience: undefined as never }, 'audience: the verifier needs it; it is not set'],
    ['keys', { keys: 'http://api.example.com/' }, 'keys: write an https URL; http is for this machine only'],
    ['skew', { clockSkewSeconds: 61 }, 'clockSkewSeconds: write a number from 0 to 60'],
    ['skew as text', { clockSkewSeconds: '5' as never }, 'clockSkewSeconds: write a number from 0 to 60'],
    ['no number', { clockSkewSeconds: Number.NaN }, 'clockSkewSeconds: write a number from 0 to 60'],
    [
      'replay',
      { bind: 'none', replay: () => true },
      "replay: with bind: 'none' the gateway sends one assertion",
    ],
  ])('that are wrong are named: %s', (_name, wrong, message) => {
    expect(() => createVerifier({ ...options, ...wrong })).toThrow(message);
  });

  it.each(['http://localhost:8787/k', 'http://gateway.localhost/k', 'http://127.0.0.1/k', 'http://[::1]/k'])(
    'let keys come from this machine over http: %s',
    (keys) => {
      expect(createVerifier({ ...options, keys }).bind).toBe('request');
      expect(createVerifier({ ...options, keys: new URL(keys) }).bind).toBe('request');
    },
  );

  it('never have the secret in a message', () => {
    const secret = `${SECRET}\n`;
    const made = () => createSecretVerifier({ secrets: [secret], header: 'x-origin-secret' });
    expect(made).toThrow('secrets[0]: it has blanks at an end, line breaks or characters beyond ASCII');
    expect(made).not.toThrow(SECRET);
  });
});

async function refusalOf(work: Promise<unknown>): Promise<OriginRefusal> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OriginRefusal);
  return error as OriginRefusal;
}

const verify = async (more: Partial<VerifierOptions>, claims = {}, target = '/me?x=1') =>
  createVerifier({ ...options, ...more }).verify({
    method: 'GET',
    target,
    headers: [['txn-token', await signer.sign(claims)]],
  });

describe('a refusal', () => {
  it('names both times', async () => {
    const times = { iat: 1_800_000_000, exp: 1_800_000_030 };
    const late = await refusalOf(verify({ now: () => 1_800_000_035_500 }, times));
    expect(late.message).toBe(
      'The assertion ended at 2027-01-15T08:00:30.000Z; it is 2027-01-15T08:00:35.500Z here.',
    );
    const early = await refusalOf(verify({ now: () => 1_799_999_994_000 }, times));
    expect(early.message).toBe(
      'The assertion is valid from 2027-01-15T08:00:00.000Z; it is 2027-01-15T07:59:54.000Z here.',
    );
  });

  it('names both targets, with control characters escaped', async () => {
    const { message } = await refusalOf(verify({}, {}, '/me\n2027'));
    expect(message).toBe('The assertion is for "/me?x=1", not "/me\\n2027".');
  });

  it('names what it compared with, which a slip in a variable shows, and nothing of the assertion', async () => {
    const issuer = await refusalOf(verify({ issuer: `${options.issuer}/` }));
    expect(issuer.message).toBe('The assertion is of another issuer than "https://api.example.com/".');
    const audience = await refusalOf(verify({}, { aud: 'elsewhere' }));
    expect(audience.message).toBe(
      'The assertion is for another audience than "orders.internal.example", or for more than one.',
    );
  });

  it('tells the client its code, and no more', async () => {
    const { status, body } = problemOf(await refusalOf(verify({}, {}, '/other')));
    expect([status, JSON.parse(body)]).toEqual([
      401,
      { type: 'about:blank', title: 'Not from the gateway', status: 401, code: 'target_mismatch' },
    ]);
    expect(problemOf(new OriginRefusal('keys_unavailable', '')).status).toBe(503);
  });
});

describe('clocks', () => {
  it('may differ by as much as is said', async () => {
    const times = { iat: 1_800_000_000, exp: 1_800_000_030 };
    const at = (seconds: number) => ({ clockSkewSeconds: 0, now: () => seconds * 1000 });
    expect((await verify(at(1_800_000_029), times)).expiresAt).toBe(1_800_000_030);
    expect((await refusalOf(verify(at(1_800_000_030), times))).code).toBe('expired');
    expect((await refusalOf(verify(at(1_799_999_999), times))).code).toBe('not_yet_valid');
  });
});

describe('a memory of ids', () => {
  it('lets one through, once', async () => {
    const verifier = createVerifier({ ...options, replay: createReplayMemory() });
    const request = { method: 'GET', target: '/me?x=1', headers: { 'txn-token': await signer.sign() } };
    expect((await verifier.verify(request)).caller?.subject).toBe('user-1');
    expect((await refusalOf(verifier.verify(request))).code).toBe('replayed');
  });

  it('remembers ids until they end, clocks that differ included', async () => {
    let until = 0;
    const replay = (_id: string, rememberUntil: number) => {
      until = rememberUntil;
      return true;
    };
    const { expiresAt = 0 } = await verify({ replay, clockSkewSeconds: 7 });
    expect(until).toBe(expiresAt + 7);

    let now = 1_000;
    const memory = createReplayMemory({ maxEntries: 2, now: () => now });
    expect([memory('a', 3), memory('b', 9), memory('a', 3)]).toEqual([true, true, false]);
    expect(() => memory('c', 9)).toThrow('raise maxEntries (2)');
    now = 3_000;
    expect([memory('c', 9), memory('b', 9), memory('c', 9)]).toEqual([true, false, false]);
  });

  it('that fails lets nobody in', async () => {
    const replay = () => Promise.reject(new Error('no connection'));
    await expect(verify({ replay })).rejects.toThrow('no connection');
  });

  it('is asked for requests that are otherwise right only', async () => {
    const replay = () => {
      throw new Error('asked');
    };
    expect((await refusalOf(verify({ replay }, {}, '/other'))).code).toBe('target_mismatch');
  });
});

describe('users', () => {
  const caller = { issuer: 'a', subject: 'b","c', client: undefined, scopes: [], claims: {} };
  it('are keyed by issuer and subject', () => {
    expect(userKey(caller)).toBe('["a","b\\",\\"c"]');
    expect(() => userKey({ ...caller, subject: undefined })).toThrow('no subject');
  });
});
