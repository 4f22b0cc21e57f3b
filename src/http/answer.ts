import type { Reason, ReasonCode } from '../decision.ts';
import type { TokenPlace } from '../policy/policy.ts';
import { type ChallengeContext, challenge } from './challenge.ts';
import { PROBLEMS, problemType, tokenMissingDetail } from './problem.ts';

/** The facts about a request that its answer needs. */
export interface AnswerContext extends ChallengeContext {
  readonly requestId: string;
  /** The place that the API reads tokens from. */
  readonly tokenFrom?: TokenPlace | undefined;
  /** Where the reasons are explained: `problem_base` of the policy. */
  readonly problemBase?: string | undefined;
  /** Faults of the policy, shown on loopback hosts only. */
  readonly faults?: readonly string[] | undefined;
}

/** The refusals that name a claim in the body. */
const CLAIM_TOLD: ReadonlySet<ReasonCode> = new Set(['claims_malformed', 'claims_too_large']);

/** Renders a refusal: problem+json (RFC 9457), with a Bearer challenge where one belongs. Never cached. */
export function renderDenial(reason: Reason, context: AnswerContext): Response {
  const problem = PROBLEMS[reason.code];
  const headers = new Headers({
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-request-id': context.requestId,
  });
  const wwwAuthenticate = challenge(reason, problem, context);
  if (wwwAuthenticate !== undefined) headers.set('www-authenticate', wwwAuthenticate);
  if (reason.code === 'method_not_allowed') headers.set('allow', reason.allow.join(', '));
  const retryAfter = 'retryAfterSeconds' in reason ? reason.retryAfterSeconds : problem.retryAfterSeconds;
  if (retryAfter !== undefined) headers.set('retry-after', String(retryAfter));
  const body = {
    type: problemType(reason.code, context.problemBase),
    title: problem.title,
    status: problem.status,
    detail: reason.code === 'token_missing' ? tokenMissingDetail(context.tokenFrom) : problem.detail,
    reason: reason.code,
    request_id: context.requestId,
    // The policy or a fixed list names the claim, not the token: nobody could find it otherwise.
    ...('claim' in reason && CLAIM_TOLD.has(reason.code) && { claim: reason.claim }),
    ...(context.faults && { faults: context.faults }),
  };
  return new Response(JSON.stringify(body), { status: problem.status, headers });
}
