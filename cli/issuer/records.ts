/** APIs and clients in the store, found by the names that people type. */
import type * as z from 'zod/mini';
import {
  API_PREFIX,
  type Api,
  apiKey,
  apiSchema,
  CLIENT_PREFIX,
  type Client,
  clientKey,
  clientSchema,
  isClientId,
  isIdentifier,
} from '../../issuer/src/records.ts';
import { formatFault, suggest } from '../../src/policy/compile/fault.ts';
import { schemaFaults } from '../../src/policy/compile/schema-faults.ts';
import { CommandError, warn } from '../text/terminal.ts';
import type { RecordStore } from './record-store.ts';

/** @param tell is told of entries that are no records */
export const listApis = (store: RecordStore, tell = warn): Promise<Api[]> =>
  listRecords(store, API_PREFIX, apiSchema, tell);
export const listClients = (store: RecordStore, tell = warn): Promise<Client[]> =>
  listRecords(store, CLIENT_PREFIX, clientSchema, tell);

/** The entries that are records. Others don't count for the Worker either; they are told, and hold nothing up. */
async function listRecords<T>(
  store: RecordStore,
  prefix: string,
  schema: z.ZodMiniType<T>,
  tell: (text: string) => void,
): Promise<T[]> {
  const records: T[] = [];
  for (const [key, value] of await store.list(prefix)) {
    const parsed = schema.safeParse(value);
    if (parsed.success) records.push(parsed.data);
    else tell(`the entry ${key} is no valid record, and counts as absent; repair it by a push, or delete it`);
  }
  return records;
}

export async function findApi(store: RecordStore, identifier: string): Promise<Api> {
  const value = isIdentifier(identifier) ? await store.get(apiKey(identifier)) : undefined;
  if (value !== undefined) return parseRecord(apiSchema, value, `API ${identifier}`);
  const known = (await listApis(store)).map((api) => api.identifier);
  throw new CommandError(
    `there is no API ${identifier}; ${known.length === 0 ? 'make it with: claimgate api create' : suggest(identifier, known)}`,
  );
}

/** Finds a client by its id, or by its name if only one has it. */
export async function findClient(store: RecordStore, idOrName: string): Promise<Client> {
  const value = isClientId(idOrName) ? await store.get(clientKey(idOrName)) : undefined;
  if (value !== undefined) return parseRecord(clientSchema, value, `client ${idOrName}`);
  const clients = await listClients(store);
  const named = clients.filter(({ name }) => name === idOrName);
  if (named.length > 1)
    throw new CommandError(
      `${named.length} clients have the name ${idOrName}; use an id: ${named.map((client) => client.client_id).join(', ')}`,
    );
  if (named[0] !== undefined) return named[0];
  const names = clients.map(({ name }) => name);
  const hint = names.length === 0 ? 'make it with: claimgate client create' : suggest(idOrName, names);
  throw new CommandError(`there is no client ${idOrName}; ${hint}`);
}

export async function saveApi(store: RecordStore, api: Api): Promise<void> {
  await store.put(apiKey(api.identifier), parseRecord(apiSchema, api, `API ${api.identifier}`));
}

export async function saveClient(store: RecordStore, client: Client): Promise<void> {
  await store.put(clientKey(client.client_id), parseRecord(clientSchema, client, `client ${client.name}`));
}

/** Checks a record by the schema that the Worker uses. Throws `CommandError` that names each place. */
export function parseRecord<T>(schema: z.ZodMiniType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = schemaFaults([where], value, parsed.error.issues, () => []).map(formatFault);
  throw new CommandError(faults.join('\n  '));
}
