/** What ops and security events have refused since the deployment, as a request is judged by it. */
import type { Reason } from '../decision.ts';
import type { Principal, Route, Settings } from '../policy/policy.ts';
import type { Content, RevokedGroup, Switch } from './content.ts';
import type { RevocationKind } from './revocation.ts';

/**
 * A fact of a request, fetched before it is decided. It holds for an instant: the switches in it are those that hold
 * then. Only ever stricter than the policy.
 */
export interface Standing {
  /** Those of the policy, with the clients and keys that are blocked by a switch. The same object while they are. */
  readonly settings: Settings;
  /** Why a route is closed, if it is, or its API. */
  closed(route: Route): Reason | undefined;
  /** Why the token of a verified caller is refused. */
  revoked(principal: Principal): Reason | undefined;
  /** Adds the switch that a reason is of, for the log. */
  named(reason: Reason): Reason;
}

/** Where nobody can say what holds, nothing passes. */
export const unknownStanding = (settings: Settings): Standing => {
  const reason = () => ({ code: 'revocations_unavailable' }) as const;
  return { settings, closed: reason, revoked: reason, named: (given) => given };
};

/** The revocations of an issuer. Exact: no entry stands for another. */
export type RevocationIndex = ReadonlyMap<string, readonly IndexedGroup[]>;

interface IndexedGroup extends Omit<RevokedGroup, 'ids'> {
  /** Where an id is in the columns. */
  readonly places: ReadonlyMap<string, number>;
}

export function indexRevocations(groups: readonly RevokedGroup[]): RevocationIndex {
  const index = new Map<string, IndexedGroup[]>();
  for (const { ids, ...columns } of groups) {
    const places = new Map<string, number>();
    for (let i = 0; i < ids.length; i++) places.set(ids[i] as string, i);
    const indexed = { ...columns, places };
    const present = index.get(columns.issuer);
    if (present === undefined) index.set(columns.issuer, [indexed]);
    else present.push(indexed);
  }
  return index;
}

/**
 * @param index of `content.groups`
 * @param settings the policy's, or those of the standing before: an equal one is kept
 * @param nowSeconds since 1970: which switches hold
 */
export function createStanding(
  { switches }: Pick<Content, 'switches'>,
  index: RevocationIndex,
  policySettings: Settings,
  nowSeconds: number,
  before?: Standing,
): Standing {
  const held = switches.filter(({ until }) => until === undefined || nowSeconds < until);
  const of = (kind: Switch['kind']) =>
    new Map(held.filter((one) => one.kind === kind).map((one) => [one.target, one]));
  const [apis, routes, clients, keys] = [of('api'), of('route'), of('client'), of('key')];
  return {
    settings: blockedToo(policySettings, clients, keys, before?.settings),
    closed(route) {
      if (apis.size === 0 && routes.size === 0) return undefined;
      const found =
        apis.get(route.api.name) ?? (routes.size === 0 ? undefined : routes.get(switchTarget(route)));
      if (found === undefined) return undefined;
      const { number: entry, why, until, status } = found;
      if (status === 403) return { code: 'closed_to_all', why, entry };
      return { code: 'closed', why, entry, retryAfterSeconds: retryAfter(until, nowSeconds) };
    },
    revoked: (principal) => (index.size === 0 ? undefined : revokedBy(index, principal)),
    named(reason) {
      if (reason.code === 'client_blocked') return { ...reason, ...entryOf(clients.get(reason.client)) };
      // Which of them it was is not in the reason: with several, the log has the key id.
      if (reason.code === 'key_blocked' && keys.size === 1)
        return { ...reason, ...entryOf([...keys.values()][0]) };
      return reason;
    },
  };
}

/** A route as switches name it: blanks that a policy is aligned with don't count. */
export const switchTarget = ({
  api,
  key,
}: {
  readonly api: { readonly name: string };
  readonly key: string;
}): string => `${api.name} ${key.trim().replace(/\s+/g, ' ')}`;

/** When the first of the switches that hold ends, in seconds since 1970. */
export const firstEnd = (switches: readonly Switch[], nowSeconds: number): number =>
  Math.min(...switches.flatMap(({ until }) => (until !== undefined && until > nowSeconds ? [until] : [])));

const DEFAULT_RETRY_AFTER_SECONDS = 60;
const MAX_RETRY_AFTER_SECONDS = 3600;

const retryAfter = (until: number | undefined, nowSeconds: number): number =>
  until === undefined
    ? DEFAULT_RETRY_AFTER_SECONDS
    : Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(1, Math.ceil(until - nowSeconds)));

const entryOf = (found: Switch | undefined) => found && { entry: found.number };

type Blocks = ReadonlyMap<string, Switch>;

/** Verified tokens are remembered under the settings that they were verified under: equal ones must be the same. */
function blockedToo(policy: Settings, clients: Blocks, keys: Blocks, before: Settings = policy): Settings {
  const blockedClients = new Set([...policy.blockedClients, ...clients.keys()]);
  const blockedKids = new Set([...policy.blockedKids, ...keys.keys()]);
  for (const known of [policy, before])
    if (isSame(known.blockedClients, blockedClients) && isSame(known.blockedKids, blockedKids)) return known;
  return { ...policy, blockedClients, blockedKids };
}

const isSame = (one: ReadonlySet<string>, other: ReadonlySet<string>): boolean =>
  one.size === other.size && [...one].every((value) => other.has(value));

/** The ids of a token, by the kind of revocation that names them. */
export function idsOf({
  claims,
  subject,
  clientIds,
}: Principal): Readonly<Record<RevocationKind, readonly string[]>> {
  const claimed = (name: string) => {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    // A number is what a careless issuer writes: it must not get past its own text.
    return typeof value === 'string' || typeof value === 'number' ? [String(value)] : [];
  };
  return {
    token: claimed('jti'),
    subject: subject === undefined ? claimed('sub') : [subject],
    session: claimed('sid'),
    client: clientIds,
    issuer: [''],
  };
}

/** A token that is revoked whatever its date, or was issued up to the date of the entry, or doesn't say when. */
const isMatched = (kind: RevocationKind, before: number, principal: Principal): boolean =>
  kind === 'token' ||
  kind === 'session' ||
  principal.iat === undefined ||
  // An issuer's clock may be ahead by what the policy tolerates.
  principal.iat <= before + principal.issuer.clockToleranceSeconds;

function revokedBy(index: RevocationIndex, principal: Principal): Reason | undefined {
  const groups = index.get(principal.issuer.issuer);
  if (groups === undefined) return undefined;
  const ids = idsOf(principal);
  for (const { kind, places, before, numbers } of groups) {
    for (const id of ids[kind]) {
      const place = places.get(id);
      if (place !== undefined && isMatched(kind, before[place] as number, principal))
        return { code: 'token_revoked', by: kind, entry: numbers[place] as number };
    }
  }
  return undefined;
}
