/** `issuer.json`: all APIs and clients as a file, to be reviewed and pushed. It holds hashes, never secrets. */
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod/mini';
import {
  type Api,
  apiKey,
  apiSchema,
  type Client,
  clientKey,
  clientSchema,
} from '../../issuer/src/records.ts';
import { readFile } from '../text/files.ts';
import { CommandError } from '../text/terminal.ts';
import type { RecordStore } from './record-store.ts';
import { listApis, listClients, parseRecord } from './records.ts';

/** Credentials that the file leaves out stay as they are: they come and go by `claimgate client secret`. */
const declaredClientSchema = z.extend(clientSchema, {
  secrets: z.optional(clientSchema.shape.secrets),
  jwks: z.optional(clientSchema.shape.jwks),
});

const declarationSchema = z.strictObject({
  apis: z.array(apiSchema),
  clients: z.array(declaredClientSchema),
});
export type Declaration = z.infer<typeof declarationSchema>;
export type DeclaredClient = Declaration['clients'][number];

/** Throws `CommandError` that names the file and each place. */
export function readDeclaration(path: string): Declaration {
  const text = readFile(path, 'write one with: claimgate pull > issuer.json');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CommandError(`${path} is not JSON: ${(error as Error).message}`);
  }
  const declaration = parseRecord(declarationSchema, value, path);
  const { apis, clients } = declaration;
  for (const ids of [apis.map((api) => api.identifier), clients.map((client) => client.client_id)]) {
    const repeated = ids.find((id, i) => ids.indexOf(id) !== i);
    if (repeated !== undefined) throw new CommandError(`${path} has ${repeated} twice; keep one`);
  }
  return declaration;
}

export async function readStore(store: RecordStore): Promise<{ apis: Api[]; clients: Client[] }> {
  return { apis: await listApis(store), clients: await listClients(store) };
}

/** One record that the file wants otherwise than the store has it. */
export interface RecordChange {
  readonly kind: 'create' | 'update' | 'delete';
  readonly what: 'api' | 'client';
  readonly key: string;
  readonly name: string;
  /** The record to write; absent if it is to be deleted. */
  readonly record?: Api | Client;
  /** The record that is there now. */
  readonly stored?: Api | Client | undefined;
  /** Which members differ, and how. */
  readonly fields: readonly { readonly name: string; readonly from?: unknown; readonly to?: unknown }[];
}

/** Lists the changes that make the store as the file says. Pure. */
export function compare(
  wanted: Declaration,
  stored: { apis: readonly Api[]; clients: readonly Client[] },
): RecordChange[] {
  const apis = new Map(stored.apis.map((api) => [apiKey(api.identifier), api]));
  const clients = new Map(stored.clients.map((client) => [clientKey(client.client_id), client]));
  const wantedApis = wanted.apis.map((api) => {
    const key = apiKey(api.identifier);
    return [key, { ...api, ...stillDisabled(apis.get(key)) }] as const;
  });
  const wantedClients = wanted.clients.map((client) => {
    const key = clientKey(client.client_id);
    const before = clients.get(key);
    const secrets = client.secrets ?? before?.secrets ?? [];
    const jwks = client.jwks ?? before?.jwks ?? [];
    return [key, { ...client, secrets, jwks, ...stillDisabled(before) }] as const;
  });
  return [...diff('api', apis, wantedApis), ...diff('client', clients, wantedClients)];
}

/** A file from before must not enable what was disabled in an incident: that takes a command of its own. */
const stillDisabled = (before: { disabled?: true | undefined } | undefined) =>
  before?.disabled ? { disabled: true as const } : {};

function diff(
  what: 'api' | 'client',
  stored: ReadonlyMap<string, Api | Client>,
  wanted: readonly (readonly [string, Api | Client])[],
): RecordChange[] {
  const keys = new Set(wanted.map(([key]) => key));
  const written = wanted.flatMap(([key, record]): RecordChange[] => {
    const before = stored.get(key);
    const fields = differences(before ?? {}, record);
    if (fields.length === 0) return [];
    return [
      { kind: before === undefined ? 'create' : 'update', what, key, name: nameOf(record), record, fields },
    ];
  });
  const deleted = [...stored]
    .filter(([key]) => !keys.has(key))
    .map(
      ([key, stored]): RecordChange => ({
        kind: 'delete',
        what,
        key,
        name: nameOf(stored),
        stored,
        fields: [],
      }),
    );
  return [...written, ...deleted];
}

const nameOf = (record: Api | Client) =>
  'identifier' in record ? record.identifier : `${record.name} (${record.client_id})`;

function differences(before: object, after: object): RecordChange['fields'] {
  const from = before as Record<string, unknown>;
  const to = after as Record<string, unknown>;
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return names
    .filter((name) => !isDeepStrictEqual(from[name], to[name]))
    .map((name) => ({ name, from: from[name], to: to[name] }));
}
