import type { Failure } from '../failure.ts';
import type { Client } from '../records.ts';
import type { Credentials } from '../request/credentials.ts';
import { verifyAssertion } from './assertion.ts';
import { findSecret } from './secret.ts';

export interface AuthenticatedClient {
  readonly client: Client;
  /** Id of the secret or key that it was: the log shows which are still in use. */
  readonly credentialId: string;
}

/** Takes the id of an assertion; `false`: it was used before. */
export type UseAssertion = (clientId: string, jti: string, expiresAtSeconds: number) => Promise<boolean>;

/**
 * Authenticates a client. The same work is done, and the same answer given, whether there is no such client or it is
 * not this one.
 */
export async function authenticate(
  credentials: Credentials,
  client: Client | undefined,
  context: {
    readonly issuer: string;
    readonly nowSeconds: number;
    readonly useAssertion: UseAssertion | undefined;
  },
): Promise<AuthenticatedClient | Failure> {
  const { issuer, nowSeconds, useAssertion } = context;
  if (credentials.method !== 'private_key_jwt') {
    const secret = await findSecret(client?.secrets ?? [], credentials.secret, nowSeconds);
    if (client === undefined) return { code: 'client_unknown' };
    if (secret === undefined) return { code: 'secret_wrong' };
    return client.disabled ? { code: 'client_disabled' } : { client, credentialId: secret.id };
  }
  const { assertion, clientId } = credentials;
  const verified = await verifyAssertion(
    assertion,
    { issuer, clientId, keys: client?.jwks ?? [] },
    nowSeconds,
  );
  if (client === undefined) return { code: 'client_unknown' };
  if ('code' in verified) return verified;
  if (client.disabled) return { code: 'client_disabled' };
  if (useAssertion !== undefined) {
    try {
      if (!(await useAssertion(clientId, verified.jti, verified.expiresAtSeconds)))
        return { code: 'assertion_replayed' };
    } catch {
      return { code: 'store_unavailable', store: 'assertions' };
    }
  }
  return { client, credentialId: verified.key.id };
}
