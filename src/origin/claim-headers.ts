import type { Reason } from '../decision.ts';
import { readClaim } from '../policy/claims.ts';
import type { ForwardedClaim, Principal } from '../policy/policy.ts';

/** Limits of docs/origins.md: servers commonly refuse more than 8 KB of headers. */
export const MAX_HEADER_LENGTH = 4_096;
export const MAX_HEADERS_LENGTH = 6_144;

// The look-behind keeps a long run of blanks inside from taking quadratic time.
const TO_ENCODE = /[%,]|[^\x20-\x7e]+|^ +|(?<! ) +$/gu;
const NOT_ASCII = /[^\x20-\x7e]/g;

/** A claim as `as = "text"`: `decodeURIComponent` gives back the claim. */
export function encodeText(value: string): string {
  return value.replace(TO_ENCODE, (run) => encodeURIComponent(run));
}

/** An array of strings as `as = "list"`: split at `,`, then `decodeURIComponent` each. */
export function encodeList(values: readonly string[]): string {
  return values.map(encodeText).join(',');
}

/** JSON in ASCII only, as `as = "json"`. */
export function encodeJson(value: unknown): string {
  return JSON.stringify(value).replace(
    NOT_ASCII,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A claim that could not be sent in the form that the policy asks for. */
export type SkippedClaim = (claim: ForwardedClaim) => void;

/**
 * Writes who is calling into headers: `x-claim-iss`, `-sub`, `-client-id`, `-scope`, and what the API forwards. A
 * missing or empty claim sends no header. The headers must have been stripped before.
 *
 * @param skipped told of claims that are present, but of a type that the policy didn't declare
 * @returns a reason where the claims don't fit into headers
 */
export function setClaimHeaders(
  headers: Headers,
  principal: Principal,
  forward: readonly ForwardedClaim[],
  skipped: SkippedClaim,
): Reason | undefined {
  let total = 0;
  const set = (name: string, value: string, claim: string): Reason | undefined => {
    if (value === '') return undefined;
    total += name.length + value.length;
    if (value.length > MAX_HEADER_LENGTH || total > MAX_HEADERS_LENGTH)
      return { code: 'claims_too_large', claim };
    headers.set(name, value);
    return undefined;
  };
  const { issuer, subject, client, scopes } = principal;
  const reason =
    set('x-claim-iss', encodeText(issuer.issuer), 'iss') ??
    set('x-claim-sub', encodeText(subject ?? ''), 'sub') ??
    set('x-claim-client-id', encodeText(client ?? ''), 'client_id') ??
    set('x-claim-scope', [...scopes].join(' '), 'scope');
  if (reason !== undefined) return reason;
  for (const forwarded of forward) {
    const claim = readClaim(principal.claims, forwarded.claim);
    if (claim === undefined || claim === null) continue;
    let value: string | undefined;
    try {
      value = encodeAs(forwarded.as, claim);
    } catch {
      return { code: 'claims_too_large', claim: forwarded.claim.text }; // nested too deeply for JSON.stringify
    }
    if (value === undefined) skipped(forwarded);
    else {
      const tooLarge = set(forwarded.header, value, forwarded.claim.text);
      if (tooLarge !== undefined) return tooLarge;
    }
  }
  return undefined;
}

function encodeAs(as: ForwardedClaim['as'], claim: unknown): string | undefined {
  switch (as) {
    case 'text':
      return typeof claim === 'string' ? encodeText(claim) : undefined;
    case 'list': {
      const items: unknown = typeof claim === 'string' ? [claim] : claim;
      if (!Array.isArray(items)) return undefined;
      return items.every((item) => typeof item === 'string') ? encodeList(items as string[]) : undefined;
    }
    case 'json':
      return encodeJson(claim);
  }
}
