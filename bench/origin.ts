/** The origin behind every variant, in a process of its own. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from './listen.ts';

const SMALL = Buffer.from('{"ok":true}');
const BODIES = new Map([1_000, 1_000_000].map((bytes) => [`/bytes/${bytes}`, Buffer.alloc(bytes, 'x')]));

/** A few bytes, or as many as the path says; `/seen` tells which headers came. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const { url = '' } = request;
  const body = url === '/seen' ? Buffer.from(JSON.stringify(request.headers)) : (BODIES.get(url) ?? SMALL);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
}

const server = createServer((request, response) => {
  if (request.method === 'GET') answer(request, response);
  else request.resume().once('end', () => answer(request, response));
});
process.send?.(await listen(server));
process.once('disconnect', () => process.exit());
