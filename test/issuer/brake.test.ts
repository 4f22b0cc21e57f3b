import { describe, expect, it } from 'vitest';
import { createFailureBrake, LIMIT_PERIOD_SECONDS } from '../../issuer/src/client/brake.ts';

const refusing = { limit: async () => ({ success: false }) };

describe('the brake', () => {
  it('holds for its period, and no longer', async () => {
    let now = 0;
    const brake = createFailureBrake(refusing, () => now);
    await brake.failed('a');
    expect([brake.secondsLeft('a'), brake.secondsLeft('b')]).toEqual([LIMIT_PERIOD_SECONDS, undefined]);
    now = LIMIT_PERIOD_SECONDS;
    expect(brake.secondsLeft('a')).toBeUndefined();
  });

  it('does not grow with a flood of senders: the oldest is let go', async () => {
    const brake = createFailureBrake(refusing, () => 0);
    for (let i = 0; i <= 10_000; i++) await brake.failed(String(i));
    expect([brake.secondsLeft('0'), brake.secondsLeft('10000')]).toEqual([undefined, LIMIT_PERIOD_SECONDS]);
  });

  it('holds nobody where there is no limit, or it is not reached', async () => {
    for (const limit of [undefined, { limit: async () => ({ success: true }) }]) {
      const brake = createFailureBrake(limit, () => 0);
      await brake.failed('a');
      expect(brake.secondsLeft('a')).toBeUndefined();
    }
  });
});
