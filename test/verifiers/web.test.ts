/** The guards for servers whose handlers take a `Request`. */
import { Hono } from 'hono';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  createSecretVerifier,
  createVerifier,
  fetchGuard,
  honoGuard,
  type OriginRefusal,
  type OriginVerifier,
  type WebOptions,
} from '../../origin/src/index.ts';
import { AUDIENCE, createSigner, ISSUER, type Signer } from '../support/assertion.ts';

let signer: Signer;
beforeAll(async () => {
  signer = await createSigner('one');
});

const verifierFor = (bind: OriginVerifier['bind'] = 'request') =>
  createVerifier({ issuer: ISSUER, audience: AUDIENCE, keys: { keys: [signer.jwk] }, bind });

type App = (verifier: OriginVerifier, options?: WebOptions) => (request: Request) => Promise<Response>;

const APPS: [string, App][] = [
  [
    'Hono',
    (verifier, options) => {
      const app = new Hono().use(honoGuard(verifier, options)).all('*', async (c) => {
        const { caller, id } = c.var.verified;
        return c.json({ subject: caller?.subject, hasId: id !== undefined, body: await c.req.text() });
      });
      return async (request) => app.fetch(request);
    },
  ],
  [
    'fetch',
    (verifier, options) =>
      fetchGuard(
        verifier,
        async (request, { caller, id }) =>
          Response.json({ subject: caller?.subject, hasId: id !== undefined, body: await request.text() }),
        options,
      ),
  ],
];

const ask = async (app: (request: Request) => Promise<Response>, path: string, init: RequestInit) => {
  const response = await app(new Request(`https://orders.internal.example${path}`, init));
  return { status: response.status, type: response.headers.get('content-type'), body: await response.json() };
};

const digestOf = async (text: string) => {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return `sha-256=:${btoa(String.fromCharCode(...new Uint8Array(bytes)))}:`;
};

describe.each(APPS)('%s', (_name, make) => {
  it('lets through what the gateway sent, and says who calls', async () => {
    const headers = { 'txn-token': await signer.sign() };
    const answer = await ask(make(verifierFor()), '/me?x=1', { headers });
    expect(answer).toMatchObject({ status: 200, body: { subject: 'user-1', hasId: true } });
  });

  it('answers 401 with the code, and tells the log', async () => {
    const refusals: [string, string][] = [];
    const onRefusal = ({ code }: OriginRefusal, { url }: Request) =>
      void refusals.push([code, new URL(url).pathname]);
    const app = make(verifierFor(), { onRefusal });
    expect(await ask(app, '/me?x=1', { headers: { 'x-claim-sub': 'admin' } })).toEqual({
      status: 401,
      type: 'application/problem+json',
      body: { type: 'about:blank', title: 'Not from the gateway', status: 401, code: 'missing' },
    });
    expect(refusals).toEqual([['missing', '/me']]);
  });

  it('answers for the target as it came', async () => {
    const headers = async (target: string) => ({
      'txn-token': await signer.sign({ req: { method: 'GET', target } }),
    });
    const app = make(verifierFor());
    for (const target of ['/a%2Fb?', '/?q=%C3%BC+x', '/'])
      expect((await ask(app, target, { headers: await headers(target) })).status).toBe(200);
    expect((await ask(app, '/a', { headers: await headers('/a?') })).status).toBe(401);
  });

  it('reads the body once all else is right, and hands it on', async () => {
    const app = make(verifierFor('body'), { maxBodyBytes: 10 });
    const send = async (body: string, signed: string, target = '/me') => {
      const req = { method: 'POST', target, digest: await digestOf(signed) };
      const headers = { 'txn-token': await signer.sign({ req }) };
      return ask(app, '/me', { method: 'POST', headers, body });
    };
    expect(await send('amount=1', 'amount=1')).toMatchObject({ status: 200, body: { body: 'amount=1' } });
    expect(await send('amount=2', 'amount=1')).toMatchObject({
      status: 401,
      body: { code: 'body_mismatch' },
    });
    expect(await send('amount=1000', 'amount=1000')).toMatchObject({ body: { code: 'body_mismatch' } });
    expect(await send('amount=1000', '')).toMatchObject({ body: { code: 'body_mismatch' } });
    expect(await send('amount=1', 'amount=1', '/x')).toMatchObject({ body: { code: 'target_mismatch' } });
  });

  it('has no body to read for GET', async () => {
    const req = { method: 'GET', target: '/me', digest: await digestOf('') };
    const headers = { 'txn-token': await signer.sign({ req }) };
    expect((await ask(make(verifierFor('body')), '/me', { headers })).status).toBe(200);
  });

  it('takes a secret in its place', async () => {
    const secret = 'a secret of some length';
    const app = make(createSecretVerifier({ secrets: [secret], header: 'x-origin-secret' }));
    const headers = { 'x-origin-secret': secret, 'x-claim-iss': 'i', 'x-claim-sub': 'Zo%C3%AB' };
    expect(await ask(app, '/', { headers })).toMatchObject({ body: { subject: 'Zoë', hasId: false } });
    expect(await ask(app, '/', { headers: { ...headers, 'x-origin-secret': '' } })).toMatchObject({
      status: 401,
    });
  });

  it('lets nobody in where something else fails', async () => {
    const broken = { bind: 'none', verify: () => Promise.reject(new Error('broken')) } as const;
    const app = make(broken);
    const status = await app(new Request('https://x/')).then(
      (response) => response.status,
      () => 'thrown',
    );
    expect([500, 'thrown']).toContain(status);
  });
});

it('keeps a fetch of keys going behind the answer, with the context of a Worker', async () => {
  let now = Date.now();
  const verifier = createVerifier({
    issuer: ISSUER,
    audience: AUDIENCE,
    keys: 'https://api.example.com/keys',
    bind: 'none',
    now: () => now,
    fetch: async () => Response.json({ keys: [signer.jwk] }),
  });
  const behind: Promise<unknown>[] = [];
  const context = {
    waitUntil: (work: Promise<unknown>) => void behind.push(work),
    passThroughOnException() {},
    props: {},
  };
  const app = new Hono().use(honoGuard(verifier)).get('*', (c) => c.text('ok'));
  const plain = fetchGuard(
    verifier,
    (_request, _verified, _env: object, _context: object) => new Response('ok'),
  );
  const request = async () =>
    new Request('https://x/', {
      headers: {
        'txn-token': await signer.sign({
          exp: Math.floor(now / 1000) + 1,
          iat: Math.floor(now / 1000),
          req: undefined,
        }),
      },
    });
  await app.fetch(await request(), {}, context as never);
  now += 301_000;
  expect((await app.fetch(await request(), {}, context as never)).status).toBe(200);
  expect(behind).toHaveLength(1);
  await Promise.all(behind);
  now += 301_000;
  expect((await plain(await request(), {}, context)).status).toBe(200);
  expect(behind).toHaveLength(2);
});
