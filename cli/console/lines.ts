/** Lines of a program that this one has started, as a log to read. */
import { PassThrough, type Readable } from 'node:stream';

/** What waits to be read: beyond it, lines are dropped, so that a flood does not fill the memory. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

export interface TakenLines {
  readonly stream: Readable;
  take(line: string): void;
  /** @param tell is called for each line that is dropped from now on */
  onLost(tell: () => void): void;
}

export function takeLines(maxWaitingBytes = MAX_WAITING_BYTES): TakenLines {
  const stream = new PassThrough();
  let tellLost = () => {};
  return {
    stream,
    take(line) {
      if (stream.writableLength + stream.readableLength > maxWaitingBytes) tellLost();
      else stream.write(`${line}\n`);
    },
    onLost(tell) {
      tellLost = tell;
    },
  };
}
