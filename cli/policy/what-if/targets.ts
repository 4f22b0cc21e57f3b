/** Hosts, paths and URLs that fit a policy. */
import type { PatternSegment, RouteKey } from '../../../src/policy/compile/route-key.ts';
import { hostKey, tableName } from '../../../src/policy/hosts.ts';
import { type Match, match, type NoMatch } from '../../../src/policy/match.ts';
import { parsePath } from '../../../src/policy/path.ts';
import type { Api, Policy, Route, RouteTable } from '../../../src/policy/policy.ts';
import type { QueryCondition } from '../../../src/policy/query.ts';
import { CommandError } from '../../text/command-error.ts';
import { keyOf } from '../words.ts';

/** Stands for a host that no API names. */
const ANY_HOST = 'any.example';

/** A host that is none of these. */
export function otherHost(named: { has(host: string): boolean }): string {
  let host = ANY_HOST;
  while (named.has(host)) host = `any-${host}`;
  return host;
}

/** The APIs that are asked on a host: those that name it, else those without hosts. */
export function apisOn(policy: Policy, host: string): Api[] {
  const name = tableName(policy, host);
  return policy.apis.filter(({ hosts }) =>
    name === undefined ? hosts.length === 0 : hosts.some((one) => hostKey(one) === name),
  );
}

/** The route tables of all hosts. */
export const tablesOf = ({ hosts, otherHosts }: Policy): RouteTable[] => [
  ...hosts.values(),
  ...(otherHosts === undefined ? [] : [otherHosts]),
];

/** A host for a name in the table of hosts: where a parameter stands, one that the policy does not name. */
export function exampleHost(name: string, named: { has(host: string): boolean }): string {
  let host = name.replace('*', 'some-label');
  while (host !== name && named.has(host)) host = `x${host}`;
  return host;
}

/** A host for each table of routes. */
export const hostsOf = ({ hosts, otherHosts }: Policy): string[] => [
  ...[...hosts.keys()].map((name) => exampleHost(name, hosts)),
  ...(otherHosts === undefined ? [] : [otherHost(hosts)]),
];

/** The first host of an API; the name of its parameter stands for itself. */
export const hostOf = ({ hosts }: Api): string =>
  hosts[0]?.replace(/^:([^.]*)/, (_, name: string) => name.toLowerCase().replaceAll('_', '-')) ?? ANY_HOST;

/**
 * The whole URL of what may be a path only: then on the first host of the API that has it; where none has, on the
 * first host of the policy. Throws `CommandError` where APIs on several hosts have it.
 */
export function completeUrl(policy: Policy, method: string, urlOrPath: string): string {
  if (!urlOrPath.startsWith('/')) {
    // Clients send a slash for a URL without a path.
    return /^[a-z]+:\/\/[^/?#]*$/i.test(urlOrPath) ? `${urlOrPath}/` : urlOrPath;
  }
  const [, path = '', query = ''] = /^([^?]*)(.*)$/s.exec(urlOrPath) ?? [];
  return `https://${hostFor(policy, method, path, query) ?? ANY_HOST}${urlOrPath}`;
}

function hostFor(policy: Policy, method: string, rawPath: string, query: string): string | undefined {
  const hosts = [...new Set(policy.apis.map(hostOf))];
  const path = parsePath(rawPath);
  if (typeof path === 'string') return hosts[0];
  const found = hosts.map((host) => [host, match(policy, host, method, path, query)] as const);
  const first = (fits: (one: Match | NoMatch) => boolean) => found.find(([, one]) => fits(one))?.[0];
  const fitting = found.filter(([, one]) => one.kind === 'match').map(([host]) => host);
  // The rules of one would be taken for those of all.
  if (fitting.length > 1)
    throw new CommandError(
      `${rawPath} is on ${fitting.join(' and ')}; write the whole URL, such as https://${fitting[0]}${rawPath}`,
    );
  return (
    first(({ kind }) => kind === 'match') ??
    first((one) => one.kind === 'no_match' && one.reason.code === 'method_not_allowed') ??
    hosts[0]
  );
}

/** A request that the route's pattern fits. @param filler what stands where any text will do */
export function exampleTarget(route: Route, filler = 'x'): { method: string; path: string } {
  const key = keyOf(route);
  const [first = 'GET'] = key.methods;
  return { method: first === '*' ? 'GET' : first, path: examplePath(key, filler) + writeQuery(key.query) };
}

/** A path that a pattern fits. */
export const examplePath = ({ segments }: RouteKey, filler: string): string =>
  `/${segments.map((one) => exampleSegment(one, filler)).join('/')}`;

function exampleSegment(segment: PatternSegment, filler: string): string {
  if (segment.kind === 'literal') return writeSegment(segment.text);
  return segment.kind === 'rest'
    ? filler
    : writeSegment(segment.before) + filler + writeSegment(segment.after);
}

/** A query that meets a condition and has nothing else. */
export const writeQuery = (condition: QueryCondition): string =>
  condition.length === 0
    ? ''
    : `?${condition.map((param) => param.map(encodeURIComponent).join('=')).join('&')}`;

/** A segment's text as it is sent: no more is encoded than must be. */
export const writeSegment = (text: string): string =>
  encodeURIComponent(text).replace(/%(24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent);
