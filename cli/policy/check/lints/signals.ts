/** What is wrong with transmitters though they compile. */
import { fault } from '../../../../src/policy/compile/fault.ts';
import { listOf } from '../../../text/json.ts';
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

export const idlePoll: Lint = {
  name: 'idle-poll',
  finds: '`poll_uri` of a transmitter, and no cron trigger',
  why: 'the cron asks for events: without one nobody does, and none is received',
  remedy: 'add `[triggers]` with `crons = ["* * * * *"]`, in each environment',
  *find({ policy: { transmitters }, section }) {
    if (listOf(section.triggers?.crons).length > 0) return;
    for (const { name, poll } of transmitters)
      if (poll !== undefined)
        yield fault(
          ['GATEWAY', 'signals', name, 'poll_uri'],
          'no cron trigger asks for its events',
          'add [triggers] with crons = ["* * * * *"]',
        );
  },
};
