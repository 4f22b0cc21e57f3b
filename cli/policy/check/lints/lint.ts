import type { Hit, Rule } from '../findings.ts';
import type { Subject } from './subject.ts';

/** Looks for one thing in a policy that compiles. */
export interface Lint extends Rule {
  find(subject: Subject): Iterable<Hit>;
}
