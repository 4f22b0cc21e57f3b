/** The origin behind every variant, in a process of its own: a few bytes for each request. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const BODY = '{"ok":true}';
const HEADERS = { 'content-type': 'application/json', 'content-length': BODY.length };

const server = createServer((_request, response) => {
  response.writeHead(200, HEADERS).end(BODY);
});
server.keepAliveTimeout = 0; // a connection that closes while workerd uses it would fail a request
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
