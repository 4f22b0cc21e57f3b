/** The paths of a log as a tree, with what is known of the requests for each. Its size has a limit. */

import { parsePath } from '../../../src/policy/path.ts';
import { UNROUTABLE_METHODS } from '../../../src/policy/second-target.ts';
import { normaliseHost } from '../../../src/policy/uri.ts';
import { areData, isData } from '../count/segments.ts';
import { shown } from '../count/shown.ts';
import type { LoggedRequest } from '../read/line.ts';
import type { Owner, Owners } from './owners.ts';

/** What is known of the requests with one method for one path. */
export interface Seen {
  requests: number;
  refused: number;
  /** The origin let nobody in: 401 or 403. */
  turnedAway: number;
  /** The origin, or the gateway, answered 404 or 405. */
  missing: number;
  /** Of verified tokens that were let through. */
  readonly clients: Map<string, number>;
  /** Let through without a token, or with one that is not good or names no client. */
  nameless: number;
  /** Let through with a token whose scopes the log has: verified, or taken by the origin. */
  scoped: number;
  readonly scopes: Map<string, number>;
  readonly audiences: Map<string, number>;
  /** Why they were refused, or would be. */
  readonly reasons: Map<string, number>;
  /** The routes that serve them today. */
  readonly routes: Map<string, number>;
}

export interface Node {
  readonly children: Map<string, Node>;
  /** Stands for all segments that are data. */
  data: Node | undefined;
  readonly methods: Map<string, Seen>;
}

/** The requests for one host, as far as they are one API's. */
export interface Site {
  readonly host: string;
  readonly owner: Owner;
  readonly root: Node;
  requests: number;
}

export interface Paths {
  readonly sites: readonly Site[];
  readonly requests: number;
  /** Requests that no route could be drafted from. */
  readonly unplaced: { readonly pathless: number; readonly unroutable: number; readonly tooMany: number };
}

const MAX_SITES = 50;
const MAX_NODES = 20_000;
const MAX_NAMES = 200;
/** A path in the log is cut at 256 characters: its end is not known. */
const MAX_PATH = 255;

export const emptyNode = (): Node => ({ children: new Map(), data: undefined, methods: new Map() });

/** @param ownerOf says which API a request belongs to */
export function createCollector(ownerOf: Owners) {
  const sites = new Map<string, Site>();
  const unplaced = { pathless: 0, unroutable: 0, tooMany: 0 };
  let [nodes, requests] = [0, 0];

  function siteOf(host: string, owner: Owner): Site | undefined {
    const name = JSON.stringify([host, owner]);
    let site = sites.get(name);
    if (site === undefined && sites.size < MAX_SITES) {
      site = { host, owner, root: emptyNode(), requests: 0 };
      sites.set(name, site);
    }
    return site;
  }

  function childOf(node: Node, segment: string, isRoot: boolean): Node | undefined {
    if (isData(segment)) {
      node.data ??= emptyNode();
      return node.data;
    }
    const known = node.children.get(segment);
    if (known !== undefined) return known;
    if (nodes >= MAX_NODES || (isRoot && node.children.size >= MAX_NODES / 10)) return undefined;
    nodes++;
    const child = emptyNode();
    node.children.set(segment, child);
    // Below the root, strangers' guesses are rare, and ids are not: the tree is kept small.
    if (!isRoot && node.children.size > MAX_NAMES && areData([...node.children.keys()])) {
      nodes -= node.children.size;
      foldChildren(node);
      return node.data;
    }
    return child;
  }

  return {
    add(request: LoggedRequest): void {
      requests++;
      const { path, method } = request;
      if (path === undefined) return void unplaced.pathless++;
      const isPath = path.startsWith('/') && path.length <= MAX_PATH;
      const parsed = isPath ? parsePath(path) : 'cut';
      const isRoutable = /^[A-Z][A-Z-]*$/.test(method) && !UNROUTABLE_METHODS.has(method);
      if (typeof parsed === 'string' || !isRoutable) return void unplaced.unroutable++;
      const host = normaliseHost(request.host ?? '');
      const site = siteOf(host, ownerOf(request, host, parsed));
      let node = site?.root;
      for (const [i, segment] of path.slice(1).split('/').entries())
        node = node && childOf(node, segment, i === 0);
      if (site === undefined || node === undefined) return void unplaced.tooMany++;
      site.requests++;
      note(node, request);
    },
    read: (): Paths => ({
      sites: [...sites.values()].filter((site) => site.requests > 0),
      requests,
      unplaced: { ...unplaced },
    }),
  };
}

function note(node: Node, request: LoggedRequest): void {
  const { method, allowed, status, unverified, reason, wouldDeny, route, scopes } = request;
  // What no route of a trial has looked at, the origin has: it took the token, or it did not.
  const isTaken = request.client === undefined && wouldDeny !== undefined && status < 400;
  const client = request.client ?? (isTaken ? unverified.client : undefined);
  const seen = node.methods.get(method) ?? emptySeen();
  node.methods.set(method, seen);
  seen.requests++;
  if (!allowed) seen.refused++;
  const isIn = allowed && status !== 401 && status !== 403;
  if (allowed && !isIn) seen.turnedAway++;
  if (allowed && (status === 404 || status === 405)) seen.missing++;
  // Who was refused is no reason to let anybody in.
  if (isIn && client !== undefined) count(seen.clients, client);
  else if (isIn) seen.nameless++;
  if (isIn && scopes !== undefined && (request.client !== undefined || isTaken)) {
    seen.scoped++;
    for (const scope of scopes) count(seen.scopes, scope);
    for (const audience of request.audiences ?? []) count(seen.audiences, audience);
  }
  const why = reason ?? wouldDeny;
  if (why !== undefined) count(seen.reasons, shown(why));
  if (route !== undefined) count(seen.routes, route);
}

const emptySeen = (): Seen => ({
  requests: 0,
  refused: 0,
  turnedAway: 0,
  missing: 0,
  clients: new Map(),
  nameless: 0,
  scoped: 0,
  scopes: new Map(),
  audiences: new Map(),
  reasons: new Map(),
  routes: new Map(),
});

/** All children become one. */
export function foldChildren(node: Node): void {
  const data = node.data ?? emptyNode();
  node.data = data;
  for (const child of node.children.values()) mergeNode(data, child);
  node.children.clear();
}

export function mergeNode(into: Node, from: Node): void {
  for (const [name, child] of from.children) {
    const known = into.children.get(name);
    if (known === undefined) into.children.set(name, child);
    else mergeNode(known, child);
  }
  if (from.data !== undefined) {
    into.data ??= emptyNode();
    mergeNode(into.data, from.data);
  }
  for (const [method, seen] of from.methods) {
    const known = into.methods.get(method) ?? emptySeen();
    into.methods.set(method, known);
    mergeSeen(known, seen);
  }
}

export function mergeSeen(into: Seen, from: Seen): void {
  into.requests += from.requests;
  into.refused += from.refused;
  into.turnedAway += from.turnedAway;
  into.missing += from.missing;
  into.nameless += from.nameless;
  into.scoped += from.scoped;
  for (const field of ['clients', 'reasons', 'routes', 'scopes', 'audiences'] as const)
    for (const [name, times] of from[field]) count(into[field], name, times);
}

/** What has no room is counted under this name, which is none of a scope or a client. */
export const OTHERS = '(other names)';

/** Past the limit, new names are counted as one. */
function count(counts: Map<string, number>, name: string, times = 1): void {
  const key = counts.has(name) || counts.size < MAX_NAMES ? name : OTHERS;
  counts.set(key, (counts.get(key) ?? 0) + times);
}
