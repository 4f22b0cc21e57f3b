/** The words that all parts share: a request is allowed, or it is refused for one reason. */

/**
 * Why a request was refused. Reasons carry values for the log; the table in `http/problem.ts` says what a client reads
 * and which value the log has, so that no value of a token can reach an answer.
 */
export type Reason =
  // The path and the route
  | { readonly code: 'path_ambiguous'; readonly fault: PathFault }
  /** `near`: a route of the host that the path misses by a slash at its end, or by the case of letters alone. */
  | { readonly code: 'route_unknown'; readonly near?: string }
  | { readonly code: 'method_not_allowed'; readonly allow: readonly string[] }
  // Second targets
  | { readonly code: 'destination_invalid'; readonly fault: DestinationFault }
  | { readonly code: 'form_unread'; readonly fault: FormFault }
  | { readonly code: 'source_header'; readonly header: string }
  // The place of the token
  | { readonly code: 'authorization_malformed'; readonly fault: AuthorizationFault }
  | { readonly code: 'credential_malformed'; readonly place: PlaceKind }
  | { readonly code: 'cross_site' }
  /** `sent`: what stands in `Authorization` in place of a Bearer token. */
  | { readonly code: 'token_missing'; readonly sent?: SentInstead }
  // The token
  | { readonly code: 'token_too_large' }
  | { readonly code: 'token_malformed' }
  | { readonly code: 'algorithm_not_allowed'; readonly alg: unknown }
  | { readonly code: 'critical_header_unsupported' }
  | { readonly code: 'token_type_not_allowed'; readonly typ: unknown }
  | { readonly code: 'issuer_not_allowed'; readonly iss: unknown }
  | { readonly code: 'claims_malformed'; readonly claim: string }
  | { readonly code: 'token_expired'; readonly exp: number }
  | { readonly code: 'token_not_yet_valid'; readonly nbf: number }
  | { readonly code: 'token_too_old'; readonly iat: number }
  | { readonly code: 'audience_mismatch' }
  | { readonly code: 'sender_constrained' }
  | { readonly code: 'issuer_claim_mismatch'; readonly claim: string }
  | { readonly code: 'key_unknown'; readonly kid: string | undefined }
  | { readonly code: 'key_ambiguous'; readonly kid: string | undefined }
  | { readonly code: 'signature_invalid' }
  /** `entry`: the switch that blocks it, where the policy does not. */
  | { readonly code: 'client_blocked'; readonly client: string; readonly entry?: number }
  | { readonly code: 'key_blocked'; readonly entry?: number }
  /** `entry`: the number of the revocation. */
  | { readonly code: 'token_revoked'; readonly by: RevocationKind; readonly entry: number }
  /** `found`: what the issuer's status list says, and the list's host. */
  | { readonly code: 'status_invalid'; readonly found: readonly string[] }
  // The route's rules
  /**
   * `needed`: all that are named. `any`: of each of these lists one is enough; `all` are the others then, which must all
   * be there.
   */
  | {
      readonly code: 'scopes_missing';
      readonly needed: readonly string[];
      readonly all?: readonly string[];
      readonly any?: readonly (readonly string[])[];
    }
  | { readonly code: 'client_not_allowed' }
  | { readonly code: 'claim_mismatch'; readonly claim: string }
  | { readonly code: 'alternatives_unmet' }
  | { readonly code: 'rate_limited' }
  // The claims on their way to the origin
  | { readonly code: 'claims_too_large'; readonly claim: string }
  // The assertion
  | { readonly code: 'body_too_large' }
  | { readonly code: 'target_too_long' }
  | { readonly code: 'assertion_failed'; readonly cause: AssertionFault }
  // Switches
  | {
      readonly code: 'closed';
      readonly why: string;
      readonly entry: number;
      readonly retryAfterSeconds: number;
    }
  | { readonly code: 'closed_to_all'; readonly why: string; readonly entry: number }
  // Not the client's fault
  | { readonly code: 'revocations_unavailable' }
  | { readonly code: 'keys_unavailable'; readonly cause: KeysFault; readonly retryAfterSeconds: number }
  | { readonly code: 'status_unavailable'; readonly cause: StatusFault; readonly retryAfterSeconds: number }
  | { readonly code: 'policy_invalid' }
  | { readonly code: 'binding_missing'; readonly binding: string }
  | { readonly code: 'body_taken' }
  | { readonly code: 'origin_unreachable' }
  | { readonly code: 'origin_timeout' }
  | { readonly code: 'loop' }
  | { readonly code: 'internal_error' };

export type ReasonCode = Reason['code'];

export type ReasonOf<Code extends ReasonCode> = Extract<Reason, { readonly code: Code }>;

/** The names of the values that a reason carries, but for `entry`, which the log has in a field of its own. */
export type ValueOf<Code extends ReasonCode> = Exclude<keyof ReasonOf<Code>, 'code' | 'entry'>;

/** How a path can be read in two ways. */
export type PathFault =
  | 'fragment'
  | 'separator'
  | 'control_character'
  | 'double_encoding'
  | 'invalid_encoding'
  | 'dot_segment'
  | 'empty_segment'
  | 'authority';

/** What is wrong with the `Destination` of a COPY or MOVE. */
export type DestinationFault =
  | 'missing'
  | 'several'
  | 'form'
  | 'host'
  | 'query'
  /** It can be read in two ways. */
  | 'path';

/** Why the methods in a form can't be judged. */
export type FormFault = 'too_large' | 'late' | 'encoded';

/** What is wrong with an `Authorization` header that begins with Bearer, or has it in a second value. */
export type AuthorizationFault = 'empty' | 'twice' | 'quoted' | 'several' | 'form';

/** What stands in `Authorization` where no Bearer token does. */
export type SentInstead = 'bare_token' | 'basic' | 'other_scheme';

/** Where a token may be. */
export type PlaceKind = 'authorization' | 'header' | 'cookie' | 'websocket' | 'access';

/** Why an assertion could not be made: no key signs yet, or the one that does can't. */
export type AssertionFault = 'no_key' | 'signing';

/** Why an issuer's keys could not be had. */
export type KeysFault =
  | 'timeout'
  | 'network_error'
  | 'http_status'
  | 'redirect'
  | 'too_large'
  | 'not_json'
  | 'metadata_invalid'
  | 'issuer_mismatch'
  | 'insecure_uri'
  | 'no_usable_key'
  | 'binding_missing'
  | 'stale_limit';

/** By what a token is revoked: its `jti`, `sub`, `sid`, client id, or its issuer alone. */
export type RevocationKind = 'token' | 'subject' | 'session' | 'client' | 'issuer';

/** Why a status list could not be had. */
export type StatusFault =
  | 'timeout'
  | 'network_error'
  | 'http_status'
  | 'redirect'
  | 'too_large'
  | 'insecure_uri'
  | 'binding_missing'
  | 'no_list'
  | 'keys_unavailable'
  | 'signature'
  | 'issuer_mismatch'
  | 'subject_mismatch'
  | 'not_yet_valid'
  | 'expired'
  | 'older'
  | 'list_malformed'
  | 'list_too_large';

/** Each step of the pipeline returns its value, or the reason why the request is refused. */
export function isReason(value: object): value is Reason {
  return 'code' in value;
}
