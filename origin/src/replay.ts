/**
 * Told of the id of each assertion that is otherwise right. It remembers the id until then (seconds since 1970).
 *
 * @returns whether the id is new. Where it throws, the request is not let in.
 */
export type ReplayMemory = (id: string, rememberUntil: number) => boolean | Promise<boolean>;

/**
 * Ids in the memory of this process. It knows nothing of other processes: give those one memory that they share, such
 * as Redis with `SET id 1 NX EXAT …`. Full of ids that have not ended, it throws: to forget one would let it be used
 * again.
 */
export function createReplayMemory({
  maxEntries = 100_000,
  now = Date.now,
}: {
  /** Ids at once. At 30 s of lifetime, 100,000 are enough for 2,800 requests a second. */
  readonly maxEntries?: number;
  /** In milliseconds. */
  readonly now?: () => number;
} = {}): ReplayMemory {
  if (!Number.isSafeInteger(maxEntries) || maxEntries < 1)
    throw new TypeError('maxEntries: write a whole number from 1 on');
  const ends = new Map<string, number>();
  const sweep = (seconds: number) => {
    for (const [id, end] of ends) if (end <= seconds) ends.delete(id);
  };
  let sweptAt = 0;
  return (id, rememberUntil) => {
    const seconds = now() / 1000;
    if (seconds - sweptAt >= 1) {
      sweep(seconds);
      sweptAt = seconds;
    }
    if (ends.has(id)) return false;
    if (ends.size >= maxEntries)
      throw new Error(`the memory of ids is full: raise maxEntries (${maxEntries})`);
    ends.set(id, rememberUntil);
    return true;
  };
}
