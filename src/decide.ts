import type { Reason } from './decision.ts';
import { type Decision, type DecisionStep, type GatewayRequest, locate, type Progress } from './locate.ts';
import { authorize, checkAudience } from './policy/authorize.ts';
import type { Policy, Route } from './policy/policy.ts';
import { isOnTrial } from './policy/trial.ts';
import type { Standing } from './revocation/standing.ts';
import type { Refused, Verified } from './token/verify.ts';

export type { Decision, DecisionStep, GatewayRequest, Progress } from './locate.ts';

/** How a token is verified for the routes that want one: `verifyToken`, or the part of it that needs no key. */
export type Verify = (
  token: string,
  routes: readonly Route[],
) => Verified | Refused | Promise<Verified | Refused>;

/**
 * The pipeline of every request: path, route, token, claims, rules. Free of side effects, apart from looking up keys and
 * status lists.
 * The gateway decides by this function, and so does every tool that shows a decision.
 *
 * @param observe is told of each step, in order, up to the one that refuses
 */
export async function decide(
  request: GatewayRequest,
  policy: Policy,
  verify: Verify,
  observe?: (step: DecisionStep) => void,
): Promise<Decision> {
  const where = locate(request, policy, observe);
  const { standing } = request;
  const located = 'kind' in where ? where : where.passed;
  const closed = standing && located.kind === 'allow' ? closedBy(standing, located, observe) : undefined;
  if (closed !== undefined) return closed;
  if ('kind' in where) return where;
  const { passed, judged, methods } = where;
  const { route, target, nearMisses } = passed;
  const tokenRoutes = judged.filter((one) => one.route.auth !== 'none');
  // Report-only routes refuse nobody, also beside routes that are enforced.
  const enforced = tokenRoutes.filter((one) => !one.route.reportOnly);
  const reportOnly = tokenRoutes.filter((one) => one.route.reportOnly);
  const isReportOnly = enforced.length === 0;
  const judging = (isReportOnly ? reportOnly : enforced).map((one) => one.route);
  const refuse = (reason: Reason, progress?: Progress): Decision =>
    isReportOnly
      ? { ...passed, ...progress, wouldDeny: reason }
      : { kind: 'deny', reason, target, route, nearMisses, ...progress };

  const { api } = route;
  const credentials = tokenRoutes.length === 0 ? undefined : request.credentials(api);
  const credential = credentials?.read(methods);
  observe?.({ step: 'credentials', routes: judging, api, credential });
  if (credential === undefined) {
    const missing = () => credentials?.missing() ?? { code: 'token_missing' };
    if (judging.some(({ auth }) => auth === 'required')) return refuse(missing());
    const isReported = tokenRoutes.some((one) => one.route.auth === 'required' || one.route.report);
    return isReported ? { ...passed, wouldDeny: missing() } : passed;
  }
  if ('reason' in credential) return refuse(credential.reason);

  const verifying = verify(credential.token, judging);
  const verified = verifying instanceof Promise ? await verifying : verifying;
  if (verified.kind === 'refused') {
    const { reason: found, kind: _, principal, ...progress } = verified;
    const reason = standing?.named(found) ?? found;
    // Where the request passes all the same, the claims of a token that was good once are for the log only.
    const known = isReportOnly ? { refusedPrincipal: principal } : principal && { principal };
    return refuse(reason, { ...progress, ...known });
  }
  const { principal, keysFrom } = verified;
  const known = { principal, keysFrom };
  if (standing !== undefined) {
    const reason = standing.revoked(principal);
    observe?.({ step: 'revoked', principal, reason });
    if (reason !== undefined)
      return refuse(reason, isReportOnly ? { keysFrom, refusedPrincipal: principal } : known);
  }
  for (const one of [...enforced, ...reportOnly]) {
    const { place } = one;
    // The token was verified for the routes that judge it.
    const isVerified = isReportOnly || !one.route.reportOnly;
    const reason =
      (isVerified ? undefined : checkAudience(one.route, principal)) ??
      authorize(one.route, principal, place);
    observe?.({ step: 'rules', route: one.route, principal, place, reason });
    if (reason === undefined) continue;
    if (!one.route.reportOnly) return refuse(reason, known);
    // What its rules refuse, an API on trial gets without claims: its origin may have learnt to trust them.
    const passedOn = isReportOnly && isOnTrial(route) ? { keysFrom, refusedPrincipal: principal } : known;
    return { ...passed, ...passedOn, wouldDeny: reason };
  }
  for (const { route: one, place } of tokenRoutes) {
    if (one.report === undefined) continue;
    const reason = checkAudience(one.report, principal) ?? authorize(one.report, principal, place);
    observe?.({ step: 'report', route: one, principal, place, reason });
    if (reason !== undefined) return { ...passed, ...known, wouldDeny: reason };
  }
  return { ...passed, principal, keysFrom };
}

/** Whether a request passes only if the object itself agrees, by any reading of its path, and any second target. */
export const isStrict = (decision: Decision): boolean =>
  decision.kind === 'allow' && [decision.route, ...decision.nearMisses].some((one) => one.isStrict);

type Passing = Extract<Decision, { kind: 'allow' }>;

/** What is closed is closed to everybody, on trial or not, in every reading of the path. */
function closedBy(
  standing: Standing,
  { route, nearMisses, target }: Passing,
  observe: ((step: DecisionStep) => void) | undefined,
): Decision | undefined {
  // Nobody knows which route a path means that can't be read: an API on trial gets it all the same.
  const meant = target.path === undefined ? route.api.routes : [];
  for (const one of [route, ...nearMisses, ...meant]) {
    const reason = standing.closed(one);
    if (reason === undefined) continue;
    observe?.({ step: 'closed', route: one, reason });
    return { kind: 'deny', reason, target, route, nearMisses };
  }
  return undefined;
}
