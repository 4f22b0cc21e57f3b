/** The way to the two that know what is revoked: KV, and the object that writes. */
import type { Seal } from '../seal.ts';
import type { RevocationAccess, RevocationObject } from './asked.ts';
import { type Content, readBody, readHead } from './content.ts';

/** The object's name within its namespace: there is one. */
export const OBJECT_NAME = 'claimgate';

/** Part of every entry's name: a gateway never reads what another version wrote in another form. */
const FORMAT = 'claimgate-revocations-1';
/** KV refuses less than 30 s. */
const READ_CACHE_SECONDS = 30;

/** The entry that isolates read. @param id of the object: two of them may share a KV namespace */
export const headName = (id: string): string => `${FORMAT}:${id}`;

/**
 * @param namespace of the object
 * @param seal of entries, with KEYS_SECRET
 * @param known the version that is in memory: its body is not read again
 */
export function createRevocationAccess(
  namespace: DurableObjectNamespace,
  kv: KVNamespace,
  seal: Seal | undefined,
): (known: Content | undefined) => RevocationAccess {
  const id = namespace.idFromName(OBJECT_NAME);
  const name = headName(id.toString());
  async function read(key: string, cacheTtl: number): Promise<string | undefined> {
    const text = await kv.get(key, { cacheTtl });
    if (text === null) return undefined;
    const content = seal === undefined ? text : await seal.open(key, text);
    if (content === undefined) throw new Error(`the KV entry ${key} does not have the seal of KEYS_SECRET`);
    return content;
  }
  return (known) => ({
    async readKv() {
      const text = await read(name, READ_CACHE_SECONDS);
      if (text === undefined) return undefined;
      const head = readHead(text);
      if (head === undefined) throw new Error(`the KV entry ${name} has another format`);
      if (!('body' in head)) return head;
      const { version, publishedAtMs } = head;
      if (known?.version === version) return { ...known, publishedAtMs };
      const body = readBody((await read(head.body, 3600)) ?? '');
      // KV may know the head before its body.
      if (body === undefined) throw new Error(`the KV entry ${head.body} is missing`);
      return { version, publishedAtMs, ...body };
    },
    object: namespace.get(id) as unknown as RevocationObject,
  });
}
