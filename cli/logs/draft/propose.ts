/** Routes that the paths of a log suggest. */
import { routeSchema } from '../../../src/policy/compile/schema.ts';
import { emptyNode, mergeNode, type Node, OTHERS, type Paths, type Site } from './collect.ts';
import { type KnownKeys, type Leaf, leavesOf } from './leaves.ts';
import type { Given } from './policy.ts';

/** As `claimgate logs --draft --json` prints it. */
export interface DraftRoute {
  readonly key: string;
  readonly requests: number;
  readonly refused: number;
  /** By the origin, with 401 or 403. */
  readonly turned_away: number;
  /** Scopes that all tokens had which were let through; `null` where there is none, or not all had a token. */
  readonly scopes_all: readonly string[] | null;
  /** Audiences of tokens that were let through. */
  readonly audiences: readonly string[];
  /** The scopes that were seen, the most frequent first. */
  readonly scopes: readonly { readonly scope: string; readonly requests: number }[];
  /** Those that may call it; `null` where the log does not say: somebody has to fill in a rule. */
  readonly clients: readonly string[] | null;
  /** Requests without a token, or with one that is not good or has no client id. */
  readonly nameless: number;
  readonly reasons: readonly { readonly reason: string; readonly requests: number }[];
  /** Scopes and client ids of the log that no rule can name. */
  readonly unusable: number;
}

export interface DraftApi {
  /** The table of the policy; `null` where it is not known whose the requests are. */
  readonly api: string | null;
  readonly hosts: readonly { readonly host: string; readonly requests: number }[];
  readonly requests: number;
  readonly routes: readonly DraftRoute[];
  /** Routes that the policy has already. */
  readonly existing: readonly Left[];
  /** The origin has no such thing: it answered 404 or 405 each time. */
  readonly missing: readonly Left[];
  /** The check would refuse such a route. */
  readonly rejected: readonly (Left & { readonly why: string })[];
  /** No route served them, and any of these APIs could have; `[]`: none of the host's can. */
  readonly unclaimed: { readonly apis: readonly string[]; readonly routes: readonly Left[] } | null;
}

export interface Left {
  readonly key: string;
  readonly requests: number;
}

/** More clients than this are no list that a person would keep. */
const MAX_CLIENTS = 20;
const MAX_SCOPES = 20;
/** Of a table's 5,000 bytes. */
const MAX_RULE_BYTES = 2_000;

/** The requests that are drafted together. */
interface Group {
  readonly api: string | null;
  readonly unclaimed: readonly string[] | undefined;
  readonly hosts: Map<string, number>;
  readonly root: Node;
  requests: number;
}

/** The most frequent first. Takes the tree apart. */
export function proposeRoutes({ sites }: Paths, given: Given): DraftApi[] {
  return groupsOf(sites, given)
    .map((group) => draftOf(group, given))
    .sort((a, b) => b.requests - a.requests);
}

function groupsOf(sites: readonly Site[], { policy }: Given): Group[] {
  const groups = new Map<string, Group>();
  // Without a policy, a host's API is the one whose routes have served it.
  const named = (host: string) => [
    ...new Set(
      sites.flatMap(({ host: its, owner }) => (its === host && owner.kind === 'api' ? [owner.name] : [])),
    ),
  ];
  for (const { host, owner, root, requests } of sites) {
    const apis = owner.kind === 'host' && policy === undefined ? named(host) : [];
    const api = owner.kind === 'api' ? owner.name : apis.length === 1 ? (apis[0] ?? null) : null;
    const several = apis.length > 1 ? apis : undefined;
    const unclaimed = owner.kind === 'unclaimed' ? owner.apis : several;
    const key = JSON.stringify(api ?? [host, unclaimed]);
    const group = groups.get(key) ?? { api, unclaimed, hosts: new Map(), root: emptyNode(), requests: 0 };
    groups.set(key, group);
    if (host !== '') group.hosts.set(host, (group.hosts.get(host) ?? 0) + requests);
    group.requests += requests;
    mergeNode(group.root, root);
  }
  return [...groups.values()];
}

function draftOf({ api, unclaimed, hosts, root, requests }: Group, { policy }: Given): DraftApi {
  const known = policy?.apis.find(({ name }) => name === api)?.routes.map(({ key }) => key);
  const leaves = leavesOf(root, known ?? loggedKeys(root)).sort((a, b) => b.seen.requests - a.seen.requests);
  const kinds = leaves.map((leaf) => ({ leaf, kind: kindOf(leaf) }));
  const left = (wanted?: string): Left[] =>
    kinds
      .filter(({ kind }) => wanted === undefined || kind === wanted)
      .map(({ leaf: { method, path, seen } }) => ({ key: `${method} ${path}`, requests: seen.requests }));
  const isDrafted = unclaimed === undefined;
  return {
    api,
    hosts: [...hosts].sort((a, b) => b[1] - a[1]).map(([host, n]) => ({ host, requests: n })),
    requests,
    routes: isDrafted ? kinds.filter(({ kind }) => kind === 'route').map(({ leaf }) => routeOf(leaf)) : [],
    existing: isDrafted ? left('existing') : [],
    missing: isDrafted ? left('missing') : [],
    rejected: [],
    unclaimed: isDrafted ? null : { apis: unclaimed, routes: left() },
  };
}

/** The routes that the log names. */
function loggedKeys(root: Node): KnownKeys {
  const keys = new Set<string>();
  const visit = (node: Node): void => {
    for (const { routes } of node.methods.values())
      for (const route of routes.keys()) keys.add(route.trim().replace(/^\S+\s*/, ''));
    for (const child of node.children.values()) visit(child);
    if (node.data !== undefined) visit(node.data);
  };
  visit(root);
  return [...keys];
}

function kindOf({ seen, isServed }: Leaf): 'route' | 'existing' | 'missing' {
  if (seen.missing + seen.refused >= seen.requests && seen.missing > 0) return 'missing';
  return isServed ? 'existing' : 'route';
}

function routeOf({ method, path, seen }: Leaf): DraftRoute {
  const names = [...seen.clients.keys()];
  const clients = names.filter((client) => canStand({ clients: [client] }));
  const scopes = [...seen.scopes].filter(([scope]) => canStand({ scopes_all: [scope] }));
  const isKnown = clients.length > 0 && clients.length <= MAX_CLIENTS && seen.nameless === 0;
  const allowed = seen.requests - seen.refused - seen.turnedAway;
  const common = scopes.filter(([, n]) => n === allowed).map(([scope]) => scope);
  const isShort = (list: readonly string[]) => Buffer.byteLength(JSON.stringify(list)) <= MAX_RULE_BYTES;
  return {
    key: `${method} ${path}`,
    requests: seen.requests,
    refused: seen.refused,
    turned_away: seen.turnedAway,
    scopes_all: common.length > 0 && common.length <= MAX_SCOPES && isShort(common) ? common.sort() : null,
    audiences: [...seen.audiences.keys()].sort(),
    scopes: scopes
      .sort((a, b) => b[1] - a[1])
      .slice(0, MAX_SCOPES)
      .map(([scope, requests]) => ({ scope, requests })),
    // A list that lacks one of them would refuse a caller who was let in.
    clients: isKnown && clients.length === names.length && isShort(clients) ? clients.sort() : null,
    nameless: seen.nameless,
    reasons: [...seen.reasons]
      .sort((a, b) => b[1] - a[1])
      .map(([reason, requests]) => ({ reason, requests })),
    unusable: names.length - clients.length + seen.scopes.size - scopes.length,
  };
}

/** Whether the check takes a value of the log. */
const canStand = (rule: { readonly clients?: string[]; readonly scopes_all?: string[] }): boolean =>
  routeSchema.safeParse(rule).success && !Object.values(rule).some((list) => list.includes(OTHERS));
