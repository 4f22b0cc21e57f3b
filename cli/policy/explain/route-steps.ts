/** Steps from the URL to the route: the gateway takes them before it looks at a token. */
import type { DecisionStep } from '../../../src/decide.ts';
import type { PathFault, Reason } from '../../../src/decision.ts';
import { type Target, writeTarget } from '../../../src/http/target.ts';
import { tableName, tableOf } from '../../../src/policy/hosts.ts';
import type { Match, NoMatch } from '../../../src/policy/match.ts';
import type { ParsedPath } from '../../../src/policy/path.ts';
import type { PatternLeaf, Policy, Route, RouteTable } from '../../../src/policy/policy.ts';
import { findAll, findFolded } from '../../../src/policy/tree.ts';
import { countOf, listed, shown } from '../../text/words.ts';
import type { IncomingRequest } from '../what-if/simulate.ts';
import { apisOn } from '../what-if/targets.ts';
import { keyOf, routeName } from '../words.ts';
import { maskUrl } from './mask.ts';
import { makeStep, type Step } from './step.ts';

const FAULTS: Readonly<Record<PathFault, string>> = {
  fragment: 'there is a # in it',
  separator: 'a segment holds /, \\, ? or # once it is decoded',
  control_character: 'a segment holds a control character',
  double_encoding: 'a segment is encoded twice',
  invalid_encoding: 'a % begins no UTF-8',
  dot_segment: 'a segment can be read as . or .., or as none',
  empty_segment: 'a segment before the last one is empty',
  authority: 'it has no host, or one that can be read in two ways',
};

/** Methods that the platform knows. It answers all others itself. */
const PLATFORM_METHODS: ReadonlySet<string> = new Set(
  'GET HEAD POST PUT DELETE PATCH PURGE OPTIONS TRACE CONNECT COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH UNLOCK ACL REPORT MKACTIVITY CHECKOUT MERGE M-SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE QUERY BAN'.split(
    ' ',
  ),
);

export function targetSteps(target: Seen['target'], { url, method }: IncomingRequest): Step[] {
  const saw = `${method} ${maskUrl(url)}`;
  if (target.kind === 'target')
    return [...methodSteps(method), makeStep('target', saw, describeTarget(target))];
  const reason: Reason = { code: 'path_ambiguous', fault: target.fault };
  return [
    makeStep('target', saw, `the URL can be read in more than one way: ${FAULTS[target.fault]}`, { reason }),
  ];
}

export function preflightStep({ route, method }: Extract<DecisionStep, { step: 'preflight' }>): Step {
  const saw = `a preflight of a browser, which asks about ${method}`;
  return makeStep(
    'cors',
    saw,
    `${route.api.name} speaks CORS itself: its origin answers, and no token is asked for`,
  );
}

/** What refuses the request is told by the step before. */
export function trialStep({ route }: Extract<DecisionStep, { step: 'trial' }>): Step {
  const saw = `${route.api.name} is on trial`;
  return makeStep('trial', saw, 'nothing is refused: the request goes on as it came');
}

type Seen = Extract<DecisionStep, { step: 'target' }>;

function methodSteps(method: string): Step[] {
  if (PLATFORM_METHODS.has(method)) return [];
  const decided = 'the platform does not know this method, and answers 501 before the gateway is asked';
  return [makeStep('method', method, decided, { verdict: 'skipped' })];
}

export function routeSteps(
  found: Match | NoMatch,
  target: Target,
  policy: Policy,
  { method }: IncomingRequest,
): Step[] {
  const { host, path } = target;
  const table = tableOf(policy, host);
  if (table === undefined) {
    const hosts = [...policy.hosts.keys()].join(', ');
    const reason: Reason = { code: 'route_unknown' };
    return [makeStep('host', host, `no API has this host; there is ${hosts}`, { reason })];
  }
  const hostStep = makeStep('host', host, describeHost(policy, host));
  const leaves = findAll(table.exact, path.segments);
  const fitting = patterns(leaves);
  const written = `/${path.segments.join('/')}`;
  const isServed = found.kind === 'match' && found.route !== found.route.api.trial?.anything;
  const reason = found.kind === 'match' ? found.refusal : found.reason;
  if (reason !== undefined && !isServed && (found.kind === 'match' || found.nearMiss === undefined)) {
    const saw = leaves.length === 0 ? written : `patterns that fit: ${fitting}`;
    const decided =
      reason.code === 'method_not_allowed'
        ? `the path is known, but not with ${method}: it has ${reason.allow.join(', ')}`
        : 'no pattern fits the path';
    return [hostStep, makeStep('route', saw, decided, { reason })];
  }
  const others = leaves.length > 1 ? `; the most specific of ${fitting}` : '';
  const serving = found.kind === 'match' ? routeName(found.route) : (leaves[0]?.pattern ?? '');
  return [hostStep, makeStep('route', written, `${serving}${others}`), nearMissStep(found, table, path)];
}

function nearMissStep(found: Match | NoMatch, table: RouteTable, path: ParsedPath): Step {
  const folded = `/${path.folded.join('/')}`;
  const saw = `a lax origin may read it as ${folded}`;
  if (found.kind === 'no_match') {
    const { reason, nearMiss } = found;
    const decided =
      reason.code === 'route_unknown'
        ? `that is a path of another API, ${nearMiss?.api.name ?? ''}`
        : `that is ${nearMiss === undefined ? folded : routeName(nearMiss)}, which lacks the method`;
    return makeStep('near misses', saw, decided, { reason });
  }
  const { nearMisses, refusal } = found;
  if (refusal !== undefined)
    return makeStep('near misses', saw, 'that is a path of another API on trial, or lacks the method', {
      reason: refusal,
    });
  const isQuery = nearMisses.some((one) => hasQuery(one));
  if (nearMisses.length > 0)
    return makeStep(
      'near misses',
      isQuery ? `${saw}, and its query in other ways` : saw,
      `the rules of ${listed(nearMisses.map(routeName))} must hold too`,
    );
  const also = findFolded(table.folded, path).flatMap(({ leaves }) => leaves).length;
  return makeStep('near misses', saw, also > 1 ? 'no other rules' : 'no other route');
}

const hasQuery = (route: Route) => keyOf(route).query.length > 0;

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
  const apis = apisOn(policy, host);
  const routes = apis.reduce((sum, api) => sum + api.routes.length, 0);
  const names = listed(apis.map(({ name }) => name));
  return `${tableName(policy, host) !== undefined ? names : `no API names it, so ${names}`}: ${countOf(routes, 'route')}`;
}
