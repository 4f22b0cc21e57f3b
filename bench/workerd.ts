/** Workers in the raw `workerd serve`, each in a process of its own. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { readPort, renderWorker, WORKERD } from '../scripts/workerd.ts';
import { startProgram } from './children.ts';

/** Of user and system time in /proc, on every architecture (proc(5), USER_HZ). */
const TICK_MS = 10;

/** A Worker, ready to be started any number of times. */
export interface WorkerFiles {
  readonly name: string;
  readonly script: string;
  readonly configFile: string;
}

export interface RunningServer {
  readonly name: string;
  readonly port: number;
  readonly process: ChildProcess;
}

/**
 * Writes what workerd needs into a new folder under `folder`.
 *
 * @param kvPort where a KV namespace is, to be bound as KEYS
 */
export function prepare(
  name: string,
  script: string,
  bindings: Readonly<Record<string, unknown>>,
  folder: string,
  kvPort?: number,
): WorkerFiles {
  const ownFolder = mkdtempSync(join(folder, 'worker-'));
  const configFile = join(ownFolder, 'config.capnp');
  writeFileSync(join(ownFolder, 'worker.js'), script);
  writeFileSync(configFile, renderConfig(bindings, kvPort));
  return { name, script, configFile };
}

function renderConfig(bindings: Readonly<Record<string, unknown>>, kvPort: number | undefined): string {
  const worker = renderWorker('worker.js', bindings);
  const kv = kvPort !== undefined && {
    service: `(name = "kv", external = (address = "127.0.0.1:${kvPort}", http = ())),`,
    worker: worker.replace('bindings = [', 'bindings = [(name = "KEYS", kvNamespace = "kv"), '),
  };
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    ${kv ? kv.service : ''}
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")],
);

const worker :Workerd.Worker = ${kv ? kv.worker : worker};
`;
}

/** Resolves once the process listens, on a port of its own choice. */
export async function start({ name, configFile }: WorkerFiles): Promise<RunningServer> {
  const child = startProgram(`workerd of ${name}`, WORKERD, ['serve', configFile, '--control-fd=3'], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  const port = await readPort(child.stdio[3] as Readable);
  // It ended: `childFailure` tells.
  if (port === undefined) return new Promise(() => {});
  return { name, port, process: child };
}

/** User and system time of all threads so far, in milliseconds. */
export function readCpuMs({ process }: RunningServer): number {
  const stat = readFileSync(`/proc/${process.pid}/stat`, 'latin1');
  // The second field, the name in parentheses, may contain blanks; then come field 3 and the rest.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[14 - 3]) + Number(fields[15 - 3])) * TICK_MS;
}
