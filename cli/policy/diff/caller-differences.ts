/** Which callers one policy lets in with a request, and another does not. Empty: it lets in all of them. */

import { DEFAULT_CLAIMS } from '../../../src/policy/claims.ts';
import { valuesOf } from '../../../src/policy/demands.ts';
import type { Issuer, Settings } from '../../../src/policy/policy.ts';
import { clientIdClaims } from '../../../src/token/checks.ts';
import { type AnyOf, choose, ofClients } from '../what-if/choose.ts';
import type { TokenProperties } from '../what-if/token.ts';
import { demandsOn, type Side, type Tokens } from './callers.ts';
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
  return [...from.issuers.values()].flatMap((issuer): CallerDifference[] => {
    const known = demandsOn(from, issuer, fromSettings);
    const canBe = (client: string) => choose([...known, ofClients([client])]) !== undefined;
    const clients = from.clients && [...from.clients].filter(canBe);
    if (choose(known) === undefined) return [];
    const after = to.issuers.get(issuer.issuer);
    if (after === undefined) return [{ of: 'rule', issuer, properties: clientOf(clients) }];
    const found: CallerDifference[] = [];
    const others = clients ?? [unknownClient(to, fromSettings), ...valuesOf(known, 'client')];
    const lostClient = others.find((one) => !to.clients?.has(one) && canBe(one));
    if (to.clients !== undefined && lostClient !== undefined)
      found.push({ of: 'rule', issuer, properties: { client: lostClient } });
    const properties = sharedClient(clients, to.clients, [fromSettings, toSettings]);
    const lost = (demands: readonly AnyOf[]) =>
      demands.flatMap((lacks) => lostFor(known, lacks, properties, fromSettings));
    for (const one of lost(to.demands)) found.push({ of: 'rule', issuer, ...one });
    for (const { lacks, properties: its } of lost(after.requiredClaims))
      found.push({ of: 'issuer', issuer, field: 'claims', shownBy: [its], lacks });
    for (const { field, shownBy } of differingSettings(issuer, after, nowSeconds))
      found.push({ of: 'issuer', issuer, field, shownBy: shownBy.map((one) => ({ ...properties, ...one })) });
    found.push(
      ...lostToBlocklist(issuer, after, { from: fromSettings, to: toSettings, clients, properties, canBe }),
    );
    return found;
  });
}

/** Whether a token that meets what is known can lack this; then what it has. @param usual is kept where it can be */
function lostFor(
  known: readonly AnyOf[],
  lacks: AnyOf,
  usual: TokenProperties,
  { blockedClients }: Settings,
): { lacks: AnyOf; properties: TokenProperties }[] {
  const { client } = usual;
  if (client !== undefined && choose([...known, ofClients([client])], lacks) !== undefined)
    return [{ lacks, properties: usual }];
  const chosen = choose(known, lacks);
  if (chosen === undefined) return [];
  const [own] = valuesOf([{ anyOf: chosen }], 'client');
  if (own !== undefined) return [{ lacks, properties: { client: own } }];
  const named = valuesOf([lacks], 'client');
  if (named.length === 0) return [{ lacks, properties: {} }];
  return [{ lacks, properties: { client: unknownName(new Set([...named, ...blockedClients])) } }];
}

interface Blocklists {
  readonly from: Settings;
  readonly to: Settings;
  readonly clients: readonly string[] | undefined;
  /** A token that nothing else speaks against. */
  readonly properties: TokenProperties;
  canBe(client: string): boolean;
}

/**
 * Tokens that only `to` blocks: because it blocks a client or key that `from` does not, or finds a blocked client by a
 * claim that `from` does not look at.
 */
function lostToBlocklist(
  issuer: Issuer,
  after: Issuer,
  { from, to, clients, properties, canBe }: Blocklists,
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
      (clients === undefined || clients.includes(client)) && canBe(client)
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

const unknownClient = ({ clients, demands }: Tokens, { blockedClients }: Settings): string =>
  unknownName(new Set([...(clients ?? []), ...valuesOf(demands, 'client'), ...blockedClients]));

function unknownName(taken: ReadonlySet<string>): string {
  let name = 'another-client';
  while (taken.has(name)) name += '-x';
  return name;
}
