/** Why no token is issued. The log gets the code and its values; the client gets what `wireError` says of it. */
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

export interface WireError {
  readonly status: number;
  /** RFC 6749 §5.2, RFC 8707 §2. */
  readonly error: string;
  readonly description: string;
}

/** What the client is told. */
export function wireError(failure: Failure): WireError {
  switch (failure.code) {
    case 'method_not_allowed':
      return { status: 405, error: 'invalid_request', description: 'Use POST.' };
    case 'content_type_unsupported':
      return invalidRequest('Send the parameters as application/x-www-form-urlencoded or application/json.');
    case 'body_too_large':
      return invalidRequest('The request body is larger than 16 KB.');
    case 'body_malformed':
      return invalidRequest('The request body is not a list of parameters, each with one text value.');
    case 'parameter_repeated':
      return invalidRequest(`The parameter ${quote(failure.name)} is there more than once.`);
    case 'parameter_in_query':
      return invalidRequest('Send parameters in the request body, never in the URL.');
    case 'parameter_unsupported':
      return invalidRequest(`The parameter ${quote(failure.name)} is not supported.`);
    case 'grant_type_missing':
      return invalidRequest('The parameter grant_type is missing.');
    case 'grant_type_unsupported':
      return {
        status: 400,
        error: 'unsupported_grant_type',
        description: 'The grant is client_credentials.',
      };
    case 'credentials_several':
      return invalidRequest('Authenticate in one way only: HTTP Basic, client_secret, or client_assertion.');
    case 'client_id_conflict':
      return invalidRequest('The parameter client_id names another client than the credentials.');
    case 'credentials_missing':
    case 'credentials_malformed':
    case 'client_unknown':
    case 'client_disabled':
    case 'secret_wrong':
    case 'assertion_malformed':
    case 'assertion_key_unknown':
    case 'assertion_signature_invalid':
    case 'assertion_claims_invalid':
    case 'assertion_replayed':
      return { status: 401, error: 'invalid_client', description: 'Client authentication failed.' };
    case 'client_without_grants':
      return {
        status: 400,
        error: 'unauthorized_client',
        description: 'The client has been granted no API.',
      };
    case 'audience_missing':
      return invalidRequest('The parameter audience is missing: name the API that the token is for.');
    case 'audience_conflict':
      return invalidRequest('The parameters audience and resource name different APIs.');
    case 'resource_several':
      return invalidTarget('A token is for one API: send one resource.');
    case 'api_unknown':
    case 'api_disabled':
    case 'grant_missing':
      return invalidTarget(`Client is not authorized to access ${quote(failure.audience)}.`);
    case 'scope_malformed':
      return {
        status: 400,
        error: 'invalid_scope',
        description: 'The parameter scope is not a list of scopes.',
      };
    case 'scope_not_granted':
      return {
        status: 400,
        error: 'invalid_scope',
        description: printable(`Client has not been granted scopes: ${failure.scopes.join(', ')}`),
      };
    case 'action_denied':
      return {
        status: failure.error === 'server_error' ? 500 : 400,
        error: failure.error,
        description: printable(failure.reason ?? 'The request was denied.'),
      };
    case 'action_failed':
      return serverError('A hook failed.');
    case 'rate_limited':
      return { status: 429, error: 'too_many_requests', description: 'Too many requests. Try again later.' };
    case 'signing_key_missing':
      return serverError('The issuer has no key to sign tokens for this API with.');
    case 'store_unavailable':
      return { status: 503, error: 'temporarily_unavailable', description: 'Try again later.' };
    case 'internal_error':
      return serverError('The issuer failed.');
  }
}

const invalidRequest = (description: string): WireError => ({
  status: 400,
  error: 'invalid_request',
  description,
});
const invalidTarget = (description: string): WireError => ({
  status: 400,
  error: 'invalid_target',
  description,
});
const serverError = (description: string): WireError => ({ status: 500, error: 'server_error', description });

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
