import type { Principal, RouteLimit } from '../policy/policy.ts';

/**
 * Who is counted: the client, else the subject, else the address. Names of two issuers are different ones, and each
 * API or route has counters of its own.
 */
export function limitKey(
  { scope }: RouteLimit,
  principal: Principal | undefined,
  address: string | null,
): string {
  const { issuer, client, subject } = principal ?? {};
  if (client !== undefined) return JSON.stringify([scope, 'client', issuer?.name, client]);
  if (subject !== undefined) return JSON.stringify([scope, 'subject', issuer?.name, subject]);
  return JSON.stringify([scope, 'address', network(address ?? '')]);
}

/** A client of IPv6 has a network of 64 bits, and any address in it. */
function network(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = address.split('::');
  const groups = head.split(':');
  const missing = 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const full = [...groups, ...Array.from({ length: Math.max(0, missing) }, () => '0')];
  return `${full.slice(0, 4).join(':')}::/64`;
}
