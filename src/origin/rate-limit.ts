import { readClaim } from '../policy/claims.ts';
import type { LimitBy, Principal, RouteLimit } from '../policy/policy.ts';

/**
 * Whose requests are counted together: those with the same key. Names of two issuers are different ones, and each API or
 * route has counters of its own. Requests that lack what the policy names are counted as if it named nothing: by subject,
 * else client, else address.
 */
export function limitKey(
  { scope, by }: RouteLimit,
  principal: Principal | undefined,
  address: string | null,
): string {
  const who = by === 'address' || principal === undefined ? undefined : whoIs(by, principal);
  return JSON.stringify(
    who === undefined
      ? [scope, 'address', network(address ?? '')]
      : [scope, who[0], principal?.issuer.name, who[1]],
  );
}

/** @returns `undefined`: nobody but an address */
function whoIs(by: LimitBy | undefined, { client, subject, claims }: Principal) {
  const named =
    typeof by === 'object'
      ? (['claim', scalar(readClaim(claims, by))] as const)
      : (['client', client] as const);
  const choices = [
    ...(by === undefined || by === 'subject' ? [] : [named]),
    ['subject', subject] as const,
    ['client', client] as const,
  ];
  return choices.find(([, value]) => value !== undefined);
}

/** Lists and tables have no one value. */
const scalar = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;

/** A client of IPv6 has a network of 64 bits, and any address in it. */
function network(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = address.split('::');
  const groups = head.split(':');
  const missing = 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const full = [...groups, ...Array.from({ length: Math.max(0, missing) }, () => '0')];
  return `${full.slice(0, 4).join(':')}::/64`;
}
