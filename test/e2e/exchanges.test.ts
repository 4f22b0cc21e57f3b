/**
 * Long and odd exchanges: what docs/origins.md says of them under that heading. Real origins and raw sockets around the
 * bare runtime. Figures of memory are those of the whole process.
 */
import { createHash, type Hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sendRaw } from './support/raw-http.ts';
import { acceptUpgrade, BINARY, connectWebSocket, type WebSocketEnd } from './support/websocket.ts';
import { type RunningWorkerd, startGateway } from './support/workerd.ts';

const AUDIENCE = 'x';
const STRICT = 'https://strict.example/';
const LENIENT = 'https://lenient.example/';
const AGED = 'https://aged.example/';
const MAX_AGE_SECONDS = 3;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** What the origin does at `/…/name`. */
const ANSWERS: Record<string, Answer> = {
  ok: (request, response) => {
    request.resume().once('end', () => response.end('ok'));
  },
  echo: (request, response) => request.pipe(response),
  never: (request) => {
    request.resume();
  },
  'no-content': (_, response) => response.writeHead(204, { etag: '"v1"' }).end(),
  'not-modified': (request, response) => {
    const isKnown = request.headers['if-none-match'] === '"v1"';
    response.writeHead(isKnown ? 304 : 200, { etag: '"v1"', vary: 'Accept' }).end(isKnown ? undefined : 'v1');
  },
  reset: (_, response) => response.writeHead(205, { 'content-length': '0' }).end(),
  length: (_, response) => response.writeHead(200, { 'content-length': '5' }).end('12345'),
  gzip: (_, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync('squeezed')),
  cookies: (_, response) =>
    response
      .writeHead(200, { 'set-cookie': ['a=1; Path=/', 'b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT'] })
      .end(),
  range: (_, response) =>
    response.writeHead(206, { 'content-range': 'bytes 0-3/10', 'content-length': '4' }).end('0123'),
  redirect: (_, response) => response.writeHead(307, { location: 'http://elsewhere.example/x' }).end(),
  hints: (_, response) =>
    response.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => response.end('after the hints')),
  processing: (_, response) => {
    response.writeProcessing();
    response.end('after all');
  },
  trailers: (_, response) => {
    response.writeHead(200, { trailer: 'x-sum' });
    response.write('body');
    response.addTrailers({ 'x-sum': '42' });
    response.end();
  },
  reason: (request) => request.socket.end('HTTP/1.1 200 Quite Fine\r\nContent-Length: 2\r\n\r\nok'),
  'beyond-http': (request) => request.socket.end('HTTP/1.1 999 Denied\r\nContent-Length: 2\r\n\r\nno'),
  'torn-length': (request, response) => {
    response.writeHead(200, { 'content-length': '10' });
    response.write('half', () => request.socket.destroy());
  },
  'torn-chunks': (request, response) => {
    response.write('half', () => request.socket.destroy());
  },
};

interface Seen {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly trailers: IncomingMessage['trailers'];
  body: string;
  /** The exchange ended before its time. */
  isAborted: boolean;
}

const seen: Seen[] = [];
const sockets: WebSocketEnd[] = [];
/** Messages that reached the origin over WebSockets. */
const messages: string[] = [];
/** Headers of upgrades that reached it. */
const upgrades: IncomingMessage['headers'][] = [];
let origin: Server;
let keys: Server;
let gateway: RunningWorkerd;
let sign: (claims: Record<string, unknown>) => Promise<string>;

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return urlOf(server);
}

function answerAsOrigin(request: IncomingMessage, response: ServerResponse): void {
  const { method = '', url = '', headers, trailers } = request;
  const target = String(headers['x-raw-target'] ?? url); // from a Worker that is bound
  const record: Seen = { method, target, headers, trailers, body: '', isAborted: false };
  seen.push(record);
  response.once('close', () => {
    record.isAborted = !response.writableFinished || !request.complete;
  });
  const name = target.split('/')[2]?.replace(/\?.*/, '') ?? '';
  if (!['bulk', 'hash'].includes(name)) request.on('data', (chunk) => (record.body += chunk));
  const status = /^status-(\d+)$/.exec(name)?.[1];
  if (status !== undefined) response.writeHead(Number(status)).end('said by the origin');
  else if (ANSWERS[name] !== undefined) ANSWERS[name](request, response);
  else response.writeHead(404).end();
}

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'key-1' }] });
  keys = createServer((_, response) => response.setHeader('content-type', 'application/json').end(jwks));
  sign = (claims) =>
    new SignJWT({ iss: STRICT, aud: AUDIENCE, sub: 'user', ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'key-1', typ: 'at+jwt' })
      .sign(privateKey);
  const jwksUri = await listen(keys);
  origin = createServer(answerAsOrigin);
  origin.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    upgrades.push(request.headers);
    if (request.url?.endsWith('/refused')) {
      socket.end('HTTP/1.1 409 Conflict\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy');
      return;
    }
    const offered = request.headers['sec-websocket-protocol'];
    const chosen = offered === undefined ? [] : [`Sec-WebSocket-Protocol: ${offered.split(', ').at(-1)}`];
    const end = acceptUpgrade(request, socket, head, chosen);
    sockets.push(end);
    end.on('message', (message, opcode) => {
      const text = message.toString();
      messages.push(text);
      if (text.startsWith('close ')) {
        const [, code = '', reason] = text.split(' ');
        end.close(code === 'none' ? undefined : Number(code), reason);
      } else if (text === 'vanish') end.destroy();
      else end.send(opcode === BINARY ? message : `echo ${text}`);
    });
  });
  const url = await listen(origin);
  const api = (name: string, more = {}, rules: Record<string, unknown> = { auth: 'none' }) => ({
    origin: url,
    audience: AUDIENCE,
    issuer: ['strict', 'lenient', 'aged'],
    routes: { [`* /${name}/*`]: rules },
    ...more,
  });
  gateway = await startGateway(
    {
      GATEWAY: { log_sample: 0 },
      ISSUERS: {
        strict: { issuer: STRICT, jwks_uri: jwksUri, clock_tolerance: 0 },
        lenient: { issuer: LENIENT, jwks_uri: jwksUri },
        aged: {
          issuer: AGED,
          jwks_uri: jwksUri,
          clock_tolerance: 0,
          max_token_age: MAX_AGE_SECONDS,
        },
      },
      API_OPEN: api('open'),
      API_CORS: api('cors', { cors: { origins: ['*'] } }),
      API_BOUND: api('bound', { origin: 'service:ORIGIN' }),
      API_TIMED: api('timed', { timeout_ms: 500, upload_timeout_ms: 4000 }),
      API_NAMED: api('', { routes: { 'PROPFIND|QUERY /named/*': { auth: 'none' } } }),
      API_SOCKETS: api('', {
        timeout_ms: 500,
        routes: {
          'GET /ws/*': {},
          'GET /ws/admin': { scopes_all: ['admin'] },
          'GET /free/*': { auth: 'none' },
        },
      }),
    },
    url,
  );
});

afterAll(async () => {
  await gateway?.stop();
  for (const server of [origin, keys]) {
    server?.close();
    server?.closeAllConnections();
  }
});

beforeEach(() => {
  seen.length = 0;
  sockets.length = 0;
  messages.length = 0;
  upgrades.length = 0;
});

const ask = (method: string, target: string, headers: readonly string[] = []) =>
  sendRaw(gateway.port, method, target, headers);

const aborted = () => seen.filter(({ isAborted }) => isAborted).map(({ target }) => target);

/** Sends the head of a request, and leaves the socket open. */
async function open(lines: readonly string[]): Promise<Socket> {
  const socket = connect(gateway.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write([...lines, 'Host: h', '', ''].join('\r\n'));
  return socket;
}

/** Reads what comes until it has the text. */
async function readUntil(socket: Socket, text: string): Promise<string> {
  let read = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    read += (chunk as Buffer).toString('latin1');
    if (read.includes(text)) return read;
  }
  throw new Error(`the connection ended before ${JSON.stringify(text)}: ${JSON.stringify(read)}`);
}

// With CORS the gateway makes the answer anew: it has to be the same one all the same.
describe.each(['/open', '/cors'])('an answer at %s reaches the client as it is', (base) => {
  it('204, without a body', async () => {
    const { status, head, body } = await ask('GET', `${base}/no-content`);
    expect([status, body]).toEqual([204, '']);
    expect(head).toContain('ETag: "v1"');
    expect(head).not.toMatch(/content-length|transfer-encoding/i);
  });

  it('304 to a conditional request, with its ETag', async () => {
    const { status, head, body } = await ask('GET', `${base}/not-modified`, ['If-None-Match: "v1"']);
    expect([status, body]).toEqual([304, '']);
    expect(head).toContain('ETag: "v1"');
    expect(head).toMatch(/^Vary: Accept(, Origin)?$/m);
    expect((await ask('GET', `${base}/not-modified`)).status).toBe(200);
  });

  it('205', async () => {
    expect((await ask('GET', `${base}/reset`)).status).toBe(205);
  });

  it('HEAD, with the length of what GET would bring', async () => {
    const { status, head, body } = await ask('HEAD', `${base}/length`);
    expect([status, body]).toEqual([200, '']);
    expect(head).toContain('Content-Length: 5');
    expect(seen[0]?.method).toBe('HEAD');
  });

  it('206 to a range request', async () => {
    const { status, head, body } = await ask('GET', `${base}/range`, ['Range: bytes=0-3']);
    expect([status, body]).toEqual([206, '0123']);
    expect(head).toContain('Content-Range: bytes 0-3/10');
    expect(seen[0]?.headers.range).toBe('bytes=0-3');
  });

  it('a compressed body, not unpacked on the way', async () => {
    const { head, body } = await ask('GET', `${base}/gzip`, ['Accept-Encoding: gzip']);
    expect(head).toContain('Content-Encoding: gzip');
    expect(Buffer.from(body, 'latin1').equals(gzipSync('squeezed'))).toBe(true);
    expect(seen[0]?.headers['accept-encoding']).toBe('gzip');
  });

  it('several Set-Cookie headers, a comma in one of them', async () => {
    const { head } = await ask('GET', `${base}/cookies`);
    expect(head).toContain('Set-Cookie: a=1; Path=/\r\n');
    expect(head).toContain('Set-Cookie: b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT');
  });

  it('a redirect, which is not followed', async () => {
    const { status, head } = await ask('POST', `${base}/redirect`, ['Content-Length: 0']);
    expect(status).toBe(307);
    expect(head).toContain('Location: http://elsewhere.example/x');
    expect(seen).toHaveLength(1);
  });

  it('its reason phrase', async () => {
    expect((await ask('GET', `${base}/reason`)).head).toMatch(/^HTTP\/1\.1 200 Quite Fine\r\n/);
  });

  it.each([400, 401, 404, 429, 500, 503, 529])('%i', async (status) => {
    expect(await ask('GET', `${base}/status-${status}`)).toMatchObject({
      status,
      body: /said by the origin/,
    });
  });

  it('a status beyond HTTP is no answer: 502', async () => {
    const { status, body } = await ask('GET', `${base}/beyond-http`);
    expect(status).toBe(502);
    expect(body).toContain('"reason":"origin_unreachable"');
  });

  it.each(['torn-length', 'torn-chunks'])(
    '%s: a body that breaks off is never taken for whole',
    async (name) => {
      await expect(
        fetch(`http://127.0.0.1:${gateway.port}${base}/${name}`).then((r) => r.text()),
      ).rejects.toThrow();
    },
  );
});

describe("Cloudflare's own answers about an origin", () => {
  it.each([
    [520, 502],
    [521, 502],
    [522, 504],
    [523, 502],
    [524, 504],
    [525, 502],
    [526, 502],
    [527, 502],
    [530, 502],
  ])('%i becomes %i', async (status, want) => {
    const answer = await ask('GET', `/open/status-${status}`);
    expect(answer.status).toBe(want);
    expect(answer.body).toContain(want === 502 ? 'origin_unreachable' : 'origin_timeout');
    expect(answer.body).not.toContain('said by the origin');
  });

  it("a bound Worker's 522 is its own", async () => {
    expect(await ask('GET', '/bound/status-522')).toMatchObject({ status: 522 });
  });
});

describe('a request reaches the origin as it is', () => {
  it('GET with Content-Length: 0', async () => {
    expect((await ask('GET', '/open/ok', ['Content-Length: 0'])).status).toBe(200);
    expect(seen[0]).toMatchObject({ method: 'GET', body: '' });
  });

  it.each(['GET', 'DELETE', 'QUERY', 'OPTIONS', 'PUT'])('%s with a body', async (method) => {
    expect((await ask(method, '/open/ok', ['Content-Length: 4', '', 'body'])).status).toBe(200);
    expect(seen[0]).toMatchObject({ method, body: 'body' });
    expect(seen[0]?.headers['content-length']).toBe('4');
  });

  it.each(['PROPFIND', 'QUERY'])('%s, by * and by its name', async (method) => {
    for (const target of ['/open/ok', '/named/ok']) expect((await ask(method, target)).status).toBe(200);
    expect(seen.map((one) => one.method)).toEqual([method, method]);
    const other = await ask('GET', '/named/ok');
    expect(other.status).toBe(405);
    expect(other.head).toContain('Allow: PROPFIND, QUERY');
  });

  it('a body in chunks stays one', async () => {
    const chunks = ['Transfer-Encoding: chunked', '', '4', 'body', '0', ''];
    expect((await ask('POST', '/open/ok', chunks)).status).toBe(200);
    expect(seen[0]?.body).toBe('body');
    expect(seen[0]?.headers['transfer-encoding']).toBe('chunked');
  });
});

describe('what the platform does', () => {
  it.each(['FOO', 'get', 'LINK'])('%s is a method that it does not know: a bare 501', async (method) => {
    const { status, head } = await ask(method, '/open/ok');
    expect(status).toBe(501);
    expect(head).not.toContain('problem+json');
    expect(seen).toHaveLength(0);
  });

  it.each(['hints', 'processing'])('answers before the answer (1xx) are dropped: %s', async (name) => {
    const { status, head, body } = await ask('GET', `/open/${name}`);
    expect(status).toBe(200);
    expect(head).not.toContain('Link');
    expect(body).toMatch(/^after/);
  });

  it('it says 100 Continue itself, and only where the body is wanted', async () => {
    const asked = await ask('POST', '/open/ok', ['Expect: 100-continue', 'Content-Length: 4', '', 'body']);
    expect(asked.status).toBe(100);
    expect(asked.body).toMatch(/^HTTP\/1\.1 200 /);
    expect(seen[0]).toMatchObject({ body: 'body' });
    expect(seen[0]?.headers.expect).toBeUndefined();
    // Refused before a byte of the body is sent.
    const socket = await open(['POST /ws/x HTTP/1.1', 'Expect: 100-continue', 'Content-Length: 1000000']);
    expect(await readUntil(socket, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 405 /);
    socket.destroy();
  });

  it('trailers are dropped, both ways', async () => {
    const { body } = await ask('GET', '/open/trailers');
    expect(body).toBe('4\r\nbody\r\n0\r\n\r\n');
    await ask('POST', '/open/ok', [
      'Transfer-Encoding: chunked',
      'Trailer: x-sum',
      '',
      '1',
      'x',
      '0',
      'X-Sum: 1',
    ]);
    expect(seen[1]).toMatchObject({ body: 'x', trailers: {} });
  });
});

describe('time limits', () => {
  it.each<[string, string, readonly string[]]>([
    ['GET', 'GET', []],
    ['a POST without content', 'POST', ['Content-Length: 0']],
    ['an upload', 'POST', ['Content-Length: 4', '', 'body']],
  ])('%s that is never answered: 504, and the call ends', async (_what, method, headers) => {
    const { status, body } = await ask(method, '/timed/never', headers);
    expect(status).toBe(504);
    expect(body).toContain('"reason":"origin_timeout"');
    await expect.poll(aborted, { timeout: 5000 }).toEqual(['/timed/never']);
  });

  it('an upload has more time than a request without content', async () => {
    let answer = () => {};
    ANSWERS['later'] = (request, response) => {
      if (request.method === 'PUT') answer = () => response.end('later');
    };
    const upload = ask('PUT', '/timed/later', ['Content-Length: 4', '', 'body']);
    const others = ['GET', 'POST'].map((method) => ask(method, '/timed/later', ['Content-Length: 0']));
    for (const other of await Promise.all(others)) expect(other.status).toBe(504);
    answer();
    expect((await upload).status).toBe(200);
  });

  it('a body may come for longer than the limit', async () => {
    let end = () => {};
    ANSWERS['long'] = (_, response) => {
      response.write('first ');
      end = () => response.end('last');
    };
    const slow = ask('GET', '/timed/long');
    await expect.poll(() => seen.length).toBe(1);
    expect((await ask('GET', '/timed/never')).status).toBe(504); // the limit has passed
    end();
    expect((await slow).body).toContain('last');
  });
});

describe('a client that leaves takes the call along', () => {
  it('before the answer', async () => {
    const socket = await open(['GET /open/never HTTP/1.1']);
    await expect.poll(() => seen.length).toBe(1);
    expect(aborted()).toEqual([]);
    socket.resetAndDestroy();
    await expect.poll(aborted, { timeout: 5000 }).toEqual(['/open/never']);
  });

  it('in the midst of an upload', async () => {
    const socket = await open(['POST /open/never HTTP/1.1', 'Content-Length: 100']);
    socket.write('some of it');
    await expect.poll(() => seen[0]?.body).toBe('some of it');
    socket.resetAndDestroy();
    await expect.poll(aborted, { timeout: 5000 }).toEqual(['/open/never']);
  });

  it.each(['/open', '/cors'])('in the midst of an answer at %s', async (base) => {
    ANSWERS['endless'] = (_, response) => void response.write('first');
    const socket = await open([`GET ${base}/endless HTTP/1.1`]);
    await readUntil(socket, 'first');
    expect(aborted()).toEqual([]);
    socket.resetAndDestroy();
    await expect.poll(aborted, { timeout: 5000 }).toEqual([`${base}/endless`]);
  });
});

const MEGABYTE = 1_000_000;
const BULK_MEGABYTES = 100;

/** Bytes of which no two pieces are equal, and their digest once all were taken. */
function makeBulk() {
  const hash = createHash('sha256');
  const piece = Buffer.alloc(MEGABYTE, 'claimgate');
  let sent = 0;
  const stream = Readable.from(
    (function* () {
      for (let i = 0; i < BULK_MEGABYTES; i++) {
        const bytes = Buffer.from(piece);
        bytes.writeUInt32BE(i);
        hash.update(bytes);
        sent = i + 1;
        yield bytes;
      }
    })(),
    { objectMode: false, highWaterMark: MEGABYTE },
  );
  return { stream, sentMegabytes: () => sent, digest: () => hash.copy().digest('hex') };
}

async function digestOf(
  stream: AsyncIterable<Uint8Array>,
  hash: Hash = createHash('sha256'),
): Promise<string> {
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
}

/** Resident memory of the runtime's process. */
function residentMegabytes(): number {
  const status = readFileSync(`/proc/${gateway.pid}/status`, 'latin1');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000;
}

/** What memory grows by at most meanwhile. */
async function growth(work: () => Promise<void>): Promise<number> {
  const before = residentMegabytes();
  let most = before;
  const sampler = setInterval(() => {
    most = Math.max(most, residentMegabytes());
  }, 20);
  try {
    await work();
  } finally {
    clearInterval(sampler);
  }
  return Math.max(most, residentMegabytes()) - before;
}

/** Resolves once a number has stayed the same for a while. */
async function settled(read: () => number): Promise<number> {
  let last = -1;
  for (let same = 0; same < 10; ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const value = read();
    same = value === last && value > 0 ? same + 1 : 0;
    last = value;
  }
  return last;
}

const report = (line: string) => process.stdout.write(`${line}\n`);

describe.skipIf(process.platform !== 'linux')(`${BULK_MEGABYTES} MB stream through in flat memory`, () => {
  it('up, to an origin that takes its time', async () => {
    let start = () => {};
    ANSWERS['hash'] = (request, response) => {
      start = () => void digestOf(request).then((digest) => response.end(digest));
    };
    const bulk = makeBulk();
    let answered = '';
    const grown = await growth(async () => {
      const request = httpRequest({
        port: gateway.port,
        host: '127.0.0.1',
        method: 'POST',
        path: '/open/hash',
        headers: { 'content-length': BULK_MEGABYTES * MEGABYTE },
      });
      const response = new Promise<IncomingMessage>((resolve, reject) => {
        request.once('response', resolve).once('error', reject);
      });
      const sent = pipeline(bulk.stream, request);
      await expect.poll(() => seen.length).toBe(1);
      expect(await settled(bulk.sentMegabytes), 'the client is held back').toBeLessThan(BULK_MEGABYTES / 2);
      start();
      await sent;
      for await (const chunk of await response) answered += chunk;
    });
    expect(answered).toBe(bulk.digest());
    report(`${BULK_MEGABYTES} MB up: ${grown.toFixed(1)} MB more`);
    expect(grown).toBeLessThan(60);
  });

  it.each(['/open', '/cors'])('down at %s, to a client that takes its time', async (base) => {
    const bulk = makeBulk();
    ANSWERS['bulk'] = (_, response) => void pipeline(bulk.stream, response).catch(() => {});
    let digest = '';
    const grown = await growth(async () => {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        httpRequest({ port: gateway.port, host: '127.0.0.1', path: `${base}/bulk` })
          .once('response', resolve)
          .once('error', reject)
          .end();
      });
      expect(await settled(bulk.sentMegabytes), 'the origin is held back').toBeLessThan(BULK_MEGABYTES / 2);
      digest = await digestOf(response);
    });
    expect(digest).toBe(bulk.digest());
    report(`${BULK_MEGABYTES} MB down at ${base}: ${grown.toFixed(1)} MB more`);
    expect(grown).toBeLessThan(60);
  });
});

describe('event streams', () => {
  const head = { 'content-type': 'text/event-stream' };

  it.each(['/open', '/cors'])('events at %s come one by one', { timeout: 20_000 }, async (base) => {
    let acknowledge = () => {};
    ANSWERS['events'] = (_, response) => {
      response.writeHead(200, head).write('data: first\n\n');
      acknowledge = () => response.end('data: second\n\n');
    };
    const response = await fetch(`http://127.0.0.1:${gateway.port}${base}/events`);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const events: string[] = [];
    for await (const chunk of response.body ?? []) {
      events.push(Buffer.from(chunk).toString());
      if (events.length === 1) acknowledge(); // the second is sent only now
    }
    expect(events).toEqual(['data: first\n\n', 'data: second\n\n']);
  });

  it.skipIf(process.platform !== 'linux')('1,000 at once', { timeout: 120_000 }, async () => {
    const COUNT = 1000;
    const ends: (() => void)[] = [];
    ANSWERS['many'] = (_, response) => {
      response.writeHead(200, head).write('data: first\n\n');
      ends.push(() => response.end('data: last\n\n'));
    };
    const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
    const texts: string[] = Array.from({ length: COUNT }, () => '');
    const openOne = async (i: number) => {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        httpRequest({ agent, port: gateway.port, host: '127.0.0.1', path: '/open/many' })
          .once('response', resolve)
          .once('error', reject)
          .end();
      });
      response.on('data', (chunk) => {
        texts[i] += chunk;
      });
      return new Promise((resolve) => response.once('close', resolve));
    };
    const before = residentMegabytes();
    const closed = texts.map((_, i) => openOne(i));
    await expect
      .poll(() => texts.filter((text) => text === 'data: first\n\n').length, { timeout: 60_000 })
      .toBe(COUNT);
    const grown = residentMegabytes() - before;
    // Other requests have room beside them.
    expect((await ask('GET', '/open/ok')).status).toBe(200);
    for (const end of ends) end();
    await Promise.all(closed);
    expect(texts.every((text) => text === 'data: first\n\ndata: last\n\n')).toBe(true);
    agent.destroy();
    report(`${COUNT} event streams: ${Math.round((grown * 1000) / COUNT)} KB each`);
    expect(grown).toBeLessThan(400);
  });
});

/** Node's own client, which may send headers, unlike those of browsers. */
const HeaderWebSocket = WebSocket as unknown as new (
  url: string,
  init: { headers: Record<string, string>; protocols?: string[] },
) => WebSocket;

interface Client {
  readonly socket: WebSocket;
  readonly received: unknown[];
  closed: { code: number; reason: string } | undefined;
}

async function openSocket(path: string, token?: string, protocols?: string[]): Promise<Client> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const socket = new HeaderWebSocket(`ws://127.0.0.1:${gateway.port}${path}`, {
    headers,
    ...(protocols && { protocols }),
  });
  socket.binaryType = 'arraybuffer';
  const client: Client = { socket, received: [], closed: undefined };
  socket.addEventListener('message', ({ data }) => {
    client.received.push(typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer));
  });
  socket.addEventListener('close', ({ code, reason }) => {
    client.closed = { code, reason };
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', () => reject(new Error('no connection')), { once: true });
  });
  return client;
}

const now = () => Math.floor(Date.now() / 1000);

// With a token the gateway holds both ends; without one the platform joins them.
describe.each(['/ws/x', '/free/x'])('a WebSocket at %s', (path) => {
  const start = async (protocols?: string[]) => {
    const token = path === '/free/x' ? undefined : await sign({ exp: now() + 600 });
    const client = await openSocket(path, token, protocols);
    await expect.poll(() => sockets.length).toBe(1);
    const [end] = sockets;
    if (end === undefined) throw new Error('nothing reached the origin');
    return { client, end };
  };

  it('carries messages both ways, in order: text and binary, empty and large', async () => {
    const { client, end } = await start();
    const large = Buffer.alloc(300_000, 'claimgate');
    const sent = [
      'text',
      Buffer.from([0, 1, 255]),
      '',
      'ü€😀',
      large,
      'x'.repeat(70_000),
      Buffer.alloc(0),
      'last',
    ];
    for (const message of sent) client.socket.send(message as string);
    end.send('unasked');
    await expect.poll(() => client.received.length, { timeout: 10_000 }).toBe(sent.length + 1);
    expect(client.received.filter((one) => one !== 'unasked')).toEqual(
      sent.map((message) => (typeof message === 'string' ? `echo ${message}` : message)),
    );
    client.socket.close();
  });

  it('tells the origin who calls, and carries the subprotocol that it chose', async () => {
    const { client } = await start(['one', 'two']);
    expect(client.socket.protocol).toBe('two');
    client.socket.close();
  });

  it.each([
    ['a code and a reason', 4001, 'enough'],
    ['the usual code', 1000, ''],
    ['no code', undefined, ''],
  ])("relays the client's end: %s", async (_what, code, reason) => {
    const { client, end } = await start();
    if (code === undefined) client.socket.close();
    else client.socket.close(code, reason);
    await expect.poll(() => end.closing).toEqual({ code, reason });
    await expect.poll(() => client.closed?.code).toBe(code ?? 1005);
  });

  it.each([
    ['4002 enough', { code: 4002, reason: 'enough' }],
    ['1001', { code: 1001, reason: '' }],
    ['none', { code: 1005, reason: '' }],
  ])("relays the origin's end: %s", async (what, want) => {
    const { client } = await start();
    client.socket.send(`close ${what}`);
    await expect.poll(() => client.closed).toEqual(want);
  });

  it('ends where the origin vanishes, and never as if all were well', async () => {
    const { client } = await start();
    client.socket.send('vanish');
    await expect.poll(() => client.closed).toEqual({ code: path === '/ws/x' ? 1011 : 1006, reason: '' });
  });
});

describe('a WebSocket with a token', () => {
  it('brings the claims, and not the token', async () => {
    const { socket } = await openSocket('/ws/x', await sign({ exp: now() + 600 }));
    socket.close();
    await expect.poll(() => upgrades.length).toBeGreaterThan(0);
    expect(upgrades.at(-1)).toMatchObject({ 'x-claim-sub': 'user', 'x-claim-iss': STRICT });
    expect(upgrades.at(-1)?.authorization).toBeUndefined();
  });

  it('outlives the time limit, which is for the head of the answer', async () => {
    const client = await openSocket('/ws/x', await sign({ exp: now() + 600 }));
    expect((await ask('GET', '/timed/never')).status).toBe(504); // the limit has passed
    client.socket.send('hello');
    await expect.poll(() => client.received).toEqual(['echo hello']);
    client.socket.close();
  });

  it('tells the origin where the client vanishes', async () => {
    const token = await sign({ exp: now() + 600 });
    const client = await connectWebSocket(gateway.port, '/ws/x', { authorization: `Bearer ${token}` });
    await expect.poll(() => sockets.length).toBe(1);
    client.destroy();
    await expect.poll(() => sockets[0]?.closing, { timeout: 5000 }).toEqual({ code: 1001, reason: '' });
  });

  it.each([5000, 1004, 1015])(
    'tells the origin where the client closes with %i, which nobody may send',
    async (code) => {
      const token = await sign({ exp: now() + 600 });
      const client = await connectWebSocket(gateway.port, '/ws/x', { authorization: `Bearer ${token}` });
      await expect.poll(() => sockets.length).toBe(1);
      client.close(code);
      client.destroy();
      await expect.poll(() => sockets[0]?.closing, { timeout: 5000 }).toEqual({ code: 1001, reason: '' });
    },
  );

  it.each([
    ['at its exp', () => ({ exp: now() + 3 })],
    ['at the age that its issuer allows', () => ({ iss: AGED, iat: now(), exp: now() + 600 })],
  ])(
    'ends %s: 1008 for both ends, and nothing passes after it',
    { timeout: 30_000 },
    async (_when, claims) => {
      const token = await sign(claims());
      const client = await connectWebSocket(gateway.port, '/ws/x', { authorization: `Bearer ${token}` });
      const received: string[] = [];
      client.on('message', (message) => received.push(message.toString()));
      client.send('early');
      await expect.poll(() => received).toEqual(['echo early']);
      client.on('close', () => client.send('late'));
      const expired = { code: 1008, reason: 'token expired' };
      await expect.poll(() => client.closing, { timeout: 15_000 }).toEqual(expired);
      await expect.poll(() => sockets[0]?.closing).toEqual(expired);
      expect((await ask('GET', '/ws/x', [`Authorization: Bearer ${token}`])).status).toBe(401);
      expect(messages).toEqual(['early']);
    },
  );

  it('lives as long as requests with the token pass: clocks may differ', async () => {
    const client = await openSocket('/ws/x', await sign({ iss: LENIENT, exp: now() - 2 }));
    client.socket.send('hello');
    await expect.poll(() => client.received).toEqual(['echo hello']);
    expect(client.closed).toBeUndefined();
    client.socket.close();
  });

  it.each<[string, string, () => Promise<string[]>, number, string]>([
    ['no token', '/ws/x', async () => [], 401, 'token_missing'],
    ['an old one', '/ws/x', async () => bearer({ exp: now() - 1 }), 401, 'token_expired'],
    ['too little scope', '/ws/admin', async () => bearer({ exp: now() + 600 }), 403, 'scopes_missing'],
    ['refused by the origin', '/ws/refused', async () => bearer({ exp: now() + 600 }), 409, 'busy'],
  ])('an upgrade that is refused has a usual answer: %s', async (_why, path, headers, status, text) => {
    const upgrade = [
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ];
    const answer = await ask('GET', path, [...upgrade, ...(await headers())]);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(text);
    expect(sockets).toHaveLength(0);
  });
});

const bearer = async (claims: Record<string, unknown>) => [`Authorization: Bearer ${await sign(claims)}`];
