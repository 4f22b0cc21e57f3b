/** Methods in the form of a POST, where the API says that its origin reads them. */
import { beforeAll, describe, expect, it } from 'vitest';
import { makeRig } from '../support/gateway.ts';
import { makeKey, type SigningKey, sign, usualClaims } from '../support/issuer.ts';

let key: SigningKey;
beforeAll(async () => {
  key = await makeKey();
});

const ROUTES = {
  'POST /x': { scopes_all: ['write'] },
  'GET /x': {},
  'DELETE /x': { scopes_all: ['delete'] },
};
const URLENCODED = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data; boundary=b';

async function send(
  body: BodyInit,
  type: string | undefined,
  { scope = 'write', headers = {}, api = {}, routes = ROUTES as Record<string, unknown>, path = '/x' } = {},
) {
  const bodies: string[] = [];
  const rig = makeRig({
    routes,
    api: { form_methods: 'read', ...api },
    keys: [key.publicJwk],
    origin: async (request) => {
      bodies.push(await request.text());
      return new Response('done');
    },
  });
  const token = await sign(key, { ...usualClaims(), scope });
  const all = { ...(type === undefined ? {} : { 'content-type': type }), ...headers };
  // A body of bytes has no type of its own.
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const response = await rig.call(`POST ${path}`, token, all, { method: 'POST', body: bytes });
  const { reason, reason_detail } = rig.lastLog();
  return { status: response.status, reason, detail: reason_detail, bodies, line: rig.lastLog() };
}

const part = (head: string, value: string) => `--b\r\n${head}\r\n\r\n${value}\r\n`;
const field = (name: string, value: string) => part(`Content-Disposition: form-data; name="${name}"`, value);
const END = '--b--\r\n';

describe('a method in a form', () => {
  it.each<[string, string, string | undefined]>([
    ['urlencoded', '_method=DELETE', URLENCODED],
    ['urlencoded, behind others', `a=${'x'.repeat(100_000)}&%5Fmethod=%44elete`, URLENCODED],
    ['without a type, as Rack reads it', '_method=DELETE', undefined],
    ['with an empty type, as Rack reads it', '_method=DELETE', ''],
    [
      'multipart, named by Content-ID, as Rack reads it',
      part('Content-ID: _method', 'DELETE') + END,
      MULTIPART,
    ],
    [
      'multipart, in pieces, as Go reads it',
      part('Content-Disposition: form-data; name*1="thod"; name*0="_me"', 'DELETE') + END,
      MULTIPART,
    ],
    [
      'multipart, with an extended value, as Go and Django read it',
      part("Content-Disposition: form-data; name*=us-ascii'en'_m%65thod", 'DELETE') + END,
      MULTIPART,
    ],
    ['with parameters of the type', '_method=DELETE', `${URLENCODED}; charset=UTF-8`],
    ['multipart', field('_method', 'DELETE') + END, MULTIPART],
    ['multipart, behind others', field('a', '1') + field('_method', 'delete') + END, MULTIPART],
    [
      'multipart, without quotes',
      part('content-disposition: form-data; name=_method', 'DELETE') + END,
      MULTIPART,
    ],
    [
      'multipart, in a folded line',
      part('Content-Disposition: form-data;\r\n\tname="_method"', 'DELETE') + END,
      MULTIPART,
    ],
    [
      'multipart, behind another header',
      part('X-A: 1\r\nCONTENT-DISPOSITION: form-data; a=1; NAME = ".method"', 'DELETE') + END,
      MULTIPART,
    ],
    [
      'multipart, with the escapes of PHP',
      part('Content-Disposition: form-data; name="\\_method"', 'DELETE') + END,
      MULTIPART,
    ],
    [
      'multipart with bare line feeds',
      (field('_method', 'DELETE') + END).replaceAll('\r\n', '\n'),
      MULTIPART,
    ],
    [
      'multipart with another boundary than the type says',
      field('_method', 'DELETE') + END,
      'multipart/form-data; boundary=c',
    ],
    ['of a type that names both', '_method=DELETE', `${URLENCODED}, ${MULTIPART}`],
  ])('%s', async (_what, body, type) => {
    expect(await send(body, type)).toMatchObject({ status: 403, reason: 'scopes_missing', bodies: [] });
    const { status, bodies, line } = await send(body, type, { scope: 'write delete' });
    expect([status, bodies]).toEqual([200, [body]]);
    expect(line.near_miss).toEqual(['API_ORDERS DELETE /x']);
  });

  it('is not hidden by a type that Connection takes away', async () => {
    const types: (string | null)[] = [];
    const rig = makeRig({
      routes: ROUTES,
      api: { form_methods: 'read' },
      keys: [key.publicJwk],
      origin: (request) => {
        types.push(request.headers.get('content-type'));
        return new Response('done');
      },
    });
    const token = await sign(key, { ...usualClaims(), scope: 'write' });
    const headers = { 'content-type': 'application/json', connection: 'content-type' };
    const body = new TextEncoder().encode('_method=DELETE');
    await rig.call('POST /x', token, headers, { method: 'POST', body });
    expect(types).toEqual(['application/json']);
  });

  it('that the path lacks is refused', async () => {
    expect(await send('_method=PUT', URLENCODED)).toMatchObject({ status: 405, bodies: [] });
  });

  it.each<[string, string, string]>([
    ['the same method', '_method=POST', URLENCODED],
    ['a plain method', 'method=DELETE', URLENCODED],
    ['JSON', '{"_method":"DELETE"}', 'application/json'],
    [
      'a file of that name',
      part('Content-Disposition: form-data; name="f"; filename="_method"', 'DELETE') + END,
      MULTIPART,
    ],
    ['HTML with such a field', field('f', '<input name="_method" value="DELETE">') + END, MULTIPART],
    ['an empty form', '', URLENCODED],
  ])('%s changes nothing', async (_what, body, type) => {
    expect(await send(body, type)).toMatchObject({ status: 200, bodies: [body] });
  });

  it.each<[string, string, string, Record<string, string>, string]>([
    ['a form of over 1 MB', `a=${'x'.repeat(1_048_577)}`, URLENCODED, {}, 'too_large'],
    ['a compressed form', '_method=DELETE', URLENCODED, { 'content-encoding': 'gzip' }, 'encoded'],
    ['a form in EBCDIC', '_method=DELETE', `${URLENCODED}; charset=IBM037`, {}, 'encoded'],
    [
      'an encoded value',
      part(
        'Content-Disposition: form-data; name="_method"\r\nContent-Transfer-Encoding: base64',
        'REVMRVRF',
      ) + END,
      MULTIPART,
      {},
      'late',
    ],
    [
      'an encoded value, told before its name',
      part(
        'Content-Transfer-Encoding: base64\r\nContent-Disposition: form-data; name="_method"',
        'REVMRVRF',
      ) + END,
      MULTIPART,
      {},
      'late',
    ],
    [
      'a value in another charset',
      part(
        'Content-Type: text/plain; charset=ibm037\r\nContent-Disposition: form-data; name="_method"',
        'x',
      ) + END,
      MULTIPART,
      {},
      'late',
    ],
    [
      'a second charset of the type',
      '_method=DELETE',
      `${URLENCODED}; x="charset=utf-8"; charset=IBM037`,
      {},
      'encoded',
    ],
    [
      'a name behind a blank line that only some servers see',
      part('Content-Disposition: form-data;\n\n name="_method"', 'DELETE') + END,
      MULTIPART,
      {},
      'late',
    ],
    [
      'a value behind such a line',
      part('Content-Disposition: form-data; name="_method"\n\nX: y', 'DELETE') + END,
      MULTIPART,
      {},
      'late',
    ],
    [
      'a value that ends at a boundary within its line, as Rack reads it',
      part('Content-Disposition: form-data; name="_method"', 'DELETE--b\r\nX') + END,
      MULTIPART,
      {},
      'late',
    ],
    ['a value without an end', field('_method', 'DEL'), MULTIPART, {}, 'late'],
    [
      'a head without an end',
      `--b\r\nContent-Disposition: form-data; x=${'x'.repeat(9_000)}; name="_method"`,
      MULTIPART,
      {},
      'late',
    ],
  ])('%s is refused before the origin is asked', async (_what, body, type, headers, detail) => {
    expect(await send(body, type, { headers })).toMatchObject({
      status: 400,
      reason: 'form_unread',
      detail,
      bodies: [],
    });
  });

  it('is read only where the caller may POST, and where the API says so', async () => {
    expect(await send('_method=DELETE', URLENCODED, { scope: 'none' })).toMatchObject({
      status: 403,
      bodies: [],
    });
    const none = await send('_method=DELETE', URLENCODED, { api: { form_methods: 'none' } });
    expect(none).toMatchObject({ status: 200, bodies: ['_method=DELETE'] });
  });
});

describe('a long upload', () => {
  const FILE = 'Content-Disposition: form-data; name="f"; filename="a"\r\nContent-Type: text/plain';
  /** Chunks of odd sizes, so that words are cut anywhere. */
  const streamed = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    let at = 0;
    let size = 1;
    return new ReadableStream({
      pull(controller) {
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.slice(at, at + size));
        at += size;
        size = (size * 7) % 9_973;
      },
    });
  };
  const filler = 'content-dispositio content-disposition\n\n line\r\n'.repeat(9_000);

  it('arrives as it was, with its length where the client told it', async () => {
    const body = field('_method', 'DELETE') + part(FILE, filler) + END;
    for (const headers of [{}, { 'content-length': String(body.length) }]) {
      const { status, bodies } = await send(streamed(body), MULTIPART, { scope: 'write delete', headers });
      expect([status, bodies[0]?.length, bodies[0] === body]).toEqual([200, body.length, true]);
    }
    expect(await send(streamed(body), MULTIPART)).toMatchObject({ status: 403, bodies: [] });
  });

  it('is cut off before a method that comes behind the file', async () => {
    const body = part(FILE, filler) + field('_method', 'DELETE') + END;
    const { status, bodies, reason } = await send(streamed(body), MULTIPART, { scope: 'write delete' });
    expect([status, reason]).toEqual([400, 'form_unread']);
    expect(bodies.join('')).not.toContain('_method');
  });
});
