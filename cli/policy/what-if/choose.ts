/** Which properties a token can have, to meet demands: all of those that it needs at once, and none that it must lack. */

import type { BoundProperty, Demand } from '../../../src/policy/policy.ts';
import { areExclusive, impliedTogether, propertyImplies } from '../../../src/policy/properties.ts';

export type AnyOf = Pick<Demand<BoundProperty>, 'anyOf'>;

/** Policies are far from it. Beyond, some token is taken to exist: `diff` then says more than there is, never less. */
const MAX_STEPS = 20_000;

/**
 * Properties by which a token meets all demands and has nothing of what it must avoid; as few as it goes.
 *
 * @returns `undefined`: there is no such token
 */
export function choose(demands: readonly AnyOf[], avoid?: AnyOf): BoundProperty[] | undefined {
  const isAvoided = (one: BoundProperty) =>
    avoid?.anyOf.some((other) => propertyImplies(one, other)) === true;
  // A demand that leaves no choice comes first, and what it gets may serve others.
  const open = demands
    .map(({ anyOf }) => anyOf.filter((one) => !isAvoided(one)))
    .sort((a, b) => a.length - b.length);
  const saysTooMuch = (one: BoundProperty, other: BoundProperty) =>
    [impliedTogether(one, other), impliedTogether(other, one)].some(
      (both) => both !== undefined && isAvoided(both),
    );
  let steps = 0;
  const search = (chosen: readonly BoundProperty[], at: number): BoundProperty[] | undefined => {
    const demand = open[at];
    if (demand === undefined) return [...chosen];
    if (demand.some((one) => chosen.some((other) => propertyImplies(other, one))))
      return search(chosen, at + 1);
    for (const one of demand) {
      if (++steps > MAX_STEPS) return [...chosen];
      if (chosen.some((other) => areExclusive(one, other) || saysTooMuch(one, other))) continue;
      const found = search([...chosen, one], at + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return search([], 0);
}

/** One of these clients is the token's. */
export const ofClients = (clients: Iterable<string>): AnyOf => ({
  anyOf: [...clients].map((value) => ({ of: 'client', value })),
});
