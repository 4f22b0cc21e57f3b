/** Files of an export, read up to a limit: a stream without end must not fill the memory. */
import { closeSync, openSync, readSync } from 'node:fs';
import { codeOf } from '../../text/files.ts';
import { CommandError, visible } from '../../text/terminal.ts';

const MAX_FILE_BYTES = 16_000_000;
const CHUNK_BYTES = 65_536;

/**
 * Reads a text without its byte order mark. Throws `CommandError` where it can't be read, is too large, or no UTF-8.
 *
 * @param path `-` is standard input
 * @param remedy what to do where there is no such file
 */
export function readBounded(path: string, remedy: string): string {
  const name = path === '-' ? 'standard input' : visible(path);
  const bytes = readBytes(path, name, remedy);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CommandError(`${name} is not text in UTF-8; save it as UTF-8`);
  }
}

function readBytes(path: string, name: string, remedy: string): Buffer {
  const chunks: Buffer[] = [];
  let length = 0;
  let file: number | undefined;
  try {
    file = path === '-' ? 0 : openSync(path, 'r');
    for (;;) {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      const count = readSync(file, chunk);
      if (count === 0) return Buffer.concat(chunks);
      length += count;
      chunks.push(chunk.subarray(0, count));
      if (length > MAX_FILE_BYTES) break;
    }
  } catch (error) {
    const code = codeOf(error);
    throw new CommandError(
      code === 'ENOENT' ? `there is no ${name}; ${remedy}` : `${name} can't be read (${code}); ${remedy}`,
    );
  } finally {
    if (file !== undefined && file !== 0) closeSync(file);
  }
  throw new CommandError(
    `${name} is larger than ${MAX_FILE_BYTES / 1e6} MB; give APIs, clients and grants in files of their own`,
  );
}
