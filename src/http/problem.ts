import type { ReasonCode } from '../decision.ts';

/**
 * What a client is told, by reason. Fixed strings: no value of a token, of a key or of a stack can appear. `error` is the code of RFC 6750 §3.1, where one fits.
 */
export interface Situation {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope';
}

const invalidToken = (detail: string): Situation => ({
  status: 401,
  title: 'Invalid token',
  detail,
  error: 'invalid_token',
});

const forbidden = (detail: string): Situation => ({ status: 403, title: 'Forbidden', detail });

export const SITUATIONS: Readonly<Record<ReasonCode, Situation>> = {
  path_ambiguous: {
    status: 400,
    title: 'Ambiguous path',
    detail:
      'The path can be read in more than one way. Send it without encoded separators, dot segments and empty segments.',
  },
  route_unknown: { status: 404, title: 'Not found', detail: 'There is nothing at this path.' },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    detail: 'This path exists, but not with this method.',
  },
  authorization_malformed: {
    status: 400,
    title: 'Malformed Authorization header',
    detail: 'Send one Authorization header: Bearer, a space, and the token.',
    error: 'invalid_request',
  },
  token_missing: {
    status: 401,
    title: 'Token required',
    detail: 'Send an access token in the Authorization header, as a Bearer token.',
  },
  token_too_large: invalidToken('The token is too large.'),
  token_malformed: invalidToken('The token is not a JWT in compact form.'),
  algorithm_not_allowed: invalidToken('The token is signed with an algorithm that is not accepted.'),
  critical_header_unsupported: invalidToken('The token has a critical header that is not supported.'),
  token_type_not_allowed: invalidToken('The token is of a type that is not accepted.'),
  issuer_not_allowed: invalidToken('The token is from an issuer that is not accepted.'),
  claims_malformed: invalidToken('The token has a claim that is missing or malformed.'),
  token_expired: invalidToken('The token has expired.'),
  token_not_yet_valid: invalidToken('The token is not valid yet.'),
  token_too_old: invalidToken('The token was issued too long ago.'),
  audience_mismatch: invalidToken('The token is for another audience.'),
  sender_constrained: invalidToken('The token is bound to a key, and such tokens are not accepted.'),
  issuer_claim_mismatch: invalidToken('The token is of a kind that is not accepted.'),
  key_unknown: invalidToken('The token is signed with a key that its issuer does not publish.'),
  key_ambiguous: invalidToken('The token does not say which key it is signed with.'),
  signature_invalid: invalidToken('The signature of the token is invalid.'),
  client_blocked: invalidToken('The token was revoked.'),
  key_blocked: invalidToken('The token was revoked.'),
  scopes_missing: {
    status: 403,
    title: 'Insufficient scope',
    detail: 'The token lacks a scope that this request needs.',
    error: 'insufficient_scope',
  },
  client_not_allowed: forbidden('This client may not make this request.'),
  claim_mismatch: forbidden('The claims of the token do not permit this request.'),
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    detail: 'Too many requests. Try again later.',
  },
  claims_too_large: {
    status: 431,
    title: 'Claims too large',
    detail: 'The claims of the token are too large to be forwarded.',
  },
  keys_unavailable: {
    status: 503,
    title: 'Keys unavailable',
    detail: 'The token cannot be checked at the moment. Try again later.',
  },
  policy_invalid: {
    status: 503,
    title: 'Gateway misconfigured',
    detail: 'The policy of the gateway has errors. Its operator finds them in the log.',
  },
  binding_missing: {
    status: 503,
    title: 'Gateway misconfigured',
    detail: 'The gateway lacks a binding. Its operator finds it in the log.',
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

/** RFC 9457 `type`: one URN per situation, stable across versions. */
export function problemType(code: ReasonCode): string {
  return `urn:problem-type:claimgate:${code.replaceAll('_', '-')}`;
}
