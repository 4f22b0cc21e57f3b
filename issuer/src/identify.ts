/** Who asks: the client that a token request authenticates as. */
import { authenticate } from './client/authenticate.ts';
import { LIMIT_PERIOD_SECONDS } from './client/failure-limit.ts';
import { type Exchange, readAddress } from './exchange.ts';
import { type Failure, isFailure } from './failure.ts';
import { unverified } from './log.ts';
import { type Client, isClientId } from './records.ts';
import { type Credentials, readCredentials } from './request/credentials.ts';
import type { Parameters } from './request/parameters.ts';
import type { Records } from './store.ts';

/**
 * Authenticates the client, within its limits.
 *
 * @param audience read along with the client in one go; `undefined` where the request names none
 */
export async function identify(
  parameters: Parameters,
  audience: string | undefined,
  exchange: Exchange,
): Promise<(Records & { readonly client: Client }) | Failure> {
  const { request, issuer, failures, trace } = exchange;
  const credentials = readCredentials(request.headers.get('authorization'), parameters);
  if (isFailure(credentials)) return credentials;
  exchange.presented = credentials.method === 'private_key_jwt' ? credentials.assertion : credentials.secret;
  trace.auth_method = credentials.method;
  trace.unverified_client_id = unverified(credentials.clientId);
  const sender = describeSender(request, credentials);
  const held = failures.secondsLeft(sender);
  if (held !== undefined) return { code: 'rate_limited', retryAfterSeconds: held };

  const records = await readRecords(exchange, credentials.clientId, audience);
  if (isFailure(records)) return records;
  const authenticated = await authenticate(credentials, records.client, {
    issuer: issuer.identifier,
    nowSeconds: issuer.nowSeconds(),
    useAssertion: issuer.useAssertion,
  });
  if (isFailure(authenticated)) {
    if (authenticated.code === 'store_unavailable') return authenticated; // no fault of the client
    await failures.failed(sender);
    const now = failures.secondsLeft(sender);
    return now === undefined ? authenticated : { code: 'rate_limited', retryAfterSeconds: now };
  }
  const { client, credentialId } = authenticated;
  trace.unverified_client_id = undefined;
  trace.client_id = client.client_id;
  trace.credential = credentialId;
  const { clientLimit } = issuer;
  if (clientLimit !== undefined && !(await clientLimit.limit({ key: client.client_id })).success)
    return { code: 'rate_limited', retryAfterSeconds: LIMIT_PERIOD_SECONDS };
  return { client, api: records.api };
}

export async function readRecords(
  { issuer }: Exchange,
  clientId: string,
  audience: string | undefined,
): Promise<Records | Failure> {
  try {
    return await issuer.records(clientId, audience);
  } catch {
    return { code: 'store_unavailable', store: 'records' };
  }
}

/**
 * Whose failures are counted together: one client from one address. All Workers of the platform come from one
 * address; the zone that they belong to tells them apart. Ids that no client can have are one: they may be long.
 */
function describeSender(request: Request, { clientId }: Credentials): string {
  const zone = request.headers.get('cf-worker') ?? '';
  return `${readAddress(request)} ${zone} ${isClientId(clientId) ? clientId : '?'}`;
}
