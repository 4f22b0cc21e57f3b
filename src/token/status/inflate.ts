import { joined } from '../../bytes.ts';

/** How much is fed at once: DEFLATE makes 1032 times as much of it at most (RFC 1951), so 8 MiB. */
const SLICE_BYTES = 8_192;

/** A DecompressionStream, or what stands for one. */
interface Inflater {
  readonly writable: WritableStream;
  readonly readable: ReadableStream<Uint8Array>;
}

/**
 * Inflates zlib data (RFC 1950). One complete stream is wanted: the platform refuses data that are cut, or go on behind
 * the end.
 *
 * @returns `too_large` where there are more than `maxBytes`: the rest is not inflated. `undefined`: this is no zlib
 */
export async function inflate(
  data: Uint8Array,
  maxBytes: number,
  { writable, readable }: Inflater = new DecompressionStream('deflate'),
): Promise<Uint8Array | 'too_large' | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const writer = writable.getWriter();
  const reader = readable.getReader();
  const isOver = () => length > maxBytes;

  const feed = async () => {
    for (let at = 0; at < data.length; at += SLICE_BYTES) {
      if (at > 0) await settled(() => length, isOver);
      if (isOver()) return;
      await writer.write(data.subarray(at, at + SLICE_BYTES));
    }
    await writer.close();
  };
  const drain = async () => {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      length += read.value.length;
      if (isOver()) {
        reader.cancel().catch(() => {});
        return;
      }
      chunks.push(read.value);
    }
  };
  // What is fed when the reader has given up fails, and says nothing about the data.
  const fed = feed().then(
    () => true,
    () => false,
  );
  try {
    await drain();
    if (isOver()) return 'too_large';
    return (await fed) ? joined(chunks, length) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Waits until no more comes out. A stream of workerd inflates all that it is fed at once, whether it is read or not: a
 * bomb would fill the memory of the isolate before its first byte is counted.
 */
async function settled(length: () => number, isOver: () => boolean): Promise<void> {
  let before: number;
  do {
    before = length();
    await new Promise((resolve) => setTimeout(resolve, 0));
  } while (length() !== before && !isOver());
}
