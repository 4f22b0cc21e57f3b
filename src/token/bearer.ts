import type { AuthorizationFault, Reason, SentInstead } from '../decision.ts';

/** Reads the token of a request from the place that it may be in. */
export interface CredentialReader {
  /**
   * @param methods those that the request stands for besides its own
   * @returns `undefined` if no credentials are there: the challenge then has no `error` (RFC 6750 §3.1)
   */
  read(methods?: readonly string[]): Credential | undefined;
  /** Why a request is refused that has none, and needs some. */
  missing(): Reason;
}

export type Credential = { readonly token: string } | { readonly reason: Reason };

/** @param authorization the header; two of them arrive joined by a comma */
export const bearer = (authorization: string | null): CredentialReader => ({
  read: () => readBearer(authorization),
  missing: () => bearerMissing(authorization),
});

/** Larger tokens are refused before any decoding. */
export const MAX_TOKEN_LENGTH = 16_384;

/** RFC 6750 §2.1 `b64token`. */
export const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const SECOND_BEARER = /,[ \t]*bearer([ \t,]|$)/i;

/**
 * Reads the bearer token (RFC 6750 §2.1); the scheme's case is ignored (RFC 9110 §11.1). Query, body and cookies are
 * never read (RFC 9700 §4.3.2).
 *
 * @param authorization the header; two of them arrive joined by a comma
 * @returns `undefined` if no credentials of this scheme came: the challenge then has no `error` (RFC 6750 §3.1)
 */
export function readBearer(authorization: string | null): Credential | undefined {
  if (authorization === null) return undefined;
  const value = trimBlanks(authorization);
  const scheme = /^[^ \t,]*/.exec(value)?.[0] ?? '';
  if (scheme.toLowerCase() !== 'bearer') {
    return SECOND_BEARER.test(value) ? malformed('several') : undefined;
  }
  const token = trimBlanks(value.slice(scheme.length));
  if (token.length > MAX_TOKEN_LENGTH) return { reason: { code: 'token_too_large' } };
  return B64TOKEN.test(token) ? { token } : malformed(faultIn(token));
}

const malformed = (fault: AuthorizationFault): Credential => ({
  reason: { code: 'authorization_malformed', fault },
});

/** @param text what stands behind the scheme */
function faultIn(text: string): AuthorizationFault {
  if (text === '') return 'empty';
  if (text.includes(',')) return 'several';
  if (/^bearer[ \t]/i.test(text)) return 'twice';
  return /^(["']).*\1$/.test(text) ? 'quoted' : 'form';
}

/** The reason where no credentials of this scheme came: it tells what came in their place, if anything did. */
export function bearerMissing(authorization: string | null): Reason {
  const value = trimBlanks(authorization ?? '');
  if (value === '') return { code: 'token_missing' };
  return { code: 'token_missing', sent: sentInstead(value) };
}

function sentInstead(value: string): SentInstead {
  if (/^["']?[\w-]+(\.[\w-]*){2,4}["']?$/.test(value)) return 'bare_token';
  return /^basic([ \t]|$)/i.test(value) ? 'basic' : 'other_scheme';
}

/** By hand: a regular expression for trailing blanks takes quadratic time on a long run of blanks inside. */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const isBlank = (code: number) => code === 0x20 || code === 0x09;
