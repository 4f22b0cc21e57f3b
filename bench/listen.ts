import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** @returns the port, of the system's choice, on this machine only */
export async function listen(server: Server): Promise<number> {
  server.keepAliveTimeout = 0; // a connection that closes while workerd uses it would fail a request
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
