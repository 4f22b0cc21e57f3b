/** Algorithms, keys and signatures. */
import { createHmac } from 'node:crypto';
import {
  type AssertionVector,
  assertion,
  bad,
  CLAIMS,
  claims,
  KEYS,
  part,
  signatureOf,
  TARGET,
} from './vector.ts';

const RIGHT = assertion();
const [HEADER = '', PAYLOAD = '', SIGNATURE = ''] = RIGHT.split('.');

const unsigned = (header: object, signature: string) => `${part(header)}.${PAYLOAD}.${signature}`;
const { kid } = KEYS.es;
const typ = 'txntoken+jwt';
const hs256 = (secret: string) => {
  const text = `${part({ alg: 'HS256', typ, kid })}.${PAYLOAD}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
};

const ALGORITHMS: readonly AssertionVector[] = [
  bad('none-unsigned', 'malformed', 'alg none, no signature', unsigned({ alg: 'none', typ, kid }, '')),
  bad(
    'none-signed',
    'algorithm_not_allowed',
    'alg none, with a signature',
    unsigned({ alg: 'none', typ, kid }, SIGNATURE),
  ),
  bad(
    'hs256-pem',
    'algorithm_not_allowed',
    'HS256, with the public key as secret',
    hs256(KEYS.es.publicKey.export({ format: 'pem', type: 'spki' }) as string),
  ),
  bad(
    'hs256-jwk',
    'algorithm_not_allowed',
    'HS256, with the public JWK as secret',
    hs256(JSON.stringify(KEYS.es.publicKey.export({ format: 'jwk' }))),
  ),
  bad(
    'rs256',
    'algorithm_not_allowed',
    'an algorithm that is not used here',
    assertion(CLAIMS, { alg: 'RS256' }, KEYS.rsa),
  ),
  bad('alg-case', 'algorithm_not_allowed', 'algorithms have case', assertion(CLAIMS, { alg: 'es256' })),
  bad('alg-missing', 'algorithm_not_allowed', 'no algorithm', assertion(CLAIMS, { alg: undefined })),
  bad('alg-list', 'algorithm_not_allowed', 'a list of algorithms', assertion(CLAIMS, { alg: ['ES256'] })),
  bad(
    'alg-of-other-key',
    'algorithm_not_allowed',
    'the key is for another algorithm',
    assertion(CLAIMS, { kid: KEYS.ed.kid }),
  ),
  bad(
    'alg-of-other-key-ed',
    'algorithm_not_allowed',
    'the other way round',
    assertion(CLAIMS, { kid: KEYS.es.kid }, KEYS.ed),
  ),
  bad('kid-unknown', 'key_unknown', 'a key that is not published', assertion(CLAIMS, {}, KEYS.unpublished)),
  bad('kid-missing', 'key_unknown', 'no kid', assertion(CLAIMS, { kid: undefined })),
  bad('kid-number', 'key_unknown', 'a kid that is no text', assertion(CLAIMS, { kid: 1 })),
  bad(
    'kid-prototype',
    'key_unknown',
    'a kid that languages have members for',
    assertion(CLAIMS, { kid: '__proto__' }),
  ),
  bad(
    'jwk-in-header',
    'key_unknown',
    'its key in the header',
    assertion(CLAIMS, { jwk: KEYS.unpublished.publicKey.export({ format: 'jwk' }) }, KEYS.unpublished),
  ),
  bad(
    'key-for-encryption',
    'key_unknown',
    'a key that is for encryption',
    assertion(CLAIMS, {}, KEYS.encryption),
  ),
  bad(
    'key-for-derivation',
    'key_unknown',
    'a key with key_ops other than verify',
    assertion(CLAIMS, {}, KEYS.wrongOperation),
  ),
  bad(
    'key-of-other-alg',
    'key_unknown',
    'a key whose alg does not fit its curve',
    assertion(CLAIMS, {}, KEYS.wrongAlg),
  ),
  bad('key-rsa', 'key_unknown', 'the kid of an RSA key', assertion(CLAIMS, { kid: KEYS.rsa.kid })),
  bad('keys-unavailable', 'keys_unavailable', 'nobody answers where the keys are', RIGHT, {
    keys_url: 'http://127.0.0.1:9/jwks.json',
  }),
];

const TEXT = `${HEADER}.${PAYLOAD}`;
const ES = Buffer.from(SIGNATURE, 'base64url');
const ED_TEXT = assertion(CLAIMS, {}, KEYS.ed).split('.').slice(0, 2).join('.');
const signed = (bytes: Buffer, text = TEXT) => `${text}.${bytes.toString('base64url')}`;

const SIGNATURES: readonly AssertionVector[] = [
  bad(
    'signature-of-other-key',
    'signature_invalid',
    'signed with another key',
    assertion(CLAIMS, { kid }, KEYS.next),
  ),
  bad(
    'signature-bit',
    'signature_invalid',
    'one bit of it differs',
    signed(Buffer.from(ES.map((byte, at) => (at === 9 ? byte ^ 1 : byte)))),
  ),
  bad(
    'payload-changed',
    'signature_invalid',
    'another payload',
    `${HEADER}.${part(claims({ sub: 'admin' }))}.${SIGNATURE}`,
  ),
  bad(
    'header-changed',
    'signature_invalid',
    'another header',
    `${part({ alg: 'ES256', typ, kid, x: 1 })}.${PAYLOAD}.${SIGNATURE}`,
  ),
  bad('signature-der', 'signature_invalid', 'in DER', signed(signatureOf(TEXT, KEYS.es, 'der'))),
  bad('signature-short', 'signature_invalid', '63 bytes', signed(ES.subarray(0, 63))),
  bad('signature-long', 'signature_invalid', '65 bytes', signed(Buffer.concat([ES, Buffer.from([0])]))),
  bad(
    'signature-zero',
    'signature_invalid',
    '64 bytes of zero, which some libraries took for valid',
    signed(Buffer.alloc(64)),
  ),
  bad(
    'signature-of-ed-short',
    'signature_invalid',
    '63 bytes of Ed25519',
    signed(signatureOf(ED_TEXT, KEYS.ed).subarray(0, 63), ED_TEXT),
  ),
  bad(
    'signature-of-ed-zero',
    'signature_invalid',
    '64 bytes of zero for Ed25519',
    signed(Buffer.alloc(64), ED_TEXT),
  ),
  bad(
    'signature-before-claims',
    'signature_invalid',
    'claims are looked at only when the signature is right',
    `${HEADER}.${part({ iss: 'https://evil.example' })}.${SIGNATURE}`,
    { request: { target: TARGET } },
  ),
];

export const SIGNED = [...ALGORITHMS, ...SIGNATURES];
