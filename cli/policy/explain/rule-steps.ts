/** The rules of the routes, one by one, and those that are only tried. */
import { authorize, checkAudience } from '../../../src/policy/authorize.ts';
import { readClaim } from '../../../src/policy/claims.ts';
import type { Principal, Route, Rules } from '../../../src/policy/policy.ts';
import { type RulePart, ruleParts } from '../rule-parts.ts';
import { demands } from '../words.ts';
import { describeRoute } from './route-steps.ts';
import { type Check, shown, type Told, tell, type Verdict } from './step.ts';

export function tellRules(route: Route, principal: Principal, segments: readonly string[]): Told {
  const parts = ruleParts(route);
  if (parts.length === 0) return tell('rules', describeRoute(route), 'none: any such token will do');
  const reason = authorize(route, principal, segments);
  const checks = parts.map((part) => checkPart(route, part, principal, segments, 'refused'));
  return tell('rules', describeRoute(route), reason === undefined ? 'all hold' : failing(checks), {
    reason,
    checks,
  });
}

/** What `report` would say. It refuses nobody. */
export function tellReport(
  route: Route,
  report: Rules,
  principal: Principal,
  segments: readonly string[],
): Told {
  const reason = checkAudience(report, principal) ?? authorize(report, principal, segments);
  const checks = ruleParts(report).map((part) => checkPart(route, part, principal, segments, 'would_refuse'));
  const decided =
    reason === undefined ? 'all hold' : `would refuse: ${reason.code}; only logged, as would_deny`;
  return tell('tried rules', describeRoute(route), decided, {
    checks,
    verdict: reason === undefined ? 'ok' : 'would_refuse',
  });
}

const failing = (checks: readonly Check[]) =>
  `refused by ${checks.find(({ verdict }) => verdict !== 'ok')?.check ?? ''}`;

function checkPart(
  route: Route,
  { rules }: RulePart,
  principal: Principal,
  segments: readonly string[],
  otherwise: Verdict,
): Check {
  const holds = authorize(rules, principal, segments) === undefined;
  return {
    check: demands(route, rules),
    saw: sawOf(rules, principal, segments),
    verdict: holds ? 'ok' : otherwise,
  };
}

function sawOf(rules: Rules, principal: Principal, segments: readonly string[]): string {
  const [claim] = rules.claims;
  if (claim !== undefined) {
    const held = shown(readClaim(principal.claims, claim.claim));
    return 'segment' in claim ? `${held}, the path has ${shown(segments[claim.segment])}` : held;
  }
  if (rules.clients !== undefined) return shown(principal.client);
  return principal.scopes.size === 0 ? 'no scopes' : [...principal.scopes].join(' ');
}
