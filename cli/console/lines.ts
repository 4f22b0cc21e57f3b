/** Lines of a program that this one has started, as a log to read. */
import { PassThrough, type Readable } from 'node:stream';

/** What waits to be read: beyond it, lines are dropped, so that a flood does not fill the memory. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

export interface TakenLines {
  readonly stream: Readable;
  take(line: string): void;
  /** @param tell gets the number of lines that were dropped, those before it asked among them */
  onLost(tell: (lines: number) => void): void;
}

export function takeLines(maxWaitingBytes = MAX_WAITING_BYTES): TakenLines {
  const stream = new PassThrough();
  let untold = 0;
  let tellLost = (lines: number) => {
    untold += lines;
  };
  return {
    stream,
    take(line) {
      if (stream.writableLength + stream.readableLength > maxWaitingBytes) tellLost(1);
      else stream.write(`${line}\n`);
    },
    onLost(tell) {
      tellLost = tell;
      if (untold > 0) tell(untold);
    },
  };
}
