/** Pieces of sentences. */

/** "a", "a and b", "a, b and c". */
export function listed(names: readonly string[], join = 'and'): string {
  return names.length < 2
    ? (names[0] ?? '')
    : `${names.slice(0, -1).join(', ')} ${join} ${names.at(-1) ?? ''}`;
}

/** A value of a token or a request, short enough for a line, and nothing that a terminal would obey. */
export function shown(value: unknown, limit = 100): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > limit ? `${text.slice(0, limit)}… (${text.length} characters)` : text;
}

/** `1 route`, `2 routes`. */
export const countOf = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? '' : 's'}`;
