import { createServer } from 'node:net';
import { CommandError } from '../../cli/text/terminal.ts';

const PORTS_TO_TRY = 20;

export async function firstFreePort(first: number, taken: readonly number[]): Promise<number> {
  for (let port = first; port < first + PORTS_TO_TRY; port++) {
    if (!taken.includes(port) && (await isFree(port))) return port;
  }
  throw new CommandError(
    `ports ${first} to ${first + PORTS_TO_TRY - 1} are in use; name another with --port`,
  );
}

/** On the address that the servers listen on. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
