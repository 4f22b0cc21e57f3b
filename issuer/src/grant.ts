/** The client credentials grant (RFC 6749 §4.4), one step a line. */
import { type EventBase, runActions } from './actions/run.ts';
import { authenticate } from './client/authenticate.ts';
import type { FailureBrake } from './client/brake.ts';
import { LIMIT_PERIOD_SECONDS } from './client/brake.ts';
import type { Issuer } from './environment.ts';
import { type Failure, isFailure } from './failure.ts';
import { type Trace, unverified } from './log.ts';
import { type Credentials, readCredentials } from './request/credentials.ts';
import { type Parameters, readParameters } from './request/parameters.ts';
import { chooseScopes, readAudience, readGrant, readScopes } from './request/target.ts';
import type { Records } from './store.ts';
import { signToken } from './token/claims.ts';

/** RFC 6749 §5.1. No refresh token: the client can always ask again (§4.4.3). */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  /** Seconds. */
  readonly expires_in: number;
  /** Only where it is not what was asked for. */
  readonly scope?: string;
}

/**
 * Answers a token request.
 *
 * @param trace gets what the log is to say of it, also where it fails
 */
export async function grantToken(
  request: Request,
  issuer: Issuer,
  brake: FailureBrake,
  requestId: string,
  trace: Partial<Trace>,
): Promise<TokenResponse | Failure> {
  const parameters = await readParameters(request);
  if (isFailure(parameters)) return parameters;
  const grantType = parameters.get('grant_type');
  if (grantType === undefined) return { code: 'grant_type_missing' };
  if (grantType !== 'client_credentials') return { code: 'grant_type_unsupported' };
  // There are no organizations: a token that ignored one would be for more than was asked.
  if (parameters.has('organization')) return { code: 'parameter_unsupported', name: 'organization' };

  const credentials = readCredentials(request.headers.get('authorization'), parameters);
  if (isFailure(credentials)) return credentials;
  trace.auth_method = credentials.method;
  trace.unverified_client_id = unverified(credentials.clientId);
  const brakeKey = `${readAddress(request)} ${credentials.clientId}`;
  const secondsLeft = brake.secondsLeft(brakeKey);
  if (secondsLeft !== undefined) return { code: 'rate_limited', retryAfterSeconds: secondsLeft };

  const named = readAudience(parameters);
  const records = await readRecords(issuer, credentials, isText(named) ? named : undefined);
  if (isFailure(records)) return records;
  const authenticated = await authenticate(credentials, records.client, {
    issuer: issuer.identifier,
    nowSeconds: issuer.nowSeconds(),
    useAssertion: issuer.useAssertion,
  });
  if (isFailure(authenticated)) {
    if (authenticated.code !== 'store_unavailable') await brake.failed(brakeKey);
    const held = brake.secondsLeft(brakeKey);
    return held === undefined ? authenticated : { code: 'rate_limited', retryAfterSeconds: held };
  }
  const { client, credentialId } = authenticated;
  trace.unverified_client_id = undefined;
  trace.client_id = client.client_id;
  trace.credential = credentialId;
  if (
    issuer.clientLimit !== undefined &&
    !(await issuer.clientLimit.limit({ key: client.client_id })).success
  )
    return { code: 'rate_limited', retryAfterSeconds: LIMIT_PERIOD_SECONDS };

  if (Object.keys(client.grants).length === 0) return { code: 'client_without_grants' };
  if (named !== undefined && !isText(named)) return named;
  const audience = named ?? client.default_audience;
  if (audience === undefined) return { code: 'audience_missing' };
  const target = named === undefined ? await readRecords(issuer, credentials, audience) : records;
  if (isFailure(target)) return target;
  const grant = readGrant(client, target.api, audience);
  if (isFailure(grant)) return grant;
  const { api } = grant;
  trace.audience = audience;
  const requested = readScopes(parameters);
  if (requested !== undefined && isFailure(requested)) return requested;
  const chosen = chooseScopes(requested, grant.scopes);
  if (isFailure(chosen)) return chosen;

  const event: EventBase = {
    client: { client_id: client.client_id, name: client.name, metadata: client.metadata },
    request: describeRequest(request, parameters),
    resource_server: { identifier: api.identifier },
    secrets: issuer.hookSecrets,
    tenant: { id: issuer.tenant },
    transaction: { requested_scopes: requested ?? [], correlation_id: requestId },
  };
  const result = await runActions(issuer.actions, event, chosen, grant.scopes);
  if (isFailure(result)) return result;
  if (result.ignoredClaims.length > 0) trace.ignored_claims = result.ignoredClaims;
  if (result.droppedScopes.length > 0) trace.dropped_scopes = result.droppedScopes;

  const key = await issuer.keys.signingKey(api.signing_alg);
  if (key === undefined) return { code: 'signing_key_missing', algorithm: api.signing_alg };
  const { scopes, customClaims } = result;
  const scope = scopes.join(' ');
  const jti = crypto.randomUUID();
  const accessToken = await signToken(
    {
      issuer: issuer.identifier,
      client,
      api,
      scopes,
      customClaims,
      issuedAtSeconds: issuer.nowSeconds(),
      jti,
    },
    key,
  );
  trace.scope = scope;
  trace.kid = key.kid;
  if (api.token_dialect.startsWith('rfc9068_profile')) trace.jti = jti;
  const asked = (requested ?? []).join(' ');
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: api.token_lifetime,
    ...(scope !== asked && scope !== '' && { scope }),
  };
}

const isText = (value: unknown): value is string => typeof value === 'string';

async function readRecords(
  issuer: Issuer,
  { clientId }: Credentials,
  audience: string | undefined,
): Promise<Records | Failure> {
  try {
    return await issuer.records(clientId, audience);
  } catch {
    return { code: 'store_unavailable', store: 'records' };
  }
}

/** The address that the platform saw. */
export function readAddress(request: Request): string {
  return request.headers.get('cf-connecting-ip') ?? '';
}

const CREDENTIAL_PARAMETERS = ['client_secret', 'client_assertion', 'client_assertion_type'];

function describeRequest(request: Request, parameters: Parameters): EventBase['request'] {
  const cf = (request.cf ?? {}) as Partial<IncomingRequestCfProperties>;
  const userAgent = request.headers.get('user-agent');
  const language = request.headers.get('accept-language');
  return {
    body: Object.fromEntries([...parameters].filter(([name]) => !CREDENTIAL_PARAMETERS.includes(name))),
    geoip: {
      ...(cf.continent && { continentCode: cf.continent }),
      ...(cf.country && { countryCode: cf.country }),
      ...(cf.city && { cityName: cf.city }),
      ...(cf.timezone && { timeZone: cf.timezone }),
      ...(cf.latitude && { latitude: Number(cf.latitude) }),
      ...(cf.longitude && { longitude: Number(cf.longitude) }),
    },
    hostname: new URL(request.url).hostname,
    ip: readAddress(request),
    method: request.method,
    ...(userAgent !== null && { user_agent: userAgent }),
    ...(language !== null && { language }),
  };
}
