/** Which of two routes lets in more. */
import type { Route, Rules } from '../../../../src/policy/policy.ts';

/** Whether requests without a token pass. */
export const isOpen = ({ auth, reportOnly }: Route): boolean => reportOnly || auth !== 'required';

/** Whether everyone whom `b` lets in passes `a` too, and some others do. Rules that can't be compared are not weaker. */
export function isWeaker(a: Route, b: Route): boolean {
  if (isOpen(a) || isOpen(b)) return isOpen(a) && !isOpen(b);
  return letsInAll(a, b) && !letsInAll(b, a);
}

/** Whether all that `a` demands, `b` demands too. */
function letsInAll(a: Rules, b: Rules): boolean {
  return (
    within(a.scopesAll, b.scopesAll) &&
    (a.scopesAny.length === 0 ||
      (b.scopesAny.length > 0 && within(b.scopesAny, a.scopesAny)) ||
      a.scopesAny.some((scope) => b.scopesAll.includes(scope))) &&
    (a.clients === undefined || (b.clients !== undefined && within([...b.clients], [...a.clients]))) &&
    within(a.claims.map(text), b.claims.map(text)) &&
    within(b.audiences, a.audiences) &&
    within([...b.issuers.keys()], [...a.issuers.keys()])
  );
}

const text = (value: unknown) => JSON.stringify(value);
const within = (some: readonly string[], all: readonly string[]) => some.every((one) => all.includes(one));
