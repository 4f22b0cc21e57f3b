import { fault } from '../../../../src/policy/compile/fault.ts';
import { MAX_VARIABLE_BYTES, sizeOf, sizeRemedy, variablesOf } from '../file-checks.ts';
import type { Lint } from './subject.ts';

export const largeVariable: Lint = {
  name: 'large-variable',
  finds: 'a variable that holds 80 % of the 5,000 bytes that are allowed, or more',
  why: 'a few more routes, and the deployment is refused',
  remedy: 'move routes into another table that `extends` the API',
  *find({ section }) {
    for (const [name, value] of variablesOf(section)) {
      const bytes = sizeOf(value);
      if (bytes < MAX_VARIABLE_BYTES * 0.8) continue;
      yield fault([name], `this is ${bytes} of ${MAX_VARIABLE_BYTES} bytes`, sizeRemedy(name, value));
    }
  },
};
