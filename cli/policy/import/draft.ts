/** A policy's draft of an API's description, to be reviewed: tables, routes, and what to look at. */
import { isMeant } from '../../../src/policy/hosts.ts';
import { CommandError } from '../../text/terminal.ts';
import { scopeRules } from './choices.ts';
import type { Draft, DraftApi, DraftRoute } from './drafted.ts';
import { type IssuerNames, nameIssuers } from './issuers.ts';
import { type Joined, joinOperations } from './join.ts';
import type { Description } from './operations.ts';
import { shortened } from './reviews.ts';
import { leftOutNote, withoutFaults } from './sound.ts';
import { groupByServer, type ServerGroup } from './tables.ts';

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
    throw new CommandError(
      `no operation can be a route; the first: ${first?.method} ${first?.pattern.text}: ${shortened(first?.leftOut ?? '', 300)}`,
    );
  const draft = (withHosts: boolean) =>
    groups.map((group, i) =>
      draftApi(group, joined[i] ?? [], issuers.nameOf, wanted, { main: groups[0] ?? group, withHosts }),
    );
  const plain = withoutFaults(draft(false));
  // Two servers have the same path: only their hosts tell them apart.
  const { apis: sound, off } = plain.off > 0 && groups.length > 1 ? withoutFaults(draft(true)) : plain;
  const used = new Set(sound.flatMap((one) => one.issuer));
  const on = joined.flat().filter(({ leftOut }) => leftOut === undefined);
  return {
    issuers: issuers.all.filter(({ name }) => used.has(name)),
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

interface Surroundings {
  readonly main: ServerGroup;
  readonly withHosts: boolean;
}

function draftApi(
  group: ServerGroup,
  joined: readonly Joined[],
  nameOf: (key?: string) => string,
  wanted: Wanted,
  { main, withHosts }: Surroundings,
): DraftApi {
  const isMain = group === main;
  const on = joined.filter(({ leftOut }) => leftOut === undefined).map(({ condition }) => condition);
  const names = [...new Set(on.flatMap(({ issuers }) => issuers ?? []).map(nameOf))];
  const known = [...new Set(on.flatMap((condition) => condition.audience ?? []))];
  const audience = wantedAudience(known, wanted, main);
  const all = names.length === 0 ? [nameOf()] : names;
  const isOnHosts = group.needsHosts || (withHosts && group.hosts.length > 0);
  const { origin, review } = originOf(group, isMain ? wanted.origin : undefined, isOnHosts);
  return {
    name: group.name,
    hosts: group.hosts,
    isOnHosts,
    origin,
    issuer: all,
    audience,
    review: {
      hosts: group.notes,
      origin: review,
      audience:
        known.length > 0 || wanted.audience.length > 0
          ? []
          : ['what the issuer writes into aud for this API'],
    },
    routes: mergeMethods(joined, (condition) => {
      const issuer = condition.issuers && [...new Set(condition.issuers.map(nameOf))];
      const isNarrower = <T>(some: readonly T[] | undefined, of: readonly T[]): some is readonly T[] =>
        some !== undefined && of.some((one) => !some.includes(one));
      return {
        ...scopeRules(condition.choices),
        ...(isNarrower(issuer, all) && { issuer: issuer.length === 1 ? issuer[0] : issuer }),
        ...(wanted.audience.length === 0 &&
          isNarrower(condition.audience, audience) && {
            audience: condition.audience.length === 1 ? condition.audience[0] : condition.audience,
          }),
      };
    }),
  };
}

/** The gateway can't ask itself: a server at one of its own hosts must be found elsewhere. */
function originOf({ origin, hosts }: ServerGroup, wanted: string | undefined, isOnHosts: boolean) {
  if (wanted !== undefined) return { origin: wanted, review: [] };
  if (origin === undefined)
    return {
      origin: NO_ORIGIN,
      review: ['the description does not say where its server is; write where the gateway sends requests'],
    };
  const host = /^https?:\/\/([^/:]+)/.exec(origin)?.[1] ?? '';
  if (isOnHosts && hosts.some((one) => isMeant(one, host)))
    return {
      origin: NO_ORIGIN,
      review: [`where ${origin} is, behind the gateway that answers in its place`],
    };
  return { origin, review: ['where the gateway sends requests: not the host that clients ask'] };
}

const NO_ORIGIN = 'https://origin.example';

function wantedAudience(
  known: readonly string[],
  { audience }: Wanted,
  { origin }: ServerGroup,
): readonly string[] {
  if (audience.length > 0 && known.length > 1)
    throw new CommandError(
      `the description has audiences for each kind of token (${known.join(', ')}); leave --audience out`,
    );
  if (audience.length > 0) return audience;
  return known.length > 0 ? known : [origin?.startsWith('http') ? origin : 'https://api.example.com'];
}

/** Methods of one path with the same rules and notes are one route. */
function mergeMethods(
  joined: readonly Joined[],
  rulesOf: (condition: Joined['condition']) => Record<string, unknown>,
): DraftRoute[] {
  const routes = joined.map(({ method, pattern, condition, notes, leftOut, blocks, count }) => ({
    method,
    pattern: pattern.text,
    rules: rulesOf(condition),
    off: leftOut !== undefined && !blocks,
    blocks,
    operations: count > 0 ? 1 : 0,
    notes: leftOut === undefined ? notes : [leftOutNote(leftOut, blocks)],
  }));
  const merged = Map.groupBy(routes, ({ method, pattern, rules, notes, off, blocks }) =>
    JSON.stringify([pattern, rules, notes, off, blocks, method === '*']),
  );
  return [...merged.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { pattern, rules, notes, off, blocks } = first;
    return [
      {
        key: `${[...new Set(group.map(({ method }) => method))].join('|')} ${pattern}`,
        rules,
        notes,
        off,
        blocks,
        operations: sum(group.map((one) => one.operations)),
      },
    ];
  });
}
