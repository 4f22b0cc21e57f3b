import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { ReasonOf } from '../decision.ts';
import { readKeyId } from '../keys/jwk.ts';
import { remember } from '../memory.ts';

/** A token that was read, and nothing more: neither signature nor claims are checked. */
export interface UnverifiedToken {
  readonly kind: 'unverified';
  readonly header: UnverifiedHeader;
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface UnverifiedHeader {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly typ: string | undefined;
}

/** The reasons for which a token can't be read. */
export type DecodeReason = ReasonOf<
  'token_malformed' | 'critical_header_unsupported' | 'algorithm_not_allowed' | 'token_type_not_allowed'
>;

/** Tokens that are signed with one key mostly have one header: it is decoded once. Few are longer than this. */
const readHeader = remember(
  (encoded) => decodeProtectedHeader({ protected: encoded }) as Readonly<Record<string, unknown>>,
  { maxEntries: 100, maxLength: 1_024 },
);

const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const MAX_KID_LENGTH = 1024;

/**
 * Reads a JWT in compact form (RFC 7519 §7.2). JWE, unsecured JWS, critical headers and unencoded payloads are
 * refused (RFC 8725 §3.1, RFC 7515 §4.1.11); `jku`, `jwk`, `x5u` and `x5c` are never looked at.
 */
export function decodeToken(token: string): UnverifiedToken | DecodeReason {
  if (!COMPACT_JWS.test(token)) return { code: 'token_malformed' };
  let header: Readonly<Record<string, unknown>>;
  let claims: Record<string, unknown>;
  try {
    header = readHeader(token.slice(0, token.indexOf('.')));
    claims = decodeJwt(token);
  } catch {
    return { code: 'token_malformed' };
  }
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) {
    return { code: 'critical_header_unsupported' };
  }
  const { alg } = header;
  const kid = readKeyId(header['kid']);
  const typ = header['typ'] ?? undefined;
  if (typeof alg !== 'string') return { code: 'algorithm_not_allowed', alg };
  if (kid === null || (kid !== undefined && kid.length > MAX_KID_LENGTH)) return { code: 'token_malformed' };
  if (typ !== undefined && typeof typ !== 'string') return { code: 'token_type_not_allowed', typ };
  return { kind: 'unverified', header: { alg, kid, typ }, claims };
}
