/** What a run measures: all of it, or what `--only` names. */
import { findCommit } from './against.ts';
import { UsageError } from './children.ts';
import { ALGORITHMS, type Algorithm } from './issuer.ts';
import type { Flags } from './program.ts';

/** Ids of scenarios, and of the rest that a run measures. */
export const repeatedId = (alg: Algorithm) => `repeated-${alg}`;
export const firstSightId = (alg: Algorithm) => `first-sight-${alg}`;
export const MIXED_ID = 'mixed';
export const ONE_BY_ONE_ID = 'one-by-one';
export const PUBLIC_ID = 'public';
export const ROUTES_ID = 'routes';
export const ASSERTED_ID = 'asserted';
export const OWN_ID = 'own-app';
export const BODIES_IDS = { answers: 'bodies-answers', requests: 'bodies-requests' } as const;
export const DENIED_ID = 'denied-401';
export const FORBIDDEN_ID = 'denied-403';
export const START_UP_ID = 'start-up';
export const COMPILE_ID = 'compile';
export const KV_ID = 'kv';
export const KEY_FETCHES_ID = 'key-fetches';

export const SCENARIO_IDS: readonly string[] = [
  repeatedId('RS256'),
  MIXED_ID,
  ONE_BY_ONE_ID,
  PUBLIC_ID,
  ROUTES_ID,
  ASSERTED_ID,
  ...Object.values(BODIES_IDS),
  ...ALGORITHMS.map(firstSightId),
  OWN_ID,
  DENIED_ID,
  FORBIDDEN_ID,
];
const PARTS: readonly string[] = [...SCENARIO_IDS, START_UP_ID, COMPILE_ID, KV_ID, KEY_FETCHES_ID];

/** For the help: algorithms by what comes before them. */
export const PART_NAMES = [...new Set(PARTS.map((id) => id.replace(/-(RS256|ES256|EdDSA)$/, '')))].join(', ');

/** The parts of a run by their ids. */
export interface Selection {
  /** `undefined`: all. */
  readonly only: readonly string[] | undefined;
  has(id: string): boolean;
}

/** @param list ids or the first words of some, with commas between: `first-sight,routes` */
export function select(list: string | undefined): Selection {
  if (list === undefined) return { only: undefined, has: () => true };
  const only = list.split(',').flatMap((name) => {
    const meant = PARTS.filter((id) => id === name || id.startsWith(`${name}-`));
    if (meant.length === 0) throw new UsageError(`--only ${name}: write some of ${PARTS.join(', ')}`);
    return meant;
  });
  return { only, has: (id) => only.includes(id) };
}

export interface Choice {
  readonly selection: Selection;
  /** The commit that is measured besides. */
  readonly rev: string | undefined;
}

export function readChoice({ only, against }: Flags): Choice {
  return {
    selection: select(typeof only === 'string' ? only : undefined),
    rev: typeof against === 'string' ? findCommit(against) : undefined,
  };
}
