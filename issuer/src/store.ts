import type * as z from 'zod/mini';
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
  function parse<T>(
    schema: z.ZodMiniType<T>,
    key: string,
    text: string | null | undefined,
    keyOf: (record: T) => string,
  ) {
    if (text === null || text === undefined) return undefined;
    const parsed = schema.safeParse(parseJson(text));
    // A record under another's key would speak for the other.
    if (parsed.success && keyOf(parsed.data) === key) return parsed.data;
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
          : parse(clientSchema, client, found.get(client), (record) => clientKey(record.client_id)),
      api:
        api === undefined
          ? undefined
          : parse(apiSchema, api, found.get(api), (record) => apiKey(record.identifier)),
    };
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
