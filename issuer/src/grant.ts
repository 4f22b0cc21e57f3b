/** The client credentials grant (RFC 6749 §4.4), one step a line. */
import type { Exchange } from './exchange.ts';
import { type Failure, isFailure } from './failure.ts';
import { identify, readRecords } from './identify.ts';
import { issue, type TokenResponse } from './issue.ts';
import { type Parameters, readParameters } from './request/parameters.ts';
import { chooseScopes, readAudience, readGrant, readScopes } from './request/target.ts';

/** Answers a token request. What came of it, and how far it came, is in the exchange's trace. */
export async function grantToken(exchange: Exchange): Promise<TokenResponse | Failure> {
  const parameters = await readParameters(exchange.request);
  if (isFailure(parameters)) return parameters;
  const unsupported = checkGrant(parameters);
  if (unsupported !== undefined) return unsupported;

  const named = readAudience(parameters);
  const namedAudience = typeof named === 'string' ? named : undefined;
  const found = await identify(parameters, namedAudience, exchange);
  if (isFailure(found)) return found;
  const { client } = found;
  if (Object.keys(client.grants).length === 0) return { code: 'client_without_grants' };

  if (typeof named === 'object') return named;
  const audience = named ?? client.default_audience;
  if (audience === undefined) return { code: 'audience_missing' };
  const target = named === undefined ? await readRecords(exchange, client.client_id, audience) : found;
  if (isFailure(target)) return target;
  const grant = readGrant(client, target.api, audience);
  if (isFailure(grant)) return grant;
  exchange.trace.audience = audience;

  const requested = readScopes(parameters);
  if (requested !== undefined && isFailure(requested)) return requested;
  const chosen = chooseScopes(requested, grant.scopes);
  if (isFailure(chosen)) return chosen;
  return issue({ client, api: grant.api, parameters, requested, chosen, granted: grant.scopes }, exchange);
}

function checkGrant(parameters: Parameters): Failure | undefined {
  const grantType = parameters.get('grant_type');
  if (grantType === undefined) return { code: 'grant_type_missing' };
  if (grantType !== 'client_credentials') return { code: 'grant_type_unsupported' };
  // There are no organizations: a token that ignored one would be for more than was asked.
  if (parameters.has('organization')) return { code: 'parameter_unsupported', name: 'organization' };
  return undefined;
}
