/** What is wrong with transmitters though they compile. */
import { fault } from '../../../../src/policy/compile/fault.ts';
import type { Lint } from './subject.ts';

export const uncountedSignals: Lint = {
  name: 'uncounted-signals',
  finds: 'a transmitter that sends events to a path, and no `rate_limit`',
  why: 'anyone can post there, and each signature that is checked costs time',
  remedy: 'name a rate limit binding in `rate_limit`: it counts for each address',
  *find({ policy: { transmitters } }) {
    for (const { name, path, rateLimit } of transmitters)
      if (path !== undefined && rateLimit === undefined)
        yield fault(
          ['GATEWAY', 'signals', name],
          `anyone can post to ${path}, as often as they like`,
          'add rate_limit = "PER_ADDRESS", and [[ratelimits]] of that name',
        );
  },
};
