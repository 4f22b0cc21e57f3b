/** URLs for a policy: of a path alone, and of a route. */
import { type Match, match, type NoMatch } from '../../../src/policy/match.ts';
import { parsePath } from '../../../src/policy/path.ts';
import type { Api, Policy, Route } from '../../../src/policy/policy.ts';
import { CommandError } from '../../text/terminal.ts';
import { keyOf } from '../words.ts';

/** Stands for a host that no API names. */
const ANY_HOST = 'any.example';

/** The first host of an API. */
export const hostOf = ({ hosts }: Api): string => hosts[0] ?? ANY_HOST;

/**
 * The whole URL of what may be a path only: then on the first host of the API that has it; where none has, on the
 * first host of the policy. Throws `CommandError` where APIs on several hosts have it.
 */
export function completeUrl(policy: Policy, method: string, urlOrPath: string): string {
  if (!urlOrPath.startsWith('/')) {
    // What a client sends for a URL without a path.
    return /^[a-z]+:\/\/[^/?#]*$/i.test(urlOrPath) ? `${urlOrPath}/` : urlOrPath;
  }
  const [path = ''] = urlOrPath.split('?');
  return `https://${hostFor(policy, method, path) ?? ANY_HOST}${urlOrPath}`;
}

function hostFor(policy: Policy, method: string, rawPath: string): string | undefined {
  const hosts = [...new Set(policy.apis.map(hostOf))];
  const path = parsePath(rawPath);
  if (typeof path === 'string') return hosts[0];
  const found = hosts.map((host) => [host, match(policy, host, method, path)] as const);
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

/** What stands for path parameters, where a claim must equal one. */
export type Parameters = Readonly<Record<string, string>>;

/** A request that the route's pattern fits. @param filler what stands where any text will do */
export function exampleTarget(
  route: Route,
  parameters: Parameters = {},
  filler = 'x',
): { method: string; path: string } {
  const { methods, segments } = keyOf(route);
  const [first = 'GET'] = methods;
  const parts = segments.map((segment) =>
    segment.kind === 'literal'
      ? writeLiteral(segment.text)
      : segment.kind === 'param'
        ? (parameters[segment.name] ?? filler)
        : filler,
  );
  return { method: first === '*' ? 'GET' : first, path: `/${parts.join('/')}` };
}

const writeLiteral = (text: string) =>
  encodeURIComponent(text).replace(/%(24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent);
