/** The subjects of a difference: patterns of routes. */
import { canonicalRules } from '../../../src/policy/compile/rules.ts';
import type { Match, NoMatch } from '../../../src/policy/match.ts';
import type { Route } from '../../../src/policy/policy.ts';
import { patternOf } from '../words.ts';
import { compareSpecificity, shapeOf } from './patterns.ts';

/** The patterns by which both policies differ here, the most specific one first. */
export function subjectsOf(before: Match | NoMatch, after: Match | NoMatch): string[] {
  const [old, now] = [meaningsOf(before), meaningsOf(after)];
  const differing = [...old, ...now].filter(([key]) => !(old.has(key) && now.has(key)));
  const patterns = (differing.length === 0 ? [...now, ...old] : differing).map(([, pattern]) => pattern);
  return [...new Set(patterns)].sort(compareSpecificity);
}

/** For a request that is sent elsewhere: the patterns of what serves it, before and now. */
export const movedSubjects = (before: Route, after: Route): string[] =>
  [...new Set([patternOf(before), patternOf(after)])].sort(compareSpecificity);

/** Each route that has a say, with its pattern and what it asks as one text. */
function meaningsOf(found: Match | NoMatch): Map<string, string> {
  const routes =
    found.kind === 'match'
      ? [found.route, ...found.nearMisses]
      : found.nearMiss === undefined
        ? []
        : [found.nearMiss];
  return new Map(
    routes.map((route) => [`${shapeOf(patternOf(route))} ${meaningOf(route)}`, patternOf(route)]),
  );
}

const meaningOf = (route: Route): string =>
  JSON.stringify([route.auth, route.reportOnly, canonicalRules(route)]);
