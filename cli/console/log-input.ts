/** Where the console's decisions come from, and what becomes of a log that ends or can't be had. */
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { follow } from '../logs/follow.ts';
import { startTail } from '../logs/read/tail.ts';
import type { Decisions } from './decisions.ts';
import { growingFile } from './growing-file.ts';
import type { TakenLines } from './lines.ts';

export type LogInput =
  | { readonly kind: 'none' }
  /** Of a program that this one runs, as `npm start` does. */
  | { readonly kind: 'lines'; readonly name: string; readonly lines: TakenLines }
  /** What another program hands over: standard input. */
  | { readonly kind: 'stream'; readonly name: string; readonly stream: Readable }
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'tail';
      readonly config: string;
      readonly environment: string | undefined;
      /** Until it is started again for the first time. */
      readonly firstWaitMs?: number;
    };

export const nameOfInput = (input: LogInput): string =>
  input.kind === 'none'
    ? 'no log'
    : input.kind === 'stream' || input.kind === 'lines'
      ? input.name
      : input.kind === 'file'
        ? input.path
        : 'wrangler tail';

/** Reads until the signal. Never rejects: what goes wrong is said on the page. */
export async function readInto(decisions: Decisions, input: LogInput, enough: AbortSignal): Promise<void> {
  try {
    await INPUTS[input.kind](decisions, input as never, enough);
  } catch (error) {
    decisions.say({ state: 'failed', problem: `The log can't be read any more: ${messageOf(error)}` });
  }
}

type Reader<Kind> = (
  decisions: Decisions,
  input: Extract<LogInput, { readonly kind: Kind }>,
  enough: AbortSignal,
) => Promise<void>;

const INPUTS: { readonly [Kind in LogInput['kind']]: Reader<Kind> } = {
  async none(decisions) {
    decisions.say({ state: 'none', problem: null });
  },

  async lines(decisions, { lines, name }, enough) {
    lines.onLost((count) => decisions.addLost(count));
    await INPUTS.stream(decisions, { kind: 'stream', name, stream: lines.stream }, enough);
  },

  async stream(decisions, { stream, name }, enough) {
    decisions.say({ state: 'reading', problem: null });
    const { isEmpty } = await follow(stream, decisions, enough);
    if (enough.aborted) return;
    const problem = isEmpty ? `${name} ended without a line.` : `${name} ended: nothing new will come.`;
    decisions.say({ state: 'ended', problem });
  },

  async file(decisions, { path }, enough) {
    const say = (problem: string | undefined) =>
      decisions.say({ state: problem === undefined ? 'reading' : 'failed', problem: problem ?? null });
    say(undefined);
    await follow(growingFile(path, enough, say), decisions, enough);
  },

  async tail(decisions, { config, environment, firstWaitMs = FIRST_WAIT_MS }, enough) {
    for (let waitMs = firstWaitMs; !enough.aborted; waitMs = Math.min(2 * waitMs, MAX_WAIT_MS)) {
      decisions.say({ state: 'reading', problem: null });
      const before = decisions.latest;
      const { output, ended } = startTail(config, environment, enough);
      await follow(output, decisions, enough);
      const problem = await ended.then(() => 'wrangler tail ended', messageOf);
      if (enough.aborted) return;
      if (decisions.latest > before) waitMs = firstWaitMs;
      decisions.say({ state: 'failed', problem: `${problem}; tried again in ${waitMs / 1000} s` });
      await sleep(waitMs, undefined, { signal: enough }).catch(() => {});
    }
  },
};

const FIRST_WAIT_MS = 5_000;
/** Wrangler is a large program to start for nothing. */
const MAX_WAIT_MS = 80_000;

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
