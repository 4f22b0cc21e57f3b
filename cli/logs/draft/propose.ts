/** Routes that the paths of a log suggest. */
import { parseRouteKey } from '../../../src/policy/compile/route-key.ts';
import { parsePath } from '../../../src/policy/path.ts';
import { areData, parameterName } from '../count/segments.ts';
import { foldChildren, mergeSeen, type Node, type Paths, type Seen } from './collect.ts';

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
}

export interface DraftApi {
  /** The table of the policy; `null` where no API has served this host. */
  readonly api: string | null;
  readonly host: string | null;
  readonly requests: number;
  readonly routes: readonly DraftRoute[];
  /** Routes that the policy has already. */
  readonly existing: readonly Left[];
  /** The origin has no such thing: it answered 404 or 405 each time. */
  readonly missing: readonly Left[];
}

interface Left {
  readonly key: string;
  readonly requests: number;
}

/** More clients than this are no list that a person would keep. */
const MAX_CLIENTS = 20;
const MAX_SCOPES = 20;

/** The most frequent first. */
export function proposeRoutes({ sites }: Paths): DraftApi[] {
  return sites
    .map(({ host, apis, root, requests }): DraftApi => {
      const leaves = withoutHead(leavesOf(root)).sort((a, b) => b.seen.requests - a.seen.requests);
      const kinds = leaves.map((leaf) => ({ leaf, kind: kindOf(leaf) }));
      const left = (wanted: string) =>
        kinds
          .filter(({ kind }) => kind === wanted)
          .map(({ leaf: { method, path, seen } }) => ({ key: `${method} ${path}`, requests: seen.requests }));
      const [api] = [...apis].sort((a, b) => b[1] - a[1])[0] ?? [];
      return {
        api: api ?? null,
        host: host === '' ? null : host,
        requests,
        routes: kinds.filter(({ kind }) => kind === 'route').map(({ leaf }) => routeOf(leaf)),
        existing: left('existing'),
        missing: left('missing'),
      };
    })
    .sort((a, b) => b.requests - a.requests);
}

/** A route for GET serves HEAD too. */
function withoutHead(leaves: readonly Leaf[]): Leaf[] {
  const isServed = ({ path }: Leaf) => leaves.some((one) => one.method === 'GET' && one.path === path);
  return leaves.filter((leaf) => leaf.method !== 'HEAD' || !isServed(leaf));
}

interface Leaf {
  readonly method: string;
  readonly path: string;
  readonly seen: Seen;
}

function leavesOf(root: Node): Leaf[] {
  const found = new Map<string, Leaf>();
  const visit = (node: Node, path: readonly string[], isRoot: boolean): void => {
    for (const [method, seen] of node.methods) {
      const text = `/${path.join('/')}`;
      // Two spellings of one path are one route: the gateway reads them as near misses of each other.
      const same = `${method} ${path
        .map(fold)
        .join('/')
        .replace(/(.)\/$/, '$1')}`;
      const known = found.get(same);
      if (known === undefined) found.set(same, { method, path: text, seen });
      else {
        const path = seen.requests > known.seen.requests ? text : known.path;
        mergeSeen(known.seen, seen);
        found.set(same, { ...known, path });
      }
    }
    // The names at the root are an API's resources, or a stranger's guesses.
    if (!isRoot && areData([...node.children.keys()])) foldChildren(node);
    for (const [name, child] of node.children) visit(child, [...path, name], false);
    if (node.data === undefined) return;
    const taken = path.filter((part) => part.startsWith(':')).map((part) => part.slice(1));
    const before = path.findLast((part) => !part.startsWith(':'));
    visit(node.data, [...path, `:${parameterName(before, taken)}`], false);
  };
  visit(root, [], true);
  return [...found.values()];
}

/** A parameter's name is ours, and the same wherever it stands. */
function fold(segment: string): string {
  const parsed = segment.startsWith(':') ? 'parameter' : parsePath(`/${segment}`);
  return typeof parsed === 'string' ? segment : (parsed.folded[0] ?? '');
}

function kindOf({ method, path, seen }: Leaf): 'route' | 'existing' | 'missing' {
  if (seen.missing + seen.refused >= seen.requests && seen.missing > 0) return 'missing';
  if (parseRouteKey(`${method} ${path}`) === undefined) return 'missing';
  const shape = shapeOf(path);
  const has = [...seen.routes.keys()].some((route) => {
    const [, methods = '', pattern = ''] = route.trim().split(/\s+/);
    return (methods === '*' || methods.split('|').includes(method)) && shapeOf(pattern) === shape;
  });
  return has ? 'existing' : 'route';
}

const shapeOf = (path: string) => path.replace(/:[A-Za-z0-9_]+/g, ':').toLowerCase();

function routeOf({ method, path, seen }: Leaf): DraftRoute {
  const clients = [...seen.clients.keys()];
  const isKnown = clients.length > 0 && clients.length <= MAX_CLIENTS && seen.nameless === 0;
  const allowed = seen.requests - seen.refused - seen.turnedAway;
  const common = [...seen.scopes].filter(([, n]) => n === allowed).map(([scope]) => scope);
  return {
    key: `${method} ${path}`,
    requests: seen.requests,
    refused: seen.refused,
    turned_away: seen.turnedAway,
    scopes_all: common.length > 0 && common.length <= MAX_SCOPES ? common.sort() : null,
    audiences: [...seen.audiences.keys()].sort(),
    scopes: [...seen.scopes]
      .sort((a, b) => b[1] - a[1])
      .slice(0, MAX_SCOPES)
      .map(([scope, requests]) => ({ scope, requests })),
    clients: isKnown ? clients.sort() : null,
    nameless: seen.nameless,
    reasons: [...seen.reasons]
      .sort((a, b) => b[1] - a[1])
      .map(([reason, requests]) => ({ reason, requests })),
  };
}
