import type { Policy, RouteTable } from '../../../src/policy/policy.ts';

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
  const groups = new Map<string, string[]>();
  for (const host of named) {
    // Hosts with the same APIs have the same routes.
    const key = JSON.stringify(policies.map((policy) => apisOf(policy, host)));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [host]);
    else group.push(host);
  }
  let other = 'any.example';
  while (named.has(other)) other = `any-${other}`;
  return [[], ...groups.values()].map((names) => {
    const host = names[0] ?? other;
    return {
      names,
      host,
      tables: policies.flatMap(({ hosts, otherHosts }) => hosts.get(host) ?? otherHosts ?? []),
    };
  });
}

const apisOf = ({ apis, hosts }: Policy, host: string): string[] =>
  apis
    .filter((api) => (hosts.has(host) ? api.hosts.includes(host) : api.hosts.length === 0))
    .map(({ name }) => name);
