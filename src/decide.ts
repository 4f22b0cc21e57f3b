import type { Reason } from './decision.ts';
import { apiOfPreflight } from './http/preflight.ts';
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
import { authorize, checkAudience } from './policy/authorize.ts';
import { type Match, match, matchUnread, type NoMatch } from './policy/match.ts';
import type { Place } from './policy/params.ts';
import type { Api, Policy, Principal, Route } from './policy/policy.ts';
import { isOnTrial } from './policy/trial.ts';
import type { Credential, CredentialReader } from './token/bearer.ts';
import { decodeToken, type UnverifiedToken } from './token/decode.ts';
import type { Refused, Verified } from './token/verify.ts';

/** The parts of a request that are judged. The only header among them is the one that the credentials are read from. */
export interface GatewayRequest {
  /** As it came: not folded by a URL parser. */
  readonly url: string;
  readonly method: string;
  readonly credentials: CredentialReader;
  /** The method that a browser asks about, of a preflight. */
  readonly preflight?: string | undefined;
}

/** How far a request came, and what was learnt on the way. */
export interface Progress {
  readonly target?: RawTarget;
  readonly route?: Route;
  /** The API that the path belongs to, where no route of it serves the method. */
  readonly api?: Api | undefined;
  /** Routes whose rules had to hold as well. */
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
      readonly route: Route;
      readonly nearMisses: readonly Route[];
      readonly forwardAuthorization: boolean;
      /** Why the request would have been refused, if all was enforced that is on trial. */
      readonly wouldDeny?: Reason | undefined;
    })
  | (Progress & { readonly kind: 'deny'; readonly reason: Reason });

const NONE: readonly Route[] = [];

/** How a token is verified for the routes that want one: `verifyToken`, or the part of it that needs no key. */
export type Verify = (
  token: string,
  routes: readonly Route[],
) => Verified | Refused | Promise<Verified | Refused>;

/** A step of the decision, as it was made: for tools that explain it. `verify` tells of its own steps. */
export type DecisionStep =
  | { readonly step: 'target'; readonly target: ReturnType<typeof parseTarget> }
  | { readonly step: 'route'; readonly target: Target; readonly found: Match | NoMatch }
  /** A browser's question, which the API answers itself: `cors = "origin"`. */
  | { readonly step: 'preflight'; readonly route: Route; readonly method: string }
  /** The request is refused for this reason where nothing is on trial. Here it goes on, to the API of this route. */
  | { readonly step: 'trial'; readonly route: Route; readonly reason: Reason }
  /** @property routes those that want a token */
  | {
      readonly step: 'credentials';
      readonly routes: readonly Route[];
      readonly credential: Credential | undefined;
    }
  | {
      readonly step: 'rules' | 'report';
      readonly route: Route;
      readonly principal: Principal;
      readonly place: Place;
      readonly reason: Reason | undefined;
    };

/**
 * The pipeline of every request: path, route, token, claims, rules. Free of side effects, apart from looking up keys.
 * The gateway decides by this function, and so does every tool that shows a decision.
 *
 * @param observe is told of each step, in order, up to the one that refuses
 */
export async function decide(
  { url, method, credentials, preflight }: GatewayRequest,
  policy: Policy,
  verify: Verify,
  observe?: (step: DecisionStep) => void,
): Promise<Decision> {
  const target = parseTarget(url);
  observe?.({ step: 'target', target });
  if (target.kind === 'fault') return decideUnread(policy, target, method, credentials, observe);
  const asked = preflight === undefined ? undefined : passPreflight(policy, target, preflight, observe);
  if (asked !== undefined) return asked;
  const found = match(policy, target.host, method, target.path, target.query);
  observe?.({ step: 'route', target, found });
  if (found.kind === 'no_match') {
    const nearMisses = found.nearMiss === undefined ? [] : [found.nearMiss];
    return { kind: 'deny', reason: found.reason, target, nearMisses, api: found.api };
  }
  const { route, nearMisses, refusal } = found;
  const passed = { ...passing(route, nearMisses, target), wouldDeny: refusal };
  if (refusal !== undefined) observe?.({ step: 'trial', route, reason: refusal });
  if (refusal !== undefined && route.reportOnly) return { ...passed, ...seenOf(credentials) };

  const routes = nearMisses.length === 0 ? [route] : [route, ...nearMisses];
  const tokenRoutes = routes.filter(({ auth }) => auth !== 'none');
  // Report-only routes refuse nobody, also beside routes that are enforced.
  const enforced = tokenRoutes.filter((one) => !one.reportOnly);
  const reportOnly = tokenRoutes.filter((one) => one.reportOnly);
  const isReportOnly = enforced.length === 0;
  const judging = isReportOnly ? reportOnly : enforced;
  const refuse = (reason: Reason, progress?: Progress): Decision =>
    isReportOnly
      ? { ...passed, ...progress, wouldDeny: reason }
      : { kind: 'deny', reason, target, route, nearMisses, ...progress };

  const credential = tokenRoutes.length === 0 ? undefined : credentials.read();
  observe?.({ step: 'credentials', routes: judging, credential });
  if (credential === undefined) {
    if (judging.some(({ auth }) => auth === 'required')) return refuse({ code: 'token_missing' });
    const isReported = tokenRoutes.some(({ auth, report }) => auth === 'required' || report);
    return isReported ? { ...passed, wouldDeny: { code: 'token_missing' } } : passed;
  }
  if ('reason' in credential) return refuse(credential.reason);

  const verified = await verify(credential.token, judging);
  if (verified.kind === 'refused') {
    const { reason, kind: _, principal, ...progress } = verified;
    // Where the request passes all the same, the claims of a token that was good once are for the log only.
    const known = isReportOnly ? { refusedPrincipal: principal } : principal && { principal };
    return refuse(reason, { ...progress, ...known });
  }
  const { principal, keysFrom } = verified;
  const place = { segments: target.path.segments, host: target.host };
  const known = { principal, keysFrom };
  for (const one of [...enforced, ...reportOnly]) {
    // The token was verified for the routes that judge it.
    const isVerified = isReportOnly || !one.reportOnly;
    const reason =
      (isVerified ? undefined : checkAudience(one, principal)) ?? authorize(one, principal, place);
    observe?.({ step: 'rules', route: one, principal, place, reason });
    if (reason === undefined) continue;
    if (!one.reportOnly) return refuse(reason, known);
    // What its rules refuse, an API on trial gets without claims: its origin may have learnt to trust them.
    const passedOn = isReportOnly && isOnTrial(route) ? { keysFrom, refusedPrincipal: principal } : known;
    return { ...passed, ...passedOn, wouldDeny: reason };
  }
  for (const one of tokenRoutes) {
    if (one.report === undefined) continue;
    const reason = checkAudience(one.report, principal) ?? authorize(one.report, principal, place);
    observe?.({ step: 'report', route: one, principal, place, reason });
    if (reason !== undefined) return { ...passed, ...known, wouldDeny: reason };
  }
  return { ...passed, ...known };
}

/** A path that can be read in two ways is refused, unless nothing is enforced beside it. */
function decideUnread(
  policy: Policy,
  { fault, raw }: UnreadTarget,
  method: string,
  credentials: CredentialReader,
  observe: ((step: DecisionStep) => void) | undefined,
): Decision {
  const reason: Reason = { code: 'path_ambiguous', fault };
  if (raw === undefined) return { kind: 'deny', reason };
  const trial = matchUnread(policy, raw.host, method, rawSegments(raw));
  if (trial === undefined) return { kind: 'deny', reason, target: raw };
  observe?.({ step: 'trial', route: trial, reason });
  return { ...passing(trial, NONE, raw), ...seenOf(credentials), wouldDeny: reason };
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
  return { ...passing(route, NONE, target), preflight: method };
}

/** What the token of a request claims that only a trial lets pass: no route looks at it, and the log may. */
function seenOf(credentials: CredentialReader): Pick<Progress, 'unverified'> {
  const credential = credentials.read();
  const token = credential && 'token' in credential ? decodeToken(credential.token) : undefined;
  return token !== undefined && 'claims' in token ? { unverified: token } : {};
}

/** An allowed request, before anyone has asked who it comes from. */
function passing(route: Route, nearMisses: readonly Route[], target: RawTarget) {
  const { path, query } = target;
  const isAsItCame = path === undefined || isOnTrial(route);
  const skipped = route.api.prefix.length;
  return {
    kind: 'allow',
    target,
    sent: isAsItCame ? writeRawTarget(target, skipped) : writeTarget({ path, query }, skipped),
    route,
    nearMisses,
    forwardAuthorization: route.forwardAuthorization && nearMisses.every((one) => one.forwardAuthorization),
  } as const;
}
