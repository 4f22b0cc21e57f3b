import { fail, ok, type Read } from './problem.ts';

const MAX_BODY_BYTES = 16_384;

/** Reads a JSON body; never more than can be needed. */
export async function readJson(request: Request): Promise<Read<unknown>> {
  const mediaType = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (mediaType !== 'application/json') {
    const detail = 'Send JSON, with Content-Type: application/json.';
    return fail({ status: 415, title: 'Unsupported media type', detail });
  }
  const bytes = await readBytes(request.body);
  if (bytes === undefined) {
    const detail = `The body may have ${MAX_BODY_BYTES} bytes at most.`;
    return fail({ status: 413, title: 'Content too large', detail });
  }
  try {
    return ok(JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)));
  } catch {
    return fail({ status: 400, title: 'Malformed JSON', detail: 'The body is not JSON in UTF-8.' });
  }
}

/** @returns `undefined` if there are too many. What Content-Length says is not relied on */
async function readBytes(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.byteLength;
    if (length > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

/** The header Idempotency-Key: a name of the client's own for this very request, so that it can be sent again. */
export function readIdempotencyKey(headers: Headers): Read<string | undefined> {
  const key = headers.get('idempotency-key');
  if (key === null) return ok(undefined);
  if (/^[\x21-\x7e]{1,64}$/.test(key)) return ok(key);
  const detail = 'An Idempotency-Key has 1 to 64 visible ASCII characters.';
  return fail({ status: 400, title: 'Invalid Idempotency-Key', detail });
}

/** A part of a list: how many, and after which entry. */
export interface Page {
  readonly limit: number;
  readonly after: Cursor | undefined;
}

/** The place of an entry in the order of lists. */
export interface Cursor {
  readonly date: string;
  readonly id: number;
}

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

/** Reads `limit` and `after` of a list. */
export function readPage(query: URLSearchParams): Read<Page> {
  const invalid = (detail: string) => fail({ status: 400, title: 'Invalid query', detail });
  const limit = query.get('limit') ?? String(DEFAULT_LIMIT);
  if (!/^[1-9][0-9]{0,2}$/.test(limit) || Number(limit) > MAX_LIMIT)
    return invalid(`limit is a whole number from 1 to ${MAX_LIMIT}.`);
  const after = query.get('after');
  const cursor = after === null ? undefined : /^([0-9TZ:.-]{24})_([0-9]{1,15})$/.exec(after);
  if (cursor === null) return invalid('after is the `next` of an earlier answer, as it came.');
  return ok({
    limit: Number(limit),
    after: cursor && { date: String(cursor[1]), id: Number(cursor[2]) },
  });
}

export const writeCursor = ({ date, id }: Cursor): string => `${date}_${id}`;

/** The id in a path; `undefined` for what can't be one. */
export function readId(text: string): number | undefined {
  return /^[1-9][0-9]{0,14}$/.test(text) ? Number(text) : undefined;
}
