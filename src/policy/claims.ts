import type { ClaimSelector, ClaimValue } from './policy.ts';

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

/** Whether a claim is this value, or a list that has it. Values compare with their type. */
export function hasClaimValue(held: unknown, wanted: ClaimValue): boolean {
  return Array.isArray(held) ? held.includes(wanted) : held === wanted;
}

/** Where scopes, client ids and audiences are looked for, if an issuer's table names no other place. The first counts. */
export const DEFAULT_CLAIMS = {
  scope: ['scope', 'scp', 'permissions'],
  client: ['azp', 'client_id', 'cid', 'appid'],
  audience: ['aud'],
} as const;

/** RFC 7515 §4.1.9: `application/` may be left out, and media types ignore case. */
export function normaliseTokenType(typ: string): string {
  return typ.toLowerCase().replace(/^application\//, '');
}

/** Whether all text in a JSON value is well-formed Unicode: a lone surrogate can't be sent on. */
export function isWellFormed(value: unknown): boolean {
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next === 'string') {
      if (!next.isWellFormed()) return false;
    } else if (typeof next === 'object' && next !== null) {
      for (const [name, member] of Object.entries(next)) {
        if (!name.isWellFormed()) return false;
        pending.push(member);
      }
    }
  }
  return true;
}
