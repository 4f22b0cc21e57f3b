import type { Reason } from './decision.ts';
import { type Decision, type DecisionStep, type GatewayRequest, locate, type Progress } from './locate.ts';
import { authorize, checkAudience } from './policy/authorize.ts';
import type { Policy, Route } from './policy/policy.ts';
import { isOnTrial } from './policy/trial.ts';
import type { Refused, Verified } from './token/verify.ts';

export type { Decision, DecisionStep, GatewayRequest, Progress } from './locate.ts';

/** How a token is verified for the routes that want one: `verifyToken`, or the part of it that needs no key. */
export type Verify = (
  token: string,
  routes: readonly Route[],
) => Verified | Refused | Promise<Verified | Refused>;

/**
 * The pipeline of every request: path, route, token, claims, rules. Free of side effects, apart from looking up keys.
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
  const found = locate(request, policy, observe);
  if ('kind' in found) return found;
  const { passed, judged, methods } = found;
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
    const { reason, kind: _, principal, ...progress } = verified;
    // Where the request passes all the same, the claims of a token that was good once are for the log only.
    const known = isReportOnly ? { refusedPrincipal: principal } : principal && { principal };
    return refuse(reason, { ...progress, ...known });
  }
  const { principal, keysFrom } = verified;
  const known = { principal, keysFrom };
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
