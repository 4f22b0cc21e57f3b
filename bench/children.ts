/** The processes that the bench starts. None outlives it, and one that ends early ends the bench. */
import { type ChildProcess, type ForkOptions, fork, type SpawnOptions, spawn } from 'node:child_process';

/** Something that went wrong in a way that its message explains. */
export class BenchError extends Error {}

const running = new Set<ChildProcess>();
const failure = Promise.withResolvers<never>();
failure.promise.catch(() => {});

/** What was typed makes no sense; the message says why. */
export class UsageError extends BenchError {}

/** Rejects when a child ends that nobody ended. */
export const childFailure: Promise<never> = failure.promise;

export function startProgram(name: string, program: string, args: string[], options: SpawnOptions) {
  return keepTrack(name, spawn(program, args, options));
}

/** Starts another file of this folder, with a channel for messages. */
export function startScript(
  name: string,
  file: string,
  args: readonly string[] = [],
  execArgv: string[] = [],
): ChildProcess {
  const options = { execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] } satisfies ForkOptions;
  return keepTrack(name, fork(new URL(file, import.meta.url), args, options));
}

function keepTrack(name: string, child: ChildProcess): ChildProcess {
  running.add(child);
  const fail = (what: string) => {
    if (running.delete(child)) failure.reject(new BenchError(`${name} ${what}`));
  };
  child.once('error', (error) => fail(`could not be started: ${error.message}`));
  child.once('exit', (code, signal) => fail(`ended by itself (${signal ?? `exit code ${code}`})`));
  return child;
}

/** There is no state to save in any of them, so that none is asked to end. */
export function endChild(child: ChildProcess): void {
  if (running.delete(child)) child.kill('SIGKILL');
}

export function endAllChildren(): void {
  for (const child of running) endChild(child);
}
