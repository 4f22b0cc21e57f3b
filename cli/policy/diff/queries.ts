/** Queries that stand for all others: a policy only asks which of its conditions a query meets, plainly or maybe. */
import type { PatternLeaf } from '../../../src/policy/policy.ts';
import type { QueryCondition } from '../../../src/policy/query.ts';

export interface QuerySample {
  /** With its `?`; empty where there is none. */
  readonly query: string;
  /** Some condition is met in some readings only. */
  readonly isOdd: boolean;
}

/**
 * None; each condition plainly, and maybe; and two together, since a route that serves replaces the one without a query.
 * Three bind no other callers than the pairs of them do.
 */
export function querySamples(leaves: readonly PatternLeaf[]): readonly QuerySample[] {
  const conditions = new Map(
    leaves.flatMap(({ queried }) =>
      (queried ?? []).map(({ condition }) => [JSON.stringify(condition), condition] as const),
    ),
  );
  const all = [...conditions.values()];
  const singles = all.flatMap((one) => [sample([one], []), sample([], [one])]);
  const pairs = all.flatMap((one, i) =>
    all.flatMap((other, j) => {
      if (i === j) return [];
      return i < j ? [sample([one, other], []), sample([one], [other])] : [sample([one], [other])];
    }),
  );
  const samples = [{ query: '', isOdd: false }, ...singles, ...pairs];
  return [...new Map(samples.map((one) => [one.query, one])).values()];
}

function sample(plain: readonly QueryCondition[], maybe: readonly QueryCondition[]): QuerySample {
  const params = new Map<string, Set<string>>();
  const put = (name: string, ...values: readonly string[]) =>
    params.set(name, new Set([...(params.get(name) ?? []), ...values]));
  for (const condition of plain) for (const [name, value] of condition) put(name, value);
  for (const condition of maybe)
    for (const [i, [name, value]] of condition.entries())
      put(name, value, ...(i === 0 ? [otherThan(value)] : []));
  const parts = [...params].flatMap(([name, values]) =>
    [...values].map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`),
  );
  return { query: `?${parts.join('&')}`, isOdd: maybe.length > 0 };
}

const otherThan = (value: string) => (value === 'x' ? 'xx' : 'x');
