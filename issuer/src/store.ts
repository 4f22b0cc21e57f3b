import type * as z from 'zod/mini';
import { remember } from '../../src/memory.ts';
import {
  type Api,
  apiKey,
  apiSchema,
  type Client,
  clientKey,
  clientSchema,
  isClientId,
  isIdentifier,
} from './records.ts';

/** KV answers from the edge's own copy for so long: how late a change is seen at most, besides KV's own delay. */
const CACHE_SECONDS = 30;

export interface Records {
  readonly client: Client | undefined;
  readonly api: Api | undefined;
}

export type RecordStore = (clientId: string, audience: string | undefined) => Promise<Records>;

/** Both records in one bulk read. An entry that is no valid record counts as absent and is told to `onInvalid`. */
export function kvRecords(kv: KVNamespace, onInvalid: (key: string) => void): RecordStore {
  const readClient = reader(clientSchema);
  const readApi = reader(apiSchema);
  function parse<T>(
    read: (text: string) => T | undefined,
    key: string,
    text: string | null | undefined,
    keyOf: (record: T) => string,
  ) {
    if (text === null || text === undefined) return undefined;
    const record = read(text);
    // A record under another's key would speak for the other.
    if (record !== undefined && keyOf(record) === key) return record;
    onInvalid(key);
    return undefined;
  }
  return async (clientId, audience) => {
    // KV throws on keys that are too long: an id that no record can have is not looked up.
    const client = isClientId(clientId) ? clientKey(clientId) : undefined;
    const api = audience !== undefined && isIdentifier(audience) ? apiKey(audience) : undefined;
    const keys = [client, api].filter((key) => key !== undefined);
    if (keys.length === 0) return { client: undefined, api: undefined };
    const found = await kv.get(keys, { type: 'text', cacheTtl: CACHE_SECONDS });
    return {
      client:
        client === undefined
          ? undefined
          : parse(readClient, client, found.get(client), (record) => clientKey(record.client_id)),
      api:
        api === undefined
          ? undefined
          : parse(readApi, api, found.get(api), (record) => apiKey(record.identifier)),
    };
  };
}

/** KV is asked each time; a text that it gave before was read before. */
const reader = <T>(schema: z.ZodMiniType<T>) =>
  remember(
    (text) => {
      const parsed = schema.safeParse(parseJson(text));
      return parsed.success ? parsed.data : undefined;
    },
    { maxEntries: 500, maxLength: 16_384 },
  );

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
