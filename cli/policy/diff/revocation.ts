/**
 * What can be revoked, and which tokens a revocation is about. No policy knows what will be revoked: there is no example,
 * and the routes are all that look at tokens.
 */
import type { Issuer, Policy } from '../../../src/policy/policy.ts';
import { clientIdClaims } from '../../../src/token/checks.ts';
import { type Difference, placedDifference } from './difference.ts';

export function revocationDifferences(old: Policy, now: Policy): Difference[] {
  if (old.apis.length === 0 || now.apis.length === 0) return [];
  const [before, after] = [old, now].map(({ settings }) => settings.revocation);
  if (before !== undefined && after !== undefined)
    return now.issuers.flatMap((issuer) => {
      const was = old.issuers.find((one) => one.issuer === issuer.issuer);
      return was === undefined ? [] : [...dateDifference(was, issuer), ...clientDifference(was, issuer)];
    });
  if (before === after) return [];
  const words = (binding: string | undefined) =>
    binding === undefined
      ? 'nothing can be revoked or closed: a token passes until it expires'
      : `what ${binding} says is revoked or closed is refused`;
  const change = after === undefined ? 'widened' : 'narrowed';
  return [placedDifference(change, 'GATEWAY.revocation', words(before), words(after))];
}

const placeOf = ({ variable, name }: Issuer, field: string) => `${variable}.${name}.${field}`;

/** The clock of an issuer may be ahead: tokens are refused that seem to be younger than the revocation. */
function dateDifference(old: Issuer, now: Issuer): Difference[] {
  const [before, after] = [old.clockToleranceSeconds, now.clockToleranceSeconds];
  if (before === after) return [];
  const words = (seconds: number) => `a revocation is about tokens issued up to ${seconds} s after it`;
  const change = after < before ? 'widened' : 'narrowed';
  return [placedDifference(change, placeOf(now, 'clock_tolerance'), words(before), words(after))];
}

/** A revoked client is found by any of these claims. */
function clientDifference(old: Issuer, now: Issuer): Difference[] {
  const [before, after] = [old, now].map((one) => [...new Set(clientIdClaims(one).map(({ text }) => text))]);
  const has = (list: readonly string[] | undefined, one: string) => list?.includes(one) === true;
  const words = (list: readonly string[] = []) => `a revoked client is found by ${list.join(', ')}`;
  const tell = (change: 'widened' | 'narrowed') =>
    placedDifference(change, placeOf(now, 'client_claim'), words(before), words(after));
  return [
    ...(before?.some((one) => !has(after, one)) ? [tell('widened')] : []),
    ...(after?.some((one) => !has(before, one)) ? [tell('narrowed')] : []),
  ];
}
