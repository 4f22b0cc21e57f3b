import { tableOf } from '../../../src/policy/hosts.ts';
import type { Policy, RouteTable } from '../../../src/policy/policy.ts';
import { apisOn, exampleHost, otherHost } from '../what-if/targets.ts';

/** Hosts that both policies treat alike. */
export interface HostGroup {
  /** Empty: all that no API of either policy names. */
  readonly names: readonly string[];
  /** One of them. */
  readonly host: string;
  readonly tables: readonly RouteTable[];
}

/** Every host belongs to one group. */
export function hostGroups(policies: readonly Policy[]): HostGroup[] {
  const named = new Set(policies.flatMap(({ hosts }) => [...hosts.keys()]));
  // Hosts with the same APIs have the same routes.
  const groups = Map.groupBy(named, (host) =>
    JSON.stringify(
      policies.map((policy) => apisOn(policy, exampleHost(host, named)).map(({ name }) => name)),
    ),
  );
  return [[], ...groups.values()].map((names) => {
    const host = names[0] === undefined ? otherHost(named) : exampleHost(names[0], named);
    return {
      names,
      host,
      tables: policies.flatMap((policy) => tableOf(policy, host) ?? []),
    };
  });
}
