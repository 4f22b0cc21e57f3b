/** Pages in a real browser call through the gateway: what `cors` allows them, and what the browser keeps from them. */
import { createServer, type Server } from 'node:http';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server as TcpServer,
} from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasBrowser, launchBrowser } from './support/browser.ts';
import { type RecordingOrigin, startOrigin } from './support/origin.ts';
import { freePort } from './support/ports.ts';
import { type RunningWorkerd, startGateway } from './support/workerd.ts';

const ISSUER = 'https://issuer.example/';
const ISSUER_OUT_OF_REACH = 'https://down.example/';
const AUDIENCE = 'x';

let browser: Browser;
let pages: Server;
let keys: Server;
let origin: RecordingOrigin;
let gateway: RunningWorkerd;
/** Between browser and gateway: passes on what it reads. */
let tap: Awaited<ReturnType<typeof startTap>>;
/** Heads of the requests that the browser sent. */
const heads: string[] = [];
let sign: (claims?: Record<string, unknown>) => Promise<string>;
/** A page that may call, and one of another origin, from the same server. */
let page: Page;
let otherPage: Page;

async function listen(server: TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function startTap() {
  const server = createTcpServer((client) => {
    const upstream = connect(gateway.port, '127.0.0.1');
    client.on('data', (chunk) => {
      heads.push(...chunk.toString('latin1').split(/(?=^[A-Z]+ \S+ HTTP\/1\.1\r\n)/m));
    });
    client.pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  const port = await listen(server);
  return { port, close: () => server.close() };
}

beforeAll(async () => {
  if (!hasBrowser) return;
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'key-1' }] });
  keys = createServer((_, response) => response.setHeader('content-type', 'application/json').end(jwks));
  const jwksUri = `http://127.0.0.1:${await listen(keys)}/`;
  sign = (claims = {}) =>
    new SignJWT({ iss: ISSUER, aud: AUDIENCE, scope: 'read:items', ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'key-1', typ: 'at+jwt' })
      .setExpirationTime('10m')
      .sign(privateKey);
  pages = createServer((_, response) =>
    response.setHeader('content-type', 'text/html').end('<!doctype html>'),
  );
  const pagesPort = await listen(pages);
  const app = `http://127.0.0.1:${pagesPort}`;
  // An origin server that lets every page in, and says so.
  origin = await startOrigin((request, response) => {
    request.resume().once('end', () => {
      response
        .writeHead(200, {
          'access-control-allow-origin': '*',
          'access-control-expose-headers': 'x-hidden',
          'x-total': '3',
          'x-hidden': '1',
        })
        .end('from the origin');
    });
  });
  const api = (cors: Record<string, unknown> | undefined, routes: Record<string, unknown>) => ({
    origin: origin.url,
    audience: AUDIENCE,
    issuer: ['main', 'down'],
    ...(cors && { cors }),
    routes,
  });
  gateway = await startGateway(
    {
      GATEWAY: { log_sample: 0 },
      ISSUERS: {
        main: { issuer: ISSUER, jwks_uri: jwksUri },
        down: { issuer: ISSUER_OUT_OF_REACH, jwks_uri: `http://127.0.0.1:${await freePort()}/` },
      },
      API_ITEMS: api(
        { origins: [app], expose: ['x-total'], credentials: false },
        {
          'GET|POST /items': { scopes_all: ['read:items'] },
          'GET /admin': { scopes_all: ['admin:items', 'read:items'] },
          'GET /public': { auth: 'none' },
        },
      ),
      API_ANY: api({ origins: ['*'] }, { 'GET|PUT /any': {} }),
      API_PLAIN: api(undefined, { 'GET /plain': { auth: 'none' }, 'GET /plain/items': {} }),
    },
    origin.url,
  );
  tap = await startTap();
  browser = await launchBrowser();
  page = await browser.newPage();
  await page.goto(app);
  otherPage = await browser.newPage();
  await otherPage.goto(`http://localhost:${pagesPort}`);
});

afterAll(async () => {
  await browser?.close();
  tap?.close();
  await gateway?.stop();
  await origin?.close();
  for (const server of [pages, keys]) {
    server?.close();
    server?.closeAllConnections();
  }
});

beforeEach(() => {
  heads.length = 0;
  if (origin !== undefined) origin.requests.length = 0;
});

/** What a script gets of an answer; `undefined` where the browser keeps it to itself. */
interface Readable {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

interface Call {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly credentials?: 'include' | 'omit';
}

function call(from: Page, path: string, init: Call = {}): Promise<Readable | undefined> {
  const url = `http://127.0.0.1:${tap.port}${path}`;
  return from.evaluate(
    async ([target, how]) => {
      try {
        const response = await fetch(target, how);
        const headers = Object.fromEntries(response.headers);
        return { status: response.status, headers, body: await response.text() };
      } catch {
        return undefined;
      }
    },
    [url, init] as const,
  );
}

const withToken = async (claims?: Record<string, unknown>, init: Call = {}): Promise<Call> => ({
  ...init,
  headers: { ...init.headers, authorization: `Bearer ${await sign(claims)}` },
});

const methods = () => origin.requests.map(({ method }) => method);

describe.skipIf(!hasBrowser)('a page that may call', () => {
  it('gets the answer, and the headers that are exposed', async () => {
    const answer = await call(page, '/items', await withToken());
    expect(answer).toMatchObject({ status: 200, body: 'from the origin', headers: { 'x-total': '3' } });
    expect(answer?.headers['x-hidden']).toBeUndefined();
    expect(methods()).toEqual(['GET']);
  });

  it('is told why it is refused without a token', async () => {
    const answer = await call(page, '/items');
    expect(answer?.status).toBe(401);
    expect(answer?.headers['www-authenticate']).toBe('Bearer realm="127.0.0.1", scope="read:items"');
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({
      reason: 'token_missing',
      request_id: answer?.headers['x-request-id'],
    });
    expect(methods()).toEqual([]);
  });

  it('is told which scopes it lacks', async () => {
    const answer = await call(page, '/admin', await withToken());
    expect(answer?.status).toBe(403);
    expect(answer?.headers['www-authenticate']).toContain('scope="admin:items read:items"');
    expect(methods()).toEqual([]);
  });

  it('is told when to come back where no keys can be had', async () => {
    const answer = await call(page, '/items', await withToken({ iss: ISSUER_OUT_OF_REACH }));
    expect(answer?.status).toBe(503);
    expect(answer?.headers['retry-after']).toMatch(/^\d+$/);
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ reason: 'keys_unavailable' });
  });

  it.each(['POST', 'DELETE'])('is told that the path has no %s', async (method) => {
    const answer = await call(page, '/admin', { method });
    expect(answer?.status).toBe(405);
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ reason: 'method_not_allowed' });
  });

  it('sends JSON: the preflight has no token, is answered, and is not sent on', async () => {
    const headers = { 'content-type': 'application/json' };
    const init = await withToken({}, { method: 'POST', headers, body: '{"name":"one"}' });
    // The browser remembers by URL what preflights have said.
    const answer = await call(page, '/items?new', init);
    expect(answer).toMatchObject({ status: 200, body: 'from the origin' });
    const [preflight, request] = heads.filter((head) => head.includes('/items?new'));
    expect(preflight).toMatch(/^OPTIONS /);
    expect(preflight).not.toMatch(/^authorization:/im);
    expect(request).toMatch(/^POST /);
    expect(request).toMatch(/^authorization: Bearer /im);
    expect(origin.requests.map(({ method, target }) => `${method} ${target}`)).toEqual(['POST /items?new']);
  });

  it('sends no header that the policy does not name', async () => {
    expect(await call(page, '/public', { headers: { 'x-other': '1' } })).toBeUndefined();
    expect(methods()).toEqual([]);
    expect(await call(page, '/public')).toMatchObject({ status: 200 });
  });

  it('reads nothing that it asked for with cookies', async () => {
    expect(await call(page, '/public', { credentials: 'include' })).toBeUndefined();
    expect(await call(page, '/public', { credentials: 'omit' })).toMatchObject({ status: 200 });
  });
});

describe.skipIf(!hasBrowser)('a page of another origin', () => {
  it('is blocked before its request with a token is sent', async () => {
    expect(await call(otherPage, '/items', await withToken())).toBeUndefined();
    expect(methods()).toEqual([]);
  });

  it("reads no answer, whatever the origin server's own headers allow", async () => {
    expect(await call(otherPage, '/public')).toBeUndefined();
    expect(methods()).toEqual(['GET']);
    expect(await call(otherPage, '/items')).toBeUndefined();
  });

  it('may call what is open to all pages', async () => {
    for (const method of ['GET', 'PUT']) {
      const answer = await call(otherPage, '/any', await withToken({}, { method }));
      expect(answer).toMatchObject({ status: 200, body: 'from the origin' });
    }
    expect(methods()).toEqual(['GET', 'PUT']);
  });
});

describe.skipIf(!hasBrowser)('without cors', () => {
  it('the origin server speaks for itself, as far as no preflight is needed', async () => {
    expect(await call(otherPage, '/plain')).toMatchObject({ status: 200, headers: { 'x-hidden': '1' } });
    expect(await call(page, '/plain/items', await withToken())).toBeUndefined();
    expect(methods()).toEqual(['GET']);
  });
});
