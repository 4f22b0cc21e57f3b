/** Both policies about a request: which of its callers each lets in, and what the origin gets. */
import { type Match, match, type NoMatch } from '../../../src/policy/match.ts';
import { type Place, paramValue } from '../../../src/policy/params.ts';
import type { ParsedPath } from '../../../src/policy/path.ts';
import type { Policy, Route } from '../../../src/policy/policy.ts';
import { paramsOf } from '../../../src/policy/properties.ts';
import { assertionStrength, assertionWords } from '../assertion-words.ts';
import { type CallerDifference, callerDifferences } from './caller-differences.ts';
import { callersOf, type Side } from './callers.ts';
import type { Sighting } from './collect.ts';
import type { Candidate, OtherChange } from './difference.ts';
import { guardChanges } from './guards.ts';
import { createIdentities } from './identity.ts';
import { apiChanges, routeChanges } from './other.ts';
import { isServed, sentChanges } from './sent.ts';
import { movedSubjects, subjectsOf } from './subjects.ts';
import { someCaller, tokensThatShow } from './tokens.ts';
import { compareCallers, describeIssuerField } from './words.ts';

type Seen = Omit<Sighting, 'respelt' | 'hosts' | 'method'>;

/** A difference in all requests that fall under the same rules. */
interface SeenOfRules extends Omit<Seen, 'candidates'> {
  readonly tokens: Candidate['tokens'];
}

type Tell = (changes: readonly OtherChange[]) => void;

/** Asks both policies about a request. What two sets of routes differ in is found out once. */
export function createExaminer(old: Policy, now: Policy, nowSeconds: number, tell: Tell) {
  const seen = new Map<string, readonly SeenOfRules[]>();
  const identityOf = createIdentities();
  return (host: string, method: string, path: string, parsed: ParsedPath, query: string): readonly Seen[] => {
    const place = { segments: parsed.segments, host };
    const before = match(old, host, method, parsed, query);
    const after = match(now, host, method, parsed, query);
    if (before.kind === 'no_match' && after.kind === 'no_match') return [];
    const key = [before, after].map((found) => rulesKey(found, place, identityOf)).join('|');
    let differences = seen.get(key);
    if (differences === undefined) {
      const sideOf = (policy: Policy, found: Match | NoMatch): Side => ({
        policy,
        found,
        callers: callersOf(found, policy.settings, place),
      });
      differences = differ(sideOf(old, before), sideOf(now, after), nowSeconds, tell);
      seen.set(key, differences);
    }
    return differences.map(({ tokens, ...rest }) => ({
      ...rest,
      candidates: [{ method, host, path, tokens }],
    }));
  };
}

/** The same for requests that fall under the same rules: those about segments of the path depend on their text. */
function rulesKey(found: Match | NoMatch, place: Place, identityOf: (route: object) => number): string {
  if (found.kind === 'no_match')
    return `${found.reason.code} ${found.nearMiss === undefined ? '' : identityOf(found.nearMiss)}`;
  const routes = [found.route, ...found.nearMisses];
  const parts = routes.map((route) => {
    const bound = route.demands.flatMap(({ anyOf }) =>
      anyOf.flatMap(paramsOf).map((param) => paramValue(param, place)),
    );
    return `${identityOf(route)}${bound.length === 0 ? '' : JSON.stringify(bound)}`;
  });
  return [...parts, ...(found.refusal === undefined ? [] : [found.refusal.code])].join();
}

function differ(old: Side, now: Side, nowSeconds: number, tell: Tell): SeenOfRules[] {
  const patterns = subjectsOf(old.found, now.found);
  const words = () => compareCallers(old.callers, now.callers);
  const [wasNobody, isNobody] = [old.callers.kind === 'nobody', now.callers.kind === 'nobody'];
  if (wasNobody && isNobody) return [];
  if (wasNobody || isNobody) {
    const tokens = someCaller(wasNobody ? now : old, nowSeconds);
    return [{ change: wasNobody ? 'opened' : 'closed', patterns, ...words(), tokens }];
  }
  const lost = (change: 'widened' | 'narrowed', from: Side, to: Side) =>
    callerDifferences(from, to, nowSeconds).map((one) => ({
      change,
      patterns,
      ...words(),
      ...placeOf(one, old.policy, now.policy),
      tokens: tokensThatShow(one, from, to, nowSeconds),
    }));
  return [
    ...lost('widened', now, old),
    ...lessProven(old, now, nowSeconds),
    ...movedBetween(old, now, nowSeconds, tell),
    ...lost('narrowed', old, now),
  ];
}

/** An origin that can check less lets in what it would have refused: whoever reaches it around the gateway. */
function lessProven(old: Side, now: Side, nowSeconds: number): SeenOfRules[] {
  if (!isServed(old) || !isServed(now)) return [];
  const [before, after] = [old.found.route, now.found.route];
  if (assertionStrength(after.api) >= assertionStrength(before.api)) return [];
  const words = ({ policy }: Side, { api }: Route) => [assertionWords(policy, api)];
  return [
    {
      change: 'widened',
      place: `${after.api.name}.assertion`,
      patterns: movedSubjects(before, after),
      before: words(old, before),
      now: words(now, after),
      tokens: someCaller(now, nowSeconds, old),
    },
  ];
}

/** Finds what the origin gets otherwise, of a request that both policies let in. */
function movedBetween(old: Side, now: Side, nowSeconds: number, tell: Tell): SeenOfRules[] {
  if (!isServed(old) || !isServed(now)) return [];
  const [before, after] = [old.found.route, now.found.route];
  tell([...apiChanges(before.api, after.api), ...routeChanges(before, after)]);
  const changes = sentChanges(old, now, nowSeconds);
  const guards = guardChanges(old.found, now.found).map((one) => ({
    ...one,
    patterns: movedSubjects(before, after),
    tokens: [],
  }));
  if (changes.length === 0) return guards;
  return [
    ...guards,
    {
      change: 'moved',
      patterns: movedSubjects(before, after),
      before: changes.map((one) => one.before),
      now: changes.map((one) => one.now),
      tokens: someCaller(now, nowSeconds, old),
    },
  ];
}

/** The place of a difference that is about more than the routes. */
function placeOf(difference: CallerDifference, old: Policy, now: Policy): Partial<Seen> {
  if (difference.of === 'blocklist') {
    const write = (names: ReadonlySet<string>) => [[...names].sort().join(', ') || 'none'];
    const member = difference.field === 'blocked_clients' ? 'blockedClients' : 'blockedKids';
    return {
      place: `GATEWAY.${difference.field}`,
      before: write(old.settings[member]),
      now: write(now.settings[member]),
    };
  }
  if (difference.of !== 'issuer') return {};
  const { field, issuer } = difference;
  const [before, after] = [old, now].map(({ issuers }) =>
    issuers.find((one) => one.issuer === issuer.issuer),
  );
  if (before === undefined || after === undefined) return {};
  return {
    place: `${after.variable}.${after.name}.${field}`,
    before: [describeIssuerField(before, field)],
    now: [describeIssuerField(after, field)],
  };
}
