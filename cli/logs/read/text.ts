/** The text of a log, as it comes: gzip is unpacked, and UTF-16 is understood. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip, type Gunzip } from 'node:zlib';
import { codeOf } from '../../text/files.ts';

/** Why a log could not be read to its end: what came before is kept. */
export type TextFault = { readonly kind: 'gzip'; readonly problem: string };

/**
 * Hands on the text, piece by piece. Resolves at the end, or where the person has seen enough. Rejects where the
 * input can't be read.
 *
 * @param take is done with a piece when it returns: no more than one is held
 * @param enough ends it
 */
export function readText(
  input: Readable,
  take: (text: string) => void,
  enough: AbortSignal,
): Promise<TextFault | undefined> {
  return new Promise((resolve, reject) => {
    const decoder = createDecoder(take);
    let head = Buffer.alloc(0);
    let begun = false;
    let gunzip: Gunzip | undefined;
    const finish = (fault?: TextFault) => {
      enough.removeEventListener('abort', stop);
      input.destroy();
      decoder.end();
      resolve(fault);
    };
    const stop = () => finish();

    function startGunzip(): Gunzip {
      const unpacked = createGunzip();
      unpacked.on('data', decoder.write);
      unpacked.once('end', () => finish());
      unpacked.once('error', (error) => finish({ kind: 'gzip', problem: gzipProblem(error) }));
      unpacked.on('drain', () => input.resume());
      return unpacked;
    }
    function write(bytes: Buffer): void {
      if (gunzip === undefined) decoder.write(bytes);
      else if (!gunzip.write(bytes)) input.pause();
    }
    function begin(): void {
      begun = true;
      if (head[0] === 0x1f && head[1] === 0x8b) gunzip = startGunzip();
      write(head);
    }

    enough.addEventListener('abort', stop, { once: true });
    input.on('data', (piece: Buffer | string) => {
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
      if (begun) write(bytes);
      else {
        head = Buffer.concat([head, bytes]);
        if (head.length >= 2) begin();
      }
    });
    input.once('end', () => {
      if (!begun) begin();
      if (gunzip === undefined) finish();
      else gunzip.end();
    });
    input.once('error', reject);
    if (enough.aborted) stop();
  });
}

const gzipProblem = (error: Error): string =>
  codeOf(error) === 'Z_BUF_ERROR'
    ? 'the gzip file ends too early'
    : `the gzip file is damaged (${error.message})`;

/** UTF-8, or what PowerShell's `>` writes: UTF-16 with a byte order mark. The mark stays in the text. */
function createDecoder(take: (text: string) => void) {
  let decoder: StringDecoder | undefined;
  return {
    write(bytes: Buffer): void {
      decoder ??= new StringDecoder(bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf16le' : 'utf8');
      take(decoder.write(bytes));
    },
    end: () => take(decoder?.end() ?? ''),
  };
}
