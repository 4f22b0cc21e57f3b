/** The gateway's own id: on every answer, in the log, and with the origin's request. */
import { describe, expect, it } from 'vitest';
import { newRequestId } from '../../src/http/request-id.ts';
import { makeRig } from '../support/gateway.ts';

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const APP = 'https://app.example.com';
const PREFLIGHT = { origin: APP, 'access-control-request-method': 'GET' };

const rigWith = (more: Partial<Parameters<typeof makeRig>[0]> = {}) =>
  makeRig({
    routes: { 'GET /open': { auth: 'none' }, 'GET /x': {} },
    ...more,
    api: { hosts: ['api.example.com'], cors: { origins: [APP] }, ...more.api },
    more: { GATEWAY: { health_path: '/up' } },
  });

describe('every answer has the id', () => {
  it.each<[string, string, Record<string, string>, boolean]>([
    ['of the origin', 'GET /open', {}, true],
    ['a refusal', 'GET /x', {}, true],
    ['of no route', 'GET /nothing', {}, true],
    ['of a path in two readings', 'GET /a//b', {}, true],
    ['a preflight', 'OPTIONS /x', PREFLIGHT, false],
    ['health', 'GET /up', {}, false],
    ['metadata', 'GET /.well-known/oauth-protected-resource/orders', {}, false],
    ['a preflight of metadata', 'OPTIONS /.well-known/oauth-protected-resource/orders', PREFLIGHT, false],
  ])('%s', async (_what, request, headers, isLogged) => {
    const rig = rigWith({ origin: () => new Response('ok', { headers: { 'x-request-id': 'the-origins' } }) });
    const ids = [];
    for (const _ of [1, 2]) {
      const response = await rig.ask(request, { ...headers, 'x-request-id': 'chosen-by-a-client' });
      const id = response.headers.get('x-request-id') ?? '';
      expect(id).toMatch(ID);
      if (isLogged)
        expect(rig.lastLog()).toMatchObject({ request_id: id, client_request_id: 'chosen-by-a-client' });
      ids.push(id);
    }
    expect(new Set(ids).size).toBe(2);
  });

  it('an upgrade', async () => {
    const rig = rigWith({
      origin: () => new Response(null, { status: 101, webSocket: new WebSocketPair()[0] }),
    });
    const response = await rig.ask('GET /open', { upgrade: 'websocket' });
    expect([response.status, response.headers.get('x-request-id')]).toEqual([101, expect.stringMatching(ID)]);
  });

  it.each<[string, () => Response, number]>([
    ['made by a handler', () => new Response('mine'), 200],
    // Its headers can't be changed, like those of what `fetch` returns.
    ['that a handler did not make', () => Response.redirect('https://a.example/', 302), 302],
  ])('of the same Worker: %s', async (_what, make, status) => {
    const rig = rigWith({ api: { origin: 'next' }, options: { next: async () => make() } });
    const response = await rig.ask('GET /open');
    expect([response.status, response.headers.get('x-request-id')]).toEqual([
      status,
      expect.stringMatching(ID),
    ]);
  });

  it('but those of an API on trial, which are its origin’s', async () => {
    const rig = rigWith({ api: { report_only: true } });
    const response = await rig.ask('GET /x', { 'x-request-id': 'a b' });
    expect(response.headers.get('x-request-id')).toBeNull();
    expect(rig.lastReceived().headers.get('x-request-id')).toBe('a b');
    await rig.ask('GET /x');
    expect(rig.lastReceived().headers.get('x-request-id')).toBe(rig.lastLog().request_id);
  });

  it('a broken policy', async () => {
    const rig = makeRig({ routes: { 'GET /x': { scopes_all: [] } } });
    const response = await rig.ask('GET /x', { 'x-request-id': 'chosen-by-a-client' });
    expect([response.status, response.headers.get('x-request-id')]).toEqual([503, expect.stringMatching(ID)]);
  });
});

describe('ids', () => {
  it('of one isolate are its own random bits and a number that no other has', () => {
    const ids = Array.from({ length: 1_000 }, newRequestId);
    expect(new Set(ids).size).toBe(1_000);
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids.map((id) => id.slice(0, -12))).size).toBe(1);
  });
});
