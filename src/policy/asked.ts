/** Which scopes a client is to ask for, so that its token meets what the rules say of scopes. */
import { valuesOf } from './demands.ts';
import type { Demand, Rules } from './policy.ts';

export const isAboutScopes = ({ anyOf }: Pick<Demand, 'anyOf'>): boolean =>
  anyOf.every(({ of }) => of === 'scope');

/**
 * Lists of scopes: a token that has one of each meets all that the rules say of scopes. Of alternatives, those count
 * that are about scopes alone, and of them the first: clients can ask for scopes, and for nothing else.
 */
export function scopeLists({ demands }: Pick<Rules, 'demands'>): string[][] {
  const own = demands.filter((one) => one.alternatives === undefined && isAboutScopes(one));
  const sure = new Set(
    valuesOf(
      own.filter(({ anyOf }) => anyOf.length === 1),
      'scope',
    ),
  );
  const isSure = ({ anyOf }: Demand) => anyOf.some((one) => one.of === 'scope' && sure.has(one.value));
  const chosen = [...new Set(demands.map((one) => one.alternatives))].flatMap((alternatives = []) => {
    const alone = alternatives.filter((some) => some.length > 0 && some.every(isAboutScopes));
    return alone.find((some) => some.every(isSure)) ?? alone[0] ?? [];
  });
  return [...own, ...chosen].map((one) => valuesOf([one], 'scope'));
}

/**
 * One scope of each list and none too many: what is the only choice, then the first of each list that has none yet.
 *
 * @param held scopes that the client has already, which it keeps where there is a choice
 */
export function chooseScopes(
  lists: readonly (readonly string[])[],
  held: ReadonlySet<string> | undefined,
): string[] {
  const chosen = new Set(lists.flatMap((list) => (list.length === 1 ? list : [])));
  const first = (list: readonly string[]) => list.find((one) => held?.has(one)) ?? list[0];
  for (const list of lists) {
    const one = list.some((scope) => chosen.has(scope)) ? undefined : first(list);
    if (one !== undefined) chosen.add(one);
  }
  // A later choice may have made an earlier one needless.
  for (const one of [...chosen])
    if (lists.every((list) => list.some((scope) => scope !== one && chosen.has(scope)))) chosen.delete(one);
  return [...chosen];
}
