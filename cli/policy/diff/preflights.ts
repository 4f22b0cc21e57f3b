/** Preflights that reach an origin without a token, in one policy only. */
import { apiOfPreflight, onlyApiOn } from '../../../src/http/preflight.ts';
import { match } from '../../../src/policy/match.ts';
import { type ParsedPath, parsePath } from '../../../src/policy/path.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { callersOf } from './callers.ts';
import { pathClasses } from './classes.ts';
import { OTHER_METHODS } from './compare.ts';
import { type Difference, placedDifference } from './difference.ts';
import { hostGroups } from './hosts.ts';
import { spellingsOf } from './spellings.ts';

type Preflights = 'passed' | 'answered' | 'open' | 'refused';

const WORDS: Readonly<Record<Preflights, string>> = {
  passed: 'preflights reach the origin, without a token',
  answered: 'the gateway answers preflights',
  open: 'preflights reach the origin, without a token',
  refused: 'preflights need a route for OPTIONS without a token',
};

/** Asks both policies about the preflight of each class of requests. */
export function preflightDifferences(old: Policy, now: Policy): Difference[] {
  const passes = ({ apis }: Policy) => apis.some(({ cors }) => cors?.kind === 'origin');
  if (!passes(old) && !passes(now)) return [];
  const found = new Map<string, Difference>();
  const spellings = spellingsOf([old, now]);
  for (const { host, tables } of hostGroups([old, now])) {
    for (const { path, methods } of pathClasses(tables, spellings)) {
      const parsed = parsePath(path);
      if (typeof parsed === 'string') continue;
      const unnamed = OTHER_METHODS.find((method) => !methods.has(method)) ?? 'X-OTHER';
      for (const method of new Set([...methods, 'HEAD', unnamed])) {
        const before = preflightsOf(old, host, method, parsed);
        const after = preflightsOf(now, host, method, parsed);
        const isPassed = [before, after].some(({ kind }) => kind === 'passed');
        if (!isPassed || isOpen(before.kind) === isOpen(after.kind)) continue;
        const change = isOpen(after.kind) ? 'opened' : 'closed';
        const api = (change === 'opened' ? after : before).api;
        const difference = placedDifference(change, `${api}.cors`, WORDS[before.kind], WORDS[after.kind]);
        found.set(JSON.stringify(difference), difference);
      }
    }
  }
  return [...found.values()];
}

const isOpen = (kind: Preflights) => kind === 'passed' || kind === 'open';

function preflightsOf(
  policy: Policy,
  host: string,
  method: string,
  path: ParsedPath,
): { kind: Preflights; api: string | undefined } {
  const own = apiOfPreflight(policy, { host, path, query: '' }, method);
  if (own?.cors?.kind === 'origin') return { kind: 'passed', api: own.name };
  const speaking = own ?? onlyApiOn(policy, host);
  if (speaking?.cors?.kind === 'gateway') return { kind: 'answered', api: speaking.name };
  const found = match(policy, host, 'OPTIONS', path);
  const { kind } = callersOf(found, policy.settings, { segments: path.segments, host });
  const api = found.kind === 'match' ? found.route.api.name : own?.name;
  return { kind: kind === 'anyone' ? 'open' : 'refused', api };
}
