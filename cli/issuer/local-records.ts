import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseStored, RECORDS_BINDING, type RecordStore } from './record-store.ts';

interface LocalKv {
  get(key: string): Promise<string | null>;
  put(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
  list(options: { prefix: string; cursor?: string }): Promise<{
    keys: { name: string }[];
    list_complete: boolean;
    cursor?: string;
  }>;
}

/** The local KV of `wrangler dev`, which may be running meanwhile: both see each other's writes. */
export async function localRecords(namespaceId: string, persistTo: string): Promise<RecordStore> {
  // A configuration of its own: the issuer's would also start what no command needs.
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-'));
  const configPath = join(folder, 'wrangler.json');
  const kvNamespaces = [{ binding: RECORDS_BINDING, id: namespaceId }];
  writeFileSync(
    configPath,
    JSON.stringify({ name: 'records', compatibility_date: '2026-10-01', kv_namespaces: kvNamespaces }),
  );
  // Loaded when it is needed: it takes a second, and most commands do without.
  const { getPlatformProxy } = await import('wrangler');
  const proxy = await getPlatformProxy<Record<string, LocalKv>>({
    configPath,
    persist: { path: join(resolve(persistTo), 'v3') },
    envFiles: [],
  });
  const kv = proxy.env[RECORDS_BINDING] as LocalKv;
  const get = async (key: string) => {
    const text = await kv.get(key);
    return text === null ? undefined : parseStored(text);
  };
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
    async close() {
      await proxy.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
