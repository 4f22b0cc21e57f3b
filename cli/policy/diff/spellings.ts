/** Segments that stand for all others of their kind. */

import { foldValue } from '../../../src/policy/claims.ts';
import { parsePath } from '../../../src/policy/path.ts';
import type { Demand, PatternNode, Policy } from '../../../src/policy/policy.ts';
import { tablesOf } from '../what-if/targets.ts';

export interface Spellings {
  /** A segment that neither policy knows, in any spelling; another one at each place of a path. */
  unknown(index: number): string;
  /** Another spelling of a literal: it is folded to the same text, and is none of those. `undefined`: there is none. */
  variant(folded: string, literals: ReadonlySet<string>): string | undefined;
  /** How a lax origin may read a literal of some pattern. */
  foldOf(literal: string): string | undefined;
}

export function spellingsOf(policies: readonly Policy[]): Spellings {
  const byFold = new Map<string, string[]>();
  const folds = new Map<string, string>();
  const taken = new Set<string>();
  for (const text of policies.flatMap(tablesOf).flatMap((table) => [...literalsOf(table.exact)])) {
    if (folds.has(text)) continue;
    const folded = foldOf(text);
    taken.add(text).add(folded ?? text);
    if (folded === undefined) continue;
    folds.set(text, folded);
    byFold.set(folded, [...(byFold.get(folded) ?? []), text]);
  }
  // A segment that a claim may have to equal is no segment like any other.
  for (const name of policies.flatMap(claimNamesOf)) taken.add(name);
  return {
    unknown(index) {
      let text = `x${index + 1}`;
      while (taken.has(text)) text += 'x';
      return text;
    },
    variant(folded, literals) {
      const fits = (text: string) => !literals.has(text) && foldOf(text) === folded;
      for (const text of byFold.get(folded) ?? []) {
        const shouted = text.replace(/[a-z]/, (letter) => letter.toUpperCase());
        for (const other of [shouted, `${text};x`, `${text};xx`, `${text};xxx`])
          if (fits(other)) return other;
      }
      return undefined;
    },
    foldOf: (literal) => folds.get(literal),
  };
}

/** A path as it is sent. */
export const writePath = (segments: readonly string[]): string =>
  `/${segments.map((segment) => encodeURIComponent(segment)).join('/')}`;

function foldOf(text: string): string | undefined {
  const parsed = parsePath(writePath([text]));
  return typeof parsed === 'string' || text === '' ? undefined : parsed.folded[0];
}

function* literalsOf<Leaf>(node: PatternNode<Leaf>): Generator<string> {
  for (const [text, child] of node.literals ?? []) {
    yield text;
    yield* literalsOf(child);
  }
  if (node.param !== undefined) yield* literalsOf(node.param);
}

/** Every value that some rule of a policy wants in a claim or does not, and every name of one. */
function claimNamesOf({ issuers, apis }: Policy): string[] {
  const demands: readonly Demand[] = [
    ...issuers.flatMap(({ requiredClaims }) => requiredClaims),
    ...apis.flatMap(({ routes }) => routes.flatMap((route) => route.demands)),
  ];
  return demands.flatMap(({ anyOf }) =>
    anyOf.flatMap((one) => [
      ...('value' in one ? [String(one.value), foldValue(one.value)] : []),
      ...('claim' in one ? one.claim.path.filter((name) => typeof name === 'string') : []),
    ]),
  );
}
