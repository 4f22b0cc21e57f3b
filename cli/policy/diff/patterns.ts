/** Patterns of paths as findings name them. */

/** One text for patterns that match the same requests: names of parameters don't count. */
export const shapeOf = (pattern: string): string => {
  const [path = '', ...query] = pattern.split('?');
  return [path.replace(PARAM, ':'), ...query].join('?');
};

/** A colon behind a letter, a digit or `_` begins none. */
const PARAM = /(?<![A-Za-z0-9_]):[A-Za-z_][A-Za-z0-9_]*/g;

/** The more specific one first: text beats `:id.json`, which beats `:id`, which beats `*`. Then a query beats none. */
export function compareSpecificity(one: string, other: string): number {
  const [a, b] = [rank(one), rank(other)];
  return a < b ? -1 : a > b ? 1 : 0;
}

const rank = (pattern: string) => {
  const [path = '', query] = pattern.split('?');
  const parts = path.replace(/\/$/, '').slice(1).split('/');
  return parts.map(rankOfPart).join('') + (query === undefined ? '1' : '0');
};

function rankOfPart(part: string): string {
  if (part === '*') return '3';
  const shape = shapeOf(part);
  if (shape === ':') return '2';
  return shape === part ? '0' : '1';
}

/** For a list of routes: by the alphabet. */
export const comparePatterns = (one: string, other: string): number =>
  one < other ? -1 : one > other ? 1 : 0;
