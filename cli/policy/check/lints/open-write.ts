import { fault } from '../../../../src/policy/compile/fault.ts';
import { type Lint, methodsOf } from './subject.ts';

/** POST is how people log in, and how others' systems report: both come without a token. */
const CHANGES: readonly string[] = ['PUT', 'PATCH', 'DELETE'];

export const openWrite: Lint = {
  name: 'open-write',
  finds: 'a route for PUT, PATCH or DELETE that anyone may use without a token',
  why: 'whoever finds the path may change or remove what is there',
  remedy: 'remove `auth`, or leave only GET and POST public',
  *find({ routes }) {
    for (const { route, key, place } of routes) {
      if (route.auth === 'required') continue;
      const changes = methodsOf(key).filter((method) => CHANGES.includes(method));
      if (changes.length === 0) continue;
      yield fault(
        [...place, 'auth'],
        `${changes.join(', ')} ${changes.length === 1 ? 'passes' : 'pass'} without a token`,
        'remove it, or name only the methods that are public',
      );
    }
  },
};
