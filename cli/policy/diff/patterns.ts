/** Patterns of paths as findings name them. */

/** One text for patterns that match the same paths: names of parameters don't count. */
export const shapeOf = (pattern: string): string => pattern.replace(/\/:[^/]*/g, '/:');

/** The more specific one first: text beats `:param`, which beats `*`. */
export function compareSpecificity(one: string, other: string): number {
  const [a, b] = [rank(one), rank(other)];
  return a < b ? -1 : a > b ? 1 : 0;
}

const rank = (pattern: string) =>
  pattern
    .replace(/\/$/, '')
    .slice(1)
    .split('/')
    .map((part) => (part === '*' ? '2' : part.startsWith(':') ? '1' : '0'))
    .join('');

/** For a list of routes: by the alphabet. */
export const comparePatterns = (one: string, other: string): number =>
  one < other ? -1 : one > other ? 1 : 0;
