import type { Reason } from './decision.ts';
import { parseTarget, type Target } from './http/target.ts';
import type { KeyOrigin } from './keys/source.ts';
import { authorize } from './policy/authorize.ts';
import { match } from './policy/match.ts';
import type { Policy, Principal, Route } from './policy/policy.ts';
import { readBearer } from './token/bearer.ts';
import type { UnverifiedToken } from './token/decode.ts';
import { type VerifyContext, verifyToken } from './token/verify.ts';

/** What is judged of a request. No other header ever takes part. */
export interface Asked {
  /** As it came: not folded by a URL parser. */
  readonly url: string;
  readonly method: string;
  readonly authorization: string | null;
}

/** How far a request came, and what was learnt on the way. */
export interface Findings {
  readonly target?: Target;
  readonly route?: Route;
  /** Routes whose rules had to hold as well. */
  readonly nearMisses?: readonly Route[];
  /** What a refused token claims: for logs only. */
  readonly unverified?: UnverifiedToken | undefined;
  readonly principal?: Principal;
  readonly keysFrom?: KeyOrigin | undefined;
}

export type Decision =
  | (Findings & {
      readonly kind: 'allow';
      readonly target: Target;
      readonly route: Route;
      readonly nearMisses: readonly Route[];
      readonly forwardAuthorization: boolean;
    })
  | (Findings & { readonly kind: 'deny'; readonly reason: Reason });

/**
 * The street that every request goes down: path, route, token, claims, rules. Free of side effects, apart from
 * looking up keys. The gateway and every tool that explains it decide by this function.
 */
export async function decide(asked: Asked, policy: Policy, context: VerifyContext): Promise<Decision> {
  const target = parseTarget(asked.url);
  if (target.kind === 'fault')
    return { kind: 'deny', reason: { code: 'path_ambiguous', fault: target.fault } };

  const found = match(policy, target.host, asked.method, target.path);
  if (found.kind === 'no_match') {
    const nearMisses = found.nearMiss === undefined ? [] : [found.nearMiss];
    return { kind: 'deny', reason: found.reason, target, nearMisses };
  }
  const { route, nearMisses } = found;
  const findings: Findings = { target, route, nearMisses };
  const refuse = (reason: Reason, more?: Findings): Decision => ({
    kind: 'deny',
    reason,
    ...findings,
    ...more,
  });
  const routes = nearMisses.length === 0 ? [route] : [route, ...nearMisses];
  const allow = { kind: 'allow', target, route, nearMisses } as const;
  const forwardAuthorization = routes.every((one) => one.forwardAuthorization);

  const tokenRoutes = routes.filter(({ auth }) => auth !== 'none');
  if (tokenRoutes.length === 0) return { ...allow, forwardAuthorization };
  const bearer = readBearer(asked.authorization);
  if (bearer === undefined) {
    const required = tokenRoutes.some(({ auth }) => auth === 'required');
    return required ? refuse({ code: 'token_missing' }) : { ...allow, forwardAuthorization };
  }
  if ('reason' in bearer) return refuse(bearer.reason);

  const verified = await verifyToken(bearer.token, tokenRoutes, context);
  if (verified.kind === 'refused') {
    const { reason, kind: _, ...learnt } = verified;
    return refuse(reason, learnt);
  }
  const { principal, keysFrom } = verified;
  for (const one of tokenRoutes) {
    const reason = authorize(one, principal, target.path.segments);
    if (reason !== undefined) return refuse(reason, { principal, keysFrom });
  }
  return { ...allow, principal, keysFrom, forwardAuthorization };
}
