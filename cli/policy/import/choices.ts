/** Choices of scopes, and what satisfies them. */

/** Of each list one, of whose scopes all must be held. */
export type Choices = readonly (readonly string[])[];

export const sameTexts = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((one) => b.includes(one));

/** What satisfies both. Far too many choices become the strictest one. */
export function both(a: Choices, b: Choices): Choices {
  const all = (lists: Choices) => [[...new Set(lists.flat())]];
  if (a.length * b.length > 400) return all([...a, ...b]);
  return simplify(a.flatMap((one) => b.map((other) => [...one, ...other])));
}

/** Without those that ask for more than another, in an order of their own. */
export function simplify(choices: Choices): Choices {
  const sorted = choices.map((one) => [...new Set(one)]).sort((one, other) => one.length - other.length);
  const kept: string[][] = [];
  for (const one of sorted)
    if (!kept.some((other) => other.every((scope) => one.includes(scope)))) kept.push(one);
  // As the description has them, for people.
  return choices
    .flatMap((one) => kept.filter((other) => sameTexts(other, [...new Set(one)])).slice(0, 1))
    .filter((one, i, all) => all.findIndex((other) => sameTexts(one, other)) === i);
}

export const wordsOf = (choices: Choices) =>
  choices.some((one) => one.length === 0)
    ? ''
    : ` with ${choices.map((one) => one.join(' and ')).join(', or ')}`;

export interface ScopeRules {
  readonly scopes_all?: readonly string[];
  readonly scopes_any?: readonly string[];
  readonly any_of?: readonly { readonly scopes_all: readonly string[] }[];
}

/** `scopes_all` for what all choices have, `scopes_any` or `any_of` for the rest. */
export function scopeRules(choices: Choices): ScopeRules {
  const [first = [], ...more] = choices;
  const common = first.filter((scope) => more.every((scopes) => scopes.includes(scope)));
  const rests = choices.map((scopes) => scopes.filter((scope) => !common.includes(scope)));
  const all = common.length === 0 ? {} : { scopes_all: common };
  if (rests.some((one) => one.length === 0)) return all;
  if (rests.every((one) => one.length === 1)) return { ...all, scopes_any: [...new Set(rests.flat())] };
  return { ...all, any_of: rests.map((scopes) => ({ scopes_all: scopes })) };
}
