/** What isolates ask of the two that know: KV, and the object that writes. */
import type { Seal } from '../seal.ts';
import { type Content, readBody, readHead } from './content.ts';
import type { EventWriter, RevocationKind } from './revocation.ts';

/** The object's name within its namespace: there is one. */
export const OBJECT_NAME = 'claimgate';

/** Part of every entry's name: a gateway never reads what another version wrote in another form. */
const FORMAT = 'claimgate-revocations-1';
/** KV refuses less than 30 s. */
const READ_CACHE_SECONDS = 30;

/** The entry that isolates read. @param id of the object: two of them may share a KV namespace */
export const headName = (id: string): string => `${FORMAT}:${id}`;

/** What a request with a strict route wants to know. */
export interface Question {
  /** The ids of its token, where it has one. */
  readonly issuer?: string | undefined;
  readonly ids?: Readonly<Record<RevocationKind, readonly string[]>> | undefined;
}

/** What the object offers to the Worker's own code. The commands call it by way of `RevocationAdmin`. */
export interface RevocationObject extends EventWriter {
  content(): Promise<Content>;
  /** Only what a request asks about. */
  ask(question: Question): Promise<Content>;
  /** Publishes anew where the last time is long ago: isolates tell by it that nothing is held back. */
  beat(): Promise<void>;
}

export interface RevocationAccess {
  /** `undefined` where there is nothing. Throws where KV can't be read, or what is there is no content. */
  readKv(): Promise<Content | undefined>;
  readonly object: RevocationObject;
}

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
    if (content === undefined) throw new Error(`the KV entry ${key} has not the seal of KEYS_SECRET`);
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
