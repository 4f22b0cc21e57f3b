/** The times of docs/revocation.md. */
export const REVOCATION_TIMES = {
  /** A copy that was read longer ago is read again, behind the request that finds out. */
  rereadMs: 20_000,
  /** One that is older still is read again before it is used. */
  oldMs: 30_000,
  /** While nobody can be asked, requests wait no more than once in this time. */
  coolDownMs: 5_000,
  /** A copy that nobody could confirm for so long is used no more. */
  limitMs: 10 * 60_000,
  /** What KV has was published longer ago: the object is asked, in case KV lags behind. */
  staleMs: 25 * 60_000,
  /** What was published longer ago, and nobody could confirm since, is used no more. */
  staleLimitMs: 24 * 3600_000,
  /** The object publishes the same again after this time, when the cron or an isolate asks. */
  beatMs: 10 * 60_000,
  /** Clocks of machines go back so much when they are set. */
  clockSlackMs: 1_000,
  /** How long a request waits for KV, and then for the object. */
  kvWaitMs: 1_500,
  objectWaitMs: 2_500,
  /** A flight that is older may have been cancelled with its request: another may start. */
  flightMs: 6_000,
} as const;
