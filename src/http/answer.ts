import type { Reason } from '../decision.ts';
import { challenge } from './challenge.ts';
import { problemType, SITUATIONS } from './problem.ts';

/** What an answer needs to know of its request. */
export interface AnswerContext {
  readonly requestId: string;
  /** URL of the metadata document of the API at hand (RFC 9728). */
  readonly resourceMetadata?: string | undefined;
  /** Faults of the policy, shown on loopback hosts only. */
  readonly faults?: readonly string[] | undefined;
}

/** The longest period that a limit of the platform can have. */
const RATE_LIMIT_SECONDS = 60;

/** A broken policy is mended by a deployment, which takes seconds. */
const POLICY_RETRY_AFTER_SECONDS = 30;

/** Renders a refusal: problem+json (RFC 9457), with a Bearer challenge where one belongs. Never cached. */
export function renderDenial(reason: Reason, context: AnswerContext): Response {
  const situation = SITUATIONS[reason.code];
  const headers = new Headers({
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-request-id': context.requestId,
  });
  const wwwAuthenticate = challenge(reason, situation, context.resourceMetadata);
  if (wwwAuthenticate !== undefined) headers.set('www-authenticate', wwwAuthenticate);
  if (reason.code === 'method_not_allowed') headers.set('allow', reason.allow.join(', '));
  const retryAfter = retryAfterSeconds(reason);
  if (retryAfter !== undefined) headers.set('retry-after', String(retryAfter));
  const problem = {
    type: problemType(reason.code),
    title: situation.title,
    status: situation.status,
    detail: situation.detail,
    reason: reason.code,
    request_id: context.requestId,
    // The policy names the claim, not the token: the client's developer can't find it otherwise.
    ...(reason.code === 'claims_too_large' && { claim: reason.claim }),
    ...(context.faults && { faults: context.faults }),
  };
  return new Response(JSON.stringify(problem), { status: situation.status, headers });
}

function retryAfterSeconds(reason: Reason): number | undefined {
  switch (reason.code) {
    case 'keys_unavailable':
      return reason.retryAfterSeconds;
    case 'rate_limited':
      return RATE_LIMIT_SECONDS;
    case 'policy_invalid':
    case 'binding_missing':
      return POLICY_RETRY_AFTER_SECONDS;
    default:
      return undefined;
  }
}
