import type { Reason } from './decision.ts';
import { parseTarget, type Target } from './http/target.ts';
import type { KeyOrigin } from './keys/source.ts';
import { authorize, checkAudience } from './policy/authorize.ts';
import { type Match, match, type NoMatch } from './policy/match.ts';
import type { Api, Policy, Principal, Route } from './policy/policy.ts';
import type { Credential, CredentialReader } from './token/bearer.ts';
import type { UnverifiedToken } from './token/decode.ts';
import type { Refused, Verified } from './token/verify.ts';

/** The parts of a request that are judged. The only header among them is the one that the credentials are read from. */
export interface GatewayRequest {
  /** As it came: not folded by a URL parser. */
  readonly url: string;
  readonly method: string;
  readonly credentials: CredentialReader;
}

/** How far a request came, and what was learnt on the way. */
export interface Progress {
  readonly target?: Target;
  readonly route?: Route;
  /** The API that the path belongs to, where no route of it serves the method. */
  readonly api?: Api | undefined;
  /** Routes whose rules had to hold as well. */
  readonly nearMisses?: readonly Route[];
  /** The claims of a refused token, for logs only. */
  readonly unverified?: UnverifiedToken | undefined;
  readonly principal?: Principal;
  /** The principal of a cached token that a report-only route would refuse. For logs. */
  readonly refusedPrincipal?: Principal | undefined;
  readonly keysFrom?: KeyOrigin | undefined;
}

export type Decision =
  | (Progress & {
      readonly kind: 'allow';
      readonly target: Target;
      readonly route: Route;
      readonly nearMisses: readonly Route[];
      readonly forwardAuthorization: boolean;
      /** Why a rule that is only reported would have refused the request. */
      readonly wouldDeny?: Reason | undefined;
    })
  | (Progress & { readonly kind: 'deny'; readonly reason: Reason });

/** How a token is verified for the routes that want one: `verifyToken`, or the part of it that needs no key. */
export type Verify = (
  token: string,
  routes: readonly Route[],
) => Verified | Refused | Promise<Verified | Refused>;

/** A step of the decision, as it was made: for tools that explain it. `verify` tells of its own steps. */
export type DecisionStep =
  | { readonly step: 'target'; readonly target: ReturnType<typeof parseTarget> }
  | { readonly step: 'route'; readonly target: Target; readonly found: Match | NoMatch }
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
      /** The request's path, decoded. */
      readonly segments: readonly string[];
      readonly reason: Reason | undefined;
    };

/**
 * The pipeline of every request: path, route, token, claims, rules. Free of side effects, apart from looking up keys.
 * The gateway decides by this function, and so does every tool that shows a decision.
 *
 * @param observe is told of each step, in order, up to the one that refuses
 */
export async function decide(
  { url, method, credentials }: GatewayRequest,
  policy: Policy,
  verify: Verify,
  observe?: (step: DecisionStep) => void,
): Promise<Decision> {
  const target = parseTarget(url);
  observe?.({ step: 'target', target });
  if (target.kind === 'fault')
    return { kind: 'deny', reason: { code: 'path_ambiguous', fault: target.fault } };

  const found = match(policy, target.host, method, target.path);
  observe?.({ step: 'route', target, found });
  if (found.kind === 'no_match') {
    const nearMisses = found.nearMiss === undefined ? [] : [found.nearMiss];
    return { kind: 'deny', reason: found.reason, target, nearMisses, api: found.api };
  }
  const { route, nearMisses } = found;
  const routes = nearMisses.length === 0 ? [route] : [route, ...nearMisses];
  const forwardAuthorization = routes.every((one) => one.forwardAuthorization);
  const passed = { kind: 'allow', target, route, nearMisses, forwardAuthorization } as const;

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
  const { segments } = target.path;
  const known = { principal, keysFrom };
  for (const one of [...enforced, ...reportOnly]) {
    // The token was verified for the routes that judge it.
    const isVerified = isReportOnly || !one.reportOnly;
    const reason =
      (isVerified ? undefined : checkAudience(one, principal)) ?? authorize(one, principal, segments);
    observe?.({ step: 'rules', route: one, principal, segments, reason });
    if (reason === undefined) continue;
    return one.reportOnly ? { ...passed, ...known, wouldDeny: reason } : refuse(reason, known);
  }
  for (const one of tokenRoutes) {
    if (one.report === undefined) continue;
    const reason = checkAudience(one.report, principal) ?? authorize(one.report, principal, segments);
    observe?.({ step: 'report', route: one, principal, segments, reason });
    if (reason !== undefined) return { ...passed, ...known, wouldDeny: reason };
  }
  return { ...passed, ...known };
}
