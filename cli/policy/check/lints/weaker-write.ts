import { fault } from '../../../../src/policy/compile/fault.ts';
import { isOpen, isWeaker } from './strength.ts';
import { isRead, isWrite, type Lint, methodsOf } from './subject.ts';

export const weakerWrite: Lint = {
  name: 'weaker-write',
  finds: 'a route for POST, PUT, PATCH or DELETE that lets in more than the one that reads the same path',
  why: 'whoever may not see something may change it, or remove it',
  remedy:
    'give it the rules that reading has, or more; where anyone may send and few may read, accept the warning',
  *find({ hosts }) {
    const reported = new Set<unknown>();
    for (const { routes } of hosts) {
      for (const { route, key, place } of routes) {
        if (reported.has(route)) continue;
        const others = routes.filter((other) => other.key.pattern === key.pattern && other.route !== route);
        const isTaken = (method: string) => others.some((other) => other.key.methods.includes(method));
        const writes = methodsOf(key).filter((method) => isWrite(method) && !isTaken(method));
        if (writes.length === 0) continue;
        const reading = others.find(
          (other) =>
            other.route.api === route.api &&
            methodsOf(other.key).some(isRead) &&
            isWeaker(route, other.route),
        );
        if (reading === undefined) continue;
        reported.add(route);
        yield fault(
          place,
          `${writes.join(', ')} ${writes.length === 1 ? 'passes' : 'pass'} ${isOpen(route) ? 'without a token' : 'with fewer rules'}, where ${JSON.stringify(reading.route.key)} asks for more`,
          'give it the rules that reading has, or more',
        );
      }
    }
  },
};
