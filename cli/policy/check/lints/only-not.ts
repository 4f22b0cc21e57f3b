import { fault } from '../../../../src/policy/compile/fault.ts';
import { isOpen } from './strength.ts';
import type { Lint } from './subject.ts';

export const onlyNot: Lint = {
  name: 'only-not',
  finds:
    'a route that lets in whoever is not something (`claims = { role = { not = "guest" } }`), and asks for nothing else',
  why: '`not` is a blocklist: a value that nobody thought of, and one that is added later, passes',
  remedy: 'name the values that may, or ask for a scope or a client as well',
  *find({ routes }) {
    for (const { route, place } of routes) {
      const { demands } = route;
      const not = demands.find(({ anyOf }) => anyOf.some(({ of }) => of === 'not'));
      if (not === undefined || isOpen(route)) continue;
      const isVague = demands.every(({ anyOf }) => anyOf.some(({ of }) => of === 'not' || of === 'present'));
      if (isVague)
        yield fault(
          [...place, ...not.label.split('.').slice(0, 1)],
          'lets in whoever has none of the values that `not` names',
          'name the values that may, or ask for a scope or a client as well',
        );
    }
  },
};
