/** Changes of clients and their grants, for commands and console alike. */
import { type Client, clientKey, clientSchema, isClientId } from '../../issuer/src/records.ts';
import { suggest } from '../../src/policy/compile/fault.ts';
import { CommandError, formatSeconds } from '../text/terminal.ts';
import { makeClientId, makeSecret, readClientKey } from './credentials.ts';
import { gatewayLines } from './gateway-lines.ts';
import type { Outcome } from './outcome.ts';
import type { Place } from './place.ts';
import type { RecordStore } from './record-store.ts';
import { findApi, findClient, listApis, listClients, saveClient } from './records.ts';

export interface ClientFields {
  readonly id?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly defaultAudience?: string | undefined;
  /** `false`: no credential yet. */
  readonly secret?: boolean | undefined;
  /** A file with its public key, instead of a secret. */
  readonly key?: string | undefined;
}

export async function createClient(
  { records }: Place,
  name: string,
  fields: ClientFields,
  nowSeconds: number,
): Promise<Outcome> {
  const id = fields.id ?? makeClientId();
  if (!isClientId(id)) throw new CommandError(`${id} can't be a client id; write 1 to 64 of A-Z a-z 0-9 _ -`);
  if ((await records.get(clientKey(id))) !== undefined)
    throw new CommandError(`there is a client ${id} already`);
  // Commands take either: a name that is another's id would act on the wrong one.
  if ((await listClients(records)).some((client) => client.name === name || client.client_id === name))
    throw new CommandError(`there is a client with the name or id ${name} already; choose another name`);
  if (fields.defaultAudience !== undefined) await findApi(records, fields.defaultAudience);
  const secret = fields.key === undefined && fields.secret !== false ? makeSecret(nowSeconds) : undefined;
  const client: Client = {
    client_id: id,
    name,
    metadata: { ...fields.metadata },
    ...(fields.defaultAudience !== undefined && { default_audience: fields.defaultAudience }),
    secrets: secret === undefined ? [] : [secret.record],
    jwks: fields.key === undefined ? [] : [await readClientKey(fields.key, nowSeconds)],
    grants: {},
  };
  await saveClient(records, client);
  return {
    json: { ...client, ...(secret && { client_secret: secret.secret }) },
    said: [`made the client ${name}`],
    credentials: { client_id: id, client_secret: secret?.secret },
    next: [`It may have no tokens yet: claimgate client grant ${id} <audience> --scope <scope>`],
  };
}

export async function disableClient(
  { records, environment }: Place,
  name: string,
  nowSeconds: number,
): Promise<Outcome> {
  const client = await findClient(records, name);
  await saveClient(records, { ...client, disabled: true });
  const apis = (await listApis(records)).filter(({ identifier }) => Object.hasOwn(client.grants, identifier));
  const longest = Math.max(0, ...apis.map((api) => api.token_lifetime));
  const gateway = gatewayLines(environment, 'blocked_clients', client.client_id);
  const lifetime = longest === 0 ? 'until they expire' : `for up to ${formatSeconds(longest)}`;
  const now = new Date(nowSeconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    json: { disabled: client.client_id, tokens_live_seconds: longest, gateway },
    said: [
      `disabled the client ${client.name}: no new tokens, a minute from now at the latest`,
      `Tokens that it has are good ${lifetime}.`,
    ],
    gateway,
    next: [
      '',
      "To let the client back in but keep its old tokens out, remove it from blocked_clients and add to its issuer's table:",
      '',
      `  not_before = "${now}" # refuses every older token of this issuer, of all clients`,
    ],
  };
}

export async function enableClient({ records }: Place, name: string): Promise<Outcome> {
  const { disabled: _, ...client } = await findClient(records, name);
  await saveClient(records, client);
  return {
    json: { enabled: client.client_id },
    said: [`enabled the client ${client.name}; if the gateway's blocked_clients names it, take it out there`],
  };
}

export async function deleteClient({ records }: Place, name: string): Promise<Outcome> {
  const clientId = await findRemovable(records, name);
  await records.delete(clientKey(clientId));
  return { json: { deleted: clientId }, said: [`deleted the client ${name}`] };
}

/** A client that is disabled, or an entry that is no valid record and so is no client. */
async function findRemovable(records: RecordStore, name: string): Promise<string> {
  const stored = isClientId(name) ? await records.get(clientKey(name)) : undefined;
  if (stored !== undefined && !clientSchema.safeParse(stored).success) return name;
  const client = await findClient(records, name);
  if (client.disabled) return client.client_id;
  throw new CommandError(
    `${client.name} is enabled; run first: claimgate client disable ${client.client_id}, which tells how to stop the tokens that it has`,
  );
}

export interface GrantFields {
  readonly scope?: readonly string[] | undefined;
  readonly allScopes?: boolean | undefined;
}

export async function grantApi(
  { records }: Place,
  name: string,
  audience: string,
  { scope: scopes = [], allScopes }: GrantFields,
): Promise<Outcome> {
  const client = await findClient(records, name);
  const api = await findApi(records, audience);
  const known = api.scopes.map(({ value }) => value);
  if (allScopes && scopes.length > 0) throw new CommandError('--scope and --all-scopes exclude each other');
  if (!allScopes && scopes.length === 0 && known.length > 0)
    throw new CommandError(`name scopes with --scope (${known.join(', ')}), or give --all-scopes`);
  const unknown = scopes.find((scope) => !known.includes(scope));
  if (unknown !== undefined)
    throw new CommandError(`${audience} has no scope ${unknown}; ${suggest(unknown, known)}`);
  const scope = allScopes ? ('*' as const) : [...scopes];
  const changed = { ...client, grants: { ...client.grants, [audience]: { scope } } };
  await saveClient(records, changed);
  return {
    json: changed,
    said: [
      `${client.name} may have tokens for ${audience}: ${allScopes ? 'all scopes' : scopes.join(' ') || 'no scopes'}`,
    ],
  };
}

export async function ungrantApi({ records }: Place, name: string, audience: string): Promise<Outcome> {
  const client = await findClient(records, name);
  const { [audience]: taken, ...grants } = client.grants;
  if (taken === undefined)
    throw new CommandError(
      `${client.name} has no grant for ${audience}; ${suggest(audience, Object.keys(client.grants))}`,
    );
  const changed = { ...client, grants };
  await saveClient(records, changed);
  return {
    json: changed,
    said: [
      `${client.name} gets no more tokens for ${audience}; those that it has are good until they expire`,
    ],
  };
}
