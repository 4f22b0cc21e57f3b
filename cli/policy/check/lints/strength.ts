/** Which of two routes lets in more. */
import { implies } from '../../../../src/policy/demands.ts';
import type { Route, Rules } from '../../../../src/policy/policy.ts';

/** Whether requests without a token pass. */
export const isOpen = ({ auth, reportOnly }: Route): boolean => reportOnly || auth !== 'required';

/** Whether everyone whom `b` lets in passes `a` too, and some others do. Rules that can't be compared are not weaker. */
export function isWeaker(a: Route, b: Route): boolean {
  if (isOpen(a) || isOpen(b)) return isOpen(a) && !isOpen(b);
  return letsInAll(a, b) && !letsInAll(b, a);
}

/** Whether somebody may pass `a` whom `b` refuses. */
export const letsInOthers = (a: Route, b: Route): boolean => !isOpen(b) && (isOpen(a) || !letsInAll(b, a));

/** Whether all that `a` demands, `b` demands too. */
function letsInAll(a: Rules, b: Rules): boolean {
  return (
    a.demands.every((demand) => b.demands.some((other) => implies(other, demand))) &&
    within(b.audiences, a.audiences) &&
    within([...b.issuers.keys()], [...a.issuers.keys()])
  );
}

const within = (some: readonly string[], all: readonly string[]) => some.every((one) => all.includes(one));
