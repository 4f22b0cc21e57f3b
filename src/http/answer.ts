import type { Reason, ReasonCode } from '../decision.ts';
import type { TokenPlace } from '../policy/policy.ts';
import { type ChallengeContext, challenge } from './challenge.ts';
import { detailOf } from './detail.ts';
import { type NeedsContext, needsOf } from './needs.ts';
import { PROBLEMS, problemType } from './problem.ts';

/** The facts about a request that its answer needs. */
export interface AnswerContext extends Omit<ChallengeContext, 'scope' | 'detail'>, NeedsContext {
  readonly requestId: string;
  /** The place that the API reads tokens from. */
  readonly tokenFrom?: TokenPlace | undefined;
  /** Where the reasons are explained: `problem_base` of the policy. */
  readonly problemBase?: string | undefined;
  /** Faults of the policy, shown on loopback hosts only. */
  readonly faults?: readonly string[] | undefined;
}

/** The refusals that name a claim in the body. */
const CLAIM_TOLD: ReadonlySet<ReasonCode> = new Set([
  'claims_malformed',
  'claims_too_large',
  'claim_mismatch',
  'issuer_claim_mismatch',
]);

/** Renders a refusal: problem+json (RFC 9457), with a Bearer challenge where one belongs. Never cached. */
export function renderDenial(reason: Reason, context: AnswerContext): Response {
  const problem = PROBLEMS[reason.code];
  const headers = new Headers({
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-request-id': context.requestId,
  });
  const detail = detailOf(reason, context.tokenFrom);
  const { scope, told } = needsOf(reason, problem.status, context);
  const wwwAuthenticate = challenge(problem, { ...context, detail, scope });
  if (wwwAuthenticate !== undefined) headers.set('www-authenticate', wwwAuthenticate);
  if (reason.code === 'method_not_allowed') headers.set('allow', reason.allow.join(', '));
  const retryAfter = 'retryAfterSeconds' in reason ? reason.retryAfterSeconds : problem.retryAfterSeconds;
  if (retryAfter !== undefined) headers.set('retry-after', String(retryAfter));
  const body = {
    type: problemType(reason.code, context.problemBase),
    title: problem.title,
    status: problem.status,
    detail,
    reason: reason.code,
    request_id: context.requestId,
    ...told,
    ...(reason.code === 'route_unknown' && { near: reason.near }),
    // The policy or a fixed list names the claim, not the token: nobody could find it otherwise.
    ...('claim' in reason && CLAIM_TOLD.has(reason.code) && { claim: reason.claim }),
    ...(context.faults && { faults: context.faults }),
  };
  return new Response(JSON.stringify(body), { status: problem.status, headers });
}
