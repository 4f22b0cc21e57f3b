/** What the client gets: hooks have their say, and the token is signed. */
import { type ActionResult, type EventBase, runActions } from './actions/run.ts';
import { type Exchange, readAddress } from './exchange.ts';
import { type Failure, isFailure } from './failure.ts';
import { type Api, type Client, isRfc9068 } from './records.ts';
import type { Parameters } from './request/parameters.ts';
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

/** What was asked for, and may be given. */
export interface Order {
  readonly client: Client;
  readonly api: Api;
  readonly parameters: Parameters;
  /** `undefined`: the request named none. */
  readonly requested: readonly string[] | undefined;
  /** The scopes of the token, unless hooks change them. */
  readonly chosen: readonly string[];
  /** Those that it may have at most. */
  readonly granted: readonly string[];
}

export async function issue(order: Order, exchange: Exchange): Promise<TokenResponse | Failure> {
  const { client, api, requested, chosen, granted } = order;
  const { issuer, trace } = exchange;
  // Nobody looks at an event where there is no action.
  const result =
    issuer.actions.length === 0
      ? unchanged(chosen)
      : await runActions(issuer.actions, describeEvent(order, exchange), chosen, granted);
  if (isFailure(result)) return result;
  const { scopes, customClaims, ignoredClaims, droppedScopes } = result;
  if (ignoredClaims.length > 0) trace.ignored_claims = ignoredClaims;
  if (droppedScopes.length > 0) trace.dropped_scopes = droppedScopes;

  const key = await issuer.keys.signingKey(api.signing_alg);
  if (key === undefined) return { code: 'signing_key_missing', algorithm: api.signing_alg };
  const jti = crypto.randomUUID();
  const issuedAtSeconds = issuer.nowSeconds();
  const content = { issuer: issuer.identifier, client, api, scopes, customClaims, issuedAtSeconds, jti };
  const accessToken = await signToken(content, key);
  const scope = scopes.join(' ');
  trace.scope = scope;
  trace.kid = key.kid;
  if (isRfc9068(api.token_dialect)) trace.jti = jti;
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: api.token_lifetime,
    ...(scope !== (requested ?? []).join(' ') && scope !== '' && { scope }),
  };
}

const unchanged = (scopes: readonly string[]): ActionResult => ({
  scopes,
  customClaims: {},
  ignoredClaims: [],
  droppedScopes: [],
});

const CREDENTIAL_PARAMETERS = ['client_secret', 'client_assertion', 'client_assertion_type'];

function describeEvent(
  { client, api, parameters, requested }: Order,
  { request, requestId, issuer }: Exchange,
): EventBase {
  const cf = (request.cf ?? {}) as Partial<IncomingRequestCfProperties>;
  const userAgent = request.headers.get('user-agent');
  const language = request.headers.get('accept-language');
  return {
    client: { client_id: client.client_id, name: client.name, metadata: client.metadata },
    request: {
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
    },
    resource_server: { identifier: api.identifier },
    secrets: issuer.hookSecrets,
    tenant: { id: issuer.tenant },
    transaction: { requested_scopes: requested ?? [], correlation_id: requestId },
  };
}
