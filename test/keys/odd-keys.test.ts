/**
 * Keys as servers really write them. Each was seen in public reports: padded and plain base64 in key sets of home-made
 * servers, moduli with a leading zero byte (Java's BigInteger.toByteArray), coordinates without their leading zeros
 * (the same, cut), null members (serialisers of .NET and Go), numeric kid, an x5c that has expired.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { readJwks } from '../../src/keys/jwks.ts';
import { makeRig } from '../support/gateway.ts';
import { makeKey, type SigningKey, sign, usualClaims } from '../support/issuer.ts';

type Jwk = Record<string, unknown>;

const toBytes = (text: unknown) =>
  Uint8Array.from(atob(String(text).replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
const toBase64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
const toBase64Url = (bytes: Uint8Array) =>
  toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
/** Applies a way to write numbers to all of a key. */
const written = (jwk: Jwk, write: (bytes: Uint8Array) => string): Jwk =>
  Object.fromEntries(
    Object.entries(jwk).map(([name, value]) => [name, /^[nexy]$/.test(name) ? write(toBytes(value)) : value]),
  );
const withZeros = (bytes: Uint8Array) => toBase64Url(Uint8Array.from([0, 0, ...bytes]));
const withoutZeros = (bytes: Uint8Array) => toBase64Url(bytes.slice(bytes.findIndex((byte) => byte !== 0)));

const rsa = ['RS256', 'PS384'];
const ec = ['ES256', 'ES384', 'ES512'];
const all = [...rsa, ...ec, 'EdDSA'];

const ODD: readonly (readonly [string, readonly string[], (jwk: Jwk) => Jwk | Jwk[]])[] = [
  ['plain base64 with padding', all, (jwk) => written(jwk, toBase64)],
  [
    'plain base64 without padding',
    all,
    (jwk) => written(jwk, (bytes) => toBase64(bytes).replaceAll('=', '')),
  ],
  [
    'base64url with padding',
    all,
    (jwk) => written(jwk, (bytes) => toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_')),
  ],
  ['numbers with leading zeros', [...rsa, ...ec], (jwk) => written(jwk, withZeros)],
  ['numbers without leading zeros', [...rsa, ...ec], (jwk) => written(jwk, withoutZeros)],
  [
    'null in every optional member',
    all,
    (jwk) => ({ ...jwk, use: null, key_ops: null, alg: null, x5c: null, x5t: null }),
  ],
  [
    'private members that are null or empty',
    all,
    (jwk) => ({ ...jwk, d: null, p: '', q: null, dp: '', k: null, oth: [] }),
  ],
  [
    'members that nobody knows',
    all,
    (jwk) => ({ ...jwk, use: 'sig', ext: true, iat: 1, exp: 2, issuer: 'x', toString: 1, x5u: 7 }),
  ],
  [
    'a certificate that has expired or is none',
    all,
    (jwk) => ({ ...jwk, x5c: ['MIIBexpired', 7], x5t: 'x', 'x5t#S256': null }),
  ],
  ['the same key thrice', all, (jwk) => [jwk, { ...jwk }, { ...jwk, x5c: [] }]],
  ['the same key, padded the second time', all, (jwk) => [jwk, written(jwk, toBase64)]],
  [
    'beside keys of every bad kind',
    all,
    (jwk) =>
      [null, 7, [], {}, { kty: 'oct', k: 'AA', kid: jwk['kid'] }, { kty: 'RSA', kid: 'key-1' }, jwk] as Jwk[],
  ],
  ['no kid', all, ({ kid: _kid, ...jwk }) => jwk],
];

describe.each(all)('%s', (alg) => {
  let key: SigningKey;
  beforeAll(async () => {
    key = await makeKey(alg);
  });

  it.each(ODD.filter(([, algorithms]) => algorithms.includes(alg)))(
    '%s',
    async (_why, _algorithms, publish) => {
      const rig = makeRig({
        routes: { 'GET /x': {} },
        keys: [publish(key.publicJwk as Jwk)].flat() as never,
        more: {
          ISSUERS: {
            main: {
              issuer: 'https://issuer.example/',
              jwks_uri: 'https://issuer.example/keys',
              algorithms: all,
            },
          },
        },
      });
      expect((await rig.call('GET /x', await sign(key))).status).toBe(200);
      expect((await rig.call('GET /x', await sign(key, usualClaims(), { kid: undefined }))).status).toBe(200);
      const other = await makeKey(alg);
      expect((await rig.call('GET /x', await sign(other))).status).toBe(401);
    },
  );
});

it('takes coordinates that begin with zeros, however they are written (RFC 7518 §6.2.1.2)', async () => {
  let short: SigningKey | undefined;
  for (let i = 0; i < 20_000 && short === undefined; i++) {
    const made = await makeKey('ES256');
    if (toBytes(made.publicJwk.x)[0] === 0) short = made;
  }
  if (short === undefined) throw new Error('no such key came up');
  for (const write of [withoutZeros, withZeros, toBase64, toBase64Url]) {
    // One key is one key, and Web Crypto of other runtimes minds the length (RFC 7518 §6.2.1.2).
    const { x, y } = short.publicJwk;
    expect(readJwks({ keys: [written(short.publicJwk as Jwk, write)] })?.keys).toMatchObject([{ x, y }]);
    const rig = makeRig({
      routes: { 'GET /x': {} },
      keys: [written(short.publicJwk as Jwk, write) as never],
    });
    expect((await rig.call('GET /x', await sign(short))).status).toBe(200);
  }
});

it.each<[string, (jwk: Jwk) => Jwk]>([
  ['private members', (jwk) => ({ ...jwk, d: 'AAAA' })],
  ['a private member that is not text', (jwk) => ({ ...jwk, d: 7 })],
  ['a coordinate that is larger than its curve', (jwk) => ({ ...jwk, x: `AQ${'A'.repeat(44)}` })],
  ['both alphabets and something else', (jwk) => ({ ...jwk, x: `${String(jwk['x']).slice(1)}!` })],
  [
    'padding inside',
    (jwk) => ({ ...jwk, x: `${String(jwk['x']).slice(0, 10)}=${String(jwk['x']).slice(11)}` }),
  ],
  ['three digits of padding', (jwk) => ({ ...jwk, x: `${jwk['x']}===` })],
])('never uses a key with %s', async (_why, spoil) => {
  const key = await makeKey();
  const rig = makeRig({
    routes: { 'GET /x': {} },
    keys: [spoil(key.publicJwk as Jwk) as never, (await makeKey('ES256', 'b')).publicJwk],
  });
  expect((await rig.call('GET /x', await sign(key))).status).toBe(401);
  const told = rig.logs.find((line) => 'event' in line && line.event === 'keys_refreshed');
  expect(told).toMatchObject({ keys: 1, dropped: 1, dropped_keys: [{ kid: 'key-1' }] });
});

it('the log lists eight keys that are dropped, and cuts their ids', async () => {
  const good = await makeKey();
  const bad = Array.from({ length: 200 }, (_, i) => ({
    kty: 'oct',
    k: 'AAAA',
    kid: `${i}${'x'.repeat(500)}`,
  }));
  const rig = makeRig({ routes: { 'GET /x': {} }, keys: [good.publicJwk, ...bad] as never });
  expect((await rig.call('GET /x', await sign(good))).status).toBe(200);
  const told = rig.logs.find((line) => 'event' in line && line.event === 'keys_refreshed');
  expect(told).toMatchObject({ keys: 1, dropped: 200 });
  expect(JSON.stringify(told).length).toBeLessThan(8 * 200);
});
