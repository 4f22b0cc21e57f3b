/** How an assertion is written: headers, parts, types. */
import {
  ACCEPTED,
  type AssertionVector,
  assertion,
  bad,
  type Caller,
  CLAIMS,
  claims,
  good,
  KEYS,
} from './vector.ts';

const RIGHT = assertion();
const [HEADER = '', PAYLOAD = '', SIGNATURE = ''] = RIGHT.split('.');

const withHeaders = (...headers: [string, string][]) => ({ request: { headers } });

/** The last character has two bits too many in 32 + 32 bytes of signature: 86 characters. */
const otherSpelling = (text: string) => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return `${text.slice(0, -1)}${alphabet[alphabet.indexOf(text.slice(-1)) + 1]}`;
};

const MAX_LENGTH = 16_384;
const withFiller = (size: number) =>
  assertion(claims({ tctx: { ...CLAIMS.tctx, claims: { long: 'x'.repeat(size) } } }));
/** Base64url grows by one or two characters a byte: the longest that is allowed, and one that is a little longer. */
const sizes = Array.from({ length: 600 }, (_, index) => 11_600 + index);
const LARGEST = withFiller(sizes.findLast((size) => withFiller(size).length <= MAX_LENGTH) ?? 0);
const TOO_LARGE = withFiller(sizes.find((size) => withFiller(size).length > MAX_LENGTH) ?? 0);

const HEADERS: readonly AssertionVector[] = [
  good('es256', 'signed with ES256', RIGHT),
  good('eddsa', 'signed with Ed25519, by its older name', assertion(CLAIMS, {}, KEYS.ed)),
  good(
    'ed25519',
    'signed with Ed25519, by its name of RFC 9864',
    assertion(CLAIMS, { alg: 'Ed25519' }, KEYS.ed),
  ),
  good('next-key', 'a second key of the set, without use and alg', assertion(CLAIMS, {}, KEYS.next)),
  good('header-case', 'names of headers have no case', RIGHT, withHeaders(['tXN-tOKEN', RIGHT])),
  bad('missing', 'missing', 'no header', undefined),
  bad('empty', 'missing', 'an empty header', ''),
  bad(
    'other-header',
    'missing',
    'in Authorization',
    undefined,
    withHeaders(['Authorization', `Bearer ${RIGHT}`]),
  ),
  bad(
    'two-headers',
    'several',
    'two headers',
    undefined,
    withHeaders(['Txn-Token', RIGHT], ['Txn-Token', RIGHT]),
  ),
  bad(
    'two-cases',
    'several',
    'two spellings',
    undefined,
    withHeaders(['Txn-Token', RIGHT], ['txn-token', RIGHT]),
  ),
  bad('comma', 'several', 'two headers, joined by a server', `${RIGHT}, ${RIGHT}`),
  bad('comma-empty', 'several', 'a comma behind a right one', `${RIGHT},`),
  good('largest', `as long as it may be: ${LARGEST.length} characters`, LARGEST, {
    accept: { caller: callerOf(LARGEST) },
  }),
  bad('too-large', 'too_large', `${TOO_LARGE.length} characters`, TOO_LARGE),
];

function callerOf(token: string) {
  const { tctx } = JSON.parse(
    Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(),
  ) as typeof CLAIMS;
  return {
    issuer: tctx.iss,
    subject: CLAIMS.sub,
    client: CLAIMS.client_id,
    scopes: CLAIMS.scope.split(' '),
    claims: tctx.claims,
  };
}

/** The subject as it is written in JSON. */
const withSubject = (json: string) => JSON.stringify(CLAIMS).replace('user-1', json);
const NO_UTF_8 = Buffer.from(withSubject('\u00ff'), 'latin1');

const PARTS: readonly AssertionVector[] = [
  bad('one-part', 'malformed', 'one part', HEADER),
  bad('two-parts', 'malformed', 'two parts', `${HEADER}.${PAYLOAD}`),
  bad('four-parts', 'malformed', 'four parts', `${RIGHT}.${SIGNATURE}`),
  bad('empty-signature', 'malformed', 'an empty signature', `${HEADER}.${PAYLOAD}.`),
  bad('empty-payload', 'malformed', 'an empty payload', `${HEADER}..${SIGNATURE}`),
  bad('padding', 'malformed', 'padded base64url', `${HEADER}.${PAYLOAD}.${SIGNATURE}==`),
  bad(
    'plain-base64',
    'malformed',
    'the alphabet of plain base64',
    `${HEADER}.${PAYLOAD}.+/${SIGNATURE.slice(2)}`,
  ),
  bad('stray-character', 'malformed', 'a character of no alphabet', `${HEADER}.${PAYLOAD}.${SIGNATURE}~`),
  bad('blank', 'malformed', 'a blank inside', `${HEADER}. ${PAYLOAD}.${SIGNATURE}`),
  bad('bearer', 'malformed', 'a scheme before it', `Bearer ${RIGHT}`),
  bad(
    'odd-length',
    'malformed',
    'a length that base64 does not have',
    `${HEADER}.${PAYLOAD}.${SIGNATURE}AAA`,
  ),
  bad(
    'spare-bits',
    'malformed',
    'the signature in a second spelling',
    `${HEADER}.${PAYLOAD}.${otherSpelling(SIGNATURE)}`,
  ),
  bad('header-array', 'malformed', 'the header is an array', assertion(CLAIMS, '["ES256"]')),
  bad('header-no-json', 'malformed', 'the header is no JSON', assertion(CLAIMS, '{alg:"ES256"}')),
  bad('payload-null', 'malformed', 'the payload is null', assertion('null')),
  bad('payload-text', 'malformed', 'the payload is a text', assertion('"text"')),
  bad(
    'payload-trailing',
    'malformed',
    'something behind the payload',
    assertion(`${JSON.stringify(CLAIMS)}{}`),
  ),
  bad('payload-nan', 'malformed', 'NaN, which JSON does not have', assertion('{"iat":NaN}')),
  bad(
    'byte-order-mark',
    'malformed',
    'a byte order mark before the payload',
    assertion(`\ufeff${JSON.stringify(CLAIMS)}`),
  ),
  bad('no-utf-8', 'malformed', 'a payload that is no UTF-8', assertion(NO_UTF_8)),
  bad('surrogate-apart', 'malformed', 'both halves, but apart', assertion(withSubject('\\ud83dx\\ude00'))),
  bad(
    'surrogate-line',
    'malformed',
    'half a character, and another escape',
    assertion(withSubject('\\ud83dx\\n')),
  ),
  bad(
    'surrogates-swapped',
    'malformed',
    'both halves, in the wrong order',
    assertion(withSubject('\\ude00\\ud83d')),
  ),
  bad(
    'lone-surrogate',
    'malformed',
    'half a character, escaped',
    assertion(JSON.stringify(CLAIMS).replace('user-1', 'user-\\ud83d')),
  ),
  bad(
    'lone-low-surrogate',
    'malformed',
    'the other half',
    assertion(JSON.stringify(CLAIMS).replace('user-1', '\\ude00\\ud83d')),
  ),
  bad(
    'lone-surrogate-replaced',
    'malformed',
    'half a character in a member that another one of its name replaces',
    assertion(`{"sub":"\\ud83d",${JSON.stringify(CLAIMS).slice(1)}`),
  ),
  good(
    'surrogate-behind-backslash',
    'a backslash, and text that only looks like half a character',
    assertion(JSON.stringify({ ...CLAIMS, sub: '\\ud83d' })),
    { accept: { caller: { ...(ACCEPTED.caller as Caller), subject: '\\ud83d' } } },
  ),
];

const twice = (name: string, first: unknown, claimsText = JSON.stringify(CLAIMS)) =>
  `{${JSON.stringify(name)}:${JSON.stringify(first)},${claimsText.slice(1)}`;

const TYPES: readonly AssertionVector[] = [
  bad('crit', 'critical_unsupported', 'a critical header', assertion(CLAIMS, { crit: ['exp'], exp: 1 })),
  bad('crit-empty', 'critical_unsupported', 'an empty list of them', assertion(CLAIMS, { crit: [] })),
  bad('typ-missing', 'type_not_allowed', 'no type', assertion(CLAIMS, { typ: undefined })),
  bad('typ-jwt', 'type_not_allowed', 'a plain JWT', assertion(CLAIMS, { typ: 'JWT' })),
  bad('typ-at-jwt', 'type_not_allowed', 'an access token', assertion(CLAIMS, { typ: 'at+jwt' })),
  bad('typ-longer', 'type_not_allowed', 'a longer type', assertion(CLAIMS, { typ: 'txntoken+jwt2' })),
  bad(
    'typ-kelvin',
    'type_not_allowed',
    'a letter that is a k in some languages once case is folded',
    assertion(CLAIMS, { typ: 'txnto\u212aen+jwt' }),
  ),
  bad('typ-list', 'type_not_allowed', 'a list of types', assertion(CLAIMS, { typ: ['txntoken+jwt'] })),
  good('typ-case', 'types have no case', assertion(CLAIMS, { typ: 'TxnToken+JWT' })),
  good('typ-media', 'the whole media type', assertion(CLAIMS, { typ: 'application/txntoken+jwt' })),
  good(
    'header-unknown',
    'a header that nobody knows',
    assertion(CLAIMS, { x: { y: 1 }, jku: 'https://evil.example/' }),
  ),
  good(
    'json-twice-right',
    'of two members with one name, the last counts: the right one',
    assertion(twice('aud', 'other')),
  ),
  bad(
    'json-twice-wrong',
    'audience_mismatch',
    'the last counts: another one',
    assertion(`${JSON.stringify(CLAIMS).slice(0, -1)},"aud":"other"}`),
  ),
  bad(
    'json-case',
    'audience_mismatch',
    'names of claims have case',
    assertion({ AUD: CLAIMS.aud, ...CLAIMS, aud: 'other', Aud: CLAIMS.aud }),
  ),
];

export const FORMS = [...HEADERS, ...PARTS, ...TYPES];
