/** A log file that somebody else writes: read to its end, and on as it grows. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { PassThrough, type Readable } from 'node:stream';
import { codeOf } from '../text/files.ts';

const PIECE_BYTES = 64 * 1024;
/** Of a file that is there already: its end has the latest decisions. */
const MAX_OLD_BYTES = 32 * 1024 * 1024;
const LOOK_MS = 300;

/** What is wrong with the file; `undefined`: nothing. */
type Say = (problem: string | undefined) => void;

/**
 * Looks again and again, since not every file system tells of changes. A file that is cut or replaced (rotated) is read
 * from its beginning; one that is missing is waited for.
 */
export function growingFile(
  path: string,
  enough: AbortSignal,
  say: Say,
  maxOldBytes = MAX_OLD_BYTES,
): Readable {
  const output = new PassThrough();
  const file = new Growing(path, maxOldBytes, say);
  const look = () => {
    if (enough.aborted) return output.end();
    // While the reader is behind, more would only fill the memory.
    const isFull = output.writableNeedDrain;
    const piece = isFull ? undefined : file.next();
    if (piece !== undefined) output.write(piece);
    setTimeout(look, piece === undefined ? LOOK_MS : 0).unref();
  };
  enough.addEventListener('abort', () => file.close(), { once: true });
  look();
  return output;
}

class Growing {
  readonly #path: string;
  readonly #say: Say;
  #maxOldBytes: number;
  #fd: number | undefined;
  #inode = 0;
  #at = 0;
  #said: string | undefined;

  constructor(path: string, maxOldBytes: number, say: Say) {
    this.#path = path;
    this.#maxOldBytes = maxOldBytes;
    this.#say = say;
  }

  /** @returns `undefined`: there is nothing new */
  next(): Buffer | undefined {
    try {
      const before = this.#fd === undefined ? undefined : this.#read(this.#fd);
      if (before !== undefined) return before;
      const piece = this.#reopen();
      this.#tell(undefined);
      return piece;
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined) throw error;
      this.close();
      this.#tell(
        code === 'ENOENT'
          ? `There is no ${this.#path}: it is read as soon as it is there.`
          : `${this.#path} can't be read (${code}): it is tried again.`,
      );
      return undefined;
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #read(fd: number): Buffer | undefined {
    if (fstatSync(fd).size < this.#at) return this.#begin(0);
    const piece = Buffer.alloc(PIECE_BYTES);
    const length = readSync(fd, piece, 0, PIECE_BYTES, this.#at);
    this.#at += length;
    return length === 0 ? undefined : piece.subarray(0, length);
  }

  /** Opens the file where it is not open, or where another has its name now. */
  #reopen(): Buffer | undefined {
    const { ino, size } = statSync(this.#path);
    if (this.#fd !== undefined && ino === this.#inode) return undefined;
    const isFirst = this.#fd === undefined && this.#inode === 0;
    this.close();
    this.#fd = openSync(this.#path, 'r');
    this.#inode = ino;
    return this.#begin(isFirst ? Math.max(0, size - this.#maxOldBytes) : 0);
  }

  /** Whatever was open ends with a line. */
  #begin(at: number): Buffer {
    this.#at = at;
    return Buffer.from('\n');
  }

  #tell(problem: string | undefined): void {
    if (problem !== this.#said) this.#say(problem);
    this.#said = problem;
  }
}
