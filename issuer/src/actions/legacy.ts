import type { DenialCode } from '../failure.ts';
import { type LegacyApi, SET_SCOPES_BEYOND_GRANT } from './run.ts';
import type { CredentialsExchangeAction, CredentialsExchangeApi } from './types.ts';

/** The function of an Auth0 hook at the extensibility point `client-credentials-exchange`. */
export type LegacyHook = (
  client: { id: string; name: string; tenant: string; metadata: Record<string, string> },
  scope: string[],
  audience: string,
  context: { ip: string; userAgent: string; webtask: { secrets: Record<string, string> } },
  callback: LegacyCallback,
) => unknown;

type LegacyCallback = (error?: unknown, accessTokenClaims?: Record<string, unknown>) => void;

/** The errors by which such a hook refuses. They were global where it ran, and are so here. */
export class InvalidScopeError extends Error {
  override readonly name = 'InvalidScopeError';
}
export class InvalidRequestError extends Error {
  override readonly name = 'InvalidRequestError';
}
export class ServerError extends Error {
  override readonly name = 'ServerError';
}

/**
 * Makes an action of an old hook, whose code runs unchanged. As there: scopes are those that it returns, not held to
 * the client's grant; without `scope` in its answer there are none; only claims with a URL for a name are taken. An
 * error of another class than the three above issues no token and tells the client nothing.
 */
export function fromHook(hook: LegacyHook): CredentialsExchangeAction {
  Object.assign(globalThis, { InvalidScopeError, InvalidRequestError, ServerError });
  return async (event, api) => {
    const { client, request, secrets, tenant, accessToken, resource_server: resourceServer } = event;
    const context = {
      ip: request.ip,
      userAgent: request.user_agent ?? '',
      webtask: { secrets: { ...secrets } },
    };
    try {
      const claims = await call((callback) =>
        hook(
          { id: client.client_id, name: client.name, tenant: tenant.id, metadata: { ...client.metadata } },
          [...accessToken.scope],
          resourceServer.identifier,
          context,
          callback,
        ),
      );
      apply(claims, api);
    } catch (error) {
      const code = denialCode(error);
      if (code === undefined) throw error;
      api.access.deny(code, (error as Error).message);
    }
  };
}

function call(run: (callback: LegacyCallback) => unknown): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const callback: LegacyCallback = (error, claims) =>
      error === undefined || error === null ? resolve(claims ?? {}) : reject(error);
    // An async function may fail without calling back.
    Promise.resolve(run(callback)).catch(reject);
  });
}

function apply(claims: Record<string, unknown>, api: CredentialsExchangeApi): void {
  const { scope, ...others } = claims;
  (api as LegacyApi)[SET_SCOPES_BEYOND_GRANT](Array.isArray(scope) ? scope : []);
  for (const [name, value] of Object.entries(others)) {
    if (/^https?:\/\//i.test(name)) api.accessToken.setCustomClaim(name, value);
  }
}

function denialCode(error: unknown): DenialCode | undefined {
  if (error instanceof InvalidScopeError) return 'invalid_scope';
  if (error instanceof InvalidRequestError) return 'invalid_request';
  return error instanceof ServerError ? 'server_error' : undefined;
}
