/** The way of one request through the gateway, step by step, told by the gateway's own functions. */
import type { Verify } from '../../../src/decide.ts';
import type { Policy, Route } from '../../../src/policy/policy.ts';
import type { Refused, Verified } from '../../../src/token/verify.ts';
import type { Question, Simulate, Simulated } from '../what-if/simulate.ts';
import { originWords } from '../words.ts';
import { maskUrl } from './mask.ts';
import { describeRoute, tellRoute } from './route-steps.ts';
import { tellReport, tellRules } from './rule-steps.ts';
import { type Step, type Told, tell } from './step.ts';
import { type Signature, tellAuthorization, tellToken } from './token-steps.ts';

export interface Trace {
  readonly steps: readonly Step[];
  /** What the gateway decides and answers. */
  readonly simulated: Simulated;
}

export interface TraceOptions {
  readonly policy: Policy;
  readonly simulate: Simulate;
  readonly verify: Verify;
  readonly signature: Signature;
  readonly nowMs: number;
}

/** Throws where the steps end at another reason than the gateway's decision: they would be a fairy tale. */
export async function trace(question: Question, options: TraceOptions): Promise<Trace> {
  let verified: Verified | Refused | undefined;
  const simulated = await options.simulate(question, async (token, routes) => {
    verified = await options.verify(token, routes);
    return verified;
  });
  const told = tellAll(question, options, simulated, verified);
  const last = told.findLast(({ reason }) => reason !== undefined)?.reason;
  const { decision, reason } = simulated;
  const wouldDeny = decision?.kind === 'allow' ? decision.wouldDeny : undefined;
  const isTrue = last === undefined ? reason === undefined : last.code === (reason ?? wouldDeny)?.code;
  if (!isTrue)
    throw new Error(
      `the steps end with ${last?.code ?? 'no reason'}, and the gateway with ${(reason ?? wouldDeny)?.code ?? 'none'}`,
    );
  return { steps: told.map(({ step }) => step), simulated };
}

function tellAll(
  question: Question,
  options: TraceOptions,
  simulated: Simulated,
  verified: Verified | Refused | undefined,
): Told[] {
  if (simulated.kind === 'self') return [tellSelf(question, options.policy)];
  const { told, target, match } = tellRoute(options.policy, question);
  if (target === undefined || match === undefined) return [...told];
  const steps = [...told];
  const { decision } = simulated;
  const { segments } = target.path;
  const tokenRoutes = [match.route, ...match.nearMisses].filter(({ auth }) => auth !== 'none');
  const isTried = tokenRoutes.every(({ reportOnly }) => reportOnly);
  for (const one of tellCaller(question, tokenRoutes, { options, verified, segments, simulated })) {
    const isOnlyTold = one.reason !== undefined && isTried;
    steps.push(isOnlyTold ? { ...one, step: { ...one.step, verdict: 'would_refuse' } } : one);
    if (isOnlyTold) break;
    if (one.reason !== undefined) return steps;
  }
  if (decision?.kind === 'allow') steps.push(...tellLimits([match.route, ...match.nearMisses]));
  steps.push(tellForward(match.route, simulated));
  return steps;
}

interface CallerFacts {
  readonly options: TraceOptions;
  readonly verified: Verified | Refused | undefined;
  readonly segments: readonly string[];
  readonly simulated: Simulated;
}

/** From the Authorization header to the rules. Goes on until something refuses. */
function* tellCaller(
  { headers }: Question,
  routes: readonly Route[],
  { options, verified, segments }: CallerFacts,
): Generator<Told> {
  const authorization = headers.get('authorization');
  if (routes.length === 0) {
    const saw = authorization === null ? 'none' : 'there is one';
    yield tell('authorization', saw, 'not looked at: the route is public', { verdict: 'skipped' });
    return;
  }
  const { told, token } = tellAuthorization(authorization, routes);
  yield told;
  if (token === undefined) {
    const tried = routes.find(({ report }) => report !== undefined);
    if (told.reason === undefined && tried !== undefined)
      yield tell('tried rules', describeRoute(tried), 'would refuse: there is no token', {
        verdict: 'would_refuse',
      });
    return;
  }
  yield* tellToken(token, { ...options, routes, verified });
  if (verified?.kind !== 'verified') return;
  const { principal } = verified;
  for (const route of routes) yield tellRules(route, principal, segments);
  for (const route of routes)
    if (route.report !== undefined) yield tellReport(route, route.report, principal, segments);
}

function tellSelf({ url, method }: Question, { settings }: Policy): Told {
  const what =
    method === 'OPTIONS'
      ? 'a preflight of a browser'
      : settings.healthPath !== undefined && url.includes(settings.healthPath)
        ? 'the health of the gateway'
        : 'the metadata of an API (RFC 9728)';
  return tell('target', `${method} ${maskUrl(url)}`, `${what}: the gateway answers it itself, to anyone`);
}

function tellLimits(routes: readonly Route[]): Told[] {
  const limits = [
    ...new Set(routes.flatMap(({ rateLimit }) => (rateLimit === undefined ? [] : [rateLimit.binding]))),
  ];
  if (limits.length === 0) return [];
  return [tell('rate limit', limits.join(', '), 'not counted here', { verdict: 'skipped' })];
}

function tellForward({ api }: Route, { outbound, reason, skipped }: Simulated): Told {
  const saw = `${api.name}, whose origin is ${originWords(api.origin)}`;
  if (outbound === undefined) {
    const decided =
      reason?.code === 'claims_too_large'
        ? `the claim ${reason.claim} does not fit into headers`
        : 'the request went in a circle';
    return tell('forward', saw, decided, { reason });
  }
  const left = skipped.map(({ claim, as }) => `${claim.text} can't be sent as ${as}`);
  return tell('forward', saw, [`sent to ${maskUrl(outbound.url)}`, ...left].join('; '));
}
