import { fault, type Place } from '../../../../src/policy/compile/fault.ts';
import type { Rules } from '../../../../src/policy/policy.ts';
import { type Lint, namedScopes, type PlacedRoute } from './subject.ts';

/** Shorter words are often a letter apart on purpose: `get:x` and `set:x`, `read:a` and `read:b`. */
const MIN_WORD = 4;

export const scopeTypo: Lint = {
  name: 'scope-typo',
  finds: 'a scope that differs by one letter from another one in the policy',
  why: 'no token has a misspelt scope: everyone is refused, or with scopes_any some are',
  remedy: 'write it like the other one; if both are meant, accept the warning',
  *find({ routes }) {
    const uses = Map.groupBy(routes.flatMap(scopesOf), ({ scope }) => scope);
    for (const [scope, [first]] of uses) {
      const meant = [...uses.keys()].find((other) => isSlip(scope, other) && isRarer(uses, scope, other));
      if (meant === undefined || first === undefined) continue;
      yield fault(
        first.place,
        `${JSON.stringify(scope)} differs by one letter from ${JSON.stringify(meant)}`,
        `did you mean ${JSON.stringify(meant)}?`,
      );
    }
  },
};

function scopesOf({ route, place }: PlacedRoute): { scope: string; place: Place }[] {
  const within = (rules: Rules | undefined, at: Place) =>
    rules === undefined ? [] : namedScopes(rules).map((one) => ({ ...one, place: [...at, ...one.place] }));
  return [...within(route, place), ...within(route.report, [...place, 'report'])];
}

/** The one that is used less is the slip; of two that are used alike, the later. */
function isRarer(uses: ReadonlyMap<string, readonly unknown[]>, scope: string, other: string): boolean {
  const mine = uses.get(scope)?.length ?? 0;
  const its = uses.get(other)?.length ?? 0;
  const names = [...uses.keys()];
  return mine < its || (mine === its && names.indexOf(scope) > names.indexOf(other));
}

/** One letter more, less, another, or two swapped. Numbers that differ are meant. */
function isSlip(a: string, b: string): boolean {
  if (a === b || Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const [inA, inB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  if (/[0-9]/.test(inA + inB)) return false;
  const swapped = inA.length === 2 && inB.length === 2 && inA[0] === inB[1] && inA[1] === inB[0];
  return (swapped || Math.max(inA.length, inB.length) === 1) && !differsInShortWord(a, b);
}

function differsInShortWord(a: string, b: string): boolean {
  const words = (scope: string) => scope.split(/[^A-Za-z]+/);
  const [mine, its] = [words(a), words(b)];
  return mine.some((word, i) => {
    const other = its[i] ?? '';
    return word !== other && Math.min(word.length, other.length) < MIN_WORD;
  });
}
