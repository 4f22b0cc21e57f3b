/** Judges a token route by route, by the gateway's own functions on its own policy. */
import { decide } from '../../../src/decide.ts';
import { PROBLEMS } from '../../../src/http/problem.ts';
import { routeName } from '../../../src/log.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { bearer } from '../../../src/token/bearer.ts';
import { exampleTarget, hostOf } from './targets.ts';
import { withIssuerKeys } from './verifiers.ts';

export interface RouteVerdict {
  readonly route: string;
  readonly status: number;
  /** Why not; `undefined` if the token passes. */
  readonly reason: string | undefined;
  readonly detail: string | undefined;
}

/**
 * Judges a token by every route that demands one. Keys are fetched from the issuer, as the gateway would.
 *
 * @param at where the issuer answers, if that is elsewhere
 */
export async function judgeToken(policy: Policy, token: string, at?: string): Promise<RouteVerdict[]> {
  const verify = withIssuerKeys(policy, () => Date.now(), undefined, at);
  const verdicts: RouteVerdict[] = [];
  for (const route of policy.apis.flatMap((api) => api.routes)) {
    if (route.auth === 'none') continue;
    // The example of a parameter may not satisfy a rule that is bound to it.
    const { method, path } = exampleTarget(route);
    const asked = {
      method,
      url: `https://${hostOf(route.api)}${path}`,
      headers: new Headers(),
      credentials: () => bearer(`Bearer ${token}`),
    };
    const decision = await decide(asked, policy, verify);
    const { code } = decision.kind === 'deny' ? decision.reason : {};
    verdicts.push({
      route: routeName(route),
      status: code === undefined ? 200 : PROBLEMS[code].status,
      reason: code,
      detail: code && PROBLEMS[code].detail,
    });
  }
  return verdicts;
}
