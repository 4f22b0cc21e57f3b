/** Workers in the bare runtime: no development proxy in front folds a URL or tidies a header. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { bundle, readPort, renderWorker, WORKERD } from '../../../scripts/workerd.ts';

export interface RunningWorkerd {
  readonly port: number;
  /** Of the process. */
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Runs the gateway with this policy, and an origin Worker bound as ORIGIN that sends each request on to `recorder`,
 * its URL as it got it.
 *
 * @param onLog gets what the gateway logs, line by line
 * @param port where it listens; any that is free, unless the policy has to know it
 */
export async function startGateway(
  policy: Record<string, unknown>,
  recorder: string,
  onLog?: (line: string) => void,
  port = 0,
): Promise<RunningWorkerd> {
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-e2e-'));
  writeFileSync(join(folder, 'gateway.js'), await bundle('src/index.ts'));
  writeFileSync(join(folder, 'origin.js'), ORIGIN_WORKER);
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "gateway", worker = .gateway),
    (name = "origin", worker = .origin),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "gateway")],
);
const gateway :Workerd.Worker = ${renderWorker('gateway.js', policy, { ORIGIN: 'origin' })};
const origin :Workerd.Worker = ${renderWorker('origin.js', { RECORDER: recorder })};
`;
  writeFileSync(join(folder, 'config.capnp'), config);
  const child = spawn(WORKERD, ['serve', join(folder, 'config.capnp'), '--control-fd=3'], {
    stdio: ['ignore', onLog === undefined ? 'ignore' : 'pipe', 'inherit', 'pipe'],
  });
  if (onLog !== undefined && child.stdout !== null)
    createInterface({ input: child.stdout }).on('line', onLog);
  const listening = await readPort(child.stdio[3] as Readable);
  if (listening === undefined) throw new Error('workerd ended before it listened; its message is above');
  return { port: listening, pid: child.pid ?? 0, stop: () => stop(child, folder) };
}

/** The raw URL goes into a header, since `fetch` would fold it on the way to the recorder; so do method and body, where asked. */
const ORIGIN_WORKER = `export default {
  async fetch(request, env) {
    const headers = new Headers(request.headers);
    headers.set('x-raw-target', request.url.replace(/^[a-z]+:\\/\\/[^/]*/, ''));
    if (headers.has('x-record-body')) {
      headers.set('x-raw-method', request.method);
      headers.set('x-raw-body', btoa(await request.text()));
    }
    return fetch(env.RECORDER, { headers });
  },
};`;

async function stop(child: ChildProcess, folder: string): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
