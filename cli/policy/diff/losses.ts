/** Which callers one policy lets in with a request, and another does not. Empty: it lets in all of them. */

import { DEFAULT_CLAIMS } from '../../../src/policy/claims.ts';
import { implies } from '../../../src/policy/demands.ts';
import type { Issuer, Settings } from '../../../src/policy/policy.ts';
import { clientIdClaims } from '../../../src/token/checks.ts';
import type { Asked, TokenTrait } from '../what-if/token.ts';
import type { Callers, Tokens } from './callers.ts';
import { lostTerms } from './terms.ts';

/** Callers of one kind that are lost. */
export type Loss =
  | { readonly of: 'without-token' }
  | { readonly of: 'bad-token' }
  /** By a rule of the routes. `lacks`: what the token doesn't have. */
  | {
      readonly of: 'rule';
      readonly issuer: Issuer;
      readonly trait: TokenTrait;
      readonly lacks?: Asked | undefined;
    }
  /** By the definition of an issuer, whatever the route. */
  | {
      readonly of: 'issuer';
      readonly issuer: Issuer;
      readonly field: string;
      readonly shownBy: readonly TokenTrait[];
      readonly lacks?: Asked | undefined;
    }
  /** By the blocklists, whatever the route. */
  | {
      readonly of: 'blocklist';
      readonly issuer: Issuer;
      readonly field: 'blocked_clients' | 'blocked_kids';
      readonly trait: TokenTrait;
    };

export interface Side {
  readonly callers: Callers;
  readonly settings: Settings;
}

export function lossesOf(from: Side, to: Side, nowSeconds: number): Loss[] {
  const [before, after] = [from.callers, to.callers];
  if (before.kind === 'nobody' || after.kind === 'anyone') return [];
  if (before.kind === 'anyone') {
    const isOpen = after.kind === 'checked' && after.withoutToken;
    return isOpen ? [{ of: 'bad-token' }] : [{ of: 'without-token' }, { of: 'bad-token' }];
  }
  const anonymous: Loss[] =
    before.withoutToken && !(after.kind === 'checked' && after.withoutToken) ? [{ of: 'without-token' }] : [];
  if (after.kind === 'nobody') {
    const issuers = [...before.tokens.issuers.values()];
    return [...anonymous, ...issuers.map((issuer): Loss => ({ of: 'rule', issuer, trait: {} }))];
  }
  return [...anonymous, ...lostTokens(before.tokens, after.tokens, from.settings, to.settings, nowSeconds)];
}

/** Tokens that meet `from`, and not `to`. */
export function lostTokens(
  from: Tokens,
  to: Tokens,
  fromSettings: Settings,
  toSettings: Settings,
  nowSeconds: number,
): Loss[] {
  const clients = from.clients && [...from.clients].filter((one) => !fromSettings.blockedClients.has(one));
  if (clients?.length === 0 || from.demands.some(({ anyOf }) => anyOf.length === 0)) return [];
  return [...from.issuers.values()].flatMap((issuer): Loss[] => {
    const after = to.issuers.get(issuer.issuer);
    if (after === undefined) return [{ of: 'rule', issuer, trait: clientTrait(clients) }];
    const losses: Loss[] = [];
    const lostClient =
      clients === undefined
        ? unknownClient(to.clients, fromSettings)
        : clients.find((one) => !to.clients?.has(one));
    if (to.clients !== undefined && lostClient !== undefined)
      losses.push({ of: 'rule', issuer, trait: { client: lostClient } });
    const trait = sharedClient(clients, to.clients, [fromSettings, toSettings]);
    const known = [...from.demands, ...issuer.requiredClaims];
    const isNew = (demand: Asked) => !known.some((one) => implies(one, demand));
    for (const lacks of to.demands.filter(isNew)) losses.push({ of: 'rule', issuer, trait, lacks });
    for (const lacks of after.requiredClaims.filter(isNew))
      losses.push({ of: 'issuer', issuer, field: 'claims', shownBy: [trait], lacks });
    for (const { field, shownBy } of lostTerms(issuer, after, nowSeconds))
      losses.push({ of: 'issuer', issuer, field, shownBy: shownBy.map((one) => ({ ...trait, ...one })) });
    losses.push(...lostToBlocklist(issuer, after, { from: fromSettings, to: toSettings, clients, trait }));
    return losses;
  });
}

interface Blocklists {
  readonly from: Settings;
  readonly to: Settings;
  readonly clients: readonly string[] | undefined;
  /** A token that nothing else speaks against. */
  readonly trait: TokenTrait;
}

/**
 * Tokens that only `to` blocks: because it blocks a client or key that `from` does not, or finds a blocked client by a
 * claim that `from` does not look at.
 */
function lostToBlocklist(issuer: Issuer, after: Issuer, { from, to, clients, trait }: Blocklists): Loss[] {
  const losses: Loss[] = [];
  const known = new Set(clientIdClaims(issuer).map(({ path }) => JSON.stringify(path)));
  const foundByMore = clientIdClaims(after).filter(({ path }) => !known.has(JSON.stringify(path)));
  for (const client of to.blockedClients) {
    if (from.blockedClients.has(client)) {
      const shownBy = foundByMore.map(({ path }) => ({ ...trait, alias: { value: client, path } }));
      if (shownBy.length > 0) losses.push({ of: 'issuer', issuer, field: 'client_claim', shownBy });
      continue;
    }
    // Any of the names of a client counts, not only the one that the rules look at.
    const path = [DEFAULT_CLAIMS.client[3]];
    const shown =
      clients === undefined || clients.includes(client)
        ? { client }
        : { ...trait, alias: { value: client, path } };
    losses.push({ of: 'blocklist', issuer, field: 'blocked_clients', trait: shown });
  }
  for (const kid of to.blockedKids)
    if (!from.blockedKids.has(kid))
      losses.push({ of: 'blocklist', issuer, field: 'blocked_kids', trait: { ...trait, kid } });
  return losses;
}

const clientTrait = (clients: readonly string[] | undefined): TokenTrait =>
  clients?.[0] === undefined ? {} : { client: clients[0] };

/** A client that nothing speaks against, on either side if that is possible. */
function sharedClient(
  clients: readonly string[] | undefined,
  others: ReadonlySet<string> | undefined,
  settings: readonly Settings[],
): TokenTrait {
  const isFree = (name: string) => settings.every(({ blockedClients }) => !blockedClients.has(name));
  const shared = (clients ?? [...(others ?? [])]).filter(
    (name) => isFree(name) && (others?.has(name) ?? true),
  );
  return shared.length > 0
    ? clientTrait(shared)
    : clientTrait(clients?.some(isFree) ? clients.filter(isFree) : clients);
}

function unknownClient(clients: ReadonlySet<string> | undefined, { blockedClients }: Settings): string {
  let name = 'another-client';
  while (clients?.has(name) || blockedClients.has(name)) name += '-x';
  return name;
}
