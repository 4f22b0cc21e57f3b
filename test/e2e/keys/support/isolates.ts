/** Gateways in bare workerd, each an isolate with a memory, a clock and a log of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { bundle, readPorts, renderWorker, WORKERD } from '../../../../scripts/workerd.ts';
import type { LogLine, RequestLine } from '../../../../src/log.ts';

/** When every clock starts: milliseconds since 1970. */
export const START_MS = 1_800_000_000_000;
export const AUDIENCE = 'https://api.example.com/keys';

export interface IsolateOptions {
  readonly issuer: string;
  /** Port of its KV; `undefined`: none is bound. */
  readonly kvPort: number | undefined;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Share of the allowed requests that are logged. */
  readonly logSample?: number;
}

export interface Answered {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

export const isRequestLine = (line: LogLine): line is RequestLine => 'decision' in line;

export interface Isolate {
  /** @param signal ends the connection: the client has left */
  ask(token: string, signal?: AbortSignal): Promise<Answered>;
  /** The clocks of tests only go forward. */
  setClock(ms: number): Promise<void>;
  runCron(): Promise<void>;
  /** What was logged since the last call, and how much work behind answers is not done yet. */
  takeLog(): Promise<{ behind: number; lines: LogLine[] }>;
  /** Waits until no work behind answers is left. */
  settle(): Promise<void>;
}

export interface Workerd {
  readonly isolates: readonly Isolate[];
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * One process of workerd with these isolates.
 *
 * @param heapMegabytes what JavaScript may keep; the process ends where it is not enough
 */
export async function startWorkerd(
  options: readonly IsolateOptions[],
  heapMegabytes?: number,
): Promise<Workerd> {
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-keys-'));
  writeFileSync(join(folder, 'gateway.js'), await bundled());
  writeFileSync(
    join(folder, 'origin.js'),
    'export default { fetch: () => new Response("from the origin") };',
  );
  writeFileSync(join(folder, 'config.capnp'), renderConfig(options, heapMegabytes));
  const child = spawn(WORKERD, ['serve', join(folder, 'config.capnp'), '--control-fd=3'], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  running.add(child);
  const agent = new Agent({ keepAlive: true });
  const ports = await readPorts(child.stdio[3] as Readable, options.length);
  return {
    isolates: ports.map((port) => isolateAt(port, agent)),
    pid: child.pid ?? 0,
    stop: () => stop(child, folder, agent),
  };
}

/** None outlives this process, however that ends. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

let script: Promise<string> | undefined;
const bundled = () => {
  script ??= bundle('test/keys/worker.ts');
  return script;
};

function renderConfig(options: readonly IsolateOptions[], heapMegabytes: number | undefined): string {
  const services = options.flatMap(({ kvPort }, i) => [
    `(name = "gateway${i}", worker = .gateway${i})`,
    ...(kvPort === undefined
      ? []
      : [`(name = "kv${i}", external = (address = "127.0.0.1:${kvPort}", http = ()))`]),
  ]);
  const sockets = options.map(
    (_, i) => `(name = "${i}", address = "127.0.0.1:0", http = (), service = "gateway${i}")`,
  );
  const workers = options.map((one, i) => `const gateway${i} :Workerd.Worker = ${renderGateway(one, i)};`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "origin", worker = .origin),
    (name = "internet", network = (allow = ["public", "private"])),
    ${services.join(',\n    ')},
  ],
  v8Flags = [${heapMegabytes === undefined ? '' : `"--max-old-space-size=${heapMegabytes}"`}],
  sockets = [${sockets.join(', ')}],
);
const origin :Workerd.Worker = ${renderWorker('origin.js', {})};
${workers.join('\n')}
`;
}

function renderGateway({ issuer, kvPort, secrets = {}, logSample = 1 }: IsolateOptions, i: number): string {
  const policy = {
    GATEWAY: { log_sample: logSample },
    ISSUERS: { main: { issuer } },
    API_X: { origin: 'service:ORIGIN', audience: AUDIENCE, routes: { 'GET /': {} } },
  };
  const kv = kvPort === undefined ? {} : { KEYS: `kv${i}` };
  return renderWorker('gateway.js', { ...policy, ...secrets }, { ORIGIN: 'origin' }, kv);
}

async function stop(child: ChildProcess, folder: string, agent: Agent): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  agent.destroy();
  running.delete(child);
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}

const SETTLE_POLL_MS = 20;

function isolateAt(port: number, agent: Agent): Isolate {
  const get = (path: string, headers: Record<string, string> = {}, signal?: AbortSignal) =>
    new Promise<Answered & { body: string }>((resolve, reject) => {
      httpRequest(
        { host: '127.0.0.1', port, path, headers, agent, ...(signal && { signal }) },
        (response) => {
          text(response).then((body) => {
            const { statusCode = 0, headers: given } = response;
            resolve({ status: statusCode, retryAfter: given['retry-after'], body });
          }, reject);
        },
      )
        .once('error', reject)
        .end();
    });
  const readLog = async (query = '') =>
    JSON.parse((await get(`/-/log${query}`)).body) as { behind: number; lines: LogLine[] };
  return {
    async ask(token, signal) {
      const { status, retryAfter } = await get('/', { authorization: `Bearer ${token}` }, signal);
      return { status, retryAfter };
    },
    async setClock(ms) {
      await get(`/-/clock?${ms}`);
    },
    async runCron() {
      const { status } = await get('/-/cron');
      if (status !== 200) throw new Error(`the cron failed with ${status}`);
    },
    takeLog: () => readLog(),
    async settle() {
      while ((await readLog('?keep')).behind > 0)
        await new Promise((next) => setTimeout(next, SETTLE_POLL_MS));
    },
  };
}
