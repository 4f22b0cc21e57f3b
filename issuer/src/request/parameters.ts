import type { Failure } from '../failure.ts';

/** Parameters of a token request by name. Those without a value are left out (RFC 6749 §3.2). */
export type Parameters = ReadonlyMap<string, string>;

const MAX_BODY_BYTES = 16_384;

/** In a URL they would end up in logs of every machine on the way. */
const NEVER_IN_QUERY = [
  'grant_type',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'audience',
  'resource',
  'scope',
];

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Throws where they are not UTF-8. */
export const readUtf8 = (bytes: Uint8Array): string => UTF_8.decode(bytes);

/**
 * Reads the parameters of a token request: form (RFC 6749 §4.4.2) or JSON, as Auth0's tutorials send it. Each may
 * be there once, and is text; `resource` alone may be repeated (RFC 8707 §2), for which there is an error of its own.
 */
export async function readParameters(request: Request): Promise<Parameters | Failure> {
  if (request.url.includes('?')) {
    const query = new URL(request.url).searchParams;
    if (NEVER_IN_QUERY.some((name) => query.has(name))) return { code: 'parameter_in_query' };
  }

  const mediaType = (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  const isJson = mediaType === 'application/json';
  if (!isJson && mediaType !== 'application/x-www-form-urlencoded')
    return { code: 'content_type_unsupported' };

  const bytes = await readBytes(request);
  if (bytes === undefined) return { code: 'body_too_large' };
  let text: string;
  try {
    text = readUtf8(bytes);
  } catch {
    return { code: 'body_malformed' };
  }
  const pairs = isJson ? parseFlatJson(text) : [...new URLSearchParams(text)];
  if (pairs === undefined) return { code: 'body_malformed' };
  return collect(pairs);
}

function collect(pairs: readonly (readonly [string, string])[]): Parameters | Failure {
  const parameters = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (parameters.has(name)) {
      return name === 'resource' ? { code: 'resource_several' } : { code: 'parameter_repeated', name };
    }
    parameters.set(name, value);
  }
  for (const [name, value] of pairs) if (value === '') parameters.delete(name);
  return parameters;
}

/** The members of a JSON object whose values are all strings, repeated names included. */
function parseFlatJson(text: string): [string, string][] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  if (!Object.values(value).every((member) => typeof member === 'string')) return undefined;
  // JSON.parse keeps the last of repeated names and drops the others unseen. Where nothing but strings is between the
  // braces, the text's string literals are name, value, name, value.
  const literal = /"(?:[^"\\]|\\.)*"/g;
  if (!/^\s*\{[\s:,]*\}\s*$/.test(text.replace(literal, ''))) return undefined;
  const strings = (text.match(literal) ?? []).map((quoted) => JSON.parse(quoted) as string);
  return strings.flatMap((name, i) =>
    i % 2 === 0 ? [[name, strings[i + 1] ?? ''] as [string, string]] : [],
  );
}

/** @returns `undefined` if there is more than a token request can need */
async function readBytes(request: Request): Promise<Uint8Array | undefined> {
  // Each step of a stream costs more than all else here. What says how long it is can be read at once.
  const declared = request.headers.get('content-length') ?? '';
  if (/^[0-9]+$/.test(declared) && Number(declared) <= MAX_BODY_BYTES)
    return within(new Uint8Array(await request.arrayBuffer()));
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/** A length that was declared is the sender's word. */
const within = (bytes: Uint8Array): Uint8Array | undefined =>
  bytes.byteLength > MAX_BODY_BYTES ? undefined : bytes;
