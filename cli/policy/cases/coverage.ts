/** Coverage of a policy by cases: each route and rule should be seen letting through, and refusing. */

import type { Reason } from '../../../src/decision.ts';
import type { RawTarget } from '../../../src/http/target.ts';
import { authorize, checkAudience } from '../../../src/policy/authorize.ts';
import type { Place } from '../../../src/policy/params.ts';
import type { Policy, Principal, Route, Rules } from '../../../src/policy/policy.ts';
import { listed } from '../../text/words.ts';
import { demandWords, ruleParts } from '../rule-words.ts';
import type { Simulated } from '../what-if/simulate.ts';
import { audiencesOf, routeName } from '../words.ts';
import type { CaseResult } from './run.ts';

/** A route, or one of its rules. */
export interface Item {
  /** API and route. */
  readonly where: string;
  /** The rule in words; empty for the route itself. */
  readonly what: string;
  /** Whether the two are wanted of it, and were seen. */
  readonly passing: boolean;
  readonly refusing: boolean;
}

export interface Coverage {
  readonly items: readonly Item[];
  readonly missing: readonly Item[];
  /** How many things were to be shown, and were. A public route has only one: that it lets through. */
  readonly wanted: number;
  readonly shown: number;
}

/** Tells whether a case shows an item, and which side of it. */
type Sees = (
  simulated: Simulated,
  principal: Principal | undefined,
  route: Route,
) => 'passing' | 'refusing' | undefined;

interface Watched {
  readonly where: string;
  readonly what: string;
  readonly refuses: boolean;
  readonly sees: Sees;
}

export function measureCoverage(policy: Policy, results: readonly CaseResult[]): Coverage {
  const meter = createMeter(policy);
  for (const result of results) meter.add(result);
  return meter.read();
}

/** Measures case by case. */
export function createMeter(policy: Policy) {
  const seen = new Map<Watched, { passing: boolean; refusing: boolean }>();
  const watchedBy = new Map<Route, Watched[]>();
  const watch = (route: Route, watched: Watched) => {
    if (!seen.has(watched)) seen.set(watched, { passing: false, refusing: !watched.refuses });
    watchedBy.set(route, [...(watchedBy.get(route) ?? []), watched]);
  };
  const revocable = policy.settings.revocation === undefined ? [] : [REVOCABLE];
  for (const api of policy.apis) {
    const shared = sharedItems(policy, api.routes);
    for (const route of api.routes) {
      for (const one of revocable) watch(route, one);
      for (const one of itemsOf(route)) watch(route, one);
      if (route.auth !== 'none')
        for (const { applies, watched } of shared) if (applies(route)) watch(route, watched);
    }
  }

  return {
    /** @returns whether the case shows what none before it has shown */
    add({ simulated, failures }: CaseResult): boolean {
      const { decision } = simulated;
      // One that fails shows something else than it says.
      if (failures.length > 0 || decision?.route === undefined) return false;
      const principal = decision.principal ?? decision.refusedPrincipal;
      let isNew = false;
      for (const route of [decision.route, ...(decision.nearMisses ?? [])]) {
        for (const watched of watchedBy.get(route) ?? []) {
          const what = watched.sees(simulated, principal, route);
          const state = seen.get(watched);
          if (what === undefined || state === undefined || state[what]) continue;
          state[what] = true;
          isNew = true;
        }
      }
      return isNew;
    },
    read(): Coverage {
      const items = [...seen].map(([{ where, what }, state]) => ({ where, what, ...state }));
      const wanted = [...seen.keys()].reduce((sum, { refuses }) => sum + (refuses ? 2 : 1), 0);
      const missing = items.filter(({ passing, refusing }) => !passing || !refusing);
      const lacking = missing.reduce((sum, one) => sum + Number(!one.passing) + Number(!one.refusing), 0);
      return { items, missing, wanted, shown: wanted - lacking };
    },
  };
}

const REFUSED_THEN: readonly (Reason['code'] | undefined)[] = ['token_revoked', 'closed', 'closed_to_all'];

/** One case is enough for the whole policy: no route is asked for it apart. */
const REVOCABLE: Watched = {
  where: 'GATEWAY',
  what: 'what is revoked or closed is refused',
  refuses: true,
  sees: (simulated) => {
    if (REFUSED_THEN.includes(givenReason(simulated)?.code)) return 'refusing';
    return simulated.kind === 'allow' ? 'passing' : undefined;
  },
};

/** Audience and issuers that the routes of an API share: one case for each is enough. */
function sharedItems(policy: Policy, routes: readonly Route[]) {
  const [first] = routes;
  const audiences = audiencesOf(routes);
  const isShared = (route: Route) => route.audiences.length === audiences.length;
  if (first === undefined) return [];
  const where = first.api.name;
  const byIssuer = tokenItem(where, `tokens of its issuers only`, 'issuer_not_allowed');
  return [
    { applies: isShared, watched: tokenItem(where, `for ${listed(audiences, 'or')}`, 'audience_mismatch') },
    ...(first.api.issuers.length < policy.issuers.length
      ? [{ applies: (route: Route) => route.issuers.size === first.api.issuers.length, watched: byIssuer }]
      : []),
  ];
}

/** Something that every token must fulfil. */
function tokenItem(where: string, what: string, code: Reason['code']): Watched {
  return {
    where,
    what,
    refuses: true,
    sees: (simulated, principal) => {
      if (givenReason(simulated)?.code === code) return 'refusing';
      return simulated.kind === 'allow' && principal !== undefined ? 'passing' : undefined;
    },
  };
}

function itemsOf(route: Route): Watched[] {
  const where = routeName(route);
  const { api, auth, reportOnly, report } = route;
  const isOpen = auth === 'none' || reportOnly;
  const item = (what: string, sees: Sees, refuses = true): Watched => ({ where, what, refuses, sees });
  const all = [item('', ({ kind }) => (kind === 'allow' ? 'passing' : 'refusing'), !isOpen)];
  if (auth === 'none') return all;
  if (auth === 'required' && !reportOnly) all.push(tokenItem(where, 'needs a token', 'token_missing'));
  if (route.audiences.length < audiencesOf(api.routes).length)
    all.push(tokenItem(where, `for ${listed(route.audiences, 'or')}`, 'audience_mismatch'));
  if (route.issuers.size < api.issuers.length)
    all.push(tokenItem(where, 'tokens of its issuers only', 'issuer_not_allowed'));
  for (const { demands } of ruleParts(route.demands))
    all.push(item(demandWords(demands), ruleSees({ ...route, demands })));
  if (report !== undefined) {
    const tried = (what: string, judge: Judge) => all.push(item(`tried: ${what}`, reportSees(judge)));
    if (report.issuers.size < route.issuers.size || report.audiences.length < route.audiences.length)
      tried('audience or issuer', (principal) => checkAudience(report, principal));
    for (const { demands } of ruleParts(report.demands))
      tried(demandWords(demands), (...held) => authorize({ ...report, demands }, ...held));
  }
  return all;
}

/** What refuses a request, or would if it was not on trial. */
const givenReason = ({ kind, reason, decision }: Simulated): Reason | undefined =>
  kind === 'allow' && decision?.kind === 'allow' ? decision.wouldDeny : reason;

/** A rule has refused where it does not hold, and the request was refused for such a rule. */
function ruleSees(rules: Rules): Sees {
  return (simulated, principal) => {
    const { kind, decision } = simulated;
    const place = placeOf(decision?.target);
    if (principal === undefined || place === undefined) return undefined;
    const broken = authorize(rules, principal, place);
    if (broken !== undefined) return givenReason(simulated)?.code === broken.code ? 'refusing' : undefined;
    return kind === 'allow' ? 'passing' : undefined;
  };
}

/** `undefined`: the path can be read in two ways. */
const placeOf = (target: RawTarget | undefined): Place | undefined =>
  target?.path && { segments: target.path.segments, host: target.host };

type Judge = (principal: Principal, place: Place) => Reason | undefined;

/** A rule that is only tried refuses nobody: it would deny. */
function reportSees(judge: Judge): Sees {
  return ({ decision }, principal) => {
    const place = placeOf(decision?.target);
    if (principal === undefined || place === undefined || decision?.kind !== 'allow') return undefined;
    const broken = judge(principal, place);
    if (broken === undefined) return 'passing';
    return decision.wouldDeny?.code === broken.code ? 'refusing' : undefined;
  };
}
