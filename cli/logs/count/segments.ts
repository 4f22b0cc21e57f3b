/** Which segments of a path are data: they become parameters. */

/** Each is told by its form alone. */
const DATA: readonly RegExp[] = [
  /^[0-9]+$/,
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  // Hashes, and object ids of databases.
  /^(?=.*[0-9])[0-9a-f]{8,}$/i,
  // ULID
  /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/,
  /^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$/,
  /@|%40/,
  // A prefix and an id: cus_9s6XKzkNRiZ8i3
  /^[a-z]{2,8}[_-](?=.*[0-9])[A-Za-z0-9]{6,}$/,
  /^(?=.*[0-9])(?=.*[A-Za-z])[\w-]{20,}$/,
  // wrangler tail writes this for what looks like a secret.
  /^REDACTED$/,
  // No literal of a route.
  /^:|\*/,
];

export const isData = (segment: string): boolean => DATA.some((form) => form.test(segment));

/** So many different ones in one place are data, whatever their form. */
const MAX_NAMES = 50;
/** Fewer are, where most of them look made up: slugs, file names, mixed case. */
const MAX_ODD_NAMES = 8;
const ODD = /[0-9.~]|[a-z][A-Z]|-.*-|.{20}/;

/** @param names of all segments that stand in one place */
export function areData(names: readonly string[]): boolean {
  if (names.length > MAX_NAMES) return true;
  const odd = names.filter((name) => ODD.test(name)).length;
  return names.length > MAX_ODD_NAMES && odd * 2 > names.length;
}

/** The name of the parameter behind a literal: `order_id` behind `orders`. @param taken by those before it */
export function parameterName(before: string | undefined, taken: readonly string[]): string {
  const word = (before ?? '')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .toLowerCase();
  const singular = word
    .replace(/ies$/, 'y')
    .replace(/(s|x|ch|sh)es$/, '$1')
    .replace(/([^s])s$/, '$1');
  const name = /^[a-z]/.test(singular) ? `${singular}_id` : 'id';
  let unique = name;
  for (let i = 2; taken.includes(unique); i++) unique = `${name}${i}`;
  return unique;
}
