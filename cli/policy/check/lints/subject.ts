/** Lints, and what they look at: a policy that compiles, the section it stands in, and what else is known. */
import type { Place } from '../../../../src/policy/compile/fault.ts';
import type { RouteKey } from '../../../../src/policy/compile/route-key.ts';
import type { Policy, Route, Rules } from '../../../../src/policy/policy.ts';
import type { Section } from '../../file/config.ts';
import { enforcedPolicy } from '../../file/enforced.ts';
import { apisOn, hostsOf } from '../../what-if/targets.ts';
import { keyOf } from '../../words.ts';
import type { Declared } from '../declared.ts';
import type { Hit, Rule } from '../findings.ts';
import type { OnlineFacts } from '../online.ts';

/** Looks for one thing in a policy that compiles. */
export interface Lint extends Rule {
  find(subject: Subject): Iterable<Hit>;
}

/** Facts that are known besides the file. */
export interface Facts {
  /** The APIs that the issuer beside the gateway declares. */
  readonly declared?: Declared | undefined;
  /** The claims of an example token. */
  readonly token?: Readonly<Record<string, unknown>> | undefined;
  /** Answers of issuers and origins, by environment. */
  readonly online?: ReadonlyMap<string | undefined, OnlineFacts>;
  /** The day of the check, in UTC: `2026-11-27`. */
  readonly today?: string;
  /** Whether the environments that are checked are deployed; left out: none is. */
  readonly deployed?: 'yes' | 'perhaps' | undefined;
}

/** A route with its key taken apart, and where it stands. */
export interface PlacedRoute {
  readonly route: Route;
  readonly key: RouteKey;
  readonly place: Place;
}

export interface Subject extends Pick<Facts, 'declared' | 'token' | 'deployed'> {
  /** As it is to be enforced: without the trials of whole APIs. */
  readonly policy: Policy;
  /** The same policy with its trials. */
  readonly withTrials: Policy;
  readonly today: string;
  /** The section of the file, with what it inherits. */
  readonly section: Section;
  readonly routes: readonly PlacedRoute[];
  /** The routes that can be asked for together: those of one host, or of all that no API names. */
  readonly hosts: readonly HostRoutes[];
  readonly online: OnlineFacts | undefined;
}

export interface HostRoutes {
  /** A host that these routes serve. */
  readonly host: string;
  readonly routes: readonly PlacedRoute[];
}

export function readSubject(
  withTrials: Policy,
  section: Section,
  environment: string | undefined,
  { declared, token, online, deployed, today = new Date().toISOString().slice(0, 10) }: Facts,
): Subject {
  // Of an API on trial, lints would say no more than that it is open.
  const policy = enforcedPolicy(withTrials, section);
  const places = placesOf(section);
  const routes = policy.apis.flatMap((api) =>
    api.routes.map((route): PlacedRoute => {
      const place = places.get(api.name)?.get(route.key) ?? [api.name, 'routes', route.key];
      return { route, key: keyOf(route), place };
    }),
  );
  const hosts = hostsOf(policy);
  return {
    policy,
    withTrials,
    today,
    section,
    routes,
    hosts: hosts.map((host) => {
      const apis = apisOn(policy, host);
      return { host, routes: routes.filter(({ route }) => apis.includes(route.api)) };
    }),
    declared,
    token,
    deployed,
    online: online?.get(environment),
  };
}

/** Routes may stand in tables that extend the API's own. */
function placesOf({ vars = {} }: Section): Map<string, Map<string, Place>> {
  const places = new Map<string, Map<string, Place>>();
  for (const [name, value] of Object.entries(vars)) {
    if (!name.startsWith('API_') || typeof value !== 'object' || value === null) continue;
    const { extends: base, routes } = value as { extends?: string; routes?: object };
    const api = places.get(base ?? name) ?? new Map<string, Place>();
    for (const key of Object.keys(routes ?? {})) api.set(key, [name, 'routes', key]);
    places.set(base ?? name, api);
  }
  return places;
}

/** Methods that people name; `*` is more than these. */
export const COMMON_METHODS: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

const WRITES: readonly string[] = ['POST', 'PUT', 'PATCH', 'DELETE'];
export const isWrite = (method: string): boolean => WRITES.includes(method);
export const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD';

export const methodsOf = ({ methods }: RouteKey): readonly string[] =>
  methods.includes('*') ? COMMON_METHODS : methods;

export const endsInWildcard = ({ segments }: RouteKey): boolean => segments.at(-1)?.kind === 'rest';

/** The scopes that rules name, each with its place below the table that has the rules. */
export function namedScopes({ demands }: Pick<Rules, 'demands'>): { scope: string; place: Place }[] {
  const counts = new Map<string, number>();
  const alternatives = demands.find((one) => one.alternatives !== undefined)?.alternatives ?? [];
  const own = demands.filter((one) => one.alternatives === undefined);
  return [
    ...own.flatMap(({ label, anyOf }) =>
      anyOf.flatMap((one) => {
        if (one.of !== 'scope') return [];
        const index = counts.get(label) ?? 0;
        counts.set(label, index + 1);
        return [{ scope: one.value, place: [...label.split('.'), index] }];
      }),
    ),
    ...alternatives.flatMap((some, i) =>
      namedScopes({ demands: some }).map(({ scope, place }) => ({ scope, place: ['any_of', i, ...place] })),
    ),
  ];
}

/** A list in a sentence that stays short. */
export function andMore(names: readonly string[]): string {
  const [first = '', ...rest] = names;
  return rest.length === 0 ? first : `${first} and ${rest.length} more`;
}
