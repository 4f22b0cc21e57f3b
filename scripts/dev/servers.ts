/** The Workers under `wrangler dev`: those with an address of their own each in a process of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { findWrangler } from '../../cli/issuer/wrangler.ts';
import { CommandError, EXIT } from '../../cli/text/terminal.ts';

/** Where `wrangler dev` keeps the database. */
export const STATE = '.wrangler/state';
const READY_TIMEOUT_MS = 60_000;

interface Server {
  readonly name: string;
  readonly process: ChildProcess;
  readonly ready: Promise<void>;
}

/**
 * Resolves when all of them answer. From then on their logs are printed, each line with the name of its Worker, and
 * whatever ends first takes the others along.
 */
export async function startServers(ports: {
  port: number;
  issuerPort: number;
  apiPort: number;
  jobPort: number;
  /** What the API is told of assertions, as `NAME:value`. */
  apiVars: readonly string[];
  /** Gets what the gateway logs. */
  onGatewayLine(line: string): void;
}): Promise<void> {
  const { port, issuerPort, apiPort, jobPort, apiVars, onGatewayLine } = ports;
  const apiConfig = ['-c', 'examples/timesheets/api/wrangler.toml', '--persist-to', STATE];
  const gateway = `API:http://localhost:${port}`;
  const servers = [
    start('issuer', issuerPort, ['-c', 'issuer/wrangler.toml']),
    start('gateway', port, ['-c', 'wrangler.toml'], onGatewayLine),
    start('api', apiPort, [...apiConfig, ...apiVars.flatMap((one) => ['--var', one])]),
    start('job', jobPort, ['-c', 'examples/timesheets/job/wrangler.toml', '--var', gateway]),
  ];
  endTogether(servers.map((server) => server.process));
  await Promise.all(servers.map(({ ready }) => ready));
}

function start(
  name: string,
  port: number,
  args: readonly string[],
  onLine: (line: string) => void = () => {},
): Server {
  const options = [
    '--ip',
    '127.0.0.1',
    '--port',
    String(port),
    '--inspector-port',
    '0',
    '--show-interactive-dev-session=false',
  ];
  const child = spawn(process.execPath, ['--no-warnings', findWrangler(), 'dev', ...args, ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // By it the processes find each other; two clones on one machine don't.
    env: { ...process.env, WRANGLER_REGISTRY_PATH: '.wrangler/registry', WRANGLER_SEND_METRICS: 'false' },
  });
  const early: string[] = [];
  let isReady = false;
  const ready = new Promise<void>((resolve, reject) => {
    const fail = (problem: string) =>
      reject(new CommandError(`${name} ${problem}; it said:\n${early.slice(-20).join('\n')}`, EXIT.failed));
    const timer = setTimeout(() => fail('did not start within a minute'), READY_TIMEOUT_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      if (!isReady) fail('ended before it was ready');
    });
    for (const stream of [child.stdout, child.stderr]) {
      readLines(stream, (line) => {
        if (!isReady) early.push(line);
        else if (!isNoise(line)) {
          const own = line.replace('[undefined] ', '');
          process.stdout.write(`[${name}] ${own}\n`);
          onLine(own);
        }
        if (line.includes('Ready on http')) {
          isReady = true;
          clearTimeout(timer);
          resolve();
        }
      });
    }
  });
  return { name, process: child, ready };
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  createInterface({ input: stream }).on('line', onLine);
}

/** What wrangler says about itself. What Workers log, and what went wrong, stays. */
function isNoise(line: string): boolean {
  return (
    line.trim() === '' || /^\[wrangler:info\] (GET|HEAD|POST|PUT|DELETE) /.test(line) || /^⎔ /.test(line)
  );
}

/** Ctrl-C reaches all of them; whatever ends first takes the others along. */
function endTogether(children: readonly ChildProcess[]): void {
  let ending = false;
  const running = () => children.filter((child) => child.exitCode === null && child.signalCode === null);
  const end = (code: number) => {
    if (!ending) for (const child of running()) child.kill('SIGTERM');
    ending = true;
    if (running().length === 0) process.exit(code);
    for (const child of running()) child.once('exit', () => running().length === 0 && process.exit(code));
  };
  process.on('SIGINT', () => end(0));
  process.on('SIGTERM', () => end(0));
  for (const child of children) child.on('exit', (code) => end(code ?? 1));
  process.on('exit', () => {
    for (const child of running()) child.kill('SIGTERM');
  });
}
