/**
 * An assertion is good for the request that the origin got it with, and for no other: through the gateway in the bare
 * runtime, over URLs and a service binding, with and without a prefix, checked by the verifier that origins use.
 */
import fc from 'fast-check';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeAssertionKey } from '../../cli/assertion/rotation.ts';
import { createVerifier, OriginRefusal, type OriginVerifier } from '../../origin/src/index.ts';
import { type RecordingOrigin, startOrigin } from './support/origin.ts';
import { sendRaw } from './support/raw-http.ts';
import { type RunningWorkerd, startGateway } from './support/workerd.ts';

const ISSUER = 'https://gateway.example';
const TOKEN_ISSUER = 'https://issuer.example/';

type Bind = 'request' | 'body' | 'none';

interface Recorded {
  readonly method: string;
  readonly target: string;
  readonly body: string;
  readonly assertion: string;
}

const APIS = {
  url: { origin: '/v1', bind: 'request', strip_prefix: '/url' },
  'url-body': { origin: '', bind: 'body' },
  service: { origin: 'service:ORIGIN', bind: 'request', strip_prefix: '/service' },
  'service-body': { origin: 'service:ORIGIN', bind: 'body' },
} as const satisfies Record<string, { origin: string; bind: Bind; strip_prefix?: string }>;
type ApiName = keyof typeof APIS;
const API_NAMES = Object.keys(APIS) as ApiName[];
const audienceOf = (api: ApiName) => `${api}.internal.example`;

let origin: RecordingOrigin;
let gateway: RunningWorkerd;
let recorded: Recorded[] = [];
let tokens: Readonly<Record<string, string>>;
let verifiers: Readonly<Record<ApiName, OriginVerifier>>;

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k' }] });
  origin = await startOrigin((request, response) => {
    if (request.url === '/jwks') return void response.end(jwks);
    const { headers } = request;
    let text = '';
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      const raw = (name: string) => headers[`x-raw-${name}`] as string | undefined;
      recorded.push({
        method: raw('method') ?? request.method ?? '',
        target: raw('target') ?? request.url ?? '',
        body: raw('body') === undefined ? text : Buffer.from(raw('body') ?? '', 'base64').toString(),
        assertion: String(headers['txn-token']),
      });
      response.end();
    });
  });
  const apis = Object.fromEntries(
    API_NAMES.map((name) => {
      const { origin: to, bind, ...more } = APIS[name];
      const table = {
        ...more,
        origin: to.startsWith('service:') ? to : origin.url + to,
        audience: 'x',
        assertion: { audience: audienceOf(name), bind },
        routes: { [`* /${name}/*`]: { auth: 'optional' } },
      };
      return [`API_${name.replace('-', '_').toUpperCase()}`, table];
    }),
  );
  const [key, next] = await Promise.all([makeAssertionKey('ES256', 0), makeAssertionKey('EdDSA', 4e9)]);
  gateway = await startGateway(
    {
      GATEWAY: { log_sample: 0, assertion: { issuer: ISSUER } },
      ISSUERS: { main: { issuer: TOKEN_ISSUER, jwks_uri: `${origin.url}/jwks` } },
      ...apis,
      ASSERTION_KEY: key.secret,
      ASSERTION_KEY_2: next.secret,
    },
    origin.url,
  );
  const sign = (sub: string) =>
    new SignJWT({ iss: TOKEN_ISSUER, aud: 'x', sub, client_id: 'client' })
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);
  tokens = { ann: await sign('ann'), bob: await sign('bob') };
  verifiers = Object.fromEntries(
    API_NAMES.map((name) => [name, verifierFor(name, APIS[name].bind)]),
  ) as unknown as typeof verifiers;
});

afterAll(async () => {
  await gateway?.stop();
  await origin?.close();
});

const verifierFor = (api: ApiName, bind: Bind) =>
  createVerifier({
    issuer: ISSUER,
    audience: audienceOf(api),
    keys: `http://127.0.0.1:${gateway.port}/.well-known/claimgate/jwks.json`,
    bind,
  });

interface Asked {
  readonly api: ApiName;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: string;
  readonly caller: string | undefined;
}

async function send({ api, method, path, query, body, caller }: Asked): Promise<Recorded> {
  recorded = [];
  const headers = [
    'X-Record-Body: 1',
    // Nobody has to take these out: they are a stranger's.
    'Txn-Token: forged',
    ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
    ...(caller === undefined ? [] : [`Authorization: Bearer ${tokens[caller]}`]),
  ];
  const { status, body: text } = await sendRaw(
    gateway.port,
    method,
    `/${api}/${path}${query}`,
    headers,
    body,
  );
  expect(status, text).toBe(200);
  const [one, ...more] = recorded;
  expect(more).toEqual([]);
  return one as Recorded;
}

/** Who calls, by the verifier of an API; the code where it refuses. */
async function judge(api: ApiName, { method, target, body }: Recorded, assertion: string) {
  try {
    const headers = [['txn-token', assertion] as const];
    const { caller } = await verifiers[api].verify({ method, target, body, headers });
    return caller?.subject ?? 'nobody';
  } catch (error) {
    if (error instanceof OriginRefusal) return error.code;
    throw error;
  }
}

const asked: fc.Arbitrary<Asked> = fc.record({
  api: fc.constantFrom(...API_NAMES),
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND'),
  path: fc.constantFrom('a', 'a/', 'b', 'A', 'a/b', 'a%20b', '%61', 'a;v=1', 'é', "a'b", 'a|b'),
  query: fc.constantFrom(
    '',
    '?',
    '?x=1',
    '?x=2',
    '?x=1&y=2',
    '?y=2&x=1',
    '?x=%31',
    '?X=1',
    "?x='",
    '?x=é',
    '?x=a|b',
    '?x=a+b',
  ),
  body: fc.constantFrom('', 'one', 'two'),
  caller: fc.constantFrom(undefined, 'ann', 'bob'),
});

describe('an assertion', () => {
  it('is taken for its own request, and refused for every other', async () => {
    const requests = fc.sample(asked, { numRuns: 90, seed: 7 });
    const seen: { asked: Asked; got: Recorded }[] = [];
    for (const one of requests) seen.push({ asked: one, got: await send(one) });
    let refused = 0;
    for (const mine of seen)
      for (const other of seen) {
        const { api } = other.asked;
        const isSame =
          mine.asked.api === api &&
          mine.got.method === other.got.method &&
          mine.got.target === other.got.target &&
          (APIS[api].bind !== 'body' || mine.got.body === other.got.body);
        const verdict = await judge(api, other.got, mine.got.assertion);
        // For its own request, or an equal one, it says who made it: no caller is ever another one.
        const wanted = isSame ? [mine.asked.caller ?? 'nobody'] : CODES;
        expect(wanted, JSON.stringify([mine, other])).toContain(verdict);
        if (!isSame) refused++;
      }
    expect(refused).toBeGreaterThan(7_000);
  });

  it('names the target that the client asked for, without the prefix, below the path of the origin', async () => {
    const get = { method: 'GET', body: '', caller: undefined };
    const of = async (api: ApiName, path: string, query: string) =>
      (await send({ ...get, api, path, query })).target;
    expect(await of('url', 'a/b', '?x=1')).toBe('/v1/a/b?x=1');
    expect(await of('url-body', 'a', '?')).toBe('/url-body/a?');
    expect(await of('service', 'a', '')).toBe('/a');
    expect(await of('service-body', 'a%20b', "?x='")).toBe('/service-body/a%20b?x=%27');
  });

  it('of another API of the same gateway is for another audience', async () => {
    const mine = await send({
      api: 'url-body',
      method: 'GET',
      path: 'a',
      query: '',
      body: '',
      caller: 'ann',
    });
    expect(await judge('service-body', { ...mine, target: '/service-body/a' }, mine.assertion)).toBe(
      'audience_mismatch',
    );
  });
});

const CODES = ['audience_mismatch', 'method_mismatch', 'target_mismatch', 'body_mismatch'];
