/** How much of the time a route had traffic: a burst, and one request a year before it, are no year. */

/** A pause counts for so much at most. */
const MAX_PAUSE_MS = 6 * 3_600_000;
const FIRST_SLOT_MS = 3_600_000;
/** The slots become longer where there would be more. */
const MAX_SLOTS = 400;

export interface Spread {
  add(atMs: number): void;
  /** From the first to the last request, pauses being counted for six hours at most. In any order of lines. */
  seconds(): number;
}

export function createSpread(): Spread {
  let slotMs = FIRST_SLOT_MS;
  let slots = new Map<number, { firstMs: number; lastMs: number }>();

  function add(firstMs: number, lastMs: number): void {
    const key = Math.floor(firstMs / slotMs);
    const slot = slots.get(key);
    if (slot === undefined) slots.set(key, { firstMs, lastMs });
    else {
      slot.firstMs = Math.min(slot.firstMs, firstMs);
      slot.lastMs = Math.max(slot.lastMs, lastMs);
    }
  }

  return {
    add(atMs) {
      add(atMs, atMs);
      while (slots.size > MAX_SLOTS) {
        const fine = [...slots.values()];
        [slots, slotMs] = [new Map(), slotMs * 2];
        for (const { firstMs, lastMs } of fine) add(firstMs, lastMs);
      }
    },
    seconds() {
      let [total, before]: [number, number | undefined] = [0, undefined];
      for (const { firstMs, lastMs } of [...slots.values()].sort((a, b) => a.firstMs - b.firstMs)) {
        if (before !== undefined) total += Math.min(firstMs - before, MAX_PAUSE_MS);
        total += Math.min(lastMs - firstMs, slotMs);
        before = lastMs;
      }
      return Math.floor(total / 1_000);
    },
  };
}
