/** Remembers what a pure function made of a text, so that it is not made again for each request. */
export interface Bounds {
  /** Where there are more, all are forgotten: what is in use is soon there again. */
  readonly maxEntries: number;
  /** Longer texts are not kept. */
  readonly maxLength: number;
}

/**
 * The same function with a memory. Texts are mostly a client's choice: the memory does not grow with them.
 *
 * @param make pure, and what it returns is never changed: all who ask for the same text share it
 */
export function remember<Made>(
  make: (text: string) => Made,
  { maxEntries, maxLength }: Bounds,
): (text: string) => Made {
  const known = new Map<string, Made>();
  return (text) => {
    let made = known.get(text);
    if (made === undefined) {
      made = make(text);
      if (text.length > maxLength) return made;
      if (known.size >= maxEntries) known.clear();
      known.set(text, made);
    }
    return made;
  };
}
