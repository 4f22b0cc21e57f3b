/**
 * KV for the tests of keys: Miniflare's storage, and before it a proxy that speaks what workerd's KV binding speaks
 * (`GET` and `PUT` of `/name?urlencoded=true…`), counts, and fails as it is told. Nothing here caches: Cloudflare's KV
 * would answer reads within 30 s from the place of the last one.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';

export interface KvStorage {
  read(name: string): Promise<string | null>;
  write(name: string, value: string, expirationTtl?: number): Promise<void>;
  close(): Promise<void>;
}

export async function startKvStorage(): Promise<KvStorage> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: 'export default { fetch: () => new Response(null, { status: 404 }) }',
      kvNamespaces: { KEYS: 'keys' },
      cf: false,
    }),
  );
  const kv = await miniflare.getKVNamespace('KEYS');
  return {
    read: (name) => kv.get(name, 'text'),
    write: (name, value, expirationTtl) =>
      kv.put(name, value, expirationTtl === undefined ? {} : { expirationTtl }),
    close: () => miniflare.dispose(),
  };
}

export type KvFault = 'error' | 'hang';

export interface Kv {
  readonly port: number;
  readonly reads: number;
  readonly writes: number;
  readFault: KvFault | undefined;
  writeFault: KvFault | undefined;
  /** How long every answer takes, at least. */
  delayMs: number;
  /** What is in the one entry with keys that was ever written; `undefined` before. */
  entry(): Promise<string | null | undefined>;
  /** Puts this in its place. */
  overwrite(value: string): Promise<void>;
  close(): Promise<void>;
}

/** A namespace of its own in the storage. */
export async function startKv(storage: KvStorage): Promise<Kv> {
  const namespace = crypto.randomUUID();
  const counts = { reads: 0, writes: 0 };
  let written: string | undefined;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://kv');
    const name = `${namespace}:${decodeURIComponent(url.pathname.slice(1))}`;
    const isRead = request.method === 'GET';
    counts[isRead ? 'reads' : 'writes']++;
    const fault = isRead ? kv.readFault : kv.writeFault;
    if (fault === 'hang') return;
    if (kv.delayMs > 0) await new Promise((next) => setTimeout(next, kv.delayMs));
    if (fault === 'error') return void response.writeHead(500).end('KV is down');
    if (isRead) {
      const value = await storage.read(name);
      if (value === null) response.writeHead(404).end();
      else response.end(value);
      return;
    }
    const lifetime = Number(url.searchParams.get('expiration_ttl'));
    await storage.write(name, await text(request), lifetime);
    if (name.includes(':claimgate-keys-')) written = name;
    response.end();
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: Error) => response.writeHead(500).end(error.message));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const kv: Kv = {
    port: (server.address() as AddressInfo).port,
    get reads() {
      return counts.reads;
    },
    get writes() {
      return counts.writes;
    },
    readFault: undefined,
    writeFault: undefined,
    delayMs: 0,
    entry: async () => (written === undefined ? undefined : storage.read(written)),
    async overwrite(value) {
      if (written === undefined) throw new Error('nothing was written that could be replaced');
      await storage.write(written, value);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return kv;
}
