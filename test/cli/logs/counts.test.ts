/** Counters whose size has a limit: what they still know beyond it. */
import { describe, expect, it } from 'vitest';
import { createCopies } from '../../../cli/logs/count/copies.ts';
import { createSpread } from '../../../cli/logs/count/spread.ts';

describe('copies', () => {
  it('are known, the last 500,000 at least, and nothing else is taken for one', () => {
    const copies = createCopies();
    const count = 1_200_000;
    let wrong = 0;
    for (let i = 0; i < count; i++) if (copies.isCopy(`request ${i}`)) wrong++;
    expect(wrong).toBe(0);
    for (let i = count - 500_000; i < count; i += 7) if (!copies.isCopy(`request ${i}`)) wrong++;
    expect(wrong).toBe(0);
  });
});

describe('the time with traffic', () => {
  const HOUR = 3_600_000;

  it('of years, an hour each: every pause counts, whatever the number of spans', () => {
    const spread = createSpread();
    for (let day = 0; day < 3_000; day++) spread.add(day * 24 * HOUR);
    // Far more spans than are kept: it becomes coarse, and never longer than the time itself.
    expect(spread.seconds()).toBeGreaterThan(365 * 6 * 3_600);
    expect(spread.seconds()).toBeLessThanOrEqual(3_000 * 24 * 3_600);
  });

  it('without a pause is the time itself', () => {
    const spread = createSpread();
    for (let i = 0; i <= 24 * 90; i++) spread.add((24 * 90 - i) * HOUR);
    expect(spread.seconds()).toBe(24 * 90 * 3_600);
  });

  it('of nothing is nothing', () => {
    expect(createSpread().seconds()).toBe(0);
  });
});
