/** The console's server. It listens on this machine only, whatever it is asked. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { codeOf } from '../text/files.ts';
import { CommandError, EXIT, note } from '../text/terminal.ts';
import type { ConsoleApi, ConsoleReply } from './api.ts';
import { refuseApi, refusePlace } from './guards.ts';

const LOOPBACK = '127.0.0.1';
const MAX_BODY_BYTES = 64 * 1024;

export interface ConsoleServerOptions {
  /** 0: any that is free. */
  readonly port: number;
  readonly apis: readonly ConsoleApi[];
  /** The page, which has nothing of the policy in it: whoever can open a port of this machine can read it. */
  readonly page: string;
}

export interface ConsoleServer {
  readonly port: number;
  /** With the token, which no server and no log of one gets to see. */
  readonly address: string;
  close(): Promise<void>;
}

/** Rejects with `CommandError` where the port can't be had. */
export async function startConsoleServer(options: ConsoleServerOptions): Promise<ConsoleServer> {
  const handlers = merge(options.apis);
  const token = randomBytes(32).toString('base64url');
  let port = options.port;
  const server = createServer((request, response) => {
    const answered =
      pathOf(request) === '/'
        ? answerPage(request, response, { port, page: options.page })
        : answerApi(request, response, { guarded: { port, token }, handlers });
    // The client left, or the answer could not be written: there is nobody to tell.
    answered.catch(() => response.destroy());
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  await listen(server, port);
  port = (server.address() as AddressInfo).port;
  return {
    port,
    address: `http://${LOOPBACK}:${port}/#token=${token}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const code = codeOf(error);
      const problem =
        code === 'EADDRINUSE'
          ? `port ${port} is in use; name another with --port, or leave it out for one that is free`
          : `port ${port} can't be listened on (${code}); name another with --port`;
      reject(new CommandError(problem, EXIT.failed));
    });
    server.listen(port, LOOPBACK, resolve);
  });
}

/** Throws where two parts would answer the same. */
function merge(apis: readonly ConsoleApi[]): ReadonlyMap<string, ConsoleApi[string]> {
  const all = new Map<string, ConsoleApi[string]>();
  for (const [name, handler] of apis.flatMap((api) => Object.entries(api))) {
    if (all.has(name)) throw new Error(`two handlers for ${name}`);
    all.set(name, handler);
  }
  return all;
}

/** A target that is not a path, such as `*` or a URL, leads nowhere. */
function pathOf({ url = '' }: IncomingMessage): string {
  return url.startsWith('/') ? url.replace(/[?#].*$/s, '') : '';
}

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

async function answerPage(
  request: IncomingMessage,
  response: ServerResponse,
  { port, page }: { readonly port: number; readonly page: string },
): Promise<void> {
  const refusal = refusePlace(request, port);
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (refusal !== undefined || !isRead) {
    const { status, error } = refusal ?? { status: 405, error: 'The page is there for GET.' };
    response.writeHead(status, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' });
    response.end(`${error}\n`);
    return;
  }
  response.writeHead(200, { ...HEADERS, 'content-type': 'text/html; charset=utf-8' });
  response.end(request.method === 'HEAD' ? undefined : page);
}

interface ApiParts {
  readonly guarded: { readonly port: number; readonly token: string };
  readonly handlers: ReadonlyMap<string, ConsoleApi[string]>;
}

async function answerApi(
  request: IncomingMessage,
  response: ServerResponse,
  { guarded, handlers }: ApiParts,
): Promise<void> {
  const refusal = refuseApi(request, guarded);
  const reply =
    refusal === undefined
      ? await handle(request, handlers)
      : { status: refusal.status, body: { error: refusal.error } };
  response.writeHead(reply.status, {
    ...HEADERS,
    'content-type': 'application/json',
    // What is left of a body that nobody reads is not waited for.
    ...(request.complete ? {} : { connection: 'close' }),
  });
  response.end(JSON.stringify(reply.body));
}

const failure = (status: number, error: string): ConsoleReply => ({ status, body: { error } });

async function handle(request: IncomingMessage, handlers: ApiParts['handlers']): Promise<ConsoleReply> {
  const path = pathOf(request);
  const handler = handlers.get(`${request.method} ${path}`);
  if (handler === undefined) {
    const isKnown = [...handlers.keys()].some((name) => name.endsWith(` ${path}`));
    return isKnown
      ? failure(405, `The console has no ${request.method} for this.`)
      : failure(404, 'The console has no such part.');
  }
  const body = await readBody(request);
  if ('status' in body) return body;
  const query = new URLSearchParams((request.url ?? '').split('?')[1] ?? '');
  try {
    return await handler({ query, body: body.value });
  } catch (error) {
    if (error instanceof CommandError) return failure(400, error.message);
    note(`console: ${request.method} ${path}: ${error instanceof Error ? error.stack : String(error)}`);
    return failure(500, 'The console failed at this: its terminal says how.');
  }
}

async function readBody(request: IncomingMessage): Promise<ConsoleReply | { readonly value: unknown }> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > MAX_BODY_BYTES) return failure(413, `The console takes ${MAX_BODY_BYTES} bytes at most.`);
    pieces.push(piece);
  }
  if (length === 0) return { value: undefined };
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
    return failure(415, 'The console takes JSON only (Content-Type: application/json).');
  try {
    return { value: JSON.parse(Buffer.concat(pieces).toString('utf8')) as unknown };
  } catch {
    return failure(400, 'This is not JSON.');
  }
}
