/** What docs/assertion-vectors.json has, and the assertions in it. */
import { createHash, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto';

export const ISSUER = 'https://api.example.com';
export const AUDIENCE = 'orders.internal.example';
/** Seconds since 1970; no test reads the clock. */
export const NOW = 1_800_000_000;
export const TARGET = '/orders/7?a=1&b=2';

type Pairs = readonly (readonly [name: string, value: string])[];

export interface Caller {
  readonly issuer: string;
  readonly subject: string | null;
  readonly client: string | null;
  readonly scopes: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface Accepted {
  readonly caller: Caller | null;
  readonly request_id: string | null;
  readonly id: string | null;
  readonly expires_at: number | null;
}

/** Exactly one of both. */
export type Outcome = { readonly accept: Accepted } | { readonly refuse: string };

export type AssertionVector = {
  readonly id: string;
  readonly why: string;
  readonly request: {
    readonly method: string;
    readonly target: string;
    readonly headers: Pairs;
    readonly body_base64?: string;
  };
  readonly bind: 'request' | 'body' | 'none';
  readonly now: number;
  /** A memory of ids is given, with these in it. */
  readonly seen?: readonly string[];
  /** In place of the keys of the file. */
  readonly keys_url?: string;
} & Outcome;

export type SecretVector = {
  readonly id: string;
  readonly why: string;
  readonly secrets: readonly string[];
  readonly header: string;
  readonly forward: Readonly<Record<string, { readonly header: string; readonly as: string }>>;
  readonly request: { readonly headers: Pairs };
} & Outcome;

/** Options with which no verifier may start. */
export interface StartVector {
  readonly id: string;
  readonly why: string;
  readonly mode: 'assertion' | 'secret';
  readonly options: Readonly<Record<string, unknown>>;
}

interface Pair {
  readonly kid: string;
  readonly alg: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const thumbprint = (jwk: Record<string, unknown>) => {
  const { crv, e, kty, n, x, y } = jwk;
  const members = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, ...(y !== undefined && { y }) };
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
};

function pairOf(
  { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject },
  alg: string,
): Pair {
  return { kid: thumbprint(publicKey.export({ format: 'jwk' })), alg, publicKey, privateKey };
}
const ec = () => pairOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'ES256');

export const KEYS = {
  es: ec(),
  ed: pairOf(generateKeyPairSync('ed25519'), 'EdDSA'),
  next: ec(),
  encryption: ec(),
  wrongAlg: ec(),
  wrongOperation: ec(),
  unpublished: ec(),
  rsa: pairOf(generateKeyPairSync('rsa', { modulusLength: 2048 }), 'RS256'),
};

const jwk = ({ publicKey, kid, alg }: Pair, more: object = { use: 'sig', alg }) => ({
  ...publicKey.export({ format: 'jwk' }),
  kid,
  ...more,
});

/** What the gateway publishes, and what a verifier passes over. */
export const KEY_SET = {
  keys: [
    jwk(KEYS.es),
    jwk(KEYS.ed),
    jwk(KEYS.next, {}),
    jwk(KEYS.encryption, { use: 'enc' }),
    jwk(KEYS.wrongAlg, { alg: 'ES384' }),
    jwk(KEYS.wrongOperation, { key_ops: ['deriveKey'] }),
    jwk(KEYS.rsa),
    { kty: 'unheard-of', kid: 'future' },
  ],
};

export const part = (value: unknown): string =>
  (Buffer.isBuffer(value)
    ? value
    : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
  ).toString('base64url');

export const CLAIMS = {
  iss: ISSUER,
  aud: AUDIENCE,
  iat: NOW,
  exp: NOW + 30,
  jti: 'id-1',
  txn: 'request-1',
  req_wl: ISSUER,
  sub: 'user-1',
  client_id: 'client-1',
  scope: 'read:orders write:orders',
  tctx: { iss: 'https://issuer.example/', claims: { roles: ['admin', 'staff'], tenant: 't1' } },
  req: { method: 'GET', target: TARGET },
};

export const ACCEPTED: Accepted = {
  caller: {
    issuer: CLAIMS.tctx.iss,
    subject: CLAIMS.sub,
    client: CLAIMS.client_id,
    scopes: ['read:orders', 'write:orders'],
    claims: CLAIMS.tctx.claims,
  },
  request_id: CLAIMS.txn,
  id: CLAIMS.jti,
  expires_at: CLAIMS.exp,
};

export const signatureOf = (
  text: string,
  { privateKey, alg }: Pair,
  dsaEncoding: 'ieee-p1363' | 'der' = 'ieee-p1363',
) => signBytes(alg === 'EdDSA' ? null : 'sha256', Buffer.from(text), { key: privateKey, dsaEncoding });

/** @param header members that differ; `undefined` leaves one out. @param payload claims, or what is signed in their place */
export function assertion(
  payload: object | string | Buffer = CLAIMS,
  header: Record<string, unknown> | string = {},
  key: Pair = KEYS.es,
): string {
  const { kid, alg } = key;
  const members = typeof header === 'string' ? header : { alg, typ: 'txntoken+jwt', kid, ...header };
  const text = `${part(members)}.${part(payload)}`;
  return `${text}.${signatureOf(text, key).toString('base64url')}`;
}

/** Claims that differ; `undefined` leaves one out. */
export const claims = (changes: Record<string, unknown>): object => ({ ...CLAIMS, ...changes });

type Extra = Partial<Omit<AssertionVector, 'request'>> & {
  readonly request?: Partial<AssertionVector['request']>;
};

const vector = (id: string, why: string, token: string | undefined, outcome: Outcome, extra: Extra) =>
  ({
    id,
    why,
    bind: 'request',
    now: NOW,
    ...extra,
    request: {
      method: 'GET',
      target: TARGET,
      headers: token === undefined ? [] : [['Txn-Token', token]],
      ...extra.request,
    },
    ...outcome,
  }) as AssertionVector;

export const good = (
  id: string,
  why: string,
  token: string,
  { accept = {}, ...extra }: Extra & { readonly accept?: Partial<Accepted> } = {},
) => vector(id, why, token, { accept: { ...ACCEPTED, ...accept } }, extra as Extra);

export const bad = (id: string, refuse: string, why: string, token: string | undefined, extra: Extra = {}) =>
  vector(id, why, token, { refuse }, extra);
