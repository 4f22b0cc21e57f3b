import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandError, EXIT } from '../text/terminal.ts';
import { parseStored, RECORDS_BINDING, type RecordStore } from './record-store.ts';
import { runWrangler } from './wrangler.ts';

/** `wrangler kv bulk get` takes so many keys at once. */
const BULK_SIZE = 100;

/**
 * KV by way of `wrangler kv`: the account, its permissions and the network are wrangler's.
 *
 * @param flags configuration, environment, and `--remote`
 */
export function wranglerRecords(flags: readonly string[]): RecordStore {
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-'));
  const where = ['--binding', RECORDS_BINDING, ...flags];
  const file = (name: string, content: unknown) => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(content), { mode: 0o600 });
    return path;
  };
  async function getAll(keys: readonly string[]): Promise<unknown[]> {
    const values: unknown[] = [];
    for (let start = 0; start < keys.length; start += BULK_SIZE) {
      const part = keys.slice(start, start + BULK_SIZE);
      const text = await runWrangler(['kv', 'bulk', 'get', file('keys.json', part), ...where]);
      const found = parseOutput<Record<string, { value: string | null } | null>>(text, '{');
      values.push(...part.map((key) => parseStored(found[key]?.value)));
    }
    return values;
  }
  return {
    get: async (key) => (await getAll([key]))[0],
    async put(key, value) {
      await runWrangler(['kv', 'key', 'put', key, '--path', file('value.json', value), ...where]);
    },
    async delete(key) {
      await runWrangler(['kv', 'key', 'delete', key, ...where]);
    },
    async list(prefix) {
      const text = await runWrangler(['kv', 'key', 'list', '--prefix', prefix, ...where]);
      const keys = parseOutput<{ name: string }[]>(text, '[').map(({ name }) => name);
      const values = await getAll(keys.sort());
      return keys.map((key, i) => [key, values[i]] as const);
    },
    async close() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** JSON from wrangler's output, which may begin with hints. */
function parseOutput<T>(text: string, opener: '{' | '['): T {
  try {
    return JSON.parse(text.slice(text.indexOf(opener))) as T;
  } catch {
    throw new CommandError(
      `wrangler answered something unexpected: ${text.trim().slice(0, 200)}`,
      EXIT.failed,
    );
  }
}
