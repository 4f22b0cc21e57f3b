/** What the gateway would say of a token, route by route: its own functions on its own policy. */
import { decide } from '../src/decide.ts';
import { SITUATIONS } from '../src/http/problem.ts';
import { createKeySource } from '../src/keys/source.ts';
import type { Policy, Route } from '../src/policy/policy.ts';
import { createTokenCache } from '../src/token/cache.ts';
import { verifyToken } from '../src/token/verify.ts';

export interface RouteVerdict {
  readonly route: string;
  readonly status: number;
  /** Why not; `undefined` if the token passes. */
  readonly reason: string | undefined;
  readonly detail: string | undefined;
}

/** Judges a token by every route that demands one. Keys are fetched from the issuer, as the gateway would. */
export async function judgeToken(policy: Policy, token: string): Promise<RouteVerdict[]> {
  const io = {
    store: undefined,
    fetchFor: () => fetch as typeof fetch,
    now: () => Date.now(),
    waitUntil: () => {},
    log: () => {},
  };
  const context = { settings: policy.settings, keys: createKeySource(), cache: createTokenCache(), io };
  const verdicts: RouteVerdict[] = [];
  for (const route of policy.apis.flatMap((api) => api.routes)) {
    if (route.auth === 'none') continue;
    const asked = { ...exampleRequest(route), authorization: `Bearer ${token}` };
    const decision = await decide(asked, policy, (text, routes) => verifyToken(text, routes, context));
    const { code } = decision.kind === 'deny' ? decision.reason : {};
    verdicts.push({
      route: `${route.api.name} ${route.key}`,
      status: code === undefined ? 200 : SITUATIONS[code].status,
      reason: code,
      detail: code && SITUATIONS[code].detail,
    });
  }
  return verdicts;
}

/** A request that falls under the route. What stands for a parameter may not satisfy a rule that is bound to it. */
function exampleRequest(route: Route): { method: string; url: string } {
  const [methods = '', pattern = ''] = route.key.split(/\s+/);
  const method = methods === '*' ? 'GET' : (methods.split('|')[0] ?? '');
  const path = pattern.replace(/:[^/]+/g, 'x').replace(/\*$/, 'x');
  return { method, url: `https://${route.api.hosts[0] ?? 'host.invalid'}${path}` };
}
