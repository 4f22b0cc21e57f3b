/** Where a log comes from: a file, standard input, or `wrangler tail`. */
import { createReadStream, fstatSync, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { codeOf } from '../text/files.ts';
import { CommandError, currentTerminal } from '../text/terminal.ts';
import { follow } from './follow.ts';
import { startTail } from './read/tail.ts';

export interface Source {
  readonly kind: 'file' | 'input' | 'tail';
  /** In messages. */
  readonly name: string;
  readonly input: Readable;
  /** Rejects with what went wrong besides reading. */
  readonly ended: Promise<void>;
}

interface Worker {
  readonly config: string;
  readonly env?: string;
}

/** Throws `CommandError` where there is no such file. @param enough ends the tail */
export function openSource(file: string | undefined, worker: Worker, enough: AbortSignal): Source {
  const isPiped = file === undefined && worker.env === undefined && isPipe();
  if (file === undefined && !isPiped) {
    demandFile(worker.config, 'name the file with --config, or a log to read');
    const { output, ended } = startTail(worker.config, worker.env, enough);
    return { kind: 'tail', name: 'wrangler tail', input: output, ended };
  }
  if (file === undefined || file === '-')
    return {
      kind: 'input',
      name: 'standard input',
      input: currentTerminal().stdin,
      ended: Promise.resolve(),
    };
  demandFile(file, 'save a log with: npx wrangler tail --format json > day.log');
  return { kind: 'file', name: file, input: createReadStream(file), ended: Promise.resolve() };
}

/** Whether something was handed to this command: a terminal and /dev/null are not. */
export function isPipe(): boolean {
  const stats = fstatSync(0, { throwIfNoEntry: false });
  return stats?.isFIFO() || stats?.isFile() || stats?.isSocket() || false;
}

/** @param remedy what to do where there is none */
function demandFile(path: string, remedy: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new CommandError(`there is no ${path}; ${remedy}`);
  if (stats.isDirectory()) throw new CommandError(`${path} is a folder; ${remedy}`);
}

/** The time of the newest request in a file; `undefined` where it has none. It is read once more for that. */
export async function newestIn(file: string): Promise<number | undefined> {
  let newest: number | undefined;
  const sink = {
    add(entry: { readonly kind: string; readonly atMs?: number | undefined }) {
      if (entry.kind === 'request') newest = Math.max(newest ?? Number.NEGATIVE_INFINITY, entry.atMs ?? 0);
    },
    addFormat() {},
    addOther() {},
    addBroken() {},
  };
  await follow(createReadStream(file), sink, new AbortController().signal);
  return newest;
}

/** @param error of reading: a person can mend it */
export function unreadable(name: string, error: unknown): unknown {
  const code = codeOf(error);
  return code === undefined ? error : new CommandError(`${name} can't be read (${code})`);
}
