/** From the URL to the route: what the gateway does before it looks at a token. */

import type { PathFault, Reason } from '../../../src/decision.ts';
import { parseTarget, type Target, writeTarget } from '../../../src/http/target.ts';
import { findAll, type Match, match } from '../../../src/policy/match.ts';
import type { PatternLeaf, Policy, Route, RouteTable } from '../../../src/policy/policy.ts';
import { countOf } from '../../text/terminal.ts';
import { listed, shown } from '../../text/words.ts';
import type { Question } from '../what-if/simulate.ts';
import { maskUrl } from './mask.ts';
import { type Told, tell } from './step.ts';

const FAULTS: Readonly<Record<PathFault, string>> = {
  fragment: 'there is a # in it',
  separator: 'a segment holds /, \\, ? or # once it is decoded',
  control_character: 'a segment holds a control character',
  double_encoding: 'a segment is encoded twice',
  invalid_encoding: 'a % begins no UTF-8',
  dot_segment: 'a segment can be read as . or ..',
  empty_segment: 'a segment before the last one is empty',
  authority: 'it has no host, or one that can be read in two ways',
};

/** Methods that the platform knows. It answers all others itself. */
const PLATFORM_METHODS: ReadonlySet<string> = new Set(
  'GET HEAD POST PUT DELETE PATCH PURGE OPTIONS TRACE CONNECT COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH UNLOCK ACL REPORT MKACTIVITY CHECKOUT MERGE M-SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE QUERY BAN'.split(
    ' ',
  ),
);

export interface Routed {
  readonly told: readonly Told[];
  readonly target?: Target;
  readonly match?: Match;
}

export function tellRoute(policy: Policy, { url, method }: Question): Routed {
  const target = parseTarget(url);
  const saw = `${method} ${maskUrl(url)}`;
  if (target.kind === 'fault') {
    const reason: Reason = { code: 'path_ambiguous', fault: target.fault };
    return {
      told: [
        tell('target', saw, `the URL can be read in more than one way: ${FAULTS[target.fault]}`, { reason }),
      ],
    };
  }
  const told = [tellMethod(method), tell('target', saw, describeTarget(target))].filter(
    (one) => one !== undefined,
  );
  const table = policy.hosts.get(target.host) ?? policy.otherHosts;
  if (table === undefined) {
    const hosts = [...policy.hosts.keys()].join(', ');
    const reason: Reason = { code: 'route_unknown' };
    return {
      told: [...told, tell('host', target.host, `no API has this host; there is ${hosts}`, { reason })],
      target,
    };
  }
  told.push(tell('host', target.host, describeHost(policy, target.host)));
  const found = match(policy, target.host, method, target.path);
  const leaves = findAll(table.exact, target.path.segments);
  const fitting = `${patterns(leaves)}`;
  const path = `/${target.path.segments.join('/')}`;
  if (found.kind === 'no_match' && found.nearMiss === undefined) {
    const { reason } = found;
    const decided =
      reason.code === 'method_not_allowed'
        ? `the path is known, but not with ${method}: it has ${reason.allow.join(', ')}`
        : 'no pattern fits the path';
    return {
      told: [
        ...told,
        tell('route', leaves.length === 0 ? path : `patterns that fit: ${fitting}`, decided, { reason }),
      ],
      target,
    };
  }
  const chosen = leaves[0];
  const others = leaves.length > 1 ? `; the most specific of ${fitting}` : '';
  const serving = found.kind === 'match' ? describeRoute(found.route) : (chosen?.pattern ?? '');
  told.push(tell('route', path, `${serving}${others}`));
  told.push(tellNearMisses(table, target, found));
  return found.kind === 'match' ? { told, target, match: found } : { told, target };
}

function tellMethod(method: string): Told | undefined {
  if (PLATFORM_METHODS.has(method)) return undefined;
  return tell(
    'method',
    method,
    'the platform does not know this method, and answers 501 before the gateway is asked',
    {
      verdict: 'skipped',
    },
  );
}

function tellNearMisses(table: RouteTable, { path }: Target, found: ReturnType<typeof match>): Told {
  const folded = `/${path.folded.join('/')}`;
  const saw = `a lax origin may read it as ${folded}`;
  if (found.kind === 'no_match') {
    const { reason, nearMiss } = found;
    const decided =
      reason.code === 'route_unknown'
        ? `that is a path of another API, ${nearMiss?.api.name ?? ''}`
        : `that is ${nearMiss === undefined ? folded : describeRoute(nearMiss)}, which lacks the method`;
    return tell('near misses', saw, decided, { reason });
  }
  const { nearMisses } = found;
  if (nearMisses.length > 0)
    return tell('near misses', saw, `the rules of ${listed(nearMisses.map(describeRoute))} must hold too`);
  const also = findAll(table.folded, path.folded).flatMap(({ leaves }) => leaves).length;
  return tell('near misses', saw, also > 1 ? 'no other rules' : 'no other route');
}

export const describeRoute = (route: Route): string => `${route.api.name} ${route.key.replace(/\s+/g, ' ')}`;

const patterns = (leaves: readonly PatternLeaf[]) => leaves.map(({ pattern }) => pattern).join(', ');

function describeTarget(target: Target): string {
  const { scheme, host, authority, path } = target;
  const written = writeTarget({ ...target, query: '' });
  const host_ = host === authority ? host : `${host} (sent as ${authority})`;
  const decoded = path.segments.some((segment, i) => segment !== path.encoded[i])
    ? `, decoded ${shown(path.segments)}`
    : '';
  return `${scheme}, host ${host_}, path ${written}${decoded}`;
}

function describeHost(policy: Policy, host: string): string {
  const named = policy.hosts.has(host);
  const apis = policy.apis.filter(({ hosts }) => (named ? hosts.includes(host) : hosts.length === 0));
  const routes = apis.reduce((sum, api) => sum + api.routes.length, 0);
  const names = listed(apis.map(({ name }) => name));
  return `${named ? names : `no API names it, so ${names}`}: ${countOf(routes, 'route')}`;
}
