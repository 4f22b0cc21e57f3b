/** The rules of the routes, one by one, and those that are only reported. */
import { authorize, checkAudience } from '../../../src/policy/authorize.ts';
import { isMet } from '../../../src/policy/demands.ts';
import type { Principal, Route, Rules } from '../../../src/policy/policy.ts';
import { demandWords, lacksWords, RULE_WORDS, type RulePart, ruleParts } from '../rule-words.ts';
import { describeRoute } from './route-steps.ts';
import { type Check, type Told, tell, type Verdict } from './step.ts';

export function tellRules(route: Route, principal: Principal, segments: readonly string[]): Told {
  const parts = ruleParts(route.demands);
  if (parts.length === 0) return tell('rules', describeRoute(route), 'none: any such token will do');
  const reason = authorize(route, principal, segments);
  const checks = parts.map((part) => checkPart(part, principal, segments, 'refused'));
  const failing = parts.find((_, i) => checks[i]?.verdict !== 'ok');
  const decided = failing === undefined ? 'all hold' : `refused: ${lacksWords(failing, principal, segments)}`;
  return tell('rules', describeRoute(route), decided, { reason, checks });
}

/** What `report` would say. It refuses nobody. */
export function tellReport(
  route: Route,
  report: Rules,
  principal: Principal,
  segments: readonly string[],
): Told {
  const reason = checkAudience(report, principal) ?? authorize(report, principal, segments);
  const checks = ruleParts(report.demands).map((part) =>
    checkPart(part, principal, segments, 'would_refuse'),
  );
  const decided =
    reason === undefined ? 'all hold' : `would refuse: ${reason.code}; only logged, as would_deny`;
  return tell('tried rules', describeRoute(route), decided, {
    checks,
    verdict: reason === undefined ? 'ok' : 'would_refuse',
  });
}

function checkPart(
  part: RulePart,
  principal: Principal,
  segments: readonly string[],
  otherwise: Verdict,
): Check {
  const { rule, demands } = part;
  return {
    check: demandWords(demands),
    saw: RULE_WORDS[rule].saw(demands, principal, segments),
    verdict: demands.every((demand) => isMet(demand, principal, segments)) ? 'ok' : otherwise,
  };
}
