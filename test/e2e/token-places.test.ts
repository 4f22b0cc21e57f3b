/** Tokens among the protocols of a WebSocket and in cookies, with clients that are not ours. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser, launchBrowser } from './support/browser.ts';
import { acceptUpgrade } from './support/websocket.ts';
import { type RunningWorkerd, startGateway } from './support/workerd.ts';

let origin: Server;
let keys: Server;
let gateway: RunningWorkerd;
let token: string;
let browser: Browser | undefined;
const upgrades: IncomingMessage['headers'][] = [];
const writes: IncomingMessage['headers'][] = [];

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'key-1' }] });
  keys = createServer((_, response) => response.setHeader('content-type', 'application/json').end(jwks));
  token = await new SignJWT({ iss: 'https://issuer.example/', aud: 'x', sub: 'user' })
    .setProtectedHeader({ alg: 'ES256', kid: 'key-1', typ: 'at+jwt' })
    .setExpirationTime('10m')
    .sign(privateKey);
  origin = createServer((request, response) => {
    if (request.method === 'POST') writes.push(request.headers);
    if (request.url === '/sign-in')
      response.setHeader('set-cookie', `session=${token}; Path=/; SameSite=None; Secure`);
    response.setHeader('content-type', 'text/html').end('<!doctype html>from the origin');
  });
  origin.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    upgrades.push(request.headers);
    // One path selects a protocol, as servers of GraphQL do; the other knows of none.
    const chosen = request.url === '/ws/chat' ? ['Sec-WebSocket-Protocol: chat'] : [];
    const end = acceptUpgrade(request, socket, head, chosen);
    end.on('message', (message) => end.send(`echo ${message}`));
  });
  const url = await listen(origin);
  const api = (token_from: string, routes: Record<string, unknown>) => ({
    origin: url,
    audience: 'x',
    token_from,
    routes,
  });
  gateway = await startGateway(
    {
      GATEWAY: { log_sample: 0 },
      ISSUERS: { main: { issuer: 'https://issuer.example/', jwks_uri: await listen(keys) } },
      API_SOCKETS: api('websocket', { 'GET /ws/*': {} }),
      API_COOKIE: api('cookie:session', {
        'GET /sign-in': { auth: 'none' },
        'GET|POST /orders': {},
      }),
    },
    url,
  );
  if (!hasBrowser) return;
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await gateway?.stop();
  for (const server of [origin, keys]) {
    server?.close();
    server?.closeAllConnections();
  }
});

/** Runs in a page, too: it must not use what stands around it. */
const openSocket = ({ url, protocols }: { url: string; protocols: string[] }) =>
  new Promise<string>((resolve) => {
    const socket = new WebSocket(url, protocols);
    socket.onopen = () => socket.send('hello');
    socket.onmessage = ({ data }) => {
      resolve(`${socket.protocol}: ${data}`);
      socket.close();
    };
    socket.onerror = () => resolve('refused');
    socket.onclose = () => resolve('closed');
  });

describe.each(['Node', 'a browser'] as const)('a WebSocket of %s', (client) => {
  const open = async (path: string, protocols: string[]) => {
    const asked = { url: `ws://127.0.0.1:${gateway.port}${path}`, protocols };
    if (client === 'Node') return openSocket(asked);
    const page = await (browser as Browser).newPage();
    return page.evaluate(openSocket, asked).finally(() => page.close());
  };

  it.skipIf(client !== 'Node' && !hasBrowser)('brings its token among the protocols', async () => {
    expect(await open('/ws/none', ['bearer', token])).toBe('bearer: echo hello');
    expect(upgrades.at(-1)).toMatchObject({ 'sec-websocket-protocol': 'bearer', 'x-claim-sub': 'user' });
    expect(await open('/ws/chat', ['chat', 'bearer', token])).toBe('chat: echo hello');
    expect(JSON.stringify(upgrades)).not.toContain(token);
    const before = upgrades.length;
    expect(await open('/ws/none', ['chat'])).not.toContain('echo');
    expect(await open('/ws/none', ['bearer', 'nonsense'])).not.toContain('echo');
    expect(upgrades).toHaveLength(before);
  });
});

describe('a cookie', () => {
  it.skipIf(!hasBrowser)('of a browser passes from the own page, and from no other', async () => {
    const own = `http://localhost:${gateway.port}`;
    const page: Page = await (browser as Browser).newPage();
    await page.goto(`${own}/sign-in`);
    const post = (one: Page) =>
      one.evaluate(
        (url) =>
          fetch(url, { method: 'POST', credentials: 'include', mode: 'no-cors' }).then(
            ({ status }) => status,
          ),
        `${own}/orders`,
      );
    expect(await post(page)).toBe(200);
    expect(writes.at(-1)).toMatchObject({ 'x-claim-sub': 'user' });
    expect(writes.at(-1)?.cookie).toBeUndefined();
    await page.goto(`http://127.0.0.1:${gateway.port}/sign-in`);
    await post(page);
    expect(writes).toHaveLength(1);
  });

  it('of another site opens no WebSocket and writes nothing', async () => {
    const send = (headers: Record<string, string>) =>
      fetch(`http://127.0.0.1:${gateway.port}/orders`, {
        method: 'POST',
        headers: { cookie: `session=${token}`, ...headers },
      });
    expect((await send({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await send({ origin: `http://127.0.0.1:${gateway.port}` })).status).toBe(200);
  });
});
