import type { Failure } from '../failure.ts';
import { type Api, type Client, isScopeToken } from '../records.ts';
import type { Parameters } from './parameters.ts';

/** The API that the request names: `audience`, as Auth0 has it, or `resource` (RFC 8707 §2). */
export function readAudience(parameters: Parameters): string | undefined | Failure {
  const audience = parameters.get('audience');
  const resource = parameters.get('resource');
  if (audience !== undefined && resource !== undefined && audience !== resource)
    return { code: 'audience_conflict' };
  return audience ?? resource;
}

export interface Grant {
  readonly api: Api;
  /** That a token may have at most. */
  readonly scopes: readonly string[];
}

/** What the client may have at this API. Whether the API or the grant is missing, only the log says. */
export function readGrant(client: Client, api: Api | undefined, audience: string): Grant | Failure {
  if (api === undefined) return { code: 'api_unknown', audience };
  if (api.disabled) return { code: 'api_disabled', audience };
  const grant = Object.hasOwn(client.grants, audience) ? client.grants[audience] : undefined;
  if (grant === undefined) return { code: 'grant_missing', audience };
  const known = api.scopes.map(({ value }) => value);
  // A scope that the API no longer has goes with it, whatever the grant says.
  const scopes = grant.scope === '*' ? known : known.filter((scope) => grant.scope.includes(scope));
  return { api, scopes };
}

/**
 * The scopes for the token (RFC 6749 §3.3): those asked for, or all of the grant. More than granted is refused, never
 * dropped: the client would only find out at the API.
 */
export function chooseScopes(
  requested: readonly string[] | undefined,
  granted: readonly string[],
): readonly string[] | Failure {
  if (requested === undefined) return granted;
  const refused = requested.filter((scope) => !granted.includes(scope));
  return refused.length > 0 ? { code: 'scope_not_granted', scopes: refused } : requested;
}

/** @returns `undefined` if the request names none */
export function readScopes(parameters: Parameters): readonly string[] | undefined | Failure {
  const text = parameters.get('scope');
  if (text === undefined) return undefined;
  const scopes = [...new Set(text.split(' ').filter((scope) => scope !== ''))];
  if (!scopes.every(isScopeToken)) return { code: 'scope_malformed' };
  return scopes.length === 0 ? undefined : scopes;
}
