/** Which callers one policy lets in with a request, and another does not. Empty: it lets in all of them. */

import { DEFAULT_CLAIMS } from '../../../src/policy/claims.ts';
import { implies } from '../../../src/policy/demands.ts';
import type { Issuer, Settings } from '../../../src/policy/policy.ts';
import { clientIdClaims } from '../../../src/token/checks.ts';
import type { AnyOf, TokenProperties } from '../what-if/token.ts';
import type { Side, Tokens } from './callers.ts';
import { differingSettings } from './issuer-settings.ts';

/** Callers of one kind that are lost. */
export type CallerDifference =
  | { readonly of: 'without-token' }
  | { readonly of: 'bad-token' }
  /** A rule of the routes loses them. `lacks`: the token doesn't have this. */
  | {
      readonly of: 'rule';
      readonly issuer: Issuer;
      readonly properties: TokenProperties;
      readonly lacks?: AnyOf | undefined;
    }
  /** The definition of an issuer loses them, whatever the route. */
  | {
      readonly of: 'issuer';
      readonly issuer: Issuer;
      readonly field: string;
      readonly shownBy: readonly TokenProperties[];
      readonly lacks?: AnyOf | undefined;
    }
  /** The blocklists lose them, whatever the route. */
  | {
      readonly of: 'blocklist';
      readonly issuer: Issuer;
      readonly field: 'blocked_clients' | 'blocked_kids';
      readonly properties: TokenProperties;
    };

export function callerDifferences(from: Side, to: Side, nowSeconds: number): CallerDifference[] {
  const [before, after] = [from.callers, to.callers];
  if (before.kind === 'nobody' || after.kind === 'anyone') return [];
  if (before.kind === 'anyone') {
    const isOpen = after.kind === 'checked' && after.withoutToken;
    return isOpen ? [{ of: 'bad-token' }] : [{ of: 'without-token' }, { of: 'bad-token' }];
  }
  const anonymous: CallerDifference[] =
    before.withoutToken && !(after.kind === 'checked' && after.withoutToken) ? [{ of: 'without-token' }] : [];
  if (after.kind === 'nobody') {
    const issuers = [...before.tokens.issuers.values()];
    return [
      ...anonymous,
      ...issuers.map((issuer): CallerDifference => ({ of: 'rule', issuer, properties: {} })),
    ];
  }
  return [
    ...anonymous,
    ...lostTokens(before.tokens, after.tokens, from.policy.settings, to.policy.settings, nowSeconds),
  ];
}

/** Tokens that meet `from`, and not `to`. */
export function lostTokens(
  from: Tokens,
  to: Tokens,
  fromSettings: Settings,
  toSettings: Settings,
  nowSeconds: number,
): CallerDifference[] {
  const clients = from.clients && [...from.clients].filter((one) => !fromSettings.blockedClients.has(one));
  if (clients?.length === 0 || from.demands.some(({ anyOf }) => anyOf.length === 0)) return [];
  return [...from.issuers.values()].flatMap((issuer): CallerDifference[] => {
    const after = to.issuers.get(issuer.issuer);
    if (after === undefined) return [{ of: 'rule', issuer, properties: clientOf(clients) }];
    const found: CallerDifference[] = [];
    const lostClient =
      clients === undefined
        ? unknownClient(to.clients, fromSettings)
        : clients.find((one) => !to.clients?.has(one));
    if (to.clients !== undefined && lostClient !== undefined)
      found.push({ of: 'rule', issuer, properties: { client: lostClient } });
    const properties = sharedClient(clients, to.clients, [fromSettings, toSettings]);
    const known = [...from.demands, ...issuer.requiredClaims];
    const isNew = (demand: AnyOf) => !known.some((one) => implies(one, demand));
    for (const lacks of to.demands.filter(isNew)) found.push({ of: 'rule', issuer, properties, lacks });
    for (const lacks of after.requiredClaims.filter(isNew))
      found.push({ of: 'issuer', issuer, field: 'claims', shownBy: [properties], lacks });
    for (const { field, shownBy } of differingSettings(issuer, after, nowSeconds))
      found.push({ of: 'issuer', issuer, field, shownBy: shownBy.map((one) => ({ ...properties, ...one })) });
    found.push(
      ...lostToBlocklist(issuer, after, { from: fromSettings, to: toSettings, clients, properties }),
    );
    return found;
  });
}

interface Blocklists {
  readonly from: Settings;
  readonly to: Settings;
  readonly clients: readonly string[] | undefined;
  /** A token that nothing else speaks against. */
  readonly properties: TokenProperties;
}

/**
 * Tokens that only `to` blocks: because it blocks a client or key that `from` does not, or finds a blocked client by a
 * claim that `from` does not look at.
 */
function lostToBlocklist(
  issuer: Issuer,
  after: Issuer,
  { from, to, clients, properties }: Blocklists,
): CallerDifference[] {
  const found: CallerDifference[] = [];
  const known = new Set(clientIdClaims(issuer).map(({ path }) => JSON.stringify(path)));
  const foundByMore = clientIdClaims(after).filter(({ path }) => !known.has(JSON.stringify(path)));
  for (const client of to.blockedClients) {
    if (from.blockedClients.has(client)) {
      const shownBy = foundByMore.map(({ path }) => ({ ...properties, alias: { value: client, path } }));
      if (shownBy.length > 0) found.push({ of: 'issuer', issuer, field: 'client_claim', shownBy });
      continue;
    }
    // Any of the names of a client counts, not only the one that the rules look at.
    const path = [DEFAULT_CLAIMS.client[3]];
    const shown =
      clients === undefined || clients.includes(client)
        ? { client }
        : { ...properties, alias: { value: client, path } };
    found.push({ of: 'blocklist', issuer, field: 'blocked_clients', properties: shown });
  }
  for (const kid of to.blockedKids)
    if (!from.blockedKids.has(kid))
      found.push({ of: 'blocklist', issuer, field: 'blocked_kids', properties: { ...properties, kid } });
  return found;
}

const clientOf = (clients: readonly string[] | undefined): TokenProperties =>
  clients?.[0] === undefined ? {} : { client: clients[0] };

/** A client that nothing speaks against, on either side if that is possible. */
function sharedClient(
  clients: readonly string[] | undefined,
  others: ReadonlySet<string> | undefined,
  settings: readonly Settings[],
): TokenProperties {
  const isFree = (name: string) => settings.every(({ blockedClients }) => !blockedClients.has(name));
  const shared = (clients ?? [...(others ?? [])]).filter(
    (name) => isFree(name) && (others?.has(name) ?? true),
  );
  return shared.length > 0
    ? clientOf(shared)
    : clientOf(clients?.some(isFree) ? clients.filter(isFree) : clients);
}

function unknownClient(clients: ReadonlySet<string> | undefined, { blockedClients }: Settings): string {
  let name = 'another-client';
  while (clients?.has(name) || blockedClients.has(name)) name += '-x';
  return name;
}
