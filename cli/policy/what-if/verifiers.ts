/** How tools verify tokens: as the gateway does, or without keys. */
import type { Verify } from '../../../src/decide.ts';
import { createKeySource } from '../../../src/keys/source.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { createTokenCache } from '../../../src/token/cache.ts';
import { checkToken, type ObserveToken, verifyToken } from '../../../src/token/verify.ts';
import { fetchPlainly } from './plain-fetch.ts';

/**
 * As the gateway does, with keys that are fetched from the issuers over the network. An issuer that the gateway asks
 * through a service binding is asked at its URL.
 */
export function withIssuerKeys({ settings }: Policy, now: () => number, observe?: ObserveToken): Verify {
  const io = {
    store: undefined,
    fetchFor: () => fetchPlainly,
    now,
    waitUntil: () => {},
    log: () => {},
  };
  const context = {
    settings,
    keys: createKeySource(),
    cache: createTokenCache(),
    io,
    ...(observe && { observe }),
  };
  return (token, routes) => verifyToken(token, routes, context);
}

/** All checks of a token but that of its signature: no key is asked for. */
export function withoutSignature({ settings }: Policy, now: () => number, observe?: ObserveToken): Verify {
  const context = { settings, io: { now }, ...(observe && { observe }) };
  return (token, routes) => {
    const checked = checkToken(token, routes, context);
    return checked.kind === 'refused'
      ? checked
      : { kind: 'verified', principal: checked.principal, keysFrom: undefined };
  };
}
