/** Two policies, compared by what they say to requests: every class of them is asked of both. */

import { canonicalRules } from '../../../src/policy/compile/rules.ts';
import type { Match, NoMatch } from '../../../src/policy/match.ts';
import { match } from '../../../src/policy/match.ts';
import { type ParsedPath, parsePath } from '../../../src/policy/path.ts';
import type { Policy, Route } from '../../../src/policy/policy.ts';
import { sketchToken, type TokenSketch } from '../what-if/token.ts';
import { patternOf } from '../words.ts';
import { type Callers, callersOf } from './callers.ts';
import { pathClasses } from './classes.ts';
import { type Collected, createCollector, type Sighting } from './collect.ts';
import { ANY_OTHER, type Candidate, type OtherChange } from './finding.ts';
import { hostGroups } from './hosts.ts';
import { type Loss, lossesOf, type Side } from './losses.ts';
import { namer } from './namer.ts';
import { apiChanges, routeChanges, settingsChanges } from './other.ts';
import { compareSpecificity, shapeOf } from './patterns.ts';
import { type SentChange, sentChanges } from './sent.ts';
import { spellingsOf } from './spellings.ts';
import { writeKeys } from './terms.ts';
import { compareCallers, describeCallers, describeIssuerField } from './words.ts';

/** A method that stands for all that no route names, in upper case. Those in lower case no route serves. */
const OTHER_METHODS = ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'X-OTHER'];

export function collectDifferences(
  old: Policy,
  now: Policy,
  nowSeconds: number,
): { found: Collected[]; other: OtherChange[] } {
  const collector = createCollector();
  const other = new Map<string, OtherChange>();
  const tell = (changes: readonly OtherChange[]) => {
    for (const change of changes) other.set(JSON.stringify(change), change);
  };
  const examine = createExaminer(old, now, nowSeconds, tell);
  const spellings = spellingsOf([old, now]);
  for (const { names, host, tables } of hostGroups([old, now])) {
    for (const { path, respelt, methods } of pathClasses(tables, spellings)) {
      const parsed = parsePath(path);
      if (typeof parsed === 'string') continue;
      const unnamed = OTHER_METHODS.find((method) => !methods.has(method));
      for (const method of new Set([...methods, 'HEAD', ...(unnamed === undefined ? [] : [unnamed])])) {
        for (const sighting of examine(host, method, path, parsed)) {
          collector.see({
            ...sighting,
            respelt,
            hosts: names.length === 0 ? [''] : names,
            method: method === unnamed ? ANY_OTHER : method,
          });
        }
      }
    }
  }
  tell(settingsChanges(old, now));
  return { found: collector.finish(), other: [...other.values()] };
}

type Seen = Omit<Sighting, 'respelt' | 'hosts' | 'method'>;
type Found = Match | NoMatch;

/** Asks both policies about a request. What two sets of routes differ in is found out once. */
function createExaminer(
  old: Policy,
  now: Policy,
  nowSeconds: number,
  tell: (changes: readonly OtherChange[]) => void,
) {
  const verdicts = new Map<string, readonly Difference[]>();
  const nameRoute = namer();

  return (host: string, method: string, path: string, parsed: ParsedPath): readonly Seen[] => {
    const before = match(old, host, method, parsed);
    const after = match(now, host, method, parsed);
    if (before.kind === 'no_match' && after.kind === 'no_match') return [];
    const key = `${keyOf(before, parsed)}|${keyOf(after, parsed)}`;
    let differences = verdicts.get(key);
    if (differences === undefined) {
      differences = differ(before, after, parsed);
      verdicts.set(key, differences);
    }
    return differences.map(({ tokens, loss, ...rest }) => ({
      ...rest,
      candidates: [{ method, host, path, tokens, loss }] satisfies Candidate[],
    }));
  };

  /** The same for requests that fall under the same rules: those about segments of the path depend on their text. */
  function keyOf(found: Found, { segments }: ParsedPath): string {
    if (found.kind === 'no_match')
      return `${found.reason.code} ${found.nearMiss === undefined ? '' : nameRoute(found.nearMiss)}`;
    const routes = [found.route, ...found.nearMisses];
    return routes
      .map((route) => {
        const bound = route.demands.flatMap(({ anyOf }) =>
          anyOf.flatMap((one) => (one.of === 'segment' ? [segments[one.segment]] : [])),
        );
        return `${nameRoute(route)}${bound.length === 0 ? '' : JSON.stringify(bound)}`;
      })
      .join();
  }

  function differ(before: Found, after: Found, { segments }: ParsedPath): readonly Difference[] {
    const callersBefore = callersOf(before, old.settings, segments);
    const callersNow = callersOf(after, now.settings, segments);
    const [from, to] = [
      { callers: callersBefore, settings: old.settings },
      { callers: callersNow, settings: now.settings },
    ];
    const patterns = subjectsOf(before, after);
    const isBlank = (callers: Callers) => callers.kind === 'nobody';
    if (isBlank(callersBefore) && isBlank(callersNow)) return [];
    if (isBlank(callersBefore) || isBlank(callersNow)) {
      const change = isBlank(callersBefore) ? 'opened' : 'closed';
      const tokens = someCaller(change === 'opened' ? to : from);
      return [{ change, patterns, ...wordsOf(callersBefore, callersNow), tokens, loss: undefined }];
    }
    const lost = lossesOf(from, to, nowSeconds).map((loss) => toDifference('narrowed', loss, from, to));
    const won = lossesOf(to, from, nowSeconds).map((loss) => toDifference('widened', loss, to, from));
    const moved = before.kind === 'match' && after.kind === 'match' ? sent(before, after) : [];
    return [...won, ...moved, ...lost];

    function toDifference(
      change: 'narrowed' | 'widened',
      loss: Loss,
      losing: { callers: Callers },
      keeping: { callers: Callers },
    ): Difference {
      const tokens = showLoss(loss, losing.callers, keeping.callers, nowSeconds);
      const words = wordsOf(callersBefore, callersNow);
      return { change, patterns, ...words, ...placeOf(loss), tokens, loss };
    }

    function sent(matchBefore: Match, matchNow: Match): Difference[] {
      tell([
        ...apiChanges(matchBefore.route.api, matchNow.route.api),
        ...routeChanges(matchBefore.route, matchNow.route),
      ]);
      const changes = sentChanges(
        { found: matchBefore, callers: callersBefore, settings: old.settings },
        { found: matchNow, callers: callersNow, settings: now.settings },
        nowSeconds,
      );
      if (changes.length === 0) return [];
      const tokens = someCaller(to, from);
      return [
        {
          change: 'moved',
          patterns: movedSubjects(before, after),
          ...sentWords(changes),
          tokens,
          loss: undefined,
        },
      ];
    }
  }

  /** A caller that is let in. @param also another side that should let it in too, if that is possible */
  function someCaller({ callers, settings }: Side, also?: Side): (TokenSketch | undefined)[] {
    if (callers.kind === 'nobody') return [];
    if (callers.kind === 'anyone')
      return also === undefined || also.callers.kind === 'anyone'
        ? [undefined]
        : [...someCaller(also), undefined];
    const { tokens, withoutToken } = callers;
    const others = also?.callers.kind === 'checked' ? also.callers.tokens : undefined;
    const isBlocked = (client: string) =>
      settings.blockedClients.has(client) || also?.settings.blockedClients.has(client) === true;
    const clients = [...(tokens.clients ?? others?.clients ?? [])].filter(
      (client) => !isBlocked(client) && (others?.clients?.has(client) ?? true),
    );
    const demands = [...tokens.demands, ...(others?.demands ?? [])];
    const sketches = [...tokens.issuers.values()]
      .filter(({ issuer }) => others?.issuers.has(issuer) ?? true)
      .map((issuer) =>
        sketchToken(
          issuer,
          { demands, clients: clients.length === 0 ? undefined : new Set(clients) },
          nowSeconds,
        ),
      );
    return [...(withoutToken ? [undefined] : []), ...sketches];
  }

  function placeOf(loss: Loss): Partial<Seen> {
    if (loss.of === 'blocklist') {
      const write = (names: ReadonlySet<string>) => [[...names].sort().join(', ') || 'none'];
      const member = loss.field === 'blocked_clients' ? 'blockedClients' : 'blockedKids';
      return {
        place: `GATEWAY.${loss.field}`,
        before: write(old.settings[member]),
        now: write(now.settings[member]),
      };
    }
    if (loss.of !== 'issuer') return {};
    const [before, after] = [old, now].map(({ issuers }) =>
      issuers.find(({ issuer }) => issuer === loss.issuer.issuer),
    );
    if (before === undefined || after === undefined) return {};
    return {
      place: `ISSUERS.${after.name}.${loss.field}`,
      before: [describeIssuerField(before, loss.field, writeKeys(before))],
      now: [describeIssuerField(after, loss.field, writeKeys(after))],
    };
  }
}

interface Difference extends Omit<Seen, 'candidates'> {
  readonly tokens: Candidate['tokens'];
  readonly loss: Loss | undefined;
}

function showLoss(loss: Loss, losing: Callers, keeping: Callers, nowSeconds: number): Candidate['tokens'] {
  if (loss.of === 'without-token') return [undefined];
  if (loss.of === 'bad-token') return ['bad'];
  if (losing.kind !== 'checked') return [];
  const kept = keeping.kind === 'checked' ? keeping.tokens.demands : [];
  const { tokens } = losing;
  const all = { ...tokens, demands: [...tokens.demands, ...kept] };
  const traits = loss.of === 'issuer' ? loss.shownBy : [loss.trait];
  const lacks = loss.of === 'blocklist' ? undefined : loss.lacks;
  return traits.flatMap((trait) => [
    sketchToken(loss.issuer, all, nowSeconds, trait, lacks),
    sketchToken(loss.issuer, tokens, nowSeconds, trait, lacks),
  ]);
}

const wordsOf = (old: Callers, now: Callers) =>
  old.kind === 'nobody' || now.kind === 'nobody'
    ? { before: describeCallers(old), now: describeCallers(now) }
    : compareCallers(old, now);

const sentWords = (changes: readonly SentChange[]) => ({
  before: changes.map(({ before }) => before),
  now: changes.map(({ now }) => now),
});

/** The patterns by which both policies differ here, the most specific one first. */
function subjectsOf(before: Found, after: Found): string[] {
  const [old, now] = [meaningsOf(before), meaningsOf(after)];
  const differing = [...old, ...now].filter(([key]) => !(old.has(key) && now.has(key)));
  const patterns = (differing.length === 0 ? [...now, ...old] : differing).map(([, pattern]) => pattern);
  return [...new Set(patterns)].sort(compareSpecificity);
}

/** Of one that is sent elsewhere: the patterns of what serves it, before and now. */
function movedSubjects(before: Found, after: Found): string[] {
  const patterns = [before, after].flatMap((found) =>
    found.kind === 'match' ? [patternOf(found.route)] : [],
  );
  return [...new Set(patterns)].sort(compareSpecificity);
}

/** Of each route that has a say: its pattern and what it asks, as one text. */
function meaningsOf(found: Found): Map<string, string> {
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
