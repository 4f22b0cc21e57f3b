/** The mode without assertion: a secret, and claim headers. And options with which no verifier may start. */
import { createHash } from 'node:crypto';
import {
  AUDIENCE,
  type Caller,
  ISSUER,
  KEY_SET,
  type Outcome,
  type SecretVector,
  type StartVector,
} from './vector.ts';

const SECRET = 'secret-of-1800000000';
const NEXT = 'another, for the rotation';
const FORWARD = {
  roles: { header: 'x-roles', as: 'list' },
  name: { header: 'x-name', as: 'text' },
  address: { header: 'x-address', as: 'json' },
};
const IDENTITY: [string, string][] = [
  ['x-claim-iss', 'https://issuer.example/'],
  ['x-claim-sub', 'user-1'],
  ['x-claim-client-id', 'client-1'],
  ['x-claim-scope', 'read:orders write:orders'],
  ['x-request-id', 'request-1'],
];
const CALLER: Caller = {
  issuer: 'https://issuer.example/',
  subject: 'user-1',
  client: 'client-1',
  scopes: ['read:orders', 'write:orders'],
  claims: {},
};

const vector = (
  id: string,
  why: string,
  headers: [string, string][],
  outcome: Outcome,
  secrets: readonly string[] = [SECRET],
): SecretVector => ({
  id,
  why,
  secrets,
  header: 'X-Origin-Secret',
  forward: FORWARD,
  request: { headers },
  ...outcome,
});

const withSecret = (secret: string, ...more: [string, string][]): [string, string][] => [
  ['x-origin-secret', secret],
  ...more,
];
const accepted = (caller: Caller | null, requestId: string | null = 'request-1'): Outcome => ({
  accept: { caller, request_id: requestId, id: null, expires_at: null },
});
const refused = (refuse: string): Outcome => ({ refuse });
const good = (id: string, why: string, more: [string, string][], claims: Caller['claims']) =>
  vector(id, why, withSecret(SECRET, ...IDENTITY, ...more), accepted({ ...CALLER, claims }));
const malformed = (id: string, why: string, ...header: [string, string][]) =>
  vector(id, why, withSecret(SECRET, ...IDENTITY, ...header), refused('claims_malformed'));
const wrong = (id: string, why: string, secret: string) =>
  vector(id, why, withSecret(secret, ...IDENTITY), refused('secret_mismatch'));

/** Another text whose digest has the same byte at this place: one in 256 has. */
const digestOf = (text: string) => createHash('sha256').update(text).digest();
const withSameByte = (at: number): string => {
  for (let number = 0; ; number++) {
    const text = `another secret, number ${number}`;
    if (digestOf(text).at(at) === digestOf(SECRET).at(at)) return text;
  }
};

const BOTH = [NEXT, SECRET];

export const SECRETS: readonly SecretVector[] = [
  good('secret', 'the secret, and who calls', [], {}),
  vector('secret-no-token', 'a public route: nobody calls', withSecret(SECRET), accepted(null, null)),
  vector(
    'secret-subject-alone',
    'headers without an issuer name nobody',
    withSecret(SECRET, ['x-claim-sub', 'admin']),
    accepted(null, null),
  ),
  vector('secret-old', 'the old one of two', withSecret(SECRET, ...IDENTITY), accepted(CALLER), BOTH),
  vector('secret-new', 'the new one of two', withSecret(NEXT, ...IDENTITY), accepted(CALLER), BOTH),
  vector(
    'secret-neither',
    'neither of two',
    withSecret('a third one, which is wrong', ...IDENTITY),
    refused('secret_mismatch'),
    BOTH,
  ),
  vector('secret-missing', 'no secret', IDENTITY, refused('missing')),
  vector('secret-empty', 'an empty secret', withSecret('', ...IDENTITY), refused('missing')),
  vector(
    'secret-twice',
    'the secret twice',
    withSecret(SECRET, ['X-Origin-Secret', SECRET], ...IDENTITY),
    refused('several'),
  ),
  wrong('secret-twice-joined', 'the secret twice, joined by a server', `${SECRET}, ${SECRET}`),
  wrong('secret-other', 'another secret', 'secret-of-1800000001'),
  wrong('secret-first-byte', 'another one, whose digest begins alike', withSameByte(0)),
  wrong('secret-last-byte', 'another one, whose digest ends alike', withSameByte(-1)),
  wrong('secret-case', 'secrets have case', SECRET.toUpperCase()),
  wrong('secret-longer', 'a longer one', `${SECRET}0`),
  wrong('secret-shorter', 'its beginning', SECRET.slice(0, -1)),
  good('list', 'a list, with commas and characters beyond ASCII', [['x-roles', 'a%2Cb,%C3%BC,plain+1']], {
    roles: ['a,b', 'ü', 'plain+1'],
  }),
  good('text', 'a text with all that is encoded', [['x-name', '%20Zo%C3%AB%2C 100%25%0A+1%20']], {
    name: ' Zoë, 100%\n+1 ',
  }),
  good('text-pairs', 'a character of two units', [['x-name', '%F0%9F%98%80']], { name: '😀' }),
  good('json', 'JSON in ASCII', [['x-address', '{"city":"K\\u00f6ln","no":[1,null]}']], {
    address: { city: 'Köln', no: [1, null] },
  }),
  good('text-long', '8,000 characters', [['x-name', '%41b'.repeat(2_000)]], { name: 'Ab'.repeat(2_000) }),
  malformed('text-bad-escape', 'an escape that is none', ['x-name', '100%']),
  malformed('text-bad-hex', 'an escape with no digits', ['x-name', 'a%zzb']),
  malformed('text-bad-utf-8', 'an escape that is no UTF-8', ['x-name', '%FF']),
  malformed('text-overlong', 'a slash in two bytes', ['x-name', '%C0%AF']),
  malformed('text-comma', 'a comma: two headers, joined', ['x-name', 'a, b']),
  malformed('text-twice', 'a header twice', ['x-name', 'a'], ['x-name', 'b']),
  malformed('subject-twice', 'the subject twice', ['X-Claim-Sub', 'admin']),
  malformed('list-bad-escape', 'an item of a list', ['x-roles', 'a,%']),
  malformed('json-bad', 'no JSON', ['x-address', '{city:1}']),
];

const ASSERTION = { issuer: ISSUER, audience: AUDIENCE, keys: KEY_SET };
const SECRET_MODE = { secrets: [SECRET], header: 'x-origin-secret' };

function start(
  id: string,
  why: string,
  mode: StartVector['mode'],
  changes: Record<string, unknown>,
): StartVector {
  const options: Record<string, unknown> = {
    ...(mode === 'assertion' ? ASSERTION : SECRET_MODE),
    ...changes,
  };
  for (const [name, value] of Object.entries(options)) if (value === undefined) delete options[name];
  return { id, why, mode, options };
}

const keys = (id: string, why: string, value: unknown) => start(id, why, 'assertion', { keys: value });
const secrets = (id: string, why: string, value: unknown) => start(id, why, 'secret', { secrets: value });

export const STARTS: readonly StartVector[] = [
  start('no-issuer', 'no issuer', 'assertion', { issuer: undefined }),
  start('empty-issuer', 'an empty issuer', 'assertion', { issuer: '' }),
  start('blank-issuer', 'a blank issuer', 'assertion', { issuer: ' ' }),
  start('padded-issuer', 'an issuer with a blank before it', 'assertion', { issuer: ` ${ISSUER}` }),
  start('audience-line', 'an audience with a line break, as out of a file', 'assertion', {
    audience: `${AUDIENCE}\n`,
  }),
  start('no-audience', 'no audience', 'assertion', { audience: undefined }),
  start('empty-audience', 'an empty audience', 'assertion', { audience: '' }),
  start('bad-bind', 'a binding that does not exist', 'assertion', { bind: 'path' }),
  keys('no-keys', 'no keys', undefined),
  keys('empty-keys', 'an empty URL', ''),
  keys('keys-http', 'keys over http', 'http://api.example.com/jwks.json'),
  keys(
    'keys-http-like-loopback',
    'a host that only looks like this machine',
    'http://127.0.0.1.example.com/jwks.json',
  ),
  keys('keys-file', 'keys of a file', 'file:///etc/jwks.json'),
  keys('keys-no-url', 'no URL', 'jwks.json'),
  keys('keys-credentials', 'a URL with credentials', 'https://user:password@api.example.com/jwks.json'),
  keys('keys-none', 'a set without keys', { keys: [] }),
  keys('keys-no-set', 'no set of keys', { key: KEY_SET.keys[0] }),
  keys('keys-unusable', 'a set without a key that could be used', { keys: KEY_SET.keys.slice(3) }),
  keys('keys-private', 'a private key: whoever reads it could sign', {
    keys: [{ ...KEY_SET.keys[0], d: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
  }),
  secrets('no-secrets', 'no secrets', undefined),
  secrets('empty-list', 'an empty list of secrets', []),
  secrets('empty-secret', 'an empty secret', ['']),
  secrets('null-secret', 'a secret that is not set', [null]),
  secrets('blank-secret', 'blanks', ['                    ']),
  secrets('short-secret', '15 characters', ['123456789012345']),
  secrets('line-break', 'a line break at the end, as files have it', [`${SECRET}\n`]),
  secrets('beyond-ascii', 'characters that headers do not have', [`${SECRET}ü`]),
  secrets('one-of-two-empty', 'the second of two is empty', [SECRET, '']),
  secrets('three-secrets', 'three secrets', [SECRET, NEXT, `${SECRET}3`]),
  start('no-header', 'no header', 'secret', { header: undefined }),
  start('empty-header', 'an empty header', 'secret', { header: '' }),
];
