import { fault } from '../../../../src/policy/compile/fault.ts';
import { isOpen, isWeaker } from './strength.ts';
import type { Lint } from './subject.ts';

export const weakQuery: Lint = {
  name: 'weak-query',
  finds: 'a route for a certain query that asks for less than the route of the same path without it',
  why: 'a client writes the query: whoever the path refuses gets in by adding the parameter, whatever else is in the query',
  remedy: 'ask for at least the same, or make sure that the origin does nothing more for such a request',
  *find({ routes }) {
    for (const { route, key, place } of routes) {
      if (key.query.length === 0) continue;
      const stronger = routes.find(
        (other) =>
          other.route.api === route.api &&
          other.key.pattern === key.pattern &&
          other.key.query.length === 0 &&
          other.key.methods.some(
            (one) => one === '*' || key.methods.includes('*') || key.methods.includes(one),
          ) &&
          isWeaker(route, other.route),
      );
      if (stronger === undefined) continue;
      yield fault(
        place,
        `it lets in ${isOpen(route) ? 'anyone' : 'callers'} whom ${JSON.stringify(stronger.route.key)} refuses`,
        'ask for at least the same, or leave it and accept the warning',
      );
    }
  },
};
