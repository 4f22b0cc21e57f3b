/** Stands in for a KV namespace, in the bench's own process: the protocol that workerd speaks to one. */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from './listen.ts';

/** Unlike KV it has no cache: what one isolate wrote, the next read finds. @returns its port */
export function startKv(): Promise<number> {
  const entries = new Map<string, string>();
  const server = createServer(async (request, response) => {
    const [name = ''] = (request.url ?? '').split('?');
    if (request.method === 'PUT') {
      entries.set(name, await text(request));
      response.end();
      return;
    }
    const entry = request.method === 'GET' ? entries.get(name) : undefined;
    response.writeHead(entry === undefined ? 404 : 200).end(entry ?? '');
  });
  return listen(server);
}
