import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseStored, RECORDS_BINDING, type RecordStore } from './record-store.ts';
import { findWrangler } from './wrangler.ts';

const NO_WORKER = 'export default { fetch: () => new Response(null, { status: 404 }) }';

/** The local KV of `wrangler dev`, which may be running meanwhile: both see each other's writes. */
export async function localRecords(namespaceId: string, persistTo: string): Promise<RecordStore> {
  const { convertV4MiniflareOptions, Miniflare } = await loadMiniflare();
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: NO_WORKER,
      kvNamespaces: { [RECORDS_BINDING]: namespaceId },
      resourcePersistencePath: join(resolve(persistTo), 'v3'),
      cf: false,
    }),
  );
  const kv = await miniflare.getKVNamespace(RECORDS_BINDING);
  const get = async (key: string) => parseStored(await kv.get(key, 'text'));
  return {
    get,
    put: (key, value) => kv.put(key, JSON.stringify(value)),
    delete: (key) => kv.delete(key),
    async list(prefix) {
      const names: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await kv.list({ prefix, ...(cursor !== undefined && { cursor }) });
        names.push(...page.keys.map(({ name }) => name));
        cursor = page.list_complete ? undefined : page.cursor;
      } while (cursor !== undefined);
      return Promise.all(names.map(async (name) => [name, await get(name)] as const));
    },
    close: () => miniflare.dispose(),
  };
}

/**
 * The one that wrangler itself runs: another version might keep its state elsewhere. Loaded when it is needed: it
 * takes a while, and most commands do without.
 */
async function loadMiniflare(): Promise<typeof import('miniflare')> {
  const path = createRequire(findWrangler()).resolve('miniflare');
  return (await import(pathToFileURL(path).href)) as typeof import('miniflare');
}
