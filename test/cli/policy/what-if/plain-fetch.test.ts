import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { fetchPlainly } from '../../../../cli/policy/what-if/plain-fetch.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('a request', () => {
  it('has no header but those that are asked for', async () => {
    let seen: string[] = [];
    const url = await serve(({ rawHeaders }, response) => {
      seen = rawHeaders.map((text) => text.toLowerCase());
      response.end();
    });
    await fetchPlainly(url, { headers: { accept: 'x/y' } });
    expect(seen).toEqual(['accept', 'x/y', 'host', url.slice(7, -1), 'connection', 'keep-alive']);
  });

  it.each([200, 204, 302, 304, 403, 503])('gives back status %i, with headers and body', async (status) => {
    const url = await serve((_request, response) => {
      response.writeHead(status, { location: 'https://x.example/', 'set-cookie': ['a', 'b'] });
      response.end(status === 204 || status === 304 ? undefined : 'grüezi');
    });
    const response = await fetchPlainly(url, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([status, 'https://x.example/']);
    expect(response.headers.getSetCookie()).toEqual(['a', 'b']);
    expect(await response.text()).toBe(status === 204 || status === 304 ? '' : 'grüezi');
  });

  it('has no body after HEAD', async () => {
    const url = await serve((_request, response) => response.end('x'));
    expect((await fetchPlainly(url, { method: 'HEAD' })).body).toBeNull();
  });

  it('fails where nobody listens, with the code', async () => {
    const url = await serve(() => {});
    for (const server of servers.splice(0)) server.close();
    await expect(fetchPlainly(url, {})).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('ends with its signal, before the answer and within it', async () => {
    const silent = await serve(() => {});
    await expect(fetchPlainly(silent, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
    const controller = new AbortController();
    const slow = await serve((_request, response) => {
      response.write('x');
      controller.abort();
    });
    await expect(
      fetchPlainly(slow, { signal: controller.signal }).then((response) => response.text()),
    ).rejects.toThrow();
  });

  it('is refused for a status that no answer has', async () => {
    const url = await serve((_request, response) => {
      response.socket?.end('HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n');
    });
    await expect(fetchPlainly(url, {})).rejects.toThrow();
  });
});
