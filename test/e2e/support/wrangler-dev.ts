/** A Worker under `wrangler dev`, in a process of its own, as people run it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { findWrangler } from '../../../cli/issuer/wrangler.ts';

export interface RunningDev {
  /** What it has written since it was ready. */
  readonly lines: string[];
  stop(): Promise<void>;
}

/** The Workers find each other by a registry beside the configuration, as those of a clone do. */
export async function startDev(config: string, port: number, ...args: string[]): Promise<RunningDev> {
  const address = ['--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0'];
  const child = spawn(
    process.execPath,
    ['--no-warnings', findWrangler(), 'dev', '--config', config, ...address, ...args],
    {
      detached: true, // so that all that it starts ends with it
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        WRANGLER_REGISTRY_PATH: join(dirname(config), '.wrangler/registry'),
        WRANGLER_SEND_METRICS: 'false',
        CI: 'true',
      },
    },
  );
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => lines.push(line));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await Promise.race([seen(child, lines), ended]);
  if (child.exitCode !== null) throw new Error(`wrangler dev ended; it said:\n${lines.join('\n')}`);
  return {
    lines,
    async stop() {
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      await ended;
    },
  };
}

const seen = (child: ChildProcess, lines: readonly string[]): Promise<void> =>
  new Promise((resolve) => {
    const look = () => {
      if (!lines.some((line) => line.includes('Ready on http'))) return;
      child.stdout?.off('data', look);
      resolve();
    };
    child.stdout?.on('data', () => setImmediate(look));
  });
