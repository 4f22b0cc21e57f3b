/** What an attacker would send straight to an origin that checks assertions, and one right request. */
import { createHash, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { CompactSign, importJWK, type JWK } from 'jose';
import type { AssertionKey } from '../../src/origin/assertion-keys.ts';
import { ASSERTION_HEADER, type AssertionSettings } from '../../src/policy/assertion.ts';
import type { Api } from '../../src/policy/policy.ts';
import { ANYONE, type Asked, type Attempt, forgedClaims } from './attempt.ts';

/** @param iat seconds since 1970 @param key `undefined`: what needs one is left out */
export async function assertionAttempts(
  settings: AssertionSettings,
  api: Api,
  key: AssertionKey | undefined,
  asked: Asked,
  iat: number,
): Promise<Attempt[]> {
  const { assertion } = api;
  if (assertion === undefined) return [];
  const target = asked.url.pathname + asked.url.search;
  const bound = {
    method: asked.method,
    target,
    ...(assertion.bind === 'body' && { digest: digestOf(asked.body ?? '') }),
  };
  const right = {
    iss: settings.issuer,
    aud: assertion.audience,
    req_wl: settings.issuer,
    sub: asked.subject,
    client_id: asked.subject,
    ...(asked.scope !== undefined && { scope: asked.scope }),
    tctx: { iss: api.issuers[0]?.issuer ?? settings.issuer },
    iat,
    exp: iat + settings.lifetimeSeconds,
    jti: '',
    txn: randomUUID(),
    ...(assertion.bind !== 'none' && { req: bound }),
  };
  const kid = key?.kid ?? 'A'.repeat(43);
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const foreign = { alg: 'ES256', kid, key: stranger.privateKey.export({ format: 'jwk' }) as JWK } as const;
  const own = key && { alg: key.alg, kid, key: key.jwk };
  const payload = (more: object) => ({ ...right, jti: randomUUID(), ...more });
  const refused = (what: string, why: string, ...headers: Attempt['headers']): Attempt => ({
    ...{ what, wanted: 'refused', why, headers },
    body: asked.body,
  });
  const carried = (token: string): readonly [string, string] => [ASSERTION_HEADER, token];
  const jwk = stranger.publicKey.export({ format: 'jwk' });

  const attempts = [
    refused('nothing', ANYONE),
    refused('claim headers, no assertion', ANYONE, ...forgedClaims(asked)),
    refused('an empty assertion', ANYONE, carried('')),
    refused('text that is no assertion', ANYONE, carried('x.y.z')),
    refused(
      'signed with another key, under a known id',
      'signatures are not checked',
      carried(await sign(payload({}), foreign)),
    ),
    refused(
      'signed with a key that came along',
      'it believes keys of strangers',
      carried(await sign(payload({}), foreign, { jwk, kid: undefined })),
    ),
    refused('not signed (alg none)', 'signatures are not checked', carried(unsigned(payload({})))),
  ];
  if (own === undefined) return attempts;
  const signed = async (what: string, why: string, more: object, header: object = {}) =>
    refused(what, why, carried(await sign(payload(more), own, header)));
  const good = () => sign(payload({}), own);
  const forged = carried(await sign(payload({ sub: asked.forged }), foreign));
  const once = carried(await good());
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
      headers: [carried(await good()), ...forgedClaims(asked)],
      body: asked.body,
    },
    ...attempts,
    refused(
      'HS256, with the public key as the secret',
      'it lets the token choose the algorithm',
      carried(await symmetric(payload({}), own)),
    ),
    await signed('expired an hour ago', 'what leaks is good for ever', {
      iat: iat - 3_600,
      exp: iat - 3_540,
    }),
    await signed('from an hour ahead', 'times are not checked', { iat: iat + 3_600, exp: iat + 3_630 }),
    await signed('good for a day', 'it takes any lifetime', { exp: iat + 86_400 }),
    await signed('for another audience', 'another origin can send it on', {
      aud: `${assertion.audience}.other.example`,
    }),
    await signed('of another issuer', 'another gateway can send it', { iss: 'https://other.example' }),
    await signed('of another type (typ)', 'other tokens of the gateway pass for it', {}, { typ: 'JWT' }),
    refused('two of them, the first one good', 'proxies and frameworks choose differently', once, forged),
    refused('two of them, the second one good', 'proxies and frameworks choose differently', forged, once),
    ...(assertion.bind === 'none'
      ? []
      : [
          await signed('of no request', 'one that leaks is good for all requests', { req: undefined }),
          await signed('of another path', 'one that leaks is good for other paths', {
            req: { ...bound, target: `${asked.url.pathname}/other${asked.url.search}` },
          }),
          await signed('of another query', 'one that leaks is good for other queries', {
            req: { ...bound, target: `${asked.url.pathname}?other=1` },
          }),
          await signed('of another method', 'one that leaks is good for other methods', {
            req: { ...bound, method: asked.method === 'GET' ? 'DELETE' : 'GET' },
          }),
        ]),
    ...(assertion.bind === 'body'
      ? [
          await signed('of another body', 'one that leaks is good for other bodies', {
            req: { ...bound, digest: digestOf('other') },
          }),
        ]
      : []),
    {
      ...refused('a right one for the second time', 'give the verifier a memory (replay)', once),
      isReplay: true,
    },
  ];
}

interface Signer {
  readonly alg: string;
  readonly kid: string;
  readonly key: JWK;
}

async function sign(payload: object, { alg, kid, key }: Signer, header: object = {}): Promise<string> {
  const protectedHeader = { alg, typ: 'txntoken+jwt', kid, ...header };
  return new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader(JSON.parse(JSON.stringify(protectedHeader)))
    .sign(await importJWK(key, alg));
}

/** With the public key as the secret: verifiers that take the algorithm from the token pass it. */
function symmetric(payload: object, { kid, key: { kty, crv, x, y } }: Signer): Promise<string> {
  const key = createPublicKey({ key: { kty, crv, x, y } as never, format: 'jwk' });
  return new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'HS256', typ: 'txntoken+jwt', kid })
    .sign(Buffer.from(key.export({ type: 'spki', format: 'pem' })));
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const unsigned = (payload: object) => `${encode({ alg: 'none', typ: 'txntoken+jwt' })}.${encode(payload)}.`;
const digestOf = (body: string) => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
