/** A logged request as a question: what the log has of it, filled into the form. */
import { exampleTarget } from '../cli/policy/what-if/targets.ts';
import { routeName, writtenKey } from '../cli/policy/words.ts';
import type { Policy } from '../src/policy/policy.ts';
import type { Asked } from './ask.ts';
import type { DecisionData } from './live-data.ts';

export interface Question {
  readonly asked: Asked;
  readonly decision: DecisionData;
  /** What the log does not have, and what stands in its place. */
  readonly gaps: readonly string[];
}

export function questionOf(policy: Policy, decision: DecisionData): Question {
  const gaps: string[] = [];
  const { claims, issuer } = decision;
  const iss = policy.issuers.find(({ name }) => name === issuer)?.issuer;
  const held = claims === null ? undefined : { ...(iss !== undefined && { iss }), ...claims };
  if (held !== undefined) gaps.push('The log has no more of the token than these claims.');
  return {
    asked: {
      method: decision.method,
      url: urlOf(policy, decision, gaps),
      token: held === undefined ? '' : JSON.stringify(held),
      keys: '',
      headers: '',
    },
    decision,
    gaps,
  };
}

function urlOf(policy: Policy, { host, path, route }: DecisionData, gaps: string[]): string {
  if (path !== null) {
    const scheme = /^(localhost|127\.|\[::1\])/.test(host ?? '') ? 'http' : 'https';
    return host === null ? path : `${scheme}://${host}${path}`;
  }
  gaps.push('The log has no paths (GATEWAY.log_requests adds them): this one is an example for the route.');
  const found = policy.apis
    .flatMap(({ routes }) => routes)
    .find((one) => routeName(one) === writtenKey(route ?? ''));
  return found === undefined ? '/' : exampleTarget(found).path;
}
