/** A log into whatever counts it, until it ends or the person has seen enough. */
import type { Readable } from 'node:stream';
import { type Entry, type FormatName, type GoodEntry, readEntries } from './read/formats.ts';
import { readText } from './read/text.ts';
import { createValueReader } from './read/values.ts';

/** Takes a log. */
export interface LogSink {
  add(entry: GoodEntry): void;
  addFormat(name: FormatName): void;
  /** @param text one of them, of which a stranger wrote what is in it */
  addOther(lines: number, text?: string): void;
  addBroken(line: number, problem: string): void;
}

export interface Read {
  /** Whether there was anything at all. */
  readonly isEmpty: boolean;
  /** The first line that was not understood; what strangers wrote is in it. */
  readonly strange: string | undefined;
}

/** Where a file was cut at its beginning, the end of a line of the gateway is left. */
const HALF_LINE = /"decision":"(allow|deny)"|"(keys_from|origin_ms|near_miss|would_deny|policy_version)":/;

/**
 * Resolves at the end of the input, or where the person has seen enough. Rejects where it can't be read.
 *
 * @param enough ends it
 */
export async function follow(input: Readable, sink: LogSink, enough: AbortSignal): Promise<Read> {
  let isEmpty = true;
  let strange: string | undefined;
  let line = 1;
  const addOther = (text: string) => {
    if (strange === undefined && text.trim() !== '') strange = text;
    sink.addOther(1, text);
  };
  const add = (entry: Entry) => {
    if (entry.kind === 'other') addOther(entry.text);
    else if (entry.kind === 'cut') sink.addBroken(line, entry.problem);
    else sink.add(entry);
  };
  const values = createValueReader({
    value(value, at) {
      line = at;
      const format = readEntries(value, add);
      if (format === undefined) addOther(strange === undefined ? JSON.stringify(value).slice(0, 200) : '');
      else sink.addFormat(format);
    },
    other(text, at) {
      if (HALF_LINE.test(text)) sink.addBroken(at, 'the beginning of this line is cut');
      else addOther(text);
    },
    broken(at, problem) {
      line = at;
      sink.addBroken(at, problem);
    },
  });
  const take = (text: string) => {
    isEmpty &&= text === '';
    values.write(text);
  };
  const fault = await readText(input, take, enough);
  values.end();
  if (fault !== undefined) sink.addBroken(line, fault.problem);
  return { isEmpty, strange };
}
