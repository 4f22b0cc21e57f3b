import type { Verify } from '../../../src/decide.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { checkToken, type ObserveToken } from '../../../src/token/verify.ts';

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
