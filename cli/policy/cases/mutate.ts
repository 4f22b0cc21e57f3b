/**
 * Which small changes of a policy no case notices: what the cases leave open. A mutant is compiled by the gateway's
 * compiler; one that is no policy, or lets the same requests in, does not count.
 */
import type { Policy, Route } from '../../../src/policy/policy.ts';
import { compileSection, type Section } from '../file/config.ts';
import { writtenKey } from '../words.ts';
import { type Mutant, mutantsOf, type RouteMutant, type Vars } from './mutants.ts';
import { overlap, type Shape, shapeOfKey, shapeOfUrl } from './overlap.ts';
import { tableIn } from './rule-mutants.ts';
import { createJudge, type Judge, type PreparedCase } from './run.ts';

export interface Survivor {
  /** The place in the policy. */
  readonly where: string;
  /** The change in words. */
  readonly what: string;
}

export interface Mutation {
  readonly noticed: number;
  readonly survivors: readonly Survivor[];
}

/**
 * @param cases all of which hold for the policy itself
 * @param isWhole compiles the whole policy for every mutant, and runs all cases: the same result, later
 */
export async function mutate(
  section: Section,
  policy: Policy,
  cases: readonly PreparedCase[],
  isWhole = false,
): Promise<Mutation> {
  const vars = JSON.parse(JSON.stringify(section.vars ?? {})) as Vars;
  const shapes = cases.map(({ request }) => shapeOfUrl(request.url));
  const routes = routesIn(vars);
  const originals = new Map(
    policy.apis.flatMap((api) => api.routes.map((route) => [nameOf(api.name, route.key), route])),
  );
  // An API on trial takes what its routes don't: each of them matters to every request.
  const isTried = policy.apis.some(({ trial }) => trial !== undefined);
  const survivors: Survivor[] = [];
  let noticed = 0;
  for (const mutant of mutantsOf(
    vars,
    cases.map((one) => one.case),
  )) {
    if (mutant.kind === 'route' && isTaken(vars, mutant)) continue;
    const near = mutant.kind === 'route' ? nearShapes(mutant) : [];
    const whole = mutant.kind === 'route' ? replaceRoute(vars, mutant) : mutant.vars;
    const isNarrow = mutant.kind === 'route' && !isWhole && !isTried;
    const mutated = isNarrow ? around(whole, routes, mutant, near) : whole;
    const compiled = compileSection({ ...section, vars: mutated });
    if (!compiled.ok || isEquivalent(mutant, vars, originals, policy, compiled.policy)) continue;
    const affected = isNarrow
      ? cases.filter((_, i) => near.some((shape) => shapes[i] !== undefined && overlap(shapes[i], shape)))
      : cases;
    const judge = createJudge(compiled.policy, mutant.kind === 'route' ? renamed(vars, mutant) : undefined);
    if (await isNoticed(judge, affected)) noticed++;
    else survivors.push({ where: placeOf(mutant), what: mutant.what });
  }
  return { noticed, survivors };
}

/** A case that closes a route closes it by whatever name: it notices nothing of that. */
function renamed(vars: Vars, { table, key, changed }: RouteMutant): (target: string) => string {
  const api = apiOf(vars, table);
  const [from, to] = [key, changed?.key ?? key].map((one) => nameOf(api, writtenKey(one)));
  return (target) => (target === from && to !== undefined ? to : target);
}

async function isNoticed(judge: Judge, cases: readonly PreparedCase[]): Promise<boolean> {
  for (const one of cases) if ((await judge(one)).failures.length > 0) return true;
  return false;
}

const placeOf = (mutant: Mutant) =>
  mutant.kind === 'route' ? `${mutant.table} ${writtenKey(mutant.key)}` : mutant.table;

const nameOf = (api: string, key: string) => `${api} ${key}`;

/** A table has a key once. */
const isTaken = (vars: Vars, { table, key, changed }: RouteMutant) =>
  changed !== undefined &&
  changed.key !== key &&
  Object.hasOwn(tableIn(tableIn(vars, table), 'routes'), changed.key);

/** A table that extends an API has its routes. */
const apiOf = (vars: Vars, table: string) => String(tableIn(vars, table)['extends'] ?? table);

function isEquivalent(
  mutant: Mutant,
  vars: Vars,
  originals: ReadonlyMap<string, Route>,
  original: Policy,
  changed: Policy,
): boolean {
  if (mutant.kind === 'shared') return fingerprint(original) === fingerprint(changed);
  if (mutant.changed?.key !== mutant.key) return false;
  const api = apiOf(vars, mutant.table);
  const route = changed.apis.find(({ name }) => name === api)?.routes.find(({ key }) => key === mutant.key);
  return route?.ruleKey === originals.get(nameOf(api, mutant.key))?.ruleKey;
}

/** All that a mutant of what routes share can change. */
function fingerprint({ settings, issuers, apis }: Policy): string {
  return JSON.stringify([
    [...settings.blockedClients],
    [...settings.blockedKids],
    settings.revocation,
    issuers.map((one) => [
      one.maxTokenAgeSeconds,
      one.notBeforeSeconds,
      one.requiredClaims,
      one.statusLists && [one.statusLists.isRequired, ...one.statusLists.hosts],
    ]),
    apis.map(({ forward, originHeaders, assertion, routes }) => [
      forward,
      originHeaders,
      assertion,
      routes.map(({ ruleKey }) => ruleKey),
    ]),
  ]);
}

interface RouteIn {
  readonly table: string;
  readonly key: string;
  readonly shape: Shape;
}

function routesIn(vars: Vars): RouteIn[] {
  return Object.keys(vars)
    .filter((name) => name.startsWith('API_'))
    .flatMap((table) =>
      Object.keys(tableIn(tableIn(vars, table), 'routes')).flatMap((key) => {
        const shape = shapeOfKey(key);
        return shape === undefined ? [] : [{ table, key, shape }];
      }),
    );
}

/** Shapes of the route as it was, and as it is now. */
const nearShapes = ({ key, changed }: RouteMutant): Shape[] =>
  [...new Set([key, changed?.key ?? key])].map(shapeOfKey).filter((shape) => shape !== undefined);

/** The changed route keeps its place, since errors come in the order of the table. */
function replaceRoute(vars: Vars, { table, key, changed }: RouteMutant): Vars {
  const own = tableIn(vars, table);
  const entries = Object.entries(tableIn(own, 'routes')).flatMap((entry): [string, unknown][] =>
    entry[0] !== key ? [entry] : changed === undefined ? [] : [[changed.key, changed.config]],
  );
  return { ...vars, [table]: { ...own, routes: Object.fromEntries(entries) } };
}

/**
 * The mutated policy without the routes that no request to the changed one could fall under as well: it judges those
 * requests alike, and compiles much faster. Every API stays, with a route at least: hosts and headers are theirs.
 */
function around(
  mutated: Vars,
  routes: readonly RouteIn[],
  { table, changed }: RouteMutant,
  near: readonly Shape[],
): Vars {
  const kept = new Set(changed === undefined ? [] : [nameOf(table, changed.key)]);
  for (const route of routes) {
    if (near.some((shape) => overlap(shape, route.shape))) kept.add(nameOf(route.table, route.key));
  }
  const narrowed = Object.entries(mutated).flatMap(([name, value]): [string, unknown][] => {
    if (!name.startsWith('API_')) return [[name, value]];
    const own = tableIn(mutated, name);
    const all = Object.entries(tableIn(own, 'routes'));
    const some = all.filter(([key]) => kept.has(nameOf(name, key)));
    if (some.length === 0 && own['extends'] !== undefined) return [];
    return [[name, { ...own, routes: Object.fromEntries(some.length > 0 ? some : all.slice(0, 1)) }]];
  });
  return Object.fromEntries(narrowed);
}
