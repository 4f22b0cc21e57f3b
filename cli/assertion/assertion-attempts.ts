/** What an attacker would send straight to an origin that checks assertions, and one right request. */
import { createHash, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { CompactSign, importJWK, type JWK } from 'jose';
import type { AssertionKey } from '../../src/origin/assertion-keys.ts';
import { ASSERTION_HEADER, type Assertion, type AssertionSettings } from '../../src/policy/assertion.ts';
import type { Api } from '../../src/policy/policy.ts';
import { ANYONE, type Asked, type Attempt, forgedClaims } from './attempt.ts';

type Claims = Readonly<Record<string, unknown>>;

interface Signer {
  readonly alg: string;
  readonly kid: string;
  readonly key: JWK;
}

/** What a right assertion says. */
interface Right {
  readonly claims: Claims & { readonly iss: string; readonly iat: number; readonly req?: Bound };
  readonly asked: Asked;
}

interface Bound {
  readonly method: string;
  readonly target: string;
  readonly digest?: string;
}

/** Signed by the gateway's own key: another time, another origin, another request. */
interface Misused {
  readonly what: string;
  readonly why: string;
  readonly binds?: readonly Assertion['bind'][];
  readonly header?: object;
  readonly claims?: (right: Right) => Claims;
}

const REQUEST = ['request', 'body'] as const;

const MISUSED: readonly Misused[] = [
  {
    what: 'expired an hour ago',
    why: 'what leaks is good for ever',
    claims: ({ claims: { iat } }) => ({ iat: iat - 3_600, exp: iat - 3_540 }),
  },
  {
    what: 'from an hour ahead',
    why: 'times are not checked',
    claims: ({ claims: { iat } }) => ({ iat: iat + 3_600, exp: iat + 3_630 }),
  },
  {
    what: 'good for a day',
    why: 'it takes any lifetime',
    claims: ({ claims: { iat } }) => ({ exp: iat + 86_400 }),
  },
  {
    what: 'for another audience',
    why: 'another origin can send it on',
    claims: ({ claims }) => ({ aud: `${claims['aud']}.other.example` }),
  },
  {
    what: 'of another issuer',
    why: 'another gateway can send it',
    claims: () => ({ iss: 'https://other.example' }),
  },
  {
    what: 'of another type (typ)',
    why: 'other tokens of the gateway pass for it',
    header: { typ: 'JWT' },
  },
  {
    what: 'of no request',
    why: 'one that leaks is good for all requests',
    binds: REQUEST,
    claims: () => ({ req: undefined }),
  },
  {
    what: 'of another path',
    why: 'one that leaks is good for other paths',
    binds: REQUEST,
    claims: ({ claims: { req }, asked: { url } }) => ({
      req: { ...req, target: `${url.pathname}/other${url.search}` },
    }),
  },
  {
    what: 'of another query',
    why: 'one that leaks is good for other queries',
    binds: REQUEST,
    claims: ({ claims: { req }, asked: { url } }) => ({ req: { ...req, target: `${url.pathname}?other=1` } }),
  },
  {
    what: 'of another method',
    why: 'one that leaks is good for other methods',
    binds: REQUEST,
    claims: ({ claims: { req }, asked: { method } }) => ({
      req: { ...req, method: method === 'GET' ? 'DELETE' : 'GET' },
    }),
  },
  {
    what: 'of another body',
    why: 'one that leaks is good for other bodies',
    binds: ['body'],
    claims: ({ claims: { req } }) => ({ req: { ...req, digest: digestOf('other') } }),
  },
];

/** @param iat seconds since 1970 @param key `undefined`: what needs one is left out */
export async function assertionAttempts(
  settings: AssertionSettings,
  { assertion, issuers }: Api,
  key: AssertionKey | undefined,
  asked: Asked,
  iat: number,
): Promise<Attempt[]> {
  if (assertion === undefined) return [];
  const claims = rightClaims(settings, assertion, issuers[0]?.issuer, asked, iat);
  const strangers = await ofStrangers(claims, key?.kid ?? 'A'.repeat(43), asked);
  if (key === undefined) return strangers;
  const own = { alg: key.alg, kid: key.kid, key: key.jwk };
  const fresh = async (more: Claims = {}, header: object = {}) =>
    carried(await sign({ ...claims, jti: randomUUID(), ...more }, own, header));
  const once = await fresh();
  const misused = MISUSED.filter(({ binds }) => binds?.includes(assertion.bind) ?? true);
  const [forged] = strangers.at(-1)?.headers ?? [];
  const twice = (...headers: Attempt['headers']) => headers;
  const why = 'proxies and frameworks choose differently';
  return [
    {
      what: 'a right request',
      wanted: 'accepted',
      why: 'it refuses the gateway too',
      headers: [once],
      body: asked.body,
    },
    {
      what: 'a right request, with forged claim headers',
      wanted: 'unmoved',
      why: 'it believes claim headers rather than the assertion',
      headers: [await fresh(), ...forgedClaims(asked)],
      body: asked.body,
    },
    ...strangers,
    refused(asked, 'HS256, with the public key as the secret', 'it lets the token choose the algorithm', [
      carried(await symmetric({ ...claims, jti: randomUUID() }, own)),
    ]),
    ...(await Promise.all(
      misused.map(async ({ what, why, header, claims: change }) =>
        refused(asked, what, why, [await fresh(change?.({ claims, asked }), header)]),
      ),
    )),
    ...(forged === undefined
      ? []
      : [
          refused(asked, 'two of them, the first one good', why, twice(await fresh(), forged)),
          refused(asked, 'two of them, the second one good', why, twice(forged, await fresh())),
        ]),
    {
      ...refused(asked, 'a right one for the second time', 'give the verifier a memory (replay)', [once]),
      isReplay: true,
    },
  ];
}

function rightClaims(
  { issuer, lifetimeSeconds }: AssertionSettings,
  { audience, bind }: Assertion,
  tokenIssuer: string | undefined,
  { method, url, body, scope, subject }: Asked,
  iat: number,
) {
  const digest = bind === 'body' ? { digest: digestOf(body ?? '') } : {};
  return {
    ...{ iss: issuer, aud: audience, req_wl: issuer, sub: subject, client_id: subject },
    ...(scope !== undefined && { scope }),
    tctx: { iss: tokenIssuer ?? issuer },
    ...{ iat, exp: iat + lifetimeSeconds, txn: randomUUID() },
    ...(bind !== 'none' && { req: { method, target: url.pathname + url.search, ...digest } }),
  };
}

/** By who has no key of the gateway. The last one is signed, and claims to be somebody else. */
async function ofStrangers(claims: Claims, kid: string, asked: Asked): Promise<Attempt[]> {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const stranger = { alg: 'ES256', kid, key: pair.privateKey.export({ format: 'jwk' }) as JWK };
  const jwk = pair.publicKey.export({ format: 'jwk' });
  const payload = () => ({ ...claims, jti: randomUUID() });
  const cameAlong = await sign(payload(), stranger, { jwk, kid: undefined });
  const underId = await sign({ ...payload(), sub: asked.forged }, stranger);
  const unsigned = 'signatures are not checked';
  return [
    refused(asked, 'nothing', ANYONE, []),
    refused(asked, 'claim headers, no assertion', ANYONE, forgedClaims(asked)),
    refused(asked, 'an empty assertion', ANYONE, [carried('')]),
    refused(asked, 'text that is no assertion', ANYONE, [carried('x.y.z')]),
    refused(asked, 'not signed (alg none)', unsigned, [
      carried(`${encode({ alg: 'none', typ: 'txntoken+jwt', kid })}.${encode(payload())}.`),
    ]),
    refused(asked, 'signed with a key that came along', 'it believes keys of strangers', [
      carried(cameAlong),
    ]),
    refused(asked, 'signed with another key, under a known id', unsigned, [carried(underId)]),
  ];
}

const refused = ({ body }: Asked, what: string, why: string, headers: Attempt['headers']): Attempt => ({
  ...{ what, wanted: 'refused', why, headers, body },
});

const carried = (token: string): readonly [string, string] => [ASSERTION_HEADER, token];

async function sign(payload: object, { alg, kid, key }: Signer, header: object = {}): Promise<string> {
  const whole = { alg, typ: 'txntoken+jwt', kid, ...header };
  return new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader(JSON.parse(JSON.stringify(whole)))
    .sign(await importJWK(key, alg));
}

/** With the public key as the secret: verifiers that take the algorithm from the token pass it. */
function symmetric(payload: object, { kid, key: { kty, crv, x, y } }: Signer): Promise<string> {
  const key = createPublicKey({ key: { kty, crv, x, y } as never, format: 'jwk' });
  return new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'HS256', typ: 'txntoken+jwt', kid })
    .sign(Buffer.from(key.export({ type: 'spki', format: 'pem' })));
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const digestOf = (body: string) => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
