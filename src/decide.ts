import type { Reason } from './decision.ts';
import { parseTarget, type Target } from './http/target.ts';
import type { KeyOrigin } from './keys/source.ts';
import { authorize, checkAudience } from './policy/authorize.ts';
import { match } from './policy/match.ts';
import type { Api, Policy, Principal, Route } from './policy/policy.ts';
import { readBearer } from './token/bearer.ts';
import type { UnverifiedToken } from './token/decode.ts';
import type { Refused, Verified } from './token/verify.ts';

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
  /** The API that the path belongs to, where no route of it serves the method. */
  readonly api?: Api | undefined;
  /** Routes whose rules had to hold as well. */
  readonly nearMisses?: readonly Route[];
  /** What a refused token claims: for logs only. */
  readonly unverified?: UnverifiedToken | undefined;
  readonly principal?: Principal;
  /** Of a remembered token that is refused now, where that is only told: for logs. */
  readonly refusedPrincipal?: Principal | undefined;
  readonly keysFrom?: KeyOrigin | undefined;
}

export type Decision =
  | (Findings & {
      readonly kind: 'allow';
      readonly target: Target;
      readonly route: Route;
      readonly nearMisses: readonly Route[];
      readonly forwardAuthorization: boolean;
      /** What a rule that is only tried would have said. */
      readonly wouldDeny?: Reason | undefined;
    })
  | (Findings & { readonly kind: 'deny'; readonly reason: Reason });

/** How a token is verified for the routes that want one: `verifyToken`, or the part of it that needs no key. */
export type Verify = (
  token: string,
  routes: readonly Route[],
) => Verified | Refused | Promise<Verified | Refused>;

/**
 * The street that every request goes down: path, route, token, claims, rules. Free of side effects, apart from
 * looking up keys. The gateway and every tool that explains it decide by this function.
 */
export async function decide(asked: Asked, policy: Policy, verify: Verify): Promise<Decision> {
  const target = parseTarget(asked.url);
  if (target.kind === 'fault')
    return { kind: 'deny', reason: { code: 'path_ambiguous', fault: target.fault } };

  const found = match(policy, target.host, asked.method, target.path);
  if (found.kind === 'no_match') {
    const nearMisses = found.nearMiss === undefined ? [] : [found.nearMiss];
    return { kind: 'deny', reason: found.reason, target, nearMisses, api: found.api };
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
  // Where nothing about the token is enforced yet, what would refuse it is only told.
  const isTried = tokenRoutes.every(({ reportOnly }) => reportOnly);
  const refuseToken = (reason: Reason, more?: Findings): Decision => {
    if (!isTried) return refuse(reason, more);
    // The claims of a token that was good once are for the log only.
    const { principal: refusedPrincipal, ...learnt } = more ?? {};
    return { ...allow, ...learnt, refusedPrincipal, forwardAuthorization, wouldDeny: reason };
  };

  const bearer = readBearer(asked.authorization);
  if (bearer === undefined) {
    const required = tokenRoutes.some(({ auth }) => auth === 'required');
    if (required) return refuseToken({ code: 'token_missing' });
    const isTriedToo = tokenRoutes.some(({ report }) => report !== undefined);
    const wouldDeny: Reason | undefined = isTriedToo ? { code: 'token_missing' } : undefined;
    return { ...allow, forwardAuthorization, wouldDeny };
  }
  if ('reason' in bearer) return refuseToken(bearer.reason);

  const verified = await verify(bearer.token, tokenRoutes);
  if (verified.kind === 'refused') {
    const { reason, kind: _, ...learnt } = verified;
    return refuseToken(reason, learnt);
  }
  const { principal, keysFrom } = verified;
  const { segments } = target.path;
  const passed = { ...allow, principal, keysFrom, forwardAuthorization } as const;
  for (const one of tokenRoutes) {
    const reason = authorize(one, principal, segments);
    if (reason === undefined) continue;
    return isTried ? { ...passed, wouldDeny: reason } : refuse(reason, { principal, keysFrom });
  }
  for (const { report } of tokenRoutes) {
    const wouldDeny = report && (checkAudience(report, principal) ?? authorize(report, principal, segments));
    if (wouldDeny !== undefined) return { ...passed, wouldDeny };
  }
  return passed;
}
