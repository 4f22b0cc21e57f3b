/** The steps of the decision before the token: which routes a request falls under. */
import type { Reason } from './decision.ts';
import { apiOfPreflight } from './http/preflight.ts';
import { type Judged, overridesIn, type SecondTargets, secondTargets } from './http/second-target.ts';
import {
  parseTarget,
  type RawTarget,
  rawSegments,
  type Target,
  type UnreadTarget,
  writeRawTarget,
  writeTarget,
} from './http/target.ts';
import type { KeyOrigin } from './keys/source.ts';
import { type Match, match, matchUnread, type NoMatch } from './policy/match.ts';
import type { Place } from './policy/params.ts';
import type { Api, Policy, Principal, Route } from './policy/policy.ts';
import { isOnTrial } from './policy/trial.ts';
import type { Standing } from './revocation/standing.ts';
import type { Credential, CredentialReader } from './token/bearer.ts';
import { decodeToken, type UnverifiedToken } from './token/decode.ts';

/** The parts of a request that are judged. */
export interface GatewayRequest {
  /** As it came: not folded by a URL parser. */
  readonly url: string;
  readonly method: string;
  /** Asked for what names a second target, and for nothing else. */
  readonly headers: Pick<Headers, 'get'>;
  /** Methods that the form in its body names, once somebody has read it. */
  readonly formMethods?: readonly string[];
  /** The method that a browser asks about, of a preflight. */
  readonly preflight?: string | undefined;
  /** What is revoked and switched. `undefined`: nothing can be, by this policy. */
  readonly standing?: Standing | undefined;
  /** Reads the token from the place that the API names. */
  credentials(api: Api): CredentialReader;
}

/** How far a request came, and what was learnt on the way. */
export interface Progress {
  readonly target?: RawTarget;
  readonly route?: Route;
  /** The API that the path belongs to, where no route of it serves the method. */
  readonly api?: Api | undefined;
  /** Routes whose rules had to hold as well: other readings of the path, and second targets. */
  readonly nearMisses?: readonly Route[];
  /** The claims of a refused token, for logs only. */
  readonly unverified?: UnverifiedToken | undefined;
  readonly principal?: Principal;
  /** The principal of a token that a report-only route would refuse. For logs. */
  readonly refusedPrincipal?: Principal | undefined;
  readonly keysFrom?: KeyOrigin | undefined;
  /** The method that a browser asks about, of a preflight that is sent on. */
  readonly preflight?: string | undefined;
}

export type Decision =
  | (Progress & {
      readonly kind: 'allow';
      readonly target: RawTarget;
      /** The path and query that the origin is asked for. */
      readonly sent: string;
      /** The same for `Destination`, where the request has one that was judged. */
      readonly sentDestination?: string | undefined;
      readonly route: Route;
      readonly nearMisses: readonly Route[];
      readonly forwardAuthorization: boolean;
      /** Whether the origin gets the token where that is not in `Authorization`. */
      readonly keepsToken: boolean;
      /** Why the request would have been refused, if all was enforced that is on trial. */
      readonly wouldDeny?: Reason | undefined;
    })
  | (Progress & { readonly kind: 'deny'; readonly reason: Reason });

const NONE: readonly Route[] = [];
const NO_METHODS: readonly string[] = [];

/** A step of the decision, as it was made: for tools that explain it. `verify` tells of its own steps. */
export type DecisionStep =
  | { readonly step: 'target'; readonly target: ReturnType<typeof parseTarget> }
  | { readonly step: 'route'; readonly target: Target; readonly found: Match | NoMatch }
  /** A browser's question, which the API answers itself: `cors = "origin"`. */
  | { readonly step: 'preflight'; readonly route: Route; readonly method: string }
  | ({ readonly step: 'second_target' } & SecondTargets)
  /** The request is refused for this reason where nothing is on trial. Here it goes on, to the API of this route. */
  | { readonly step: 'trial'; readonly route: Route; readonly reason: Reason }
  /** A switch closes this route. */
  | { readonly step: 'closed'; readonly route: Route; readonly reason: Reason }
  /** Whether the token of a verified caller is revoked. */
  | { readonly step: 'revoked'; readonly principal: Principal; readonly reason: Reason | undefined }
  /** @property routes those that want a token */
  | {
      readonly step: 'credentials';
      readonly routes: readonly Route[];
      /** Whose place was looked at. */
      readonly api: Api;
      readonly credential: Credential | undefined;
    }
  | {
      readonly step: 'rules' | 'report';
      readonly route: Route;
      readonly principal: Principal;
      /** What the route is asked about. */
      readonly place: Place;
      readonly reason: Reason | undefined;
    };

/** A request that the route table takes, before anyone has asked who it comes from. */
export interface Located {
  readonly passed: Extract<Decision, { kind: 'allow' }>;
  readonly judged: readonly Judged[];
  /** The methods that it stands for besides its own. */
  readonly methods: readonly string[];
}

/** The steps before the token. A decision where there is nothing to ask a token about. */
export function locate(
  request: GatewayRequest,
  policy: Policy,
  observe: ((step: DecisionStep) => void) | undefined,
): Located | Decision {
  const { url, method } = request;
  const target = parseTarget(url);
  observe?.({ step: 'target', target });
  if (target.kind === 'fault') return locateUnread(policy, target, request, observe);
  const asked =
    request.preflight === undefined ? undefined : passPreflight(policy, target, request.preflight, observe);
  if (asked !== undefined) return asked;
  const found = match(policy, target.host, method, target.path, target.query);
  observe?.({ step: 'route', target, found });
  if (found.kind === 'no_match') {
    const nearMisses = found.nearMiss === undefined ? [] : [found.nearMiss];
    return { kind: 'deny', reason: found.reason, target, nearMisses, api: found.api };
  }
  const { route } = found;
  const { host } = target;
  const place = { segments: target.path.segments, host };
  const second = secondTargets(policy, request, target, found);
  const { targets, destination, fault } = second;
  if (targets.length > 0 || fault !== undefined) observe?.({ step: 'second_target', ...second });
  const judged = judgedOf([
    { route, place },
    ...found.nearMisses.map((one) => ({ route: one, place })),
    ...targets.flatMap(({ path: { segments }, routes }) =>
      routes.map((one) => ({ route: one, place: { segments, host } })),
    ),
  ]);
  const nearMisses =
    targets.length === 0
      ? found.nearMisses
      : [...new Set(judged.map((one) => one.route))].filter((one) => one !== route);
  const refused = targets.find(({ refusal, isTried }) => refusal !== undefined && isTried !== true);
  if (refused?.refusal !== undefined) {
    const near = refused.nearMiss === undefined ? nearMisses : [...nearMisses, refused.nearMiss];
    return { kind: 'deny', reason: refused.refusal, target, route, nearMisses: near };
  }
  if (fault !== undefined && !mayBeUnread(route, fault))
    return { kind: 'deny', reason: fault, target, route, nearMisses };
  const refusal = found.refusal ?? fault ?? targets.find((one) => one.refusal !== undefined)?.refusal;
  const allowed = passing(route, nearMisses, target, destination);
  const passed = refusal === undefined ? allowed : { ...allowed, wouldDeny: refusal };
  if (refusal !== undefined) observe?.({ step: 'trial', route, reason: refusal });
  if (refusal !== undefined && judged.every((one) => one.route.reportOnly))
    return { ...passed, ...seenOf(request, route) };
  return { passed, judged, methods: targets.length === 0 ? NO_METHODS : targets.map((one) => one.method) };
}

/** A path that can be read in two ways is refused, unless nothing is enforced beside it. */
function locateUnread(
  policy: Policy,
  { fault, raw }: UnreadTarget,
  request: GatewayRequest,
  observe: ((step: DecisionStep) => void) | undefined,
): Decision {
  const reason: Reason = { code: 'path_ambiguous', fault };
  if (raw === undefined) return { kind: 'deny', reason };
  const trial = matchUnread(policy, raw.host, request.method, rawSegments(raw));
  if (trial === undefined) return { kind: 'deny', reason, target: raw };
  observe?.({ step: 'trial', route: trial, reason });
  return { ...passing(trial, NONE, raw), ...seenOf(request, trial), wouldDeny: reason };
}

/** A browser's question to an API that speaks CORS itself. Nobody is asked who it comes from. */
function passPreflight(
  policy: Policy,
  target: Target,
  method: string,
  observe: ((step: DecisionStep) => void) | undefined,
): Decision | undefined {
  const route = apiOfPreflight(policy, target, method)?.preflights;
  if (route === undefined) return undefined;
  observe?.({ step: 'preflight', route, method });
  // Nobody has judged a method that an origin would take from there.
  const sent = overridesIn(target.query).length === 0 ? target : { ...target, query: '' };
  return { ...passing(route, NONE, sent), target, preflight: method };
}

/** Whether an API on trial gets a destination as it came: there is none, or nothing is enforced beside the API. */
const mayBeUnread = (route: Route, fault: Reason): boolean =>
  isOnTrial(route) &&
  (route.api.trial?.isAlone === true || (fault.code === 'destination_invalid' && fault.fault === 'missing'));

/** Each route once for each path that it is asked about. */
function judgedOf(all: readonly Judged[]): readonly Judged[] {
  if (all.length === 1) return all;
  const seen = new Map<Route, Set<string>>();
  return all.filter(({ route, place: { segments } }) => {
    const paths = seen.get(route) ?? new Set();
    seen.set(route, paths);
    const path = JSON.stringify(segments);
    return !paths.has(path) && paths.add(path);
  });
}

/** What the token of a request claims that only a trial lets pass: no route looks at it, and the log may. */
function seenOf({ credentials }: GatewayRequest, { api }: Route): Pick<Progress, 'unverified'> {
  const credential = credentials(api).read();
  const token = credential && 'token' in credential ? decodeToken(credential.token) : undefined;
  return token !== undefined && 'claims' in token ? { unverified: token } : {};
}

/** An allowed request, before anyone has asked who it comes from. */
function passing(
  route: Route,
  nearMisses: readonly Route[],
  target: RawTarget,
  destination?: Target,
): Extract<Decision, { kind: 'allow' }> {
  const { path, query } = target;
  const isAsItCame = path === undefined || isOnTrial(route);
  const skipped = route.api.prefix.length;
  return {
    kind: 'allow',
    target,
    sent: isAsItCame ? writeRawTarget(target, skipped) : writeTarget({ path, query }, skipped),
    sentDestination:
      isAsItCame || destination === undefined
        ? undefined
        : writeTarget({ path: destination.path, query: '' }, skipped),
    route,
    nearMisses,
    forwardAuthorization: route.forwardAuthorization && nearMisses.every((one) => one.forwardAuthorization),
    keepsToken: route.reportOnly && nearMisses.every((one) => one.reportOnly),
  };
}
