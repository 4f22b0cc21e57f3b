/**
 * Holds back whoever keeps failing to authenticate. The platform's limit counts, for a Cloudflare location; it can't
 * be asked without counting, so what it refused is remembered here for the rest of its period. Nobody is locked out who comes from another address.
 */
export interface FailureLimit {
  /** Seconds until another try is heard, or `undefined`: now. */
  secondsLeft(key: string): number | undefined;
  /** Counts a failure. */
  failed(key: string): Promise<void>;
}

/** The longest period that a limit of the platform can have. */
export const LIMIT_PERIOD_SECONDS = 60;
const MAX_KEYS = 10_000;

export function createFailureLimit(limit: RateLimit | undefined, nowSeconds: () => number): FailureLimit {
  const heldUntil = new Map<string, number>();
  return {
    secondsLeft(key) {
      const until = heldUntil.get(key);
      if (until === undefined) return undefined;
      const left = until - nowSeconds();
      if (left > 0) return left;
      heldUntil.delete(key);
      return undefined;
    },
    async failed(key) {
      if (limit === undefined || (await limit.limit({ key })).success) return;
      // The oldest goes: a flood of addresses costs memory no more than this.
      const oldest = heldUntil.keys().next();
      if (heldUntil.size >= MAX_KEYS && !oldest.done) heldUntil.delete(oldest.value);
      heldUntil.set(key, nowSeconds() + LIMIT_PERIOD_SECONDS);
    },
  };
}
