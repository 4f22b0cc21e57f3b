/** The rules of the routes, one by one, and those that are only reported. */
import type { DecisionStep } from '../../../src/decide.ts';
import { isMet } from '../../../src/policy/demands.ts';
import type { Place } from '../../../src/policy/params.ts';
import type { Principal } from '../../../src/policy/policy.ts';
import { demandWords, lacksWords, RULE_WORDS, type RulePart, ruleParts } from '../rule-words.ts';
import { routeName } from '../words.ts';
import { type Check, makeStep, type Step, type Verdict } from './step.ts';

type RulesSeen = Extract<DecisionStep, { step: 'rules' | 'report' }>;

export function rulesStep({ route, principal, place, reason }: RulesSeen): Step {
  const parts = ruleParts(route.demands);
  if (parts.length === 0) return makeStep('rules', routeName(route), 'none: any such token will do');
  const checks = parts.map((part) => checkPart(part, principal, place, 'refused'));
  const failing = parts.find((_, i) => checks[i]?.verdict !== 'ok');
  const decided = failing === undefined ? 'all hold' : `refused: ${lacksWords(failing, principal, place)}`;
  return makeStep('rules', routeName(route), decided, { reason, checks });
}

/** The step of `report`, which refuses nobody. */
export function reportStep({ route, principal, place, reason }: RulesSeen): Step {
  const checks = ruleParts(route.report?.demands ?? []).map((part) =>
    checkPart(part, principal, place, 'would_refuse'),
  );
  const decided =
    reason === undefined ? 'all hold' : `would refuse: ${reason.code}; only logged, as would_deny`;
  return makeStep('tried rules', routeName(route), decided, {
    checks,
    verdict: reason === undefined ? 'ok' : 'would_refuse',
  });
}

function checkPart(part: RulePart, principal: Principal, place: Place, otherwise: Verdict): Check {
  const { rule, demands } = part;
  return {
    check: demandWords(demands),
    saw: RULE_WORDS[rule].saw(demands, principal, place),
    verdict: demands.every((demand) => isMet(demand, principal, place)) ? 'ok' : otherwise,
  };
}
