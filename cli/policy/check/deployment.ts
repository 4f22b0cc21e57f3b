/**
 * What is deployed when wrangler runs the check as its custom build. wrangler tells the command (`WRANGLER_COMMAND`),
 * but not the environment that `--env` names: that stands only in its own command line (seen in wrangler 4.155,
 * src/deployment-bundle/run-custom-build.ts and src/config/index.ts).
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Commands that upload the Worker. `wrangler preview` and a deployment without effect (`--dry-run`) say `deploy`, too. */
const DEPLOYING: readonly string[] = ['deploy', 'versions upload'];

/** @param command the value of `WRANGLER_COMMAND` */
export const isDeploying = (command: string | undefined): boolean => DEPLOYING.includes(command ?? '');

export interface Deployment {
  /** `undefined`: which environment is deployed could not be found out. An empty name is the top level. */
  readonly environment: string | undefined;
  /** How that is known, for people. */
  readonly by: string;
  /** The file that wrangler's own command line names with `--config`. */
  readonly config: string | undefined;
  /** Whether wrangler itself runs the check, and its command line is visible. */
  readonly visible: boolean;
}

/**
 * Finds the environment as wrangler does: `--env`, then `CLOUDFLARE_ENV`, then the top level.
 *
 * @param ancestors the command lines of the processes that have started this one, the nearest first
 */
export function findDeployment(
  cloudflareEnv: string | undefined,
  ancestors: readonly (readonly string[])[],
): Deployment {
  const args = ancestors.map(wranglerArgs).find((one) => one !== undefined);
  const config = args && readFlag(args, 'config', 'c');
  const named = args && readFlag(args, 'env', 'e');
  const seen = { config, visible: args !== undefined };
  if (named !== undefined) return { environment: named, by: `--env ${named || '""'} of wrangler`, ...seen };
  if (cloudflareEnv !== undefined)
    return { environment: cloudflareEnv, by: `CLOUDFLARE_ENV=${cloudflareEnv}`, ...seen };
  if (args !== undefined) return { environment: '', by: 'wrangler got no --env', ...seen };
  return { environment: undefined, by: 'the command line of wrangler is not visible from here', ...seen };
}

/** The arguments of wrangler, where a command line is that of the process which its start script starts. */
function wranglerArgs(line: readonly string[]): readonly string[] | undefined {
  const at = line.findIndex((word) => /[\\/]wrangler-dist[\\/]cli\.m?js$/.test(word));
  return at === -1 ? undefined : line.slice(at + 1);
}

function readFlag(args: readonly string[], name: string, short: string): string | undefined {
  for (const [i, arg] of args.entries()) {
    if (arg === '--') return undefined;
    if (arg === `--${name}` || arg === `-${short}`) return args[i + 1] ?? '';
    if (arg.startsWith(`--${name}=`)) return arg.slice(name.length + 3);
    if (arg.startsWith(`-${short}`)) return arg.slice(2).replace(/^=/, '');
  }
  return undefined;
}

/** npx, npm, shells and the start script of wrangler stand between. */
const MAX_ANCESTORS = 16;

/** The command lines of the processes above this one, where the system shows them: on Linux, macOS and the like. */
export function readAncestors(): string[][] {
  const lines: string[][] = [];
  for (let pid = process.ppid; pid > 1 && lines.length < MAX_ANCESTORS; ) {
    const found = readProc(pid) ?? readPs(pid);
    if (found === undefined) break;
    lines.push(found.line);
    pid = found.parent;
  }
  return lines;
}

interface Ancestor {
  readonly parent: number;
  readonly line: string[];
}

function readProc(pid: number): Ancestor | undefined {
  try {
    // proc(5): the name in parentheses may hold blanks and parentheses; behind it come the state and the parent.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    return { parent, line: readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1) };
  } catch {
    return undefined;
  }
}

function readPs(pid: number): Ancestor | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'ppid=', '-o', 'args=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    const [parent = '', ...line] = text.split(/\s+/);
    return { parent: Number(parent), line };
  } catch {
    return undefined;
  }
}
