import type { ReasonCode, ValueOf } from '../decision.ts';

/** The answer to a refused request. Fixed text: no value of a token, of a key or of a stack can appear. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** The code of RFC 6750 §3.1, where one fits. */
  readonly error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope';
  /** When the client may try again, unless the reason itself says when. */
  readonly retryAfterSeconds?: number;
}

/**
 * The value of the reason that the log shows as `reason_detail`. `null`: none, since only the token says it; the log
 * has it as `unverified_…`.
 */
type Logged<Code extends ReasonCode> = [ValueOf<Code>] extends [never]
  ? { readonly logged?: undefined }
  : { readonly logged: ValueOf<Code> | null };

/** The longest period that a limit of the platform can have. */
const RATE_LIMIT_SECONDS = 60;

/** A broken policy is mended by a deployment, which takes seconds. */
const POLICY_RETRY_AFTER_SECONDS = 30;

const invalidToken = (detail: string): Problem => ({
  status: 401,
  title: 'Invalid token',
  detail,
  error: 'invalid_token',
});

const forbidden = (detail: string): Problem => ({ status: 403, title: 'Forbidden', detail });

/** Everything that differs from reason to reason. What people should do about each is in `scripts/reasons/`. */
export const PROBLEMS: { readonly [Code in ReasonCode]: Problem & Logged<Code> } = {
  path_ambiguous: {
    status: 400,
    title: 'Ambiguous path',
    detail:
      'The path can be read in more than one way. Send it without encoded separators, dot segments and empty segments.',
    logged: 'fault',
  },
  route_unknown: {
    status: 404,
    title: 'Not found',
    detail: 'There is nothing at this path.',
    logged: 'near',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    detail: 'This path exists, but not with this method.',
    logged: 'allow',
  },
  destination_invalid: {
    status: 400,
    title: 'Invalid destination',
    detail:
      'COPY and MOVE need one Destination: a URL or absolute path on this host, in one reading and without query.',
    logged: 'fault',
  },
  form_unread: {
    status: 400,
    title: 'Form not readable',
    detail:
      'A form may name another method in its first 64 KB, uncompressed and in UTF-8. Other forms have 1 MB at most.',
    logged: 'fault',
  },
  source_header: {
    status: 400,
    title: 'Copy not supported',
    detail:
      'A header of this request names another resource to copy or rename. Such requests are not served.',
    logged: 'header',
  },
  authorization_malformed: {
    status: 400,
    title: 'Malformed Authorization header',
    detail: 'Send one Authorization header: Bearer, a space, and the token.',
    error: 'invalid_request',
    logged: 'fault',
  },
  credential_malformed: {
    status: 400,
    title: 'Malformed credentials',
    detail: 'Send one token, in the one place that this API reads it from.',
    error: 'invalid_request',
    logged: 'place',
  },
  cross_site: {
    status: 403,
    title: 'Request from another site',
    detail:
      'Nothing says that a page of this site sent the cookie with the token: Sec-Fetch-Site or Origin must.',
  },
  token_missing: {
    status: 401,
    title: 'Token required',
    detail: 'Send an access token in the Authorization header, as a Bearer token.',
    logged: 'sent',
  },
  token_too_large: invalidToken('The token is too large.'),
  token_malformed: invalidToken('The token is not a JWT in compact form.'),
  algorithm_not_allowed: {
    ...invalidToken('The token is signed with an algorithm that is not accepted.'),
    logged: null,
  },
  critical_header_unsupported: invalidToken('The token has a critical header that is not supported.'),
  token_type_not_allowed: { ...invalidToken('The token is of a type that is not accepted.'), logged: null },
  issuer_not_allowed: { ...invalidToken('The token is from an issuer that is not accepted.'), logged: null },
  claims_malformed: {
    ...invalidToken('The token has a claim that is missing or malformed.'),
    logged: 'claim',
  },
  token_expired: { ...invalidToken('The token has expired.'), logged: 'exp' },
  token_not_yet_valid: { ...invalidToken('The token is not valid yet.'), logged: 'nbf' },
  token_too_old: { ...invalidToken('The token was issued too long ago.'), logged: 'iat' },
  audience_mismatch: invalidToken('The token is for another audience.'),
  sender_constrained: invalidToken('The token is bound to a key, and such tokens are not accepted.'),
  issuer_claim_mismatch: { ...invalidToken('The token is of a kind that is not accepted.'), logged: 'claim' },
  key_unknown: {
    ...invalidToken('The token is signed with a key that its issuer does not publish.'),
    logged: null,
  },
  key_ambiguous: {
    ...invalidToken('The token does not say which key it is signed with, and too many are possible.'),
    logged: null,
  },
  signature_invalid: invalidToken('The signature of the token is invalid.'),
  client_blocked: { ...invalidToken('The token was revoked.'), logged: 'client' },
  key_blocked: invalidToken('The token was revoked.'),
  token_revoked: { ...invalidToken('The token was revoked.'), logged: 'by' },
  closed: {
    status: 503,
    title: 'Closed',
    detail: 'This part of the API is closed at the moment. Try again later.',
    logged: 'why',
  },
  closed_to_all: { ...forbidden('This part of the API is closed.'), logged: 'why' },
  status_invalid: {
    ...invalidToken('The token was revoked or suspended, or its status cannot be found.'),
    logged: 'found',
  },
  scopes_missing: {
    status: 403,
    title: 'Insufficient scope',
    detail: 'The token lacks a scope that this request needs.',
    error: 'insufficient_scope',
    logged: 'needed',
  },
  client_not_allowed: forbidden('This client may not make this request.'),
  claim_mismatch: { ...forbidden('The claims of the token do not permit this request.'), logged: 'claim' },
  alternatives_unmet: forbidden('The token has nothing of what permits this request.'),
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    detail: 'Too many requests. Try again later.',
    retryAfterSeconds: RATE_LIMIT_SECONDS,
  },
  body_too_large: {
    status: 413,
    title: 'Content too large',
    detail: 'The body of this request is larger than this API takes.',
  },
  target_too_long: {
    status: 414,
    title: 'URI too long',
    detail: 'The path and query of this request are longer than this API takes.',
  },
  assertion_failed: {
    status: 503,
    title: 'Service unavailable',
    detail: 'The request could not be signed for the service behind this gateway. Try again later.',
    retryAfterSeconds: POLICY_RETRY_AFTER_SECONDS,
    logged: 'cause',
  },
  claims_too_large: {
    status: 431,
    title: 'Claims too large',
    detail: 'The claims of the token are too large to be forwarded.',
    logged: 'claim',
  },
  keys_unavailable: {
    status: 503,
    title: 'Keys unavailable',
    detail: 'The token cannot be checked at the moment. Try again later.',
    logged: 'cause',
  },
  revocations_unavailable: {
    status: 503,
    title: 'Revocations unavailable',
    detail: 'The gateway cannot check at the moment what is revoked. Try again later.',
    // An isolate asks again in this time.
    retryAfterSeconds: 5,
  },
  status_unavailable: {
    status: 503,
    title: 'Status unavailable',
    detail: 'Whether the token was revoked cannot be checked at the moment. Try again later.',
    logged: 'cause',
  },
  policy_invalid: {
    status: 503,
    title: 'Gateway misconfigured',
    detail: 'The policy of the gateway has errors. Its operator finds them in the log.',
    retryAfterSeconds: POLICY_RETRY_AFTER_SECONDS,
  },
  binding_missing: {
    status: 503,
    title: 'Gateway misconfigured',
    detail: 'The gateway lacks a binding. Its operator finds it in the log.',
    logged: 'binding',
    retryAfterSeconds: POLICY_RETRY_AFTER_SECONDS,
  },
  body_taken: {
    status: 500,
    title: 'Body already read',
    detail:
      'The gateway got the body of this request after other code had read it, and could not send it on.',
  },
  origin_unreachable: {
    status: 502,
    title: 'Origin unreachable',
    detail: 'The service behind the gateway could not be reached.',
  },
  origin_timeout: {
    status: 504,
    title: 'Origin too slow',
    detail: 'The service behind the gateway did not answer in time.',
  },
  loop: {
    status: 508,
    title: 'Loop detected',
    detail: 'The gateway reached itself instead of the service behind it.',
  },
  internal_error: { status: 500, title: 'Internal error', detail: 'The gateway failed.' },
};

/**
 * RFC 9457 `type`: stable across versions.
 *
 * @param base a page that has a heading for each reason; without, the type is a URN
 */
export function problemType(code: ReasonCode, base: string | undefined): string {
  const name = code.replaceAll('_', '-');
  return base === undefined ? `urn:problem-type:claimgate:${name}` : `${base}#${name}`;
}
