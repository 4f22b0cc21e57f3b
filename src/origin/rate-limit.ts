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
  if (principal?.client !== undefined) return `${scope} client ${principal.issuer.name} ${principal.client}`;
  if (principal?.subject !== undefined)
    return `${scope} subject ${principal.issuer.name} ${principal.subject}`;
  return `${scope} address ${address ?? ''}`;
}
