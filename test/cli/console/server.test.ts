/** Whom the console answers. Requests are written by hand where a client would not send them. */
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConsoleApi } from '../../../cli/console/api.ts';
import { type ConsoleServer, startConsoleServer } from '../../../cli/console/server.ts';
import { CommandError } from '../../../cli/text/terminal.ts';

const seen: unknown[] = [];
const api: ConsoleApi = {
  'GET /api/echo': async ({ query }) => ({ status: 200, body: { q: query.get('q') } }),
  'POST /api/echo': async ({ body }) => {
    seen.push(body);
    return { status: 201, body };
  },
  'GET /api/person': async () => {
    throw new CommandError('mend this');
  },
  'GET /api/bug': async () => {
    throw new Error('with a stack');
  },
};
const other: ConsoleApi = { 'GET /api/issuer/apis': async () => ({ status: 200, body: [] }) };

let server: ConsoleServer;
let token: string;
beforeAll(async () => {
  server = await startConsoleServer({ port: 0, apis: [api, other], page: '<!doctype html>page' });
  token = new URL(server.address).hash.slice('#token='.length);
});
afterAll(() => server.close());

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Got {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

function send({ method = 'GET', path = '/api/echo', headers = {}, body }: Sent): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        host: '127.0.0.1',
        port: server.port,
        method,
        path,
        headers: { 'x-console-token': token, ...headers },
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
        answer.once('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

describe('the console answers', () => {
  it('its page, its parts and those of others', async () => {
    expect(await send({ path: '/' })).toMatchObject({ status: 200, text: '<!doctype html>page' });
    expect(await send({ path: '/?x' })).toMatchObject({ status: 200 });
    expect(await send({ path: '/api/echo?q=a%20b' })).toMatchObject({ status: 200, text: '{"q":"a b"}' });
    expect(await send({ path: '/api/issuer/apis' })).toMatchObject({ status: 200, text: '[]' });
  });

  it.each([
    ['by name', (port: number) => ({ host: `localhost:${port}` })],
    ['by number', (port: number) => ({ host: `127.0.0.1:${port}` })],
    ['a page of its own', (port: number) => ({ origin: `http://127.0.0.1:${port}` })],
    [
      'a page of its own, by name',
      (port: number) => ({ host: `localhost:${port}`, origin: `http://localhost:${port}` }),
    ],
    ['a browser that says so', () => ({ 'sec-fetch-site': 'same-origin' })],
    ['an address that was typed', () => ({ 'sec-fetch-site': 'none' })],
  ])('%s', async (_what, headers) => {
    expect(await send({ headers: headers(server.port) as Record<string, string> })).toMatchObject({
      status: 200,
    });
  });

  it('nothing without the token but the page, which is empty', async () => {
    for (const wrong of ['', 'x', token.slice(1), `${token}x`, token.toUpperCase()])
      expect(await send({ headers: { 'x-console-token': wrong } }), wrong).toMatchObject({ status: 401 });
    expect(await send({ path: '/', headers: { 'x-console-token': '' } })).toMatchObject({ status: 200 });
    expect(
      await send({ path: `/api/echo?token=${token}`, headers: { 'x-console-token': '' } }),
    ).toMatchObject({
      status: 401,
    });
  });

  it('with a token that no two consoles share', async () => {
    const second = await startConsoleServer({ port: 0, apis: [], page: '' });
    await second.close();
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(second.address).not.toContain(token);
  });
});

describe('the console refuses', () => {
  const REFUSED: readonly (readonly [string, (port: number) => Record<string, string>])[] = [
    ['another name (DNS rebinding)', (port) => ({ host: `evil.example:${port}` })],
    ['a name that begins like its own', (port) => ({ host: `127.0.0.1.evil.example:${port}` })],
    ['another port', (port) => ({ host: `localhost:${port + 1}` })],
    ['no port', () => ({ host: 'localhost' })],
    ['another spelling of its address', (port) => ({ host: `127.1:${port}` })],
    ['another origin', () => ({ origin: 'https://evil.example' })],
    ['another port of this machine', () => ({ origin: 'http://localhost:8787' })],
    ['its other name as origin', (port) => ({ origin: `http://localhost:${port}` })],
    ['https of its own name', (port) => ({ origin: `https://127.0.0.1:${port}` })],
    ['a page without origin', () => ({ origin: 'null' })],
    ['another site', () => ({ 'sec-fetch-site': 'cross-site' })],
    ['another port, by the browser', () => ({ 'sec-fetch-site': 'same-site' })],
  ];

  it.each(REFUSED)('%s', async (_what, headers) => {
    for (const path of ['/', '/api/echo', '/nowhere'])
      expect(await send({ path, headers: headers(server.port) }), path).toMatchObject({ status: 403 });
    expect(await send({ method: 'POST', headers: headers(server.port), body: '{}' })).toMatchObject({
      status: 403,
    });
  });

  it('preflights, and says nothing of CORS', async () => {
    const preflight = await send({
      method: 'OPTIONS',
      headers: {
        origin: 'https://evil.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'x-console-token',
        'x-console-token': '',
      },
    });
    expect(preflight.status).toBe(403);
    const own = await send({ method: 'OPTIONS', headers: { 'x-console-token': '' } });
    expect(own.status).toBe(401);
    for (const { headers } of [preflight, own, await send({})])
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('large bodies, other types and what is not JSON', async () => {
    const json = { 'content-type': 'application/json' };
    expect(await send({ method: 'POST', headers: json, body: '{"a":1}' })).toMatchObject({ status: 201 });
    expect(await send({ method: 'POST', headers: json, body: `"${'x'.repeat(70_000)}"` })).toMatchObject({
      status: 413,
    });
    expect(
      await send({ method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' }),
    ).toMatchObject({
      status: 415,
    });
    expect(await send({ method: 'POST', headers: json, body: '{' })).toMatchObject({ status: 400 });
    expect(seen).toEqual([{ a: 1 }]);
  });

  it('what it does not have', async () => {
    expect(await send({ path: '/api/none' })).toMatchObject({ status: 404 });
    expect(await send({ method: 'DELETE' })).toMatchObject({ status: 405 });
    expect(await send({ method: 'POST', path: '/' })).toMatchObject({ status: 405 });
    for (const path of ['/../', '//', '/%2e%2e/etc/passwd', '/constructor', '*', 'http://127.0.0.1/'])
      expect((await send({ path })).status, path).toBe(404);
  });

  it('to hand on a bug, and says what a person can mend', async () => {
    expect(await send({ path: '/api/person' })).toMatchObject({ status: 400, text: '{"error":"mend this"}' });
    const bug = await send({ path: '/api/bug' });
    expect(bug.status).toBe(500);
    expect(bug.text).not.toContain('stack');
  });

  it('every address but loopback', async () => {
    const others = Object.values(networkInterfaces())
      .flatMap((found) => found ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal);
    for (const { address } of others) {
      const reached = await new Promise((resolve) => {
        const socket = connect(server.port, address, () => resolve(true));
        socket.once('error', () => resolve(false));
        socket.once('connect', () => socket.destroy());
      });
      expect(reached, address).toBe(false);
    }
    // Whatever the machine's other addresses are: a server that listens on all of them could not have its port.
    const same = createTcpServer();
    const isFree = await new Promise((resolve) => {
      same.once('error', () => resolve(false));
      same.listen(server.port, '127.0.0.2', () => resolve(true));
    });
    expect(isFree).toBe(true);
    await new Promise((resolve) => same.close(resolve));
  });
});

describe('the console', () => {
  it('forbids frames, caches and guesses', async () => {
    for (const path of ['/', '/api/echo', '/nowhere'])
      expect((await send({ path })).headers, path).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': "frame-ancestors 'none'",
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'cross-origin-resource-policy': 'same-origin',
      });
  });

  it('says that its port is in use', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    await expect(startConsoleServer({ port, apis: [], page: '' })).rejects.toThrow(
      `port ${port} is in use; name another with --port`,
    );
    taken.close();
  });

  it('has no two parts of one name', async () => {
    await expect(startConsoleServer({ port: 0, apis: [api, api], page: '' })).rejects.toThrow('two handlers');
  });
});
