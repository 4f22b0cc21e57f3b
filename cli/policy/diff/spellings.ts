/** Segments that stand for all others of their kind. */

import { foldValue } from '../../../src/policy/claims.ts';
import { parsePath } from '../../../src/policy/path.ts';
import type { Demand, Policy } from '../../../src/policy/policy.ts';
import type { Affixes, PatternNode } from '../../../src/policy/tree.ts';
import { tablesOf } from '../what-if/targets.ts';

export interface Spellings {
  /** A segment that neither policy knows, in any spelling; another one at each place of a path. */
  unknown(index: number): string;
  /** Another spelling of a literal: it is folded to the same text, and is none of those. `undefined`: there is none. */
  variant(folded: string, literals: ReadonlySet<string>): string | undefined;
  /**
   * Segments for every combination of parameters with a fixed part, and of what a lax origin may take for one.
   *
   * @param folded literals that it may take them for
   */
  affixed(
    index: number,
    affixes: readonly Affixes[],
    folded: ReadonlySet<string>,
  ): { text: string; respelt: boolean }[];
  /** How a lax origin may read a segment. */
  foldOf(segment: string): string;
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
  const unknown = (index: number) => {
    let text = `x${index + 1}`;
    while (taken.has(text)) text += 'x';
    return text;
  };
  return {
    unknown,
    variant(folded, literals) {
      const fits = (text: string) => !literals.has(text) && foldOf(text) === folded;
      for (const text of byFold.get(folded) ?? []) {
        const shouted = text.replace(/[a-z]/, (letter) => letter.toUpperCase());
        for (const other of [shouted, `${text};x`, `${text};xx`, `${text};xxx`])
          if (fits(other)) return other;
      }
      return undefined;
    },
    affixed(index, affixes, folded) {
      const starts = new Set(['', ...affixes.map(({ before }) => before)]);
      const ends = new Set(['', ...affixes.map(({ after }) => after)]);
      const filler = unknown(index);
      const texts = [...starts].flatMap((start) =>
        [...ends].flatMap((end) =>
          startsOf(start, starts).flatMap((before) =>
            endsOf(end, ends).flatMap((after) => {
              const respelt = before !== start || after !== end;
              return [before + filler + after, before + after].map((text) => ({ text, respelt }));
            }),
          ),
        ),
      );
      // Without its `;parameters`, such a text is a literal to some.
      for (const literal of folded)
        for (const end of ends)
          for (const after of new Set([end, respelt(end)]))
            texts.push({ text: `${literal};${filler}${after}`, respelt: true });
      // A verb that no pattern has, and one that is read only by a lax origin.
      for (const text of [`${filler}:${filler}`, `${filler}：${filler}`])
        texts.push({ text, respelt: text.includes('：') });
      return texts.filter(({ text }) => foldOf(text) !== undefined);
    },
    foldOf: (segment) => folds.get(segment) ?? foldOf(segment) ?? segment,
  };
}

/** A start, and other spellings of it: each has another one of the starts in its own spelling, if it begins with that. */
const startsOf = (text: string, all: ReadonlySet<string>): string[] => [
  text,
  ...[...all]
    .filter((own) => own !== text && text.startsWith(own))
    .map((own) => own + respelt(text.slice(own.length))),
];

const endsOf = (text: string, all: ReadonlySet<string>): string[] => [
  text,
  ...[...all]
    .filter((own) => own !== text && text.endsWith(own))
    .map((own) => respelt(text.slice(0, text.length - own.length)) + own),
];

/** Full-width characters are another spelling of all that may stand beside a parameter. */
const respelt = (ascii: string): string =>
  ascii.replace(/[!-~]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0));

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
  for (const { node: child } of node.affixed ?? []) yield* literalsOf(child);
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
