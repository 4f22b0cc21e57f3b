/** Whether a line was read before: exports that overlap have it twice. */

export interface Copies {
  /** @returns whether the id was seen before, among those that are remembered */
  isCopy(id: string): boolean;
}

/** So many ids are remembered at least: 16 MB, however long the log is. */
const MIN_IDS = 500_000;
/** Slots of a table; a power of two, and half of them stay empty. */
const SLOTS = 2 ** 20;

/** Remembers the ids by a hash of 53 bits: that two of a million are taken for one happens once in 18,000 logs. */
export function createCopies(): Copies {
  let [young, old] = [new Float64Array(0), new Float64Array(0)];
  let count = 0;
  return {
    isCopy(id) {
      const hash = hashOf(id);
      if (young.length === 0) young = new Float64Array(SLOTS);
      const slot = find(young, hash);
      if (young[slot] === hash || (old.length > 0 && old[find(old, hash)] === hash)) return true;
      young[slot] = hash;
      if (++count < MIN_IDS) return false;
      [young, old, count] = [new Float64Array(0), young, 0];
      return false;
    },
  };
}

/** Where it is, or would be. Zero is an empty slot. */
function find(table: Float64Array, hash: number): number {
  let slot = hash % SLOTS;
  while (table[slot] !== 0 && table[slot] !== hash) slot = (slot + 1) % SLOTS;
  return slot;
}

/** Two runs of FNV-1a with different beginnings and mixing. Never zero. */
function hashOf(text: string): number {
  let [one, other] = [0x811c9dc5, 0x9e3779b9];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    one = Math.imul(one ^ code, 0x01000193);
    other = Math.imul(other ^ code, 0x85ebca6b);
    other ^= other >>> 13;
  }
  return (other >>> 0) * 2 ** 21 + ((one ^ (one >>> 11)) & 0x1fffff) + 1;
}
