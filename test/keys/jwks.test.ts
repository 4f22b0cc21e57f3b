import { beforeAll, describe, expect, it } from 'vitest';
import { importKeySet, readJwks, selectKeys } from '../../src/keys/jwks.ts';
import { makeKey, type SigningKey } from '../support/issuer.ts';

let ec: SigningKey;
let rsa: SigningKey;
let ed: SigningKey;
beforeAll(async () => {
  [ec, rsa, ed] = await Promise.all([
    makeKey('ES256', 'ec'),
    makeKey('RS256', 'rsa'),
    makeKey('EdDSA', 'ed'),
  ]);
});

const whyDropped = (...keys: unknown[]) => readJwks({ keys })?.dropped.map(({ why }) => why);

describe('readJwks', () => {
  it('keeps the public members that verification needs', () => {
    const extra = { ...ec.publicJwk, use: 'sig', key_ops: ['verify'], x5c: ['MII'], ext: true };
    expect(readJwks({ keys: [extra] })).toEqual({
      keys: [{ kty: 'EC', crv: 'P-256', x: ec.publicJwk.x, y: ec.publicJwk.y, kid: 'ec' }],
      dropped: [],
    });
  });

  it('takes keys without use and without alg', () => {
    expect(readJwks({ keys: [rsa.publicJwk, ed.publicJwk] })?.keys).toHaveLength(2);
  });

  it.each<[string, () => unknown, string]>([
    ['a symmetric key', () => ({ kty: 'oct', k: 'AAAA' }), 'private'],
    ['a symmetric key without its secret', () => ({ kty: 'oct' }), 'kty'],
    ['a private key', () => ({ ...ec.publicJwk, d: 'AAAA' }), 'private'],
    ['a key for encryption (RFC 7517 §4.2)', () => ({ ...rsa.publicJwk, use: 'enc' }), 'not_for_signatures'],
    [
      'a key for other operations (RFC 7517 §4.3)',
      () => ({ ...rsa.publicJwk, key_ops: ['encrypt'] }),
      'not_for_signatures',
    ],
    ['a curve for key agreement', () => ({ kty: 'OKP', crv: 'X25519', x: ed.publicJwk.x }), 'kty'],
    ['Ed448', () => ({ kty: 'OKP', crv: 'Ed448', x: ed.publicJwk.x }), 'kty'],
    ['secp256k1 (RFC 7517 §5)', () => ({ ...ec.publicJwk, crv: 'secp256k1' }), 'kty'],
    ['a curve named like a member of every object', () => ({ ...ec.publicJwk, crv: 'constructor' }), 'kty'],
    ['an alg that does not fit the key', () => ({ ...ec.publicJwk, alg: 'RS256' }), 'alg'],
    ['an alg that does not fit the curve (RFC 7518 §3.4)', () => ({ ...ec.publicJwk, alg: 'ES384' }), 'alg'],
    ['an alg for encryption', () => ({ ...rsa.publicJwk, alg: 'RSA-OAEP' }), 'alg'],
    ['a symmetric alg', () => ({ ...rsa.publicJwk, alg: 'HS256' }), 'alg'],
    ['a kid that is a table', () => ({ ...rsa.publicJwk, kid: {} }), 'kid'],
    ['a modulus that is no base64url', () => ({ ...rsa.publicJwk, n: '!' }), 'malformed'],
    ['a modulus that ends in half a byte', () => ({ ...rsa.publicJwk, n: 'A'.repeat(345) }), 'malformed'],
    ['a point without y', () => ({ ...ec.publicJwk, y: undefined }), 'malformed'],
    ['null', () => null, 'not_an_object'],
  ])('drops %s', (_why, make, want) => {
    expect(whyDropped(make())).toEqual([want]);
  });

  it('drops RSA keys under 2048 bits, leading zeros not counted, and absurdly large ones (RFC 7518 §3.3)', async () => {
    const weak = await makeKey('RS256', 'weak', 2048);
    const n = Uint8Array.from(atob((weak.publicJwk.n ?? '').replaceAll('-', '+').replaceAll('_', '/')), (c) =>
      c.charCodeAt(0),
    );
    const toB64 = (bytes: Uint8Array) =>
      btoa(String.fromCharCode(...bytes))
        .replaceAll('+', '-')
        .replaceAll('/', '_')
        .replaceAll('=', '');
    const padded = new Uint8Array(257);
    padded.set(n.slice(0, 255), 2);
    expect(whyDropped({ ...weak.publicJwk, n: toB64(n.slice(0, 128)) })).toEqual(['rsa_size']);
    expect(whyDropped({ ...weak.publicJwk, n: toB64(padded) })).toEqual(['rsa_size']);
    expect(whyDropped({ ...weak.publicJwk, n: toB64(new Uint8Array(256)) })).toEqual(['rsa_size']);
    expect(whyDropped({ ...weak.publicJwk, n: toB64(new Uint8Array(1025).fill(255)) })).toEqual(['rsa_size']);
    expect(whyDropped(weak.publicJwk)).toEqual([]);
  });

  it.each([null, 1, 'text', [], {}, { keys: {} }])('takes %j for no key set', (document) => {
    expect(readJwks(document)).toBeUndefined();
  });

  it('reads 100 keys at most', () => {
    expect(readJwks({ keys: Array.from({ length: 200 }, () => ec.publicJwk) })?.keys).toHaveLength(100);
  });
});

describe('importKeySet', () => {
  it('leaves out keys that Web Crypto refuses', async () => {
    const offCurve = { kty: 'EC', crv: 'P-256', x: ec.publicJwk.x, y: ec.publicJwk.x, kid: 'bad' } as const;
    const jwks = readJwks({ keys: [offCurve, rsa.publicJwk] });
    const set = await importKeySet(jwks?.keys ?? []);
    expect(set?.keys.map(({ kid }) => kid)).toEqual(['rsa']);
    expect(await importKeySet(readJwks({ keys: [offCurve] })?.keys ?? [])).toBeUndefined();
  });
});

describe('selectKeys', () => {
  const select = async (keys: unknown[], header: { alg: string; kid?: string }) => {
    const set = await importKeySet(readJwks({ keys })?.keys ?? []);
    if (set === undefined) throw new Error('no key');
    const selected = selectKeys(set, { kid: undefined, ...header });
    return typeof selected === 'object' ? selected.keys.map(({ kid }) => kid ?? 'none').join(' ') : selected;
  };

  it.each<[string, () => unknown[], { alg: string; kid?: string }, string | undefined]>([
    ['by kid (RFC 7517 §4.5)', () => [ec.publicJwk, rsa.publicJwk], { alg: 'RS256', kid: 'rsa' }, 'rsa'],
    ['a kid that is not there', () => [ec.publicJwk], { alg: 'ES256', kid: 'x' }, 'unknown'],
    ['a kid of another type', () => [ec.publicJwk], { alg: 'RS256', kid: 'ec' }, 'misfit'],
    ['the only one that fits, without kid', () => [ec.publicJwk, rsa.publicJwk], { alg: 'ES256' }, 'ec'],
    ['none that fits, without kid', () => [ec.publicJwk], { alg: 'EdDSA' }, 'unknown'],
    [
      'several that fit, without kid',
      () => [rsa.publicJwk, { ...rsa.publicJwk, kid: 'b' }],
      { alg: 'PS256' },
      'rsa b',
    ],
    [
      'several with one kid',
      () => [rsa.publicJwk, { ...rsa.publicJwk, alg: 'RS256' }],
      { alg: 'RS256', kid: 'rsa' },
      'rsa rsa',
    ],
    [
      'four that fit, without kid',
      () => [...'abcd'].map((kid) => ({ ...ec.publicJwk, kid })),
      { alg: 'ES256' },
      'a b c d',
    ],
    [
      'five that fit, without kid',
      () => [...'abcde'].map((kid) => ({ ...ec.publicJwk, kid })),
      { alg: 'ES256' },
      'ambiguous',
    ],
    [
      'five with one kid',
      () => ['RS256', 'RS384', 'RS512', 'PS256', undefined].map((alg) => ({ ...rsa.publicJwk, alg })),
      { alg: 'RS256', kid: 'rsa' },
      'rsa rsa',
    ],
    [
      'by alg among several with one kid',
      () => [
        { ...rsa.publicJwk, alg: 'RS256' },
        { ...rsa.publicJwk, alg: 'PS256' },
      ],
      { alg: 'PS256', kid: 'rsa' },
      'rsa',
    ],
    [
      'a key without kid, where no key has the one of the token',
      () => [{ ...ec.publicJwk, kid: undefined }, rsa.publicJwk],
      { alg: 'ES256', kid: 'ec' },
      'none',
    ],
    [
      'no key without kid, where one has that of the token',
      () => [{ ...ec.publicJwk, kid: undefined }, ec.publicJwk],
      { alg: 'ES256', kid: 'ec' },
      'ec',
    ],
    [
      'no key without kid of another type',
      () => [{ ...ec.publicJwk, kid: undefined }],
      { alg: 'RS256', kid: 'x' },
      'unknown',
    ],
  ])('%s', async (_why, keys, header, want) => {
    expect(await select(keys(), header)).toBe(want);
  });
});
