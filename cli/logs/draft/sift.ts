/** A draft must compile where it is pasted: the compiler itself says what can't stand. */
import type { Fault } from '../../../src/policy/compile/fault.ts';
import { writePlace } from '../../../src/policy/compile/fault.ts';
import { compileSection, type Section } from '../../policy/file/config.ts';
import type { Given } from './policy.ts';
import type { DraftApi, DraftRoute, Left } from './propose.ts';

export type Rule = Readonly<Record<string, readonly string[]>>;

/** What a drafted route demands; an empty list is for a person to fill in. */
export function ruleOf({ scopes_all, clients }: DraftRoute): Rule {
  if (scopes_all !== null) return { scopes_all };
  return clients !== null ? { clients } : { scopes_all: [] };
}

/** As if somebody had filled it in. */
const FILLED = 'a-scope-to-be-named';
export const filled = (rule: Rule): Rule =>
  Object.fromEntries(Object.entries(rule).map(([name, list]) => [name, list.length === 0 ? [FILLED] : list]));

type Rejected = Left & { readonly why: string };

/** Moves what the check would refuse out of the routes, with the reason. */
export function siftDraft(apis: readonly DraftApi[], given: Given): DraftApi[] {
  const isKnown = ({ api }: DraftApi) =>
    api !== null && (given.policy?.apis.some(({ name }) => name === api) ?? true);
  const rejected = new Map<string, Rejected>();
  const placed = apis
    .filter(isKnown)
    .flatMap(({ api, routes }) => routes.map((route) => ({ api: api ?? '', route })));
  let kept = placed;
  // Each turn takes at least one away.
  while (kept.length > 0) {
    const faults = faultsOf(kept, given);
    if (faults.length === 0) break;
    const bad = blame(kept, faults, given);
    for (const [one, why] of bad)
      rejected.set(nameOf(one), { key: one.route.key, requests: one.route.requests, why });
    kept = kept.filter((one) => !rejected.has(nameOf(one)));
  }
  return apis.map((one) => {
    const isBad = ({ key }: DraftRoute) => rejected.get(`${one.api} ${key}`);
    return {
      ...one,
      routes: one.routes.filter((route) => isBad(route) === undefined),
      rejected: one.routes.flatMap((route) => isBad(route) ?? []),
    };
  });
}

interface Placed {
  readonly api: string;
  readonly route: DraftRoute;
}

const nameOf = ({ api, route }: Placed) => `${api} ${route.key}`;
const tableOf = (api: string) => `${api}_DRAFTED`;

function faultsOf(placed: readonly Placed[], { section, policy }: Given): readonly Fault[] {
  const apis = [...new Set(placed.map(({ api }) => api))];
  const tables = apis.map((api) => {
    const routes = placed.filter((one) => one.api === api);
    return [
      tableOf(api),
      {
        extends: api,
        routes: Object.fromEntries(routes.map(({ route }) => [route.key, filled(ruleOf(route))])),
      },
    ];
  });
  const vars = { ...(policy === undefined ? standIn(apis) : section.vars), ...Object.fromEntries(tables) };
  const compiled = compileSection({ ...section, vars } as Section);
  return compiled.ok ? [] : compiled.faults;
}

/** Without a policy: each API has a host of its own. */
const standIn = (apis: readonly string[]): Record<string, unknown> => ({
  ISSUERS: { main: { issuer: 'https://issuer.example/' } },
  ...Object.fromEntries(
    apis.map((api, i) => [
      api,
      { hosts: [`${i}.example`], origin: 'https://origin.example', audience: 'a', routes: {} },
    ]),
  ),
});

/** The routes that are at fault: where it stands, or that it names, or that have faults when alone. */
function blame(
  placed: readonly Placed[],
  faults: readonly Fault[],
  given: Given,
): (readonly [Placed, string])[] {
  const named = placed.flatMap((one) => {
    const place = writePlace([tableOf(one.api), 'routes', one.route.key]);
    const fault = faults.find(({ at, problem }) => at.startsWith(place) || problem.includes(place));
    return fault === undefined ? [] : [[one, reasonOf(fault)] as const];
  });
  if (named.length > 0) return named;
  const alone = placed.flatMap((one) => {
    const [fault] = faultsOf([one], given);
    return fault === undefined ? [] : [[one, reasonOf(fault)] as const];
  });
  const [first] = faults;
  return alone.length > 0 || first === undefined ? alone : placed.map((one) => [one, reasonOf(first)]);
}

const reasonOf = ({ problem }: Fault): string => problem.replaceAll('_DRAFTED.', '.');
