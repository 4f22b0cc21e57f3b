import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { CommandError, EXIT } from '../text/terminal.ts';

/**
 * Wrangler's program, to be run by Node: that of the project, or the one beside this package. Looked for when it is
 * needed, since most commands do without.
 *
 * @throws CommandError if there is none
 */
export function findWrangler(): string {
  const { resolve } = createRequire(import.meta.url);
  try {
    const found = resolve('wrangler/package.json', { paths: [process.cwd(), import.meta.dirname] });
    return join(dirname(found), 'bin/wrangler.js');
  } catch {
    throw new CommandError(
      'wrangler is not installed here; npm install --save-dev wrangler brings it',
      EXIT.failed,
    );
  }
}

/** Flags that name a Worker. */
export const workerFlags = (config: string, environment: string | undefined): string[] => [
  '--config',
  config,
  ...(environment === undefined ? [] : ['--env', environment]),
];

/** Starts wrangler, to be read by a program. */
export const spawnWrangler = (args: readonly string[]) =>
  spawn(process.execPath, ['--no-warnings', findWrangler(), ...args], {
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  });

export const exitOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });

/**
 * Runs wrangler, which knows the account and its permissions.
 *
 * @param input goes to its standard input: secrets never stand in a command line
 * @returns what it printed
 * @throws CommandError with its own words if it fails
 */
export async function runWrangler(args: readonly string[], input = ''): Promise<string> {
  const child = spawnWrangler(args);
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  child.stdin.on('error', () => {}); // it may end before it has read all
  child.stdin.end(input);
  const code = await exitOf(child);
  if (code === 0) return output;
  const reason = (errors.trim() || output.trim())
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, 8)
    .join('\n  ');
  throw new CommandError(
    `wrangler ${args.slice(0, 3).join(' ')} failed; is this machine logged in (npx wrangler whoami), and may it change that Worker? It said:\n  ${reason}`,
    EXIT.failed,
  );
}
