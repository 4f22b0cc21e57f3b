import type { ClaimRule, ClaimSelector, ClaimValue } from './policy.ts';

/**
 * A claim's name, or where it begins with `/` a JSON Pointer (RFC 6901 §3).
 * Names are never split at dots: `https://example.com/tenant` is one name.
 */
export function parseSelector(text: string): ClaimSelector {
  const path = text.startsWith('/')
    ? text
        .slice(1)
        .split('/')
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    : [text];
  return { text, path };
}

/** Reads a claim; `undefined` where it is absent. Only a token's own members count, never inherited ones. */
export function readClaim(claims: Readonly<Record<string, unknown>>, selector: ClaimSelector): unknown {
  let value: unknown = claims;
  for (const name of selector.path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    if (Array.isArray(value) && !/^(0|[1-9][0-9]*)$/.test(name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/**
 * Whether a claim says what a rule wants. Values compare with their type; an array satisfies a rule if it contains
 * the value; a path parameter compares with a number's decimal form.
 *
 * @param segments the request's path, decoded
 */
export function satisfies(
  rule: ClaimRule,
  claims: Readonly<Record<string, unknown>>,
  segments: readonly string[],
): boolean {
  const held = readClaim(claims, rule.claim);
  const values: readonly unknown[] = Array.isArray(held) ? held : [held];
  if ('anyOf' in rule) return values.some((value) => rule.anyOf.includes(value as ClaimValue));
  const wanted = segments[rule.segment];
  if (wanted === undefined || wanted === '') return false;
  return values.some((value) =>
    typeof value === 'number' ? Number.isSafeInteger(value) && String(value) === wanted : value === wanted,
  );
}
