/**
 * `form_methods = "read"`: methods in the form of a POST, which Rails, Laravel, Symfony and Spring take for the request's
 * own. What the origin gets is what was read: no byte of a field that nobody has judged is sent on.
 */
import { joined } from '../bytes.ts';
import type { FormFault } from '../decision.ts';
import { decode, isOverride, methodIn, overridesIn } from './second-target.ts';

export interface Form {
  readonly methods: readonly string[];
  /** The same request, with a body that can be read again. */
  readonly request: Request;
  /** Whether a method came after the part that was judged: the body was cut off before it. */
  isLate(): boolean;
}

/** Ordinary forms are far smaller; what is uploaded comes as multipart, which streams. */
const MAX_URLENCODED_BYTES = 1_048_576;
/** Frameworks write the field first. */
const JUDGED_BYTES = 65_536;
const MAX_HEAD_LENGTH = 8_192;

const DISPOSITION = 'content-disposition';

/** Whether a framework may read the body as a form: one without a type, or an empty one, is taken for a form by Rack. */
export function isForm({ method, headers, body }: Request): boolean {
  if (method !== 'POST' || body === null) return false;
  const type = headers.get('content-type');
  return type === null || /^\W*$|form|multipart/i.test(type);
}

/** Reads the methods that a form names: all of it, or of a multipart one the beginning, and the rest as it streams. */
export async function readForm(request: Request): Promise<Form | FormFault> {
  const type = request.headers.get('content-type') ?? '';
  const encoding = request.headers.get('content-encoding') ?? 'identity';
  if (hasOddCharset(type) || encoding.toLowerCase() !== 'identity') return 'encoded';
  const reader = (request.body as ReadableStream<Uint8Array>).getReader();
  const isMultipart = /multipart/i.test(type);
  // A type that names both is read as both.
  const isBoth = isMultipart && /urlencoded/i.test(type);
  const limit = isMultipart ? JUDGED_BYTES : MAX_URLENCODED_BYTES;
  const start = await readStart(reader, isBoth ? MAX_URLENCODED_BYTES : limit);
  if (!start.isAll && (!isMultipart || isBoth)) return discard(reader, 'too_large');
  const text = latin1(start.bytes);
  const methods = isMultipart && !isBoth ? [] : overridesIn(`?${text}`);
  if (!isMultipart) return { methods, request: withBody(request, start.bytes), isLate: () => false };
  const scanned = scan(text, start.isAll);
  const named = scanned.fields.map((end) => methodAt(text, end));
  if (scanned.isOdd || named.includes(undefined)) return discard(reader, 'late');
  const all = [...methods, ...named.filter((one) => one !== undefined)];
  if (start.isAll) return { methods: all, request: withBody(request, start.bytes), isLate: () => false };
  let late = false;
  const length = Number(request.headers.get('content-length') ?? Number.NaN);
  const { readable, writable } = Number.isSafeInteger(length)
    ? new FixedLengthStream(length)
    : new TransformStream<Uint8Array, Uint8Array>();
  const rest = { pending: start.bytes, sent: scanned.safe };
  pump(reader, writable.getWriter(), rest, () => {
    late = true;
  });
  return { methods: all, request: withBody(request, readable), isLate: () => late };
}

const withBody = (request: Request, body: BodyInit) => new Request(request, { body });

function discard(reader: ReadableStreamDefaultReader, fault: FormFault): FormFault {
  reader.cancel().catch(() => {});
  return fault;
}

async function readStart(reader: ReadableStreamDefaultReader<Uint8Array>, limit: number) {
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length <= limit) {
    const { done, value } = await reader.read();
    if (done) return { bytes: joined(chunks, length), isAll: true };
    chunks.push(value);
    length += value.length;
  }
  return { bytes: joined(chunks, length), isAll: false };
}

/**
 * Sends on what is pending and the rest, as far as it has been scanned.
 *
 * @param from `sent` bytes of `pending` have been judged
 */
async function pump(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  from: { readonly pending: Uint8Array; readonly sent: number },
  onLate: () => void,
): Promise<void> {
  try {
    await writer.write(from.pending.subarray(0, from.sent));
    let pending = from.pending.subarray(from.sent);
    for (let isAll = false; !isAll; ) {
      const { done, value } = await reader.read();
      isAll = done;
      if (value !== undefined) pending = joined([pending, value], pending.length + value.length);
      const { safe, fields, isOdd } = scan(latin1(pending), isAll);
      if (fields.length > 0 || isOdd) {
        onLate();
        throw new Error('a method behind the part of the form that was judged');
      }
      if (safe > 0) await writer.write(pending.subarray(0, safe));
      pending = pending.subarray(safe);
    }
    await writer.close();
  } catch (error) {
    await Promise.allSettled([writer.abort(error), reader.cancel(error)]);
  }
}

/** What a text holds, as far as that is certain. */
interface Scanned {
  /** So much of it has no field whose name is not yet known. */
  readonly safe: number;
  /** Where the values of fields begin that name a method. */
  readonly fields: readonly number[];
  /** A head of a part that is too long, or whose value is in another encoding. */
  readonly isOdd: boolean;
}

/** Where the name of a part may stand: Rack takes it from Content-ID where there is no Content-Disposition. */
const NAMING = /content-(?:disposition|id)/gi;

/** Looks at the head of every part, wherever it thinks that parts begin: parsers differ on boundaries. */
function scan(text: string, isAll: boolean): Scanned {
  const fields: number[] = [];
  const blankAfter = finder(text, /\r?\n\r?\n|\r\r/g);
  // Rack, Django and others end a head here only, and take other blank lines for a part of it.
  const endAfter = finder(text, /\r\n\r\n/g);
  let judged = 0;
  for (const { index } of text.matchAll(NAMING)) {
    const limit = index + MAX_HEAD_LENGTH;
    const blank = blankAfter(index);
    const last = endAfter(index);
    const isCut = !isAll && text.length < limit;
    if (blank === null || blank.index >= limit) return { safe: index, fields, isOdd: !isCut };
    if (last === null && isCut) return { safe: index, fields, isOdd: false };
    const end = last !== null && last.index < limit ? last.index : blank.index;
    if (end <= judged) continue;
    judged = end;
    if (!namesMethod(text.slice(index, end))) continue;
    const start = Math.max(0, index - MAX_HEAD_LENGTH, text.lastIndexOf('\r\n\r\n', index));
    const head = text.slice(start, end);
    if (end !== blank.index || /transfer-encoding/i.test(head) || hasOddCharset(head))
      return { safe: index, fields, isOdd: true };
    fields.push(end + blank[0].length);
  }
  // The beginning of the word may be at the end.
  const safe = isAll ? text.length : Math.max(0, text.length - DISPOSITION.length);
  return { safe, fields, isOdd: false };
}

/** The first match from a place on. Places only grow: no text is read twice. */
function finder(text: string, pattern: RegExp) {
  let found: RegExpExecArray | null | undefined;
  return (from: number): RegExpExecArray | null => {
    if (found === undefined || (found !== null && found.index < from)) {
      pattern.lastIndex = from;
      found = pattern.exec(text);
    }
    return found;
  };
}

/** Java servers decode forms as the type says, EBCDIC included. Any of several may count. */
const hasOddCharset = (text: string): boolean =>
  [...text.matchAll(/charset[*\d\s]*=\s*["']?([^"';,\s]*)/gi)].some(
    ([, name = '']) => !/^(utf-?8|us-ascii|iso-8859-1)$/i.test(name),
  );

/** With the extended values and continuations of RFC 2231, which Go and Werkzeug read. */
const FIELD_NAME = /(?<![a-z0-9_-])name\s*(?:\*([\d\s*]*))?=\s*("(?:\\.|[^"\\])*"|[^;\r\n]*)/gi;
const CONTENT_ID = /content-id\s*:\s*([^\r\n]*)/gi;

function namesMethod(head: string): boolean {
  const named = [...head.matchAll(FIELD_NAME)];
  const continued = named
    .filter(([, at = '']) => /\d/.test(at))
    .sort(([, a = ''], [, b = '']) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .map(([, , text = '']) => readingsOf(text)[0])
    .join('');
  const ids = [...head.matchAll(CONTENT_ID)].map(([, id = '']) => id);
  return [...named.flatMap(([, , text = '']) => readingsOf(text)), ...ids, continued].some(isOverride);
}

/** A value without its quotes; with and without a charset and a language before it. */
function readingsOf(value: string): readonly [string, string] {
  const text = value.replace(/["\\]/g, '');
  return [decode(text.replace(/^[\w-]*'[^']*'/, '')), text.replaceAll("'", '')];
}

const PLAIN_METHOD = /^["'\s]*(?:[a-z]+(?:-[a-z]+)*)?["'\s]*$/i;

/** The value of a field: `undefined` where its end is not to be seen, or it is none that every server reads alike. */
function methodAt(text: string, at: number): string | undefined {
  const end = text.indexOf('\n--', at);
  const value = text.slice(at, Math.max(at, end));
  return end === -1 || !PLAIN_METHOD.test(value) ? undefined : methodIn(value);
}

/** One character for each byte: what is looked for is ASCII. */
const latin1 = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes);
