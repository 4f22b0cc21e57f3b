/** A policy's draft of an API's description, to be reviewed: tables, routes, and what to look at. */
import { compilePolicy } from '../../../src/policy/compile/compile.ts';
import { CommandError } from '../../text/terminal.ts';
import { REFUSE, REVIEW_ME, scopeRules } from './conditions.ts';
import { type DraftIssuer, type IssuerNames, nameIssuers } from './issuers.ts';
import { type Joined, joinOperations } from './join.ts';
import type { Description, Note, Operation } from './operations.ts';
import { groupByServer, type ServerGroup } from './tables.ts';

export interface DraftRoute {
  /** `GET|PUT /orders/:id`. */
  readonly key: string;
  readonly rules: Readonly<Record<string, unknown>>;
  readonly notes: readonly Note[];
  /** It stands in a comment only. */
  readonly off: boolean;
  /** It stands for an operation that was left out, and refuses everybody. */
  readonly blocks: boolean;
}

export interface DraftApi {
  /** `API_ORDERS`. */
  readonly name: string;
  readonly hosts: readonly string[] | undefined;
  readonly origin: string;
  readonly issuer: readonly string[];
  readonly audience: readonly string[];
  /** Notes for the reviewer, by the field that they are about. */
  readonly review: { readonly hosts: readonly string[]; readonly origin: readonly string[]; readonly audience: readonly string[] };
  readonly routes: readonly DraftRoute[];
}

export interface Counts {
  readonly read: number;
  readonly drafted: number;
  readonly joined: number;
  readonly leftOut: number;
}

export interface Draft {
  readonly issuers: readonly DraftIssuer[];
  readonly apis: readonly DraftApi[];
  /** In operations; `read` is the sum of the others. */
  readonly counts: Counts;
}

export interface Wanted {
  readonly name: string;
  readonly origin: string | undefined;
  readonly audience: readonly string[];
  readonly issuers: IssuerNames;
}

/** Throws `CommandError` where nothing is left, or what is wanted does not fit. */
export function draftPolicy({ operations }: Description, wanted: Wanted): Draft {
  const issuers = nameIssuers(operations, wanted.issuers);
  const groups = groupByServer(operations, wanted.name);
  const joined = groups.map((group) => joinOperations(group.operations));
  const first = joined.flat().find(({ leftOut }) => leftOut !== undefined);
  if (!joined.flat().some(({ leftOut }) => leftOut === undefined))
    throw new CommandError(`no operation can be a route; the first: ${first?.method} ${first?.pattern.text}: ${first?.leftOut}`);
  const apis = groups.map((group, i) => draftApi(group, joined[i] ?? [], issuers.nameOf, wanted, groups[0] ?? group));
  const { apis: sound, off } = withoutFaults(apis, issuers.all);
  const on = joined.flat().filter(({ leftOut }) => leftOut === undefined);
  return {
    issuers: issuers.all,
    apis: sound,
    counts: {
      read: operations.length,
      drafted: on.filter(({ count }) => count > 0).length - off,
      joined: sum(on.map(({ count }) => Math.max(0, count - 1))),
      leftOut: sum(joined.flat().map(({ leftOut, count }) => (leftOut === undefined ? 0 : count))) + off,
    },
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

function draftApi(
  group: ServerGroup,
  joined: readonly Joined[],
  nameOf: (key: string) => string,
  wanted: Wanted,
  main: ServerGroup,
): DraftApi {
  const isMain = group === main;
  const routes = joined.filter(({ condition }) => condition !== REFUSE);
  const keys = [...new Set(group.operations.flatMap(keysOf))];
  const names = [...new Set(keys.map(nameOf))];
  const known = [...new Set(routes.flatMap(({ condition }) => condition.audience ?? []))];
  const audience = wantedAudience(known, wanted, main);
  const all = names.length === 0 ? [nameOf('')] : names;
  const origin = (isMain ? wanted.origin : undefined) ?? group.origin;
  return {
    name: group.name,
    hosts: group.hosts,
    origin: origin ?? 'https://origin.example',
    issuer: all,
    audience,
    review: {
      hosts: group.notes,
      origin: isMain && wanted.origin !== undefined ? [] : ['where the gateway sends requests: not the host that clients ask'],
      audience: known.length > 0 || wanted.audience.length > 0 ? [] : ['what the issuer writes into aud for this API'],
    },
    routes: mergeMethods(joined, (condition) => {
      const issuer = condition.issuers && [...new Set(condition.issuers.map(nameOf))];
      const isNarrower = <T>(some: readonly T[] | undefined, of: readonly T[]): some is readonly T[] =>
        some !== undefined && of.some((one) => !some.includes(one));
      return {
        ...scopeRules(condition.choices),
        ...(isNarrower(issuer, all) && { issuer: issuer.length === 1 ? issuer[0] : issuer }),
        ...(wanted.audience.length === 0 && isNarrower(condition.audience, audience) && {
          audience: condition.audience.length === 1 ? condition.audience[0] : condition.audience,
        }),
      };
    }),
  };
}

/** Issuers whose tokens an operation asks for. */
export const keysOf = ({ access }: Operation): string[] =>
  access.kind === 'asked'
    ? access.alternatives.flatMap((one) => one.flatMap(({ scheme }) => (scheme.kind === 'token' ? [scheme.key] : [])))
    : [];

function wantedAudience(known: readonly string[], { audience }: Wanted, { origin }: ServerGroup): readonly string[] {
  if (audience.length > 0 && known.length > 1)
    throw new CommandError(
      `the description has audiences for each kind of token (${known.join(', ')}); leave --audience out`,
    );
  if (audience.length > 0) return audience;
  return known.length > 0 ? known : [origin?.startsWith('http') ? origin : 'https://api.example.com'];
}

/** Methods of one path with the same rules and notes are one route. */
function mergeMethods(joined: readonly Joined[], rulesOf: (condition: Joined['condition']) => Record<string, unknown>): DraftRoute[] {
  const routes = joined.map(({ method, pattern, condition, notes, leftOut, blocks }) => ({
    method,
    pattern: pattern.text,
    rules: rulesOf(condition),
    off: leftOut !== undefined && !blocks,
    blocks,
    notes: leftOut === undefined ? notes : [leftOutNote(leftOut, blocks)],
  }));
  const merged = Map.groupBy(routes, ({ method, pattern, rules, notes, off, blocks }) =>
    JSON.stringify([pattern, rules, notes, off, blocks, method === '*']),
  );
  return [...merged.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { pattern, rules, notes, off, blocks } = first;
    return [{ key: `${[...new Set(group.map(({ method }) => method))].join('|')} ${pattern}`, rules, notes, off, blocks }];
  });
}

const leftOutNote = (reason: string, blocks: boolean): Note => ({
  tag: `left out: ${reason}`,
  text: blocks
    ? `left out: ${reason}; a wider route would serve it, so that nobody gets in here (${REVIEW_ME})`
    : `left out: ${reason}`,
});

/** Routes that the policy would not compile with stand in comments, with the reason. */
function withoutFaults(apis: readonly DraftApi[], issuers: readonly DraftIssuer[]): { apis: DraftApi[]; off: number } {
  let kept = [...apis];
  let off = 0;
  const count = apis.reduce((total, { routes }) => total + routes.length, 0);
  // Each round takes out at least one route.
  for (let round = 0; round <= count; round++) {
    const compiled = compilePolicy({
      ISSUERS: Object.fromEntries([...new Set([...issuers.map(({ name }) => name), ...kept.flatMap(({ issuer }) => issuer)])].map((name) => [name, { issuer: `https://${encodeURIComponent(name)}.example/` }])),
      ...Object.fromEntries(kept.map((api) => [api.name, tableOf(api)])),
    });
    const faults = compiled.ok ? [] : compiled.faults.filter(({ place }) => place[1] === 'routes' && place.length > 2);
    if (faults.length === 0) return { apis: kept, off };
    kept = kept.map((api) => ({
      ...api,
      routes: api.routes.map((route) => {
        const fault = route.off ? undefined : faults.find(({ place }) => place[0] === api.name && place[2] === route.key);
        if (fault === undefined) return route;
        // What blocks was counted already.
        if (!route.blocks) off += route.key.split(' ')[0]?.split('|').length ?? 1;
        return { ...route, off: true, notes: [leftOutNote(fault.problem, false)] };
      }),
    }));
  }
  return { apis: kept, off };
}

const tableOf = ({ hosts, issuer, audience, routes }: DraftApi) => ({
  ...(hosts !== undefined && { hosts }),
  origin: 'https://origin.example',
  issuer,
  audience,
  routes: Object.fromEntries(routes.filter(({ off }) => !off).map(({ key, rules }) => [key, rules])),
});
