/** Lines into a tally, until they end or the person has seen enough. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { currentTerminal, printRaw } from '../text/terminal.ts';
import type { Tally } from './count/tally.ts';
import { readEntries } from './read/entries.ts';
import { createValueReader, type Read } from './read/values.ts';

/**
 * Resolves at the end of the input, or where the person has seen enough. Rejects where it can't be read.
 *
 * @param enough ends it
 */
export async function follow(input: Readable, tally: Tally, enough: AbortSignal): Promise<void> {
  const values = createValueReader();
  const take = (reads: readonly Read[]) => {
    for (const read of reads) {
      if (read.kind === 'other') tally.addOther(read.lines);
      else for (const entry of readEntries(read.value)) tally.add(entry);
    }
  };
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  // The loop learns of neither by itself.
  let failure: Error | undefined;
  input.once('error', (error) => {
    failure = error;
    lines.close();
  });
  const close = () => lines.close();
  enough.addEventListener('abort', close, { once: true });
  for await (const line of lines) take(values.read(line));
  enough.removeEventListener('abort', close);
  input.destroy();
  take(values.end());
  if (failure !== undefined) throw failure;
}

const REFRESH_MS = 2_000;

/**
 * Draws over and over on a terminal.
 *
 * @returns what ends it: the screen is clean then
 */
export function redraw(render: () => readonly string[]): () => void {
  const draw = () => {
    const lines = render().slice(0, Math.max(5, (currentTerminal().stdout.rows || 24) - 3));
    printRaw(`\x1b[H\x1b[J${lines.join('\n')}\n\nCtrl-C ends it.\n`);
  };
  draw();
  const timer = setInterval(draw, REFRESH_MS);
  return () => {
    clearInterval(timer);
    printRaw('\x1b[H\x1b[J');
  };
}
