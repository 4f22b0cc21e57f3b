/**
 * The load, in a process of its own: keep-alive connections, one request at a time on each. On plain sockets, so that
 * it takes little of the machine from what it measures.
 */
import { connect } from 'node:net';

export interface LoadOrder {
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  readonly requests: number;
  /** Request n carries token n; they start over where there are fewer. */
  readonly tokens: readonly string[];
  /** Sent instead, the same each time. */
  readonly post?: { readonly headers: Readonly<Record<string, string>>; readonly body: string };
}

export type LoadResult = { readonly seconds: number } | { readonly failure: string };

const ANSWER_TIMEOUT_MS = 10_000;
const RUN_TIMEOUT_MS = 120_000;

/** What a Worker gets from Cloudflare besides the client's own headers: proxies copy them one by one. */
const HEADERS = [
  'accept: application/json',
  'accept-encoding: gzip, br',
  'user-agent: claimgate-bench',
  'cf-connecting-ip: 192.0.2.1',
  'cf-ipcountry: CH',
  'cf-ray: 8f2b6c1d7a9e4f50-ZRH',
  'cf-visitor: {"scheme":"https"}',
  'x-forwarded-proto: https',
  'x-real-ip: 192.0.2.1',
].join('\r\n');

process.on('message', (order: LoadOrder) => {
  run(order).then(
    (seconds) => process.send?.({ seconds } satisfies LoadResult),
    (error: Error) => process.send?.({ failure: error.message } satisfies LoadResult),
  );
});
process.once('disconnect', () => process.exit());

async function run(order: LoadOrder): Promise<number> {
  const { port, path, connections, requests, tokens } = order;
  const posted = renderPost(order);
  const deadline = performance.now() + RUN_TIMEOUT_MS;
  let sent = 0;
  const nextRequest = (): string | undefined => {
    if (sent === requests) return undefined;
    if (performance.now() > deadline) throw new Error(`${requests} requests took too long`);
    const number = sent++;
    if (posted !== undefined) return posted;
    const token = tokens[number % tokens.length];
    return `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${HEADERS}\r\nauthorization: Bearer ${token}\r\n\r\n`;
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: connections }, () => driveConnection(port, nextRequest)));
  return (performance.now() - start) / 1000;
}

function renderPost({ port, path, post }: LoadOrder): string | undefined {
  if (post === undefined) return undefined;
  const own = { ...post.headers, 'content-length': Buffer.byteLength(post.body) };
  const lines = Object.entries(own).map(([name, value]) => `${name}: ${value}`);
  return `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${HEADERS}\r\n${lines.join('\r\n')}\r\n\r\n${post.body}`;
}

/** Sends the next request when the answer to the last one is complete, until there are no more. */
function driveConnection(port: number, nextRequest: () => string | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  socket.setEncoding('latin1');
  const step = (work: () => void) => () => {
    try {
      work();
    } catch (error) {
      socket.destroy(error as Error);
    }
  };
  const sendNext = () => {
    const request = nextRequest();
    if (request !== undefined) socket.write(request, 'latin1');
    else {
      resolve();
      socket.destroy();
    }
  };
  let received = '';
  socket.on('connect', step(sendNext));
  socket.on('data', (chunk) => {
    received += chunk;
    step(() => {
      if (!isComplete(received)) return;
      if (!received.startsWith('HTTP/1.1 200 ')) throw new Error(`not the wanted 200:\n${received}`);
      received = '';
      sendNext();
    })();
  });
  socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error('no answer within 10 s')));
  socket.on('error', reject);
  socket.on('close', () => reject(new Error('the connection was closed before the last answer')));
  return promise;
}

function isComplete(answer: string): boolean {
  const headEnd = answer.indexOf('\r\n\r\n');
  if (headEnd === -1) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(answer)?.[1];
  if (length === undefined) throw new Error(`an answer without Content-Length:\n${answer}`);
  return answer.length >= headEnd + 4 + Number(length);
}
