/** An issuer's documents over real HTTP, with every way of failing that docs/keys.md names. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JWK } from 'jose';

const METADATA_PATH = '/.well-known/openid-configuration';
const KEYS_PATH = '/keys';

/** How an answer is given, instead of the document itself. */
export type Answer = (request: IncomingMessage, response: ServerResponse, document: string) => void;

export interface KeyServer {
  /** The issuer as it stands in tokens and in the policy; its keys are found by discovery. */
  readonly issuer: string;
  /** What is published from now on. */
  keys: readonly JWK[];
  /** The `issuer` of the metadata. */
  namedIssuer: string;
  /** Every document from now on; `undefined`: as it should be. */
  answer: Answer | undefined;
  /** Requests so far. `fetches` counts those for the metadata: each look for keys begins there. */
  readonly fetches: number;
  count(path: string): number;
  /** Connections are refused until it listens again. */
  refuse(): Promise<void>;
  listen(): Promise<void>;
  close(): Promise<void>;
}

export async function startKeyServer(keys: readonly JWK[]): Promise<KeyServer> {
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    counts.set(path, (counts.get(path) ?? 0) + 1);
    const document = documentAt(path);
    if (document === undefined) response.writeHead(404).end();
    else if (keyServer.answer !== undefined) keyServer.answer(request, response, document);
    else response.setHeader('content-type', 'application/json').end(document);
  });
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;

  function documentAt(path: string): string | undefined {
    if (path === METADATA_PATH) {
      return JSON.stringify({ issuer: keyServer.namedIssuer, jwks_uri: `${issuer}${KEYS_PATH}` });
    }
    return path === KEYS_PATH || path === MOVED_PATH ? JSON.stringify({ keys: keyServer.keys }) : undefined;
  }

  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const keyServer: KeyServer = {
    issuer,
    keys,
    namedIssuer: issuer,
    answer: undefined,
    get fetches() {
      return counts.get(METADATA_PATH) ?? 0;
    },
    count: (path) => counts.get(path) ?? 0,
    refuse: close,
    listen: () => listen(server, port),
    close: async () => {
      if (server.listening) await close();
    },
  };
  return keyServer;
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

const MOVED_PATH = '/moved';
const TEN_MEGABYTES = 10 * 1024 * 1024;

const respond =
  (status: number, headers: Record<string, string>, body: (document: string) => string | Buffer): Answer =>
  (_, response, document) =>
    response.writeHead(status, headers).end(body(document));

const JSON_TYPE = { 'content-type': 'application/json' };

export const ANSWERS = {
  never: (request) => {
    request.resume();
  },
  /** One byte now and then: every wait for the next one is short. */
  drip: (_, response, document) => {
    response.writeHead(200, JSON_TYPE);
    let sent = 0;
    const timer = setInterval(() => response.write(document[sent++ % document.length]), 200);
    response.once('close', () => clearInterval(timer));
  },
  late: (_, response, document) => {
    setTimeout(() => response.writeHead(200, JSON_TYPE).end(document), 1_000);
  },
  error: respond(500, JSON_TYPE, () => '{"error":"server_error"}'),
  absent: respond(404, JSON_TYPE, () => '{"error":"not_found"}'),
  html: respond(200, { 'content-type': 'text/html' }, () => '<!doctype html><title>Maintenance</title>'),
  truncated: respond(200, JSON_TYPE, (document) => document.slice(0, -5)),
  mislabelled: respond(200, { 'content-type': 'text/html' }, (document) => document),
  /** Valid JSON, which only its length makes unfit. */
  huge: respond(200, JSON_TYPE, (document) =>
    Buffer.concat([Buffer.alloc(TEN_MEGABYTES, ' '), Buffer.from(document)]),
  ),
  /** To a good key set: one who followed would find keys there. */
  redirect: respond(302, { location: MOVED_PATH }, () => ''),
  reset: (request) => {
    request.socket.destroy();
  },
} satisfies Record<string, Answer>;
