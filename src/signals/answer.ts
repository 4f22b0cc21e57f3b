/** The answers to who sends events: RFC 8935 §2.2 to §2.4, Back-Channel Logout §2.8. */
import type { SignalFault } from './log.ts';

/** RFC 8935 §2.4, and its registry at IANA. */
type ErrorCode =
  | 'invalid_request'
  | 'invalid_key'
  | 'invalid_issuer'
  | 'invalid_audience'
  | 'authentication_failed';

type Row = readonly [err: ErrorCode, description: string];

/** Faults of the event, as its transmitter is told of them. Fixed sentences: nothing of the event is repeated. */
const ERRORS: Readonly<Partial<Record<SignalFault, Row>>> = {
  token_malformed: ['invalid_request', 'The body is not a signed JWT in compact form.'],
  token_too_large: ['invalid_request', 'The token is too large.'],
  critical_header_unsupported: ['invalid_request', 'The token has critical headers.'],
  algorithm_not_allowed: ['invalid_key', 'The signature algorithm is not accepted.'],
  token_type_not_allowed: ['invalid_request', 'The typ of the token is not the one that is expected.'],
  issuer: ['invalid_issuer', 'The issuer is not the one that is expected here.'],
  audience: ['invalid_audience', 'The audience is another one.'],
  iat: ['invalid_request', 'The claim iat is missing, not a date, or in the future.'],
  exp: ['invalid_request', 'The claim exp is missing, not a date, or past.'],
  jti: ['invalid_request', 'The claim jti is missing, not a string, or too long.'],
  events: ['invalid_request', 'The claim events is missing, or not as it is defined.'],
  nonce: ['invalid_request', 'A logout token has no nonce.'],
  subject: ['invalid_request', 'A logout token has a sub or a sid, and they are strings.'],
  key_unknown: ['invalid_key', 'The signing key is not known.'],
  key_ambiguous: ['invalid_key', 'The token does not say which key it is signed with.'],
  key_blocked: ['invalid_key', 'The signing key is not accepted.'],
  signature_invalid: ['invalid_key', 'The signature is not valid.'],
  authorization: ['authentication_failed', 'The Authorization header is not the one that was agreed.'],
};

const UNKNOWN: Row = ['invalid_request', 'The token is not acceptable.'];

/** The member of `setErrs` for an event (RFC 8936 §2.4.4), and the body of a refusal. */
export function errorOf(why: SignalFault): { readonly err: ErrorCode; readonly description: string } {
  const [err, description] = ERRORS[why] ?? UNKNOWN;
  return { err, description };
}

const NO_STORE = { 'cache-control': 'no-store' };

export const accepted = (): Response => new Response(null, { status: 202, headers: NO_STORE });
export const loggedOut = (): Response => new Response(null, { status: 200, headers: NO_STORE });

export function refusal(why: SignalFault): Response {
  return Response.json(errorOf(why), { status: 400, headers: { ...NO_STORE, 'content-language': 'en' } });
}

export function logoutRefusal(why: SignalFault): Response {
  const { description } = errorOf(why);
  return Response.json(
    { error: 'invalid_request', error_description: description },
    { status: 400, headers: NO_STORE },
  );
}

/** To be sent again. */
export const unavailable = (retryAfterSeconds: number): Response =>
  empty(503, { 'retry-after': String(retryAfterSeconds) });

/** Faults of the request around the event have the statuses of HTTP (RFC 8935 §2.3). */
export const empty = (status: number, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(null, { status, headers: { ...NO_STORE, ...headers } });
