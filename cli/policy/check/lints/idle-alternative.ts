import { fault } from '../../../../src/policy/compile/fault.ts';
import { implies } from '../../../../src/policy/demands.ts';
import type { Demand } from '../../../../src/policy/policy.ts';
import type { Lint } from './subject.ts';

export const idleAlternative: Lint = {
  name: 'idle-alternative',
  finds: 'an alternative of `any_of` that asks for all that another one asks for',
  why: 'whoever meets it meets the other one, too: its rules look like protection, and decide nothing',
  remedy: 'remove it; if the other one is too weak, make that one stricter',
  *find({ routes }) {
    for (const { route, place } of routes)
      for (const [at, rules] of [
        [place, route.demands],
        [[...place, 'report'], route.report?.demands ?? []],
      ] as const) {
        const alternatives = rules.find((one) => one.alternatives !== undefined)?.alternatives ?? [];
        for (const [i, one] of alternatives.entries()) {
          const other = alternatives.findIndex(
            (its, j) => j !== i && asksFor(one, its) && (j < i || !asksFor(its, one)),
          );
          if (other !== -1)
            yield fault(
              [...at, 'any_of', i],
              `any_of[${i}] asks for all that any_of[${other}] asks for`,
              'remove it, or make the other one stricter',
            );
        }
      }
  },
};

/** Whether whoever meets the one meets the other. */
const asksFor = (one: readonly Demand[], other: readonly Demand[]) =>
  other.every((wanted) => one.some((demand) => implies(demand, wanted)));
