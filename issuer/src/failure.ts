/** Why no token is issued. The table `FAILURES` says what the client is told and which value the log has. */
export type Failure =
  | { readonly code: 'method_not_allowed' }
  | { readonly code: 'content_type_unsupported' }
  | { readonly code: 'body_too_large' }
  | { readonly code: 'body_malformed' }
  | { readonly code: 'parameter_repeated'; readonly name: string }
  | { readonly code: 'parameter_in_query' }
  | { readonly code: 'parameter_unsupported'; readonly name: string }
  | { readonly code: 'grant_type_missing' }
  | { readonly code: 'grant_type_unsupported' }
  | { readonly code: 'credentials_several' }
  | { readonly code: 'client_id_conflict' }
  | AuthenticationFailure
  | { readonly code: 'client_without_grants' }
  | { readonly code: 'audience_missing' }
  | { readonly code: 'audience_conflict' }
  | { readonly code: 'resource_several' }
  | { readonly code: 'api_unknown'; readonly audience: string }
  | { readonly code: 'api_disabled'; readonly audience: string }
  | { readonly code: 'grant_missing'; readonly audience: string }
  | { readonly code: 'scope_malformed' }
  | { readonly code: 'scope_not_granted'; readonly scopes: readonly string[] }
  | { readonly code: 'action_denied'; readonly error: DenialCode; readonly reason: string | undefined }
  | { readonly code: 'action_failed'; readonly cause: string }
  | { readonly code: 'rate_limited'; readonly retryAfterSeconds: number }
  | { readonly code: 'signing_key_missing'; readonly algorithm: string }
  | { readonly code: 'store_unavailable'; readonly store: 'records' | 'assertions' }
  | { readonly code: 'internal_error' };

/** A client must not learn which of these it was: they have one answer. */
export type AuthenticationFailure =
  | { readonly code: 'credentials_missing' }
  | { readonly code: 'credentials_malformed' }
  | { readonly code: 'client_unknown' }
  | { readonly code: 'client_disabled' }
  | { readonly code: 'secret_wrong' }
  | { readonly code: 'assertion_malformed' }
  | { readonly code: 'assertion_key_unknown' }
  | { readonly code: 'assertion_signature_invalid' }
  | { readonly code: 'assertion_claims_invalid'; readonly claim: string }
  | { readonly code: 'assertion_replayed' };

export type DenialCode = 'invalid_scope' | 'invalid_request' | 'server_error';

export type FailureCode = Failure['code'];

export type FailureOf<Code extends FailureCode> = Extract<Failure, { readonly code: Code }>;

export interface WireError {
  readonly status: number;
  /** RFC 6749 §5.2, RFC 8707 §2. */
  readonly error: string;
  readonly description: string;
  readonly retryAfterSeconds?: number;
}

/** The names of the values that a failure carries. */
export type ValueOf<Code extends FailureCode> = Exclude<keyof FailureOf<Code>, 'code'>;

/** The value of the failure that the log shows as `reason_detail`. `null`: none. */
type Logged<Code extends FailureCode> = [ValueOf<Code>] extends [never]
  ? { readonly logged?: undefined }
  : { readonly logged: ValueOf<Code> | null };

type Row<Code extends FailureCode> = Logged<Code> & {
  /** What the client is told; a function where it names what the client sent, or what a hook said. */
  readonly told: WireError | ((failure: FailureOf<Code>) => WireError);
};

const STORE_RETRY_AFTER_SECONDS = 5;

const wire = (status: number, error: string, description: string): WireError => ({
  status,
  error,
  description,
});
const invalidRequest = (description: string) => wire(400, 'invalid_request', description);
const invalidTarget = (description: string) => wire(400, 'invalid_target', description);
const invalidScope = (description: string) => wire(400, 'invalid_scope', description);
const serverError = (description: string) => wire(500, 'server_error', description);
const INVALID_CLIENT = wire(401, 'invalid_client', 'Client authentication failed.');
const notAuthorized = ({ audience }: { readonly audience: string }) =>
  invalidTarget(`Client is not authorized to access ${quote(audience)}.`);

/** Everything that differs from failure to failure. What people should do about each is in `scripts/reasons/`. */
export const FAILURES: { readonly [Code in FailureCode]: Row<Code> } = {
  method_not_allowed: { told: wire(405, 'invalid_request', 'Use POST.') },
  content_type_unsupported: {
    told: invalidRequest('Send the parameters as application/x-www-form-urlencoded or application/json.'),
  },
  body_too_large: { told: invalidRequest('The request body is larger than 16 KB.') },
  body_malformed: {
    told: invalidRequest('The request body is not a list of parameters, each with one text value.'),
  },
  parameter_repeated: {
    told: ({ name }) => invalidRequest(`The parameter ${quote(name)} is there more than once.`),
    logged: 'name',
  },
  parameter_in_query: { told: invalidRequest('Send parameters in the request body, never in the URL.') },
  parameter_unsupported: {
    told: ({ name }) => invalidRequest(`The parameter ${quote(name)} is not supported.`),
    logged: 'name',
  },
  grant_type_missing: { told: invalidRequest('The parameter grant_type is missing.') },
  grant_type_unsupported: {
    told: wire(400, 'unsupported_grant_type', 'The grant is client_credentials.'),
  },
  credentials_several: {
    told: invalidRequest('Authenticate in one way only: HTTP Basic, client_secret, or client_assertion.'),
  },
  client_id_conflict: {
    told: invalidRequest('The parameter client_id names another client than the credentials.'),
  },
  credentials_missing: { told: INVALID_CLIENT },
  credentials_malformed: { told: INVALID_CLIENT },
  client_unknown: { told: INVALID_CLIENT },
  client_disabled: { told: INVALID_CLIENT },
  secret_wrong: { told: INVALID_CLIENT },
  assertion_malformed: { told: INVALID_CLIENT },
  assertion_key_unknown: { told: INVALID_CLIENT },
  assertion_signature_invalid: { told: INVALID_CLIENT },
  assertion_claims_invalid: { told: INVALID_CLIENT, logged: 'claim' },
  assertion_replayed: { told: INVALID_CLIENT },
  client_without_grants: {
    told: wire(400, 'unauthorized_client', 'The client has been granted no API.'),
  },
  audience_missing: {
    told: invalidRequest('The parameter audience is missing: name the API that the token is for.'),
  },
  audience_conflict: {
    told: invalidRequest('The parameters audience and resource name different APIs.'),
  },
  resource_several: { told: invalidTarget('A token is for one API: send one resource.') },
  api_unknown: { told: notAuthorized, logged: 'audience' },
  api_disabled: { told: notAuthorized, logged: 'audience' },
  grant_missing: { told: notAuthorized, logged: 'audience' },
  scope_malformed: { told: invalidScope('The parameter scope is not a list of scopes.') },
  scope_not_granted: {
    told: ({ scopes }) => invalidScope(printable(`Client has not been granted scopes: ${scopes.join(', ')}`)),
    logged: 'scopes',
  },
  action_denied: {
    told: ({ error, reason }) =>
      wire(error === 'server_error' ? 500 : 400, error, printable(reason ?? 'The request was denied.')),
    logged: 'error',
  },
  action_failed: { told: serverError('A hook failed.'), logged: 'cause' },
  rate_limited: {
    told: ({ retryAfterSeconds }) => ({
      ...wire(429, 'too_many_requests', 'Too many requests. Try again later.'),
      retryAfterSeconds,
    }),
    logged: null,
  },
  signing_key_missing: {
    told: serverError('The issuer has no key to sign tokens for this API with.'),
    logged: 'algorithm',
  },
  store_unavailable: {
    told: {
      ...wire(503, 'temporarily_unavailable', 'Try again later.'),
      retryAfterSeconds: STORE_RETRY_AFTER_SECONDS,
    },
    logged: 'store',
  },
  internal_error: { told: serverError('The issuer failed.') },
};

/** What the client is told. */
export function wireError(failure: Failure): WireError {
  const { told } = FAILURES[failure.code];
  // A row takes the failure of its own code: the compiler can't see that this one is.
  return typeof told === 'function' ? (told as (failure: Failure) => WireError)(failure) : told;
}

/** Text of the request is repeated only where the characters of `error_description` can carry it (RFC 6749 §5.2). */
function quote(text: string): string {
  return text.length <= MAX_QUOTED_LENGTH && /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/.test(text)
    ? `'${text}'`
    : 'this';
}
const MAX_QUOTED_LENGTH = 200;

const printable = (text: string) =>
  text.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?').slice(0, MAX_DESCRIPTION_LENGTH);
const MAX_DESCRIPTION_LENGTH = 500;

export function isFailure(value: object): value is Failure {
  return 'code' in value;
}
