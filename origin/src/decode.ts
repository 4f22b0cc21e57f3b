/** An assertion that was read, and nothing more: its signature is not checked. */
import { refuse } from './refusal.ts';
import { type HeadersLike, oneValue } from './request.ts';

const ASSERTION_HEADER = 'txn-token';
const MAX_LENGTH = 16_384;
/** Base64url without padding (RFC 7515 §2). The bits that the last character has too many are zero: one spelling each. */
export const BASE64URL =
  /^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{4}|[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])$/;
const TYPE = /^(?:application\/)?txntoken\+jwt$/i;
/** EdDSA has a name for Ed25519 alone since RFC 9864. */
const ALGORITHMS: readonly unknown[] = ['ES256', 'EdDSA', 'Ed25519'];

const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|.)/g;

export type JsonObject = Readonly<Record<string, unknown>>;

export interface UnverifiedAssertion {
  readonly alg: string;
  /** `undefined` where it is absent, or no text. */
  readonly kid: string | undefined;
  readonly unverifiedClaims: JsonObject;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/** Reads the assertion of a request. @throws OriginRefusal `missing` to `algorithm_not_allowed` */
export function readAssertion(headers: HeadersLike): UnverifiedAssertion {
  const token = oneValue(headers, ASSERTION_HEADER);
  // Servers join headers of one name with a comma.
  if (token.includes(',')) refuse('several', `The header ${ASSERTION_HEADER} has more than one value.`);
  if (token.length > MAX_LENGTH)
    refuse('too_large', `The assertion is longer than ${MAX_LENGTH} characters.`);
  const parts = token.split('.');
  const [first = '', second = '', third = ''] = parts;
  if (parts.length !== 3 || !parts.every((part) => BASE64URL.test(part)))
    refuse('malformed', 'The assertion is not three parts of base64url.');
  const header = readObject(first, 'header');
  const unverifiedClaims = readObject(second, 'payload');
  if (Object.hasOwn(header, 'crit')) refuse('critical_unsupported', 'The assertion has critical headers.');
  const { typ, alg, kid } = header;
  if (typeof typ !== 'string' || !TYPE.test(typ))
    refuse('type_not_allowed', 'The type of the assertion is not txntoken+jwt.');
  if (!ALGORITHMS.includes(alg))
    refuse('algorithm_not_allowed', 'The algorithm of the assertion is not ES256, EdDSA or Ed25519.');
  return {
    alg: alg as string,
    kid: typeof kid === 'string' ? kid : undefined,
    unverifiedClaims,
    signed: new TextEncoder().encode(`${first}.${second}`),
    signature: fromBase64Url(third),
  };
}

function readObject(part: string, name: string): JsonObject {
  let value: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(fromBase64Url(part));
    value = hasLoneSurrogate(text) ? undefined : JSON.parse(text);
  } catch {
    // No UTF-8, or no JSON.
  }
  if (!isObject(value)) refuse('malformed', `The ${name} of the assertion is not a JSON object.`);
  return value;
}

/** Half a character has no bytes in UTF-8: two different texts would be one in other languages (RFC 7493 §2.1). */
function hasLoneSurrogate(json: string): boolean {
  let high = -1; // where a low one must follow
  for (const found of json.matchAll(ESCAPE)) {
    const unit = found[1] === undefined ? 0 : Number.parseInt(found[1], 16);
    const isLow = unit >= 0xdc00 && unit <= 0xdfff;
    if (isLow !== (high === found.index)) return true;
    if (high !== -1 && !isLow) return true;
    high = unit >= 0xd800 && unit <= 0xdbff ? found.index + 6 : -1;
  }
  return high !== -1;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @param text of base64url */
function fromBase64Url(text: string): Uint8Array {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

/** @returns plain base64, with padding */
export const toBase64 = (bytes: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(bytes)));
