/** Counts of each route. */
import { MAX_DISTINCT, REST } from './counters.ts';
import { createSpread, type Spread } from './spread.ts';
import type { RouteCount } from './summary.ts';

type TimedCount = RouteCount & { originSum: number; originCount: number; readonly spread: Spread };

export function addTime(count: TimedCount, originMs: number): void {
  count.originSum += originMs;
  count.originCount++;
  count.origin_ms_max = Math.max(count.origin_ms_max ?? 0, originMs);
  count.origin_ms_mean = Math.round(count.originSum / count.originCount);
}

/** Past the limit, new routes are counted as one. */
export function routeCounter() {
  const routes = new Map<string, TimedCount>();
  const total = ({ allowed, denied }: RouteCount) => allowed + denied;
  return {
    find(name: string): TimedCount {
      const route = routes.has(name) || routes.size < MAX_DISTINCT ? name : REST;
      const known = routes.get(route);
      if (known !== undefined) return known;
      const none = { allowed: 0, denied: 0, would_deny: 0, origin_ms_mean: null, origin_ms_max: null };
      const sums = { originSum: 0, originCount: 0, spread: createSpread() };
      const count = { route, ...none, active_s: 0, ...sums };
      routes.set(route, count);
      return count;
    },
    read: (): RouteCount[] =>
      [...routes.values()]
        .map(({ originSum: _, originCount: __, spread, ...count }) => ({
          ...count,
          active_s: spread.seconds(),
        }))
        .sort((a, b) => total(b) - total(a)),
  };
}
