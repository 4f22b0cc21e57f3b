import { describe, expect, it } from 'vitest';
import { createFailureLimit, LIMIT_PERIOD_SECONDS } from '../../issuer/src/client/failure-limit.ts';

const refusing = { limit: async () => ({ success: false }) };

describe('the failure limit', () => {
  it('holds for its period, and no longer', async () => {
    let now = 0;
    const failures = createFailureLimit(refusing, () => now);
    await failures.failed('a');
    expect([failures.secondsLeft('a'), failures.secondsLeft('b')]).toEqual([LIMIT_PERIOD_SECONDS, undefined]);
    now = LIMIT_PERIOD_SECONDS;
    expect(failures.secondsLeft('a')).toBeUndefined();
  });

  it('does not grow with a flood of senders: the oldest is let go', async () => {
    const failures = createFailureLimit(refusing, () => 0);
    for (let i = 0; i <= 10_000; i++) await failures.failed(String(i));
    expect([failures.secondsLeft('0'), failures.secondsLeft('10000')]).toEqual([
      undefined,
      LIMIT_PERIOD_SECONDS,
    ]);
  });

  it('holds nobody where there is no limit, or it is not reached', async () => {
    for (const limit of [undefined, { limit: async () => ({ success: true }) }]) {
      const failures = createFailureLimit(limit, () => 0);
      await failures.failed('a');
      expect(failures.secondsLeft('a')).toBeUndefined();
    }
  });
});
