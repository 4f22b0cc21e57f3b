import { beforeAll, describe, expect, it } from 'vitest';
import { makeRig } from '../support/gateway.ts';
import { makeKey, type SigningKey, sign } from '../support/issuer.ts';

let key: SigningKey;
beforeAll(async () => {
  key = await makeKey();
});

const rigWith = (more: Partial<Parameters<typeof makeRig>[0]> = {}) =>
  makeRig({ routes: { '* /open/*': { auth: 'none' }, '* /x': {} }, keys: [key.publicJwk], ...more });

describe('what the origin gets', () => {
  it.each([
    ['/open/a?q=1&q=2', '/open/a?q=1&q=2'],
    ['/open/%61?', '/open/a?'],
    ['/open/a%2bb+c', '/open/a%2Bb+c'],
    ['/open/caf%c3%a9', '/open/caf%C3%A9'],
    ['/open/a?x=%2e%2e/%zz', '/open/a?x=%2e%2e/%zz'],
  ])('%s is sent on as %s', async (target, want) => {
    const rig = rigWith();
    expect((await rig.ask(`GET ${target}`)).status).toBe(200);
    expect(rig.lastReceived().url).toBe(`https://orders.internal.example${want}`);
  });

  it('the path of the origin goes before it', async () => {
    const rig = rigWith({ api: { origin: 'https://orders.internal.example/base/' } });
    await rig.ask('GET /open/a');
    expect(rig.lastReceived().url).toBe('https://orders.internal.example/base/open/a');
  });

  it('a service binding gets the public URL, rebuilt from the path that was matched', async () => {
    const seen: string[] = [];
    const ORDERS = {
      fetch: async (input: RequestInfo, init: RequestInit) => {
        seen.push(new Request(input, init).url);
        return new Response('bound');
      },
    };
    const rig = rigWith({ api: { origin: 'service:ORDERS' }, env: { ORDERS } });
    await rig.ask('GET /open/%61');
    expect(seen).toEqual(['https://api.example.com/open/a']);
  });

  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'QUERY'])(
    'the method %s',
    async (method) => {
      const rig = rigWith();
      await rig.ask(`${method} /open/a`);
      expect(rig.lastReceived().method).toBe(method);
    },
  );

  it('the body, byte for byte', async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(10_000));
    let received: ArrayBuffer | undefined;
    const rig = rigWith({
      origin: async (request) => {
        received = await request.arrayBuffer();
        return new Response('ok');
      },
    });
    await rig.ask('POST /open/a', { 'content-type': 'application/x-mine' }, { body: bytes });
    expect(new Uint8Array(received ?? new ArrayBuffer(0))).toEqual(bytes);
    expect(rig.lastReceived().headers.get('content-type')).toBe('application/x-mine');
  });

  it('who asked: x-forwarded-for, -host, -proto and a request id', async () => {
    const rig = rigWith();
    await rig.ask('GET https://api.example.com:8443/open/a', {
      'cf-connecting-ip': '203.0.113.7',
      'x-forwarded-for': '10.0.0.1',
      'x-request-id': 'short',
    });
    const headers = rig.lastReceived().headers;
    expect(headers.get('x-forwarded-for')).toBe('203.0.113.7');
    expect(headers.get('x-forwarded-host')).toBe('api.example.com:8443');
    expect(headers.get('x-forwarded-proto')).toBe('https');
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(rig.lastLog().request_id).toBe(headers.get('x-request-id'));
  });

  it.each([
    ['x-request-id', 'abc-DEF.123_', 'abc-DEF.123_'],
    ['x-client-request-id', 'abc', 'abc'],
    ['x-request-id', 'has a blank in it', null],
    ['x-request-id', 'x'.repeat(65), null],
    ['x_request_id', 'forged-by-an-alias', null],
    ['x-client_request_id', 'forged-by-an-alias', null],
  ])(
    "the client's request id apart from the gateway's, if it can do no harm: %s: %s",
    async (name, id, kept) => {
      const rig = rigWith();
      const response = await rig.ask('GET /open/a', { [name]: id });
      const { headers } = rig.lastReceived();
      const own = headers.get('x-request-id');
      expect(own).toMatch(/^[0-9a-f-]{36}$/);
      expect(headers.get('x-client-request-id')).toBe(kept);
      expect(
        headers.get(name === 'x-request-id' || name === 'x-client-request-id' ? 'x-none' : name),
      ).toBeNull();
      expect(rig.lastLog().client_request_id ?? null).toBe(kept);
      expect([rig.lastLog().request_id, response.headers.get('x-request-id')]).toEqual([own, own]);
    },
  );

  it('nothing from a shared cache: claims are in no cache key', async () => {
    const rig = rigWith();
    await rig.call('GET /x', await sign(key));
    expect(rig.lastReceived().cache).toBe('no-store');
    await rig.ask('GET /open/a');
    expect(rig.lastReceived().cache).toBe('no-store');
  });

  it('no credentials, unless the policy says so', async () => {
    const rig = rigWith({
      routes: {
        'GET /x': {},
        'GET /y': { forward_authorization: true },
        'GET /open/*': { auth: 'none', forward_authorization: false },
      },
    });
    const token = await sign(key);
    await rig.call('GET /x', token);
    expect(rig.lastReceived().headers.get('authorization')).toBeNull();
    await rig.call('GET /y', token);
    expect(rig.lastReceived().headers.get('authorization')).toBe(`Bearer ${token}`);
    await rig.call('GET /open/a', token);
    expect(rig.lastReceived().headers.get('authorization')).toBeNull();
  });
});

describe('a request that is nearly another one', () => {
  const routes = { 'GET /*': { auth: 'none' }, 'GET /admin': {} };

  it('is treated like both: claims are sent, credentials are not', async () => {
    const rig = rigWith({ routes });
    expect((await rig.call('GET /ADMIN', await sign(key))).status).toBe(200);
    expect(rig.lastReceived().url).toBe('https://orders.internal.example/ADMIN');
    expect(rig.lastReceived().headers.get('x-claim-sub')).toBe('user-1');
    expect(rig.lastReceived().headers.get('authorization')).toBeNull();
  });
});

describe('what the client gets', () => {
  it.each([200, 204, 206, 301, 302, 304, 400, 401, 403, 404, 418, 500, 503])(
    "the origin's %i, as it is",
    async (status) => {
      const bodyless = [204, 304].includes(status);
      const rig = rigWith({
        origin: () =>
          new Response(bodyless ? null : 'body', {
            status,
            headers: { location: '/elsewhere', 'x-mine': '1', 'www-authenticate': 'Mine' },
          }),
      });
      const response = await rig.ask('GET /open/a');
      expect(response.status).toBe(status);
      expect(response.headers.get('location')).toBe('/elsewhere');
      expect(response.headers.get('www-authenticate')).toBe('Mine');
      expect(await response.text()).toBe(bodyless ? '' : 'body');
    },
  );

  it('several Set-Cookie headers', async () => {
    const origin = () => {
      const headers = new Headers();
      headers.append('set-cookie', 'a=1');
      headers.append('set-cookie', 'b=2');
      return new Response('ok', { headers });
    };
    expect((await rigWith({ origin }).ask('GET /open/a')).headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  it('a body as it comes, longer than the time limit for its head', async () => {
    const origin = () => {
      const { readable, writable } = new TransformStream();
      const writer = writable.getWriter();
      void (async () => {
        await writer.write(new TextEncoder().encode('first '));
        await new Promise((resolve) => setTimeout(resolve, 120));
        await writer.write(new TextEncoder().encode('last'));
        await writer.close();
      })();
      return new Response(readable);
    };
    const response = await rigWith({ origin, api: { timeout_ms: 50 } }).ask('GET /open/a');
    expect(await response.text()).toBe('first last');
  });

  it('waits longer where a body must be sent first', async () => {
    const origin = async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return new Response('ok');
    };
    const rig = rigWith({ origin, api: { timeout_ms: 20, upload_timeout_ms: 10_000 } });
    expect((await rig.ask('POST /open/a', {}, { body: 'x' })).status).toBe(200);
  });
});
