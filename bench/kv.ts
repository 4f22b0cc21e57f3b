/** Stands in for a KV namespace, in the bench's own process: the protocol that workerd speaks to one. */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from './listen.ts';

export interface Kv {
  readonly port: number;
  /** So far. */
  readonly counts: { reads: number; writes: number };
}

/**
 * Unlike KV it has no cache: what one isolate wrote, the next read finds.
 *
 * @param given entries that nobody has to write
 */
export async function startKv(given: (name: string) => string | undefined = () => undefined): Promise<Kv> {
  const entries = new Map<string, string>();
  const counts = { reads: 0, writes: 0 };
  const server = createServer(async (request, response) => {
    const [name = ''] = (request.url ?? '').split('?');
    if (request.method === 'PUT') {
      counts.writes++;
      entries.set(name, await text(request));
      response.end();
      return;
    }
    counts.reads++;
    const entry = request.method === 'GET' ? (given(name) ?? entries.get(name)) : undefined;
    response.writeHead(entry === undefined ? 404 : 200).end(entry ?? '');
  });
  return { port: await listen(server), counts };
}
