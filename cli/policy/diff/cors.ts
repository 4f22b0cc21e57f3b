/** Compares what two policies let web pages do. */
import type { Cors, PassedCors, WebOrigins } from '../../../src/policy/cors.ts';
import { allowsOrigin } from '../../../src/policy/cors.ts';
import { originsOf } from '../words.ts';
import type { OtherChange } from './difference.ts';

type AnyCors = Cors | PassedCors | undefined;

/** @param place the field in the policy */
export function corsChanges(place: string, old: AnyCors, now: AnyCors): OtherChange[] {
  const [before, after] = [writeCors(old), writeCors(now)];
  if (before === after) return [];
  const [isWider, isNarrower] = [allowsAll(now, old), allowsAll(old, now)];
  // What the origin allows, only the origin knows.
  const verdict = isWider === isNarrower ? undefined : isWider ? 'wider' : 'narrower';
  return [{ place, before, now: after, ...(verdict && { verdict }) }];
}

/** Whether one lets pages do all that the other lets them. Times and orders let them do nothing. */
function allowsAll(one: AnyCors, other: AnyCors): boolean {
  if (one?.kind !== 'gateway' || other?.kind !== 'gateway') return false;
  return (
    coversOrigins(one.origins, other.origins) &&
    hasAll(one.headers, other.headers) &&
    hasAll(one.expose, other.expose) &&
    (one.credentials || !other.credentials)
  );
}

/** Patterns stand for so many origins that only the same pattern has them all. */
export function coversOrigins(one: WebOrigins | undefined, other: WebOrigins | undefined): boolean {
  if (one === undefined) return true;
  if (other === undefined) return false;
  const patterns = new Set(one.patterns.map((pattern) => JSON.stringify(pattern)));
  return (
    [...other.exact].every((origin) => allowsOrigin(one, origin)) &&
    other.patterns.every((pattern) => patterns.has(JSON.stringify(pattern)))
  );
}

const lower = (names: readonly string[]) => names.map((name) => name.toLowerCase());

function hasAll(names: readonly string[], wanted: readonly string[]): boolean {
  const known = new Set(lower(names));
  return lower(wanted).every((name) => known.has(name));
}

function writeCors(cors: AnyCors): string {
  if (cors === undefined) return 'none';
  if (cors.kind === 'origin') return 'preflights go to the origin, without a token';
  const sorted = (names: Iterable<string>) => [...new Set(names)].sort().join(', ');
  const parts = [
    cors.origins === undefined ? 'all origins' : sorted(originsOf(cors.origins)),
    `headers ${sorted(cors.headers)}`,
    ...(cors.expose.length === 0 ? [] : [`expose ${sorted(cors.expose)}`]),
    `max_age ${cors.maxAgeSeconds}`,
    ...(cors.credentials ? ['credentials'] : []),
  ];
  return parts.join('; ');
}
