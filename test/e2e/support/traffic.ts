/** An API that has been there for years: it authenticates by itself, and has the habits of such APIs. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { type RawAnswer, sendRaw } from './raw-http.ts';

const PARTNER = `Basic ${Buffer.from('partner:s3cret').toString('base64')}`;

/** Answers tell all that arrived of a request, so that answers differ wherever requests do. */
export function createOldApi(jwks: JSONWebKeySet) {
  const keys = createLocalJWKSet(jwks);
  const isAllowed = async (authorization = '') => {
    if (authorization === PARTNER) return true;
    const [scheme, token = ''] = authorization.split(' ');
    if (scheme?.toLowerCase() !== 'bearer') return false;
    // It never looked at the audience.
    return jwtVerify(token, keys).then(
      () => true,
      () => false,
    );
  };
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const [path = ''] = url.split('?');
    response.setHeader('server', 'old/1.4').setHeader('x-trace', 'abc');
    if (headers.origin !== undefined) response.setHeader('access-control-allow-origin', headers.origin);
    if (method === 'OPTIONS') {
      response.setHeader('access-control-allow-headers', 'x-old').writeHead(200).end();
      return;
    }
    if (path === '/old') {
      response.writeHead(301, { location: '/orders?from=old' }).end();
      return;
    }
    const isOpen = path === '/' || path === '/healthz' || path.startsWith('/files/');
    if (!isOpen && !(await isAllowed(headers.authorization))) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="old"', 'content-type': 'text/plain' });
      response.end('who are you?');
      return;
    }
    if (headers['if-none-match'] === '"v1"') {
      response.writeHead(304, { etag: '"v1"' }).end();
      return;
    }
    if (path.startsWith('/missing')) {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>no</h1>');
      return;
    }
    response.writeHead(method === 'POST' ? 201 : 200, {
      'content-type': 'application/json',
      etag: '"v1"',
      'set-cookie': ['a=1; Path=/', 'b=2; HttpOnly'],
    });
    const told = {
      method,
      url,
      authorization: headers.authorization,
      cookie: headers.cookie,
      accept: headers.accept,
      type: headers['content-type'],
      body: createHash('sha256').update(body).digest('hex'),
    };
    response.end(method === 'HEAD' ? undefined : JSON.stringify(told));
  };
}

export interface OldRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly body?: string;
}

/** The requests of a day: those that are meant, and those that nobody has thought of. */
export function requestsOfADay(tokens: { readonly good: string; readonly expired: string }): OldRequest[] {
  const bearer = `Authorization: Bearer ${tokens.good}`;
  const targets = [
    ['GET', '/'],
    ['GET', '/healthz'],
    ['HEAD', '/healthz'],
    ['GET', '/orders'],
    ['GET', '/orders?page=2&sort=%2Bdate&sort=x'],
    ['GET', '/orders/'],
    ['GET', '/Orders/17'],
    ['GET', '/orders/17'],
    ['GET', '/orders/18'],
    ['GET', '/orders/19/items'],
    ['HEAD', '/orders/17'],
    ['PUT', '/orders/17'],
    ['PATCH', '/orders/17'],
    ['DELETE', '/orders/17'],
    ['POST', '/orders'],
    ['POST', '/orders:search'],
    ['OPTIONS', '/orders'],
    ['PROPFIND', '/orders'],
    ['GET', '/old'],
    ['GET', '/missing/1'],
    ['GET', '//orders'],
    ['GET', '/orders//17'],
    ['GET', '/files/a%2Fb'],
    ['GET', '/files/%E4%F6'],
    ['GET', '/files/%252e'],
    ['GET', '/files/a;v=1/b,c'],
    ['GET', '/files/caf%C3%A9%20au%20lait'],
    ['GET', '/%6Frders'],
    ['GET', '/users/3f2504e0-4f89-11d3-9a0c-0305e82c3301'],
    ['GET', '/users/9b2d4c11-0a67-4cc4-8a1b-11d2f0a3c302'],
    ['GET', '/users/7c9e6679-7425-40de-944b-e07fc1f90ae7'],
  ] as const;
  const credentials: readonly (readonly string[])[] = [
    [],
    [bearer],
    ['Authorization: Basic cGFydG5lcjpzM2NyZXQ='],
    [`Authorization: Bearer ${tokens.expired}`],
    ['Authorization: Bearer not-a-token'],
    ['Authorization: Token token="abc"'],
    [`authorization: bearer ${tokens.good}`, 'Cookie: a=1; b=2', 'Accept: text/html'],
  ];
  const writes = ['PUT', 'PATCH', 'POST', 'DELETE'];
  const all = targets.flatMap(([method, target]) =>
    credentials.map((headers): OldRequest => {
      if (!writes.includes(method)) return { method, target, headers };
      const body = JSON.stringify({ item: target, n: 'x'.repeat(2_000) });
      const more = ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`];
      return { method, target, headers: [...headers, ...more], body };
    }),
  );
  return [
    ...all,
    { method: 'GET', target: '/orders', headers: [bearer, 'If-None-Match: "v1"'] },
    { method: 'GET', target: '/orders', headers: [bearer, 'Origin: https://app.example'] },
    {
      method: 'OPTIONS',
      target: '/orders',
      headers: ['Origin: https://app.example', 'Access-Control-Request-Method: GET'],
    },
  ];
}

/** All that a client sees of an answer, but for what each hop writes by itself. */
export interface Seen {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
}

const OF_ONE_HOP = /^(date|connection|keep-alive|transfer-encoding|content-length):/i;

export async function seenBy(
  port: number,
  { method, target, headers, body = '' }: OldRequest,
): Promise<Seen> {
  const answer = await sendRaw(port, method, target, headers, body);
  const isChunked = /^transfer-encoding: *chunked/im.test(answer.head);
  return {
    status: answer.status,
    headers: linesOf(answer),
    body: isChunked ? unchunk(answer.body) : answer.body,
  };
}

const linesOf = ({ head }: RawAnswer): string[] =>
  head
    .split('\r\n')
    .slice(1)
    .map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase()))
    .filter((line) => !OF_ONE_HOP.test(line))
    .sort();

function unchunk(text: string): string {
  let [rest, body] = [text, ''];
  for (;;) {
    const [line = ''] = rest.split('\r\n');
    const size = Number.parseInt(line, 16);
    if (!(size > 0)) return body;
    body += rest.slice(line.length + 2, line.length + 2 + size);
    rest = rest.slice(line.length + 2 + size + 2);
  }
}
