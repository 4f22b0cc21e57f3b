import { decodeJwt } from 'jose';
import type { Failure } from '../failure.ts';
import { type Parameters, readUtf8 } from './parameters.ts';

/** How a client says who it is, not yet believed (RFC 6749 §2.3, RFC 7523 §2.2). */
export type Credentials =
  | {
      readonly method: 'client_secret_basic' | 'client_secret_post';
      readonly clientId: string;
      readonly secret: string;
    }
  | { readonly method: 'private_key_jwt'; readonly clientId: string; readonly assertion: string };

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** An RSA-4096 signature takes 700 of them. */
const MAX_ASSERTION_LENGTH = 2048;

/** Finds the one way in which the request authenticates. `client_id` may stand beside any, if it is the same. */
export function readCredentials(authorization: string | null, parameters: Parameters): Credentials | Failure {
  const secret = parameters.get('client_secret');
  const assertion = parameters.get('client_assertion');
  const ways = [authorization ?? undefined, secret, assertion].filter((way) => way !== undefined);
  if (ways.length > 1) return { code: 'credentials_several' };
  const named = parameters.get('client_id');

  if (authorization !== null) {
    const basic = decodeBasic(authorization);
    if (basic === undefined) return { code: 'credentials_malformed' };
    if (named !== undefined && named !== basic.clientId) return { code: 'client_id_conflict' };
    return { method: 'client_secret_basic', ...basic };
  }
  if (assertion !== undefined) {
    const clientId = readAssertionSubject(assertion, parameters.get('client_assertion_type'));
    if (clientId === undefined) return { code: 'assertion_malformed' };
    if (named !== undefined && named !== clientId) return { code: 'client_id_conflict' };
    return { method: 'private_key_jwt', clientId, assertion };
  }
  if (secret === undefined || named === undefined) return { code: 'credentials_missing' };
  return { method: 'client_secret_post', clientId: named, secret };
}

/** RFC 6749 §2.3.1: id and secret are form-encoded before RFC 7617 joins them. */
function decodeBasic(authorization: string): { clientId: string; secret: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  try {
    const text = readUtf8(toBytes(atob(encoded)));
    const colon = text.indexOf(':');
    if (colon <= 0) return undefined;
    return { clientId: formDecode(text.slice(0, colon)), secret: formDecode(text.slice(colon + 1)) };
  } catch {
    return undefined;
  }
}

/** @param binary a character for each byte */
function toBytes(binary: string): Uint8Array {
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

const formDecode = (text: string) => decodeURIComponent(text.replaceAll('+', ' '));

/** The client that an assertion names, unverified (RFC 7523 §3: `iss` and `sub` are the client id). */
function readAssertionSubject(assertion: string, type: string | undefined): string | undefined {
  if (type !== ASSERTION_TYPE || assertion.length > MAX_ASSERTION_LENGTH) return undefined;
  try {
    const { iss, sub } = decodeJwt(assertion);
    return typeof sub === 'string' && sub !== '' && iss === sub ? sub : undefined;
  } catch {
    return undefined;
  }
}
