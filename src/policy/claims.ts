import { type Place, paramValue } from './params.ts';
import type { ClaimSelector, ClaimValue, RouteSelector } from './policy.ts';

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
export function readClaim(
  claims: Readonly<Record<string, unknown>>,
  { path, members }: ClaimSelector,
): unknown {
  let value: unknown = claims;
  for (let i = 0; i < path.length; i++) value = memberOf(value, path[i] as string, members?.includes(i));
  return value;
}

/** The same for a selector of a route. @param place what parameters are read from */
export function readClaimAt(
  claims: Readonly<Record<string, unknown>>,
  { path }: RouteSelector,
  place: Place,
): unknown {
  let value: unknown = claims;
  for (const name of path)
    value =
      typeof name === 'string'
        ? memberOf(value, name)
        : memberOf(value, paramValue(name, place) || null, true);
  return value;
}

/** @param name `null`: none @param isOfObject an index of a list is none */
function memberOf(value: unknown, name: string | null, isOfObject = false): unknown {
  if (typeof value !== 'object' || value === null || name === null || !Object.hasOwn(value, name))
    return undefined;
  if (Array.isArray(value) && (isOfObject || !isIndex(name))) return undefined;
  return (value as Record<string, unknown>)[name];
}

/** RFC 6901 §4. */
export const isIndex = (name: string): boolean => /^(0|[1-9][0-9]*)$/.test(name);

/**
 * Whether a claim is this value, or a list that has it, or an object with a member of that name. Values compare with
 * their type. A member that is false, null, 0 or an empty text doesn't count: `{ "admin": false }` is no admin.
 */
export function hasClaimValue(held: unknown, wanted: ClaimValue): boolean {
  if (typeof held !== 'object' || held === null) return held === wanted;
  if (Array.isArray(held)) return held.includes(wanted);
  return typeof wanted === 'string' && Object.hasOwn(held, wanted) && countsAsMember(held, wanted);
}

const countsAsMember = (held: object, name: string) => Boolean((held as Record<string, unknown>)[name]);

/**
 * Whether a claim is there, and none of its values is this one. In doubt it is not: values are compared without type,
 * letter case and blanks around them, and a list of anything but text, numbers and booleans can't be judged.
 */
export function lacksClaimValue(held: unknown, unwanted: ClaimValue): boolean {
  if (held === undefined || held === null) return false;
  const values = Array.isArray(held)
    ? held
    : typeof held === 'object'
      ? Object.keys(held).filter((name) => countsAsMember(held, name))
      : [held];
  const folded = foldValue(unwanted);
  return values.every(
    (value) => value !== null && typeof value !== 'object' && foldValue(value as ClaimValue) !== folded,
  );
}

/** A value as `not` compares it. */
export const foldValue = (value: ClaimValue): string => String(value).trim().toLowerCase();

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
