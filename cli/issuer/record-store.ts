import { parseJson } from '../text/json.ts';

/** The binding of the issuer's KV namespace. */
export const RECORDS_BINDING = 'ISSUER_KV';

/** The entries of the issuer's KV namespace, as commands read and write them. */
export interface RecordStore {
  /** @returns `undefined` if there is none; text where it is not JSON */
  get(key: string): Promise<unknown>;
  put(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  /** All entries whose key begins so, in the order of their keys. */
  list(prefix: string): Promise<readonly (readonly [key: string, value: unknown])[]>;
  close(): Promise<void>;
}

/** Somebody may have written what is not JSON: it is no reason to fail, but no record either. */
export const parseStored = (text: string | null | undefined): unknown =>
  typeof text === 'string' ? parseJson(text, text) : undefined;
