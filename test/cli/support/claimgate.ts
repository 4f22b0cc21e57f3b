import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { main } from '../../../cli/program.ts';

const COMMAND = join(import.meta.dirname, '../../../cli/claimgate.ts');

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd?: string;
}

/**
 * Runs the command line as a user does, but in the process of the test, which saves Node's start. What reads its
 * input or wants other options of Node gets a process of its own.
 */
export function claimgate(args: readonly string[], surroundings: Surroundings = {}): Promise<Run> {
  const { env, input } = surroundings;
  if (input !== undefined || args.includes('-') || env?.['NODE_OPTIONS'] !== undefined)
    return spawnClaimgate(args, surroundings);
  const run = previous.then(() => runHere(args, surroundings));
  previous = run.catch(() => {});
  return run;
}

/** One at a time: the folder and the variables are the whole process's. */
let previous: Promise<unknown> = Promise.resolve();

async function runHere(args: readonly string[], { env, cwd }: Surroundings): Promise<Run> {
  const [stdout, stderr] = [createSink(), createSink()];
  const terminal = {
    stdin: Readable.from([]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    exitCode: 0,
  };
  const before = { env: process.env, cwd: process.cwd() };
  process.env = surroundingEnv(env);
  if (cwd !== undefined) process.chdir(cwd);
  try {
    await main(args, terminal);
  } finally {
    process.chdir(before.cwd);
    process.env = before.env;
  }
  return { code: terminal.exitCode, stdout: stdout.read(), stderr: stderr.read() };
}

/** Runs the command line in a process of its own. */
export function spawnClaimgate(
  args: readonly string[],
  { env, input = '', cwd }: Surroundings = {},
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND, ...args], { cwd, env: surroundingEnv(env) });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
    child.stdin.end(input);
  });
}

/** What pipelines set, and commands read: a test says it itself. */
const NOT_SET = {
  WRANGLER_COMMAND: '',
  CLOUDFLARE_ENV: undefined,
  GITHUB_BASE_REF: '',
  CI_MERGE_REQUEST_DIFF_BASE_SHA: '',
};

const surroundingEnv = (env: Surroundings['env']) => ({
  ...process.env,
  NO_COLOR: '1',
  CLIENT_SECRET: '',
  ...NOT_SET,
  ...env,
});

function createSink() {
  let text = '';
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return { stream, read: () => text };
}
