/** How tools verify tokens as the gateway does. */
import type { Verify } from '../../../src/decide.ts';
import { createKeySource } from '../../../src/keys/source.ts';
import type { Issuer, Policy } from '../../../src/policy/policy.ts';
import { createTokenCache } from '../../../src/token/cache.ts';
import { createStatusSource } from '../../../src/token/status/source.ts';
import { type ObserveToken, verifyToken } from '../../../src/token/verify.ts';
import { fetchAt } from './fetch-at.ts';

/**
 * As the gateway does, with keys that are fetched from the issuers over the network. An issuer that the gateway asks
 * through a service binding is asked at its URL.
 *
 * @param at where the token's issuer answers, if that is elsewhere
 */
export function withIssuerKeys(
  { settings }: Policy,
  now: () => number,
  observe?: ObserveToken,
  at?: string,
): Verify {
  const io = {
    store: undefined,
    fetchFor: ({ issuer }: Issuer) => fetchAt(issuer, at),
    now,
    waitUntil: () => {},
    log: () => {},
  };
  const context = {
    settings,
    keys: createKeySource(),
    cache: createTokenCache(),
    statuses: createStatusSource(),
    io,
    ...(observe && { observe }),
  };
  return (token, routes) => verifyToken(token, routes, context);
}
