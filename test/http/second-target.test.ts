/** Requests that act on another resource than their own path and method. */
import { beforeAll, describe, expect, it } from 'vitest';
import { match } from '../../src/policy/match.ts';
import { parsePath } from '../../src/policy/path.ts';
import { METHODS, SOURCE_HEADERS, TARGET_HEADERS } from '../../src/policy/second-target.ts';
import { makeRig } from '../support/gateway.ts';
import { makeKey, type SigningKey, sign, usualClaims } from '../support/issuer.ts';
import { policyWith } from '../support/policy.ts';

let key: SigningKey;
beforeAll(async () => {
  key = await makeKey();
});

const bound = { claims: { sub: { param: 'uid' } } };
const scope = (name: string) => ({ scopes_all: [name] });

type Tables = Record<string, unknown>;
const rigWith = (routes: Tables, api: Tables = {}, more: Tables = {}) =>
  makeRig({ routes, api, more, keys: [key.publicJwk] });

async function outcome(
  rig: ReturnType<typeof makeRig>,
  request: string,
  headers: Record<string, string> = {},
  claims: Tables = {},
): Promise<string | number> {
  const token = await sign(key, { ...usualClaims(), sub: 'alice', ...claims });
  const response = await rig.call(request, token, headers);
  return response.status === 200 ? 200 : `${response.status} ${rig.lastLog().reason}`;
}

const FILES = '/users/alice/files/a.txt';

describe('the destination of COPY and MOVE (RFC 4918 §10.3)', () => {
  it.each<[string, string | undefined, string | number]>([
    ['the own folder, as a URL', 'https://api.example.com/users/alice/files/b.txt', 200],
    ['the own folder, as a path', '/users/alice/files/b.txt', 200],
    ['with the usual port', 'https://api.example.com:443/users/alice/files/b.txt', 200],
    [
      'with the other scheme, as behind a proxy that ends TLS',
      'http://API.example.com./users/alice/files/b',
      200,
    ],
    ['with blanks around it', '  /users/alice/files/b.txt ', 200],
    ["somebody else's folder", '/users/bob/files/a.txt', '403 claim_mismatch'],
    ["somebody else's folder, encoded", '/users/%62ob/files/a.txt', '403 claim_mismatch'],
    ['a path without a route', '/admin/config', '404 route_unknown'],
    ['none', undefined, '400 destination_invalid'],
    ['an empty one', '', '400 destination_invalid'],
    ['two of them', '/users/alice/files/b, /users/bob/files/b', '400 destination_invalid'],
    ['relative', 'b.txt', '400 destination_invalid'],
    ['relative, upwards', '../../bob/files/b', '400 destination_invalid'],
    ['without scheme', '//api.example.com/users/alice/files/b', '400 destination_invalid'],
    ['another scheme', 'ftp://api.example.com/users/alice/files/b', '400 destination_invalid'],
    ['another host', 'https://evil.example/users/alice/files/b', '400 destination_invalid'],
    ['another port', 'https://api.example.com:8443/users/alice/files/b', '400 destination_invalid'],
    [
      'a user before the host',
      'https://api.example.com@evil.example/users/alice/files/b',
      '400 destination_invalid',
    ],
    ['the host alone', 'https://api.example.com', '400 destination_invalid'],
    ['a query', '/users/alice/files/b?x=1', '400 destination_invalid'],
    ['a fragment', '/users/alice/files/b#x', '400 destination_invalid'],
    ['dot segments', '/users/alice/files/../../bob/files/b', '400 destination_invalid'],
    ['encoded dot segments', '/users/alice/%2e%2e/bob/files/b', '400 destination_invalid'],
    ['a backslash', '/users/alice/files\\b', '400 destination_invalid'],
    ['an encoded slash', '/users/alice%2Ffiles/b', '400 destination_invalid'],
    ['a blank inside', '/users/alice/files/b c', '400 destination_invalid'],
    ['characters that must be encoded', '/users/alice/files/ä', '400 destination_invalid'],
  ])('%s', async (_what, destination, want) => {
    const headers: Record<string, string> = destination === undefined ? {} : { destination };
    for (const method of ['MOVE', 'COPY']) {
      const rig = rigWith({ '* /users/:uid/files/*': bound });
      expect(await outcome(rig, `${method} ${FILES}`, headers)).toBe(want);
      expect(rig.received).toHaveLength(want === 200 ? 1 : 0);
    }
  });

  it('is written anew for the origin, by its base and without the prefix', async () => {
    const api = { origin: 'https://dav.internal.example/remote', strip_prefix: '/dav' };
    const rig = rigWith({ '* /dav/*': {} }, api);
    const destination = 'https://api.example.com/dav/%61%2bb';
    expect(await outcome(rig, 'MOVE /dav/x', { destination })).toBe(200);
    expect(rig.lastReceived().url).toBe('https://dav.internal.example/remote/x');
    expect(rig.lastReceived().headers.get('destination')).toBe('https://dav.internal.example/remote/a%2Bb');
  });

  it('is left alone where the method has no use for it', async () => {
    const rig = rigWith({ 'PUT /x': {} });
    expect(await outcome(rig, 'PUT /x', { destination: 'anywhere' })).toBe(200);
    expect(rig.lastReceived().headers.get('destination')).toBe('anywhere');
  });

  const ALL = {
    'COPY|MOVE /*': {},
    'GET /*': scope('get'),
    'PUT /*': scope('put'),
    'DELETE /*': scope('delete'),
  };
  it.each<[string, string, Record<string, string>, string, string | number]>([
    ['COPY over what is there', 'COPY', {}, 'get put delete', 200],
    ['COPY needs GET', 'COPY', {}, 'put delete', '403 scopes_missing'],
    ['COPY needs PUT', 'COPY', {}, 'get delete', '403 scopes_missing'],
    ['COPY over what is there needs DELETE', 'COPY', {}, 'get put', '403 scopes_missing'],
    ['COPY beside what is there', 'COPY', { overwrite: 'F' }, 'get put', 200],
    [
      'another spelling of F, which a server may not know',
      'COPY',
      { overwrite: 'f' },
      'get put',
      '403 scopes_missing',
    ],
    ['F behind another blank', 'COPY', { overwrite: '\u00a0F' }, 'get put', '403 scopes_missing'],
    ['F twice', 'COPY', { overwrite: 'F, F' }, 'get put', '403 scopes_missing'],
    ['MOVE', 'MOVE', {}, 'get put delete', 200],
    ['MOVE needs DELETE of the source', 'MOVE', { overwrite: 'F' }, 'get put', '403 scopes_missing'],
    ['MOVE needs GET: what is moved can be read there', 'MOVE', {}, 'put delete', '403 scopes_missing'],
  ])('%s', async (_what, method, more, granted, want) => {
    const headers = { destination: '/b', ...more };
    expect(await outcome(rigWith(ALL), `${method} /a`, headers, { scope: granted })).toBe(want);
  });

  it.each(['GET', 'PUT', 'DELETE'])('is refused as a plain %s, where the path lacks it', async (missing) => {
    const { [`${missing} /*`]: _, ...routes } = ALL as Tables;
    const headers = { destination: '/b' };
    expect(await outcome(rigWith(routes), 'MOVE /a', headers, { scope: 'get put delete' })).toBe(
      '405 method_not_allowed',
    );
  });

  it('of another API is refused, though its own rules would let the caller in', async () => {
    const other = { origin: 'https://o.example', audience: 'o', routes: { '* /other/*': { auth: 'none' } } };
    const rig = rigWith({ '* /mine/*': {} }, {}, { API_OTHER: other });
    expect(await outcome(rig, 'MOVE /mine/a', { destination: '/other/a' })).toBe('404 route_unknown');
  });

  it('is judged with its other readings', async () => {
    const rig = rigWith({ '* /*': {}, '* /admin': scope('admin') });
    expect(await outcome(rig, 'MOVE /x', { destination: '/ADMIN' })).toBe('403 scopes_missing');
    expect(rig.lastLog().near_miss).toContain('API_ORDERS * /admin');
  });
});

it('sends on what the request was judged by, whatever Connection lists', async () => {
  const rig = rigWith({ '* /files/*': {} });
  const judged = { depth: '0', overwrite: 'F' };
  const headers = { destination: '/files/b', ...judged, connection: 'depth, overwrite, destination' };
  expect(await outcome(rig, 'COPY /files/a', headers)).toBe(200);
  const sent = Object.fromEntries(rig.lastReceived().headers);
  expect(sent).toMatchObject({ ...judged, destination: 'https://orders.internal.example/files/b' });
});

describe('what lies below a source or a destination', () => {
  const routes = { '* /files/*': {}, '* /files/secret/*': scope('secret') };
  it.each<[string, string, Record<string, string>, string | number]>([
    ['a collection with a guarded part is copied', 'COPY /files/all', { destination: '/files/b' }, 200],
    [
      'the collection with that part',
      'COPY /files/secret',
      { destination: '/files/b' },
      '403 scopes_missing',
    ],
    [
      'without what is in it',
      'COPY /files/secret',
      { destination: '/files/b', depth: '0', overwrite: 'F' },
      200,
    ],
    [
      'a MOVE takes all of it, whatever it says',
      'MOVE /files/secret',
      { destination: '/files/b', depth: '0' },
      '403 scopes_missing',
    ],
    [
      'something is put over it',
      'COPY /files/b',
      { destination: '/files/secret', depth: '0' },
      '403 scopes_missing',
    ],
    [
      'something is put into it',
      'COPY /files/b',
      { destination: '/files/secret', overwrite: 'F' },
      '403 scopes_missing',
    ],
  ])('%s', async (_what, request, headers, want) => {
    expect(await outcome(rigWith(routes), request, headers)).toBe(want);
  });

  it('is refused where it is bound to segments that nobody named', async () => {
    const rig = rigWith({ '* /users': {}, '* /copy': {}, '* /users/:uid/files/*': bound });
    expect(await outcome(rig, 'COPY /users', { destination: '/copy' })).toBe('403 claim_mismatch');
  });

  it('counts for the route that takes what has none of its own', async () => {
    const rig = rigWith({ '* /*': scope('admin'), '* /files/:id': {} });
    expect(await outcome(rig, 'MOVE /files/1', { destination: '/files/2' })).toBe('403 scopes_missing');
    expect(await outcome(rig, 'MOVE /files/1', { destination: '/files/2' }, { scope: 'admin' })).toBe(200);
  });

  it('is refused where it is of another API at the same server, and passes where at another', async () => {
    const api = (origin: string) => ({ API_B: { origin, audience: 'b', routes: { '* /files/b/*': {} } } });
    const headers = { destination: '/copy' };
    const mine = { '* /files': {}, '* /copy': {} };
    const same = rigWith(mine, {}, api('https://orders.internal.example/b'));
    expect(await outcome(same, 'COPY /files', headers)).toBe('404 route_unknown');
    expect(await outcome(rigWith(mine, {}, api('https://b.example')), 'COPY /files', headers)).toBe(200);
  });
});

describe('a method in the query', () => {
  const routes = {
    'POST /items/:id': scope('write'),
    'GET /items/:id': {},
    'DELETE /items/:id': scope('delete'),
  };
  it.each([
    '_method=DELETE',
    '_method=delete',
    '_METHOD=Delete',
    'x=1&_method=%44ELETE',
    '%5Fmethod=DELETE',
    '_m%65thod=DELETE',
    '.method=DELETE',
    '[method=DELETE',
    '+_method=DELETE',
    '%20_method=DELETE+',
    '_method%00x=DELETE',
    'a;_method=DELETE',
    '_method=POST&_method=DELETE',
    'X-HTTP-Method-Override=DELETE',
    'x_http_method_override=DELETE',
    'x-http-method=DELETE',
    'x-method-override=DELETE',
    'http-method-override=DELETE',
    '_http_method=DELETE',
    '$httpMethod=DELETE',
    '$method=DELETE',
  ])('%s needs the rules of DELETE', async (query) => {
    const rig = rigWith(routes);
    const request = `POST /items/1?${query}`;
    expect(await outcome(rig, request, {}, { scope: 'write' })).toBe('403 scopes_missing');
    expect(rig.lastLog().near_miss).toEqual(['API_ORDERS DELETE /items/:id']);
    expect(rig.received).toHaveLength(0);
    expect(await outcome(rig, request, {}, { scope: 'write delete' })).toBe(200);
    expect(rig.lastReceived().url).toContain(query);
  });

  it.each([
    ['POST', 'method=DELETE'],
    ['POST', 'http_method=DELETE'],
    ['POST', '_method=POST'],
    ['POST', '_method=soft'],
    ['POST', '_method='],
    ['POST', '_methods=DELETE'],
    ['POST', '_method=GET'],
    ['GET', 'payment_method=DELETE'],
    ['GET', 'q=_method%3DDELETE'],
  ])('%s with %s is a plain request', async (method, query) => {
    expect(await outcome(rigWith(routes), `${method} /items/1?${query}`, {}, { scope: 'write' })).toBe(200);
  });

  it('that the path lacks is refused, as a plain request is', async () => {
    const rig = rigWith(routes);
    expect(await outcome(rig, 'GET /items/1?_method=PATCH')).toBe('405 method_not_allowed');
    expect(await outcome(rig, 'GET /items/1?_method=TRACE')).toBe('405 method_not_allowed');
  });

  it('counts for every method, and needs nothing where one route serves all', async () => {
    expect(await outcome(rigWith(routes), 'GET /items/1?_method=DELETE')).toBe('403 scopes_missing');
    expect(await outcome(rigWith({ '* /x': {} }), 'POST /x?_method=DELETE')).toBe(200);
  });

  it('may be COPY, whose destination is judged then', async () => {
    const rig = rigWith({ '* /users/:uid/files/*': bound });
    expect(await outcome(rig, `POST ${FILES}?_method=COPY`)).toBe('400 destination_invalid');
    const headers = { destination: '/users/bob/files/a' };
    expect(await outcome(rig, `POST ${FILES}?_method=COPY`, headers)).toBe('403 claim_mismatch');
  });

  it('counts against the limits of its route', async () => {
    const limits: string[] = [];
    const limit = async ({ key: counted }: { key: string }) => {
      limits.push(counted);
      return { success: !counted.includes('DELETE') };
    };
    const rig = makeRig({
      routes: { 'POST /x': {}, 'DELETE /x': { rate_limit: 'LIMIT' } },
      keys: [key.publicJwk],
      env: { LIMIT: { limit } },
    });
    expect(await outcome(rig, 'POST /x?_method=DELETE')).toBe('429 rate_limited');
    expect(limits).toHaveLength(1);
  });
});

describe('methods', () => {
  const at = (method: string, routes: Tables) => {
    const path = parsePath('/x');
    if (typeof path === 'string') throw new Error(path);
    const found = match(policyWith(routes), 'api.example.com', method, path);
    return found.kind === 'match' ? found.route.key : found.reason.code;
  };

  it.each(Object.entries(METHODS))('%s is %s', (method, kind) => {
    const isServed = kind === 'plain' || kind === 'destination';
    expect(at(method, { '* /x': {} })).toBe(isServed ? '* /x' : 'method_not_allowed');
    if (kind !== 'never') expect(at(method, { [`${method} /x`]: {}, '* /x': {} })).toBe(`${method} /x`);
  });

  it('that no registry has are in *', () => {
    expect(at('PURGE', { '* /x': {} })).toBe('* /x');
    expect(at('constructor', { '* /x': {} })).toBe('method_not_allowed');
    expect(at('HAS-OWN-PROPERTY', { '* /x': {} })).toBe('* /x');
  });
});

describe('headers that name another resource', () => {
  const spellings = (name: string) => [name, name.toUpperCase(), name.replaceAll('-', '_')];

  it.each(SOURCE_HEADERS.map((name) => (name.endsWith('-') ? `${name}if-match` : name)))(
    '%s is refused, in every spelling',
    async (name) => {
      for (const spelling of [...spellings(name), `${name}-range`]) {
        const rig = rigWith({ 'PUT /b': {} });
        expect(await outcome(rig, 'PUT /b', { [spelling]: '/bucket/secret' })).toBe('400 source_header');
        expect(rig.received).toHaveLength(0);
      }
    },
  );

  it('is told only to whom the rules let in', async () => {
    const rig = rigWith({ 'PUT /b': scope('write') });
    expect(await outcome(rig, 'PUT /b', { 'x-amz-copy-source': '/a' })).toBe('403 scopes_missing');
    expect(await outcome(rig, 'PUT /b', { 'x-amz-copy-source': '/a' }, { scope: 'write' })).toBe(
      '400 source_header',
    );
    expect(rig.lastLog().reason_detail).toBe('x-amz-copy-source');
  });

  it.each(TARGET_HEADERS)('%s is dropped, in every spelling', async (name) => {
    const rig = rigWith({ 'GET /x': {} });
    for (const spelling of spellings(name)) {
      expect(await outcome(rig, 'GET /x', { [spelling]: '/admin', 'x-kept': '1' })).toBe(200);
      const names = [...rig.lastReceived().headers.keys()];
      expect(names).toContain('x-kept');
      expect(names).not.toContain(spelling.toLowerCase());
    }
  });
});

describe('on trial', () => {
  const api = { report_only: true };
  it.each<[string, string, Record<string, string>, string]>([
    [
      'a destination on another host',
      'MOVE /a',
      { destination: 'https://other.example/b' },
      'destination_invalid',
    ],
    ['no destination', 'MOVE /a', {}, 'destination_invalid'],
    ['a destination without a route', 'MOVE /a', { destination: '/nowhere/b' }, 'route_unknown'],
    ['a method in the query that has no route', 'GET /c?_method=DELETE', {}, 'method_not_allowed'],
    ['a method that is not in *', 'REPORT /a', {}, 'method_not_allowed'],
    ['a copy by a header', 'PUT /a', { 'x-amz-copy-source': '/b' }, 'source_header'],
  ])('%s passes as it came, and is told', async (_what, request, headers, wouldDeny) => {
    const rig = rigWith({ '* /:x': {}, 'GET /c': {} }, api);
    expect(await outcome(rig, request, headers)).toBe(200);
    expect(rig.lastLog().would_deny).toBe(wouldDeny);
    for (const [name, value] of Object.entries(headers))
      expect(rig.lastReceived().headers.get(name)).toBe(value);
  });

  it('an enforced route is asked all the same', async () => {
    const rig = rigWith({ '* /a': {}, '* /b': { ...scope('b'), report_only: false } }, api);
    expect(await outcome(rig, 'MOVE /a', { destination: '/b' })).toBe('403 scopes_missing');
    expect(await outcome(rig, 'REPORT /b')).toBe('405 method_not_allowed');
  });
});
