/**
 * The load, in a process of its own: keep-alive connections, one request at a time on each. On plain sockets, so that
 * it takes little of the machine from what it measures.
 */
import { connect } from 'node:net';

export interface LoadOrder {
  /** On 127.0.0.1; the connections are dealt out among them. */
  readonly ports: readonly number[];
  readonly connections: number;
  readonly requests: number;
  /** Request n asks for path n, and carries token n; both start over where there are fewer. */
  readonly paths: readonly string[];
  /** None: no Authorization. */
  readonly tokens?: readonly string[];
  /** The status that every answer must have. */
  readonly status: number;
  /** Lines besides the usual headers. */
  readonly headers?: readonly string[];
  /** Makes it a POST. */
  readonly post?: { readonly headers: Readonly<Record<string, string>>; readonly body: string };
  /** Spreads the requests evenly over this time; without, each follows the last answer. */
  readonly overSeconds?: number;
}

/** Latency is from sending a request to the end of its answer. */
export type LoadResult =
  | { readonly seconds: number; readonly p50Ms: number; readonly p99Ms: number }
  | { readonly failure: string };

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
    (result) => process.send?.(result),
    (error: Error) => process.send?.({ failure: error.message } satisfies LoadResult),
  );
});
process.once('disconnect', () => process.exit());

async function run(order: LoadOrder): Promise<LoadResult> {
  const { ports, connections, requests, overSeconds } = order;
  const render = renderer(order);
  const latenciesMs = new Float64Array(requests);
  const start = performance.now();
  let sent = 0;
  const next = (port: number): Turn | undefined => {
    if (sent === requests) return undefined;
    if (performance.now() > start + RUN_TIMEOUT_MS) throw new Error(`${requests} requests took too long`);
    const number = sent++;
    const dueMs = overSeconds === undefined ? 0 : start + (number * overSeconds * 1000) / requests;
    return {
      request: render(number, port),
      waitMs: dueMs - performance.now(),
      answered: (ms) => {
        latenciesMs[number] = ms;
      },
    };
  };
  const drive = (_: unknown, i: number) => driveConnection(ports[i % ports.length] ?? 0, order.status, next);
  await Promise.all(Array.from({ length: connections }, drive));
  const seconds = (performance.now() - start) / 1000;
  latenciesMs.sort();
  const percentile = (share: number) => latenciesMs[Math.ceil(share * requests) - 1] ?? Number.NaN;
  return { seconds, p50Ms: percentile(0.5), p99Ms: percentile(0.99) };
}

/** One request of a connection. */
interface Turn {
  readonly request: string;
  readonly waitMs: number;
  answered(ms: number): void;
}

function renderer({
  paths,
  tokens,
  post,
  headers = [],
}: LoadOrder): (number: number, port: number) => string {
  const own = post && { ...post.headers, 'content-length': Buffer.byteLength(post.body) };
  const lines = [...headers, ...Object.entries(own ?? {}).map((entry) => entry.join(': '))];
  const method = post === undefined ? 'GET' : 'POST';
  const end = `${[HEADERS, ...lines].join('\r\n')}\r\n`;
  const body = post?.body ?? '';
  return (number, port) => {
    const head = `${method} ${paths[number % paths.length]} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${end}`;
    const token = tokens?.[number % tokens.length];
    return token === undefined
      ? `${head}\r\n${body}`
      : `${head}authorization: Bearer ${token}\r\n\r\n${body}`;
  };
}

/** Sends the next request when the answer to the last one is complete, until there are no more. */
function driveConnection(
  port: number,
  status: number,
  next: (port: number) => Turn | undefined,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  const step = (work: () => void) => () => {
    try {
      work();
    } catch (error) {
      socket.destroy(error as Error);
    }
  };
  let turn: Turn | undefined;
  let sentAt = 0;
  const send = (request: string) => {
    sentAt = performance.now();
    socket.setTimeout(ANSWER_TIMEOUT_MS);
    socket.write(request, 'latin1');
  };
  const sendNext = () => {
    turn = next(port);
    if (turn === undefined) {
      resolve();
      socket.destroy();
    } else if (turn.waitMs > 1) {
      const { request, waitMs } = turn;
      socket.setTimeout(0);
      setTimeout(() => send(request), waitMs);
    } else send(turn.request);
  };
  const answer = answerReader(status);
  socket.on('connect', step(sendNext));
  socket.on('data', (chunk: Buffer) => {
    step(() => {
      if (!answer.isCompleteWith(chunk)) return;
      turn?.answered(performance.now() - sentAt);
      sendNext();
    })();
  });
  socket.on('timeout', () => socket.destroy(new Error('no answer within 10 s')));
  socket.on('error', reject);
  socket.on('close', () => reject(new Error('the connection was closed before the last answer')));
  return promise;
}

/** Reads answers with a Content-Length, one after the other. Bodies are counted, not kept. */
function answerReader(status: number) {
  const start = `HTTP/1.1 ${status} `;
  let head = '';
  let missing: number | undefined;
  return {
    isCompleteWith(chunk: Buffer): boolean {
      if (missing !== undefined) missing -= chunk.length;
      else {
        head += chunk.toString('latin1');
        const headEnd = head.indexOf('\r\n\r\n');
        if (headEnd === -1) return false;
        if (!head.startsWith(start)) throw new Error(`not the wanted ${status}:\n${head.slice(0, 2_000)}`);
        const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
        if (length === undefined)
          throw new Error(`an answer without Content-Length:\n${head.slice(0, 2_000)}`);
        missing = headEnd + 4 + Number(length) - head.length;
        head = '';
      }
      if (missing < 0) throw new Error('an answer longer than its Content-Length');
      if (missing > 0) return false;
      missing = undefined;
      return true;
    },
  };
}
