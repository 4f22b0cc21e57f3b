/**
 * The table of docs/keys.md under "In a flood": what it costs an issuer and KV when thousands of requests come that no
 * key is there for. Processes of workerd share one KV; their clocks stand still unless the flood has a duration.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCost, readTable, withinCost } from './support/docs.ts';
import { FLOODS, flood, withSite } from './support/floods.ts';
import { type KvStorage, startKvStorage } from './support/kv.ts';

const REQUESTS = 10_000;
/** Those whose cost hangs on nothing but the clock are shorter here than in `npm run soak`. */
const FEWER_REQUESTS = 1_000;
const WHOLE = 'key ids that are made up, within 60 s';

const rows = readTable('requests');

let storage: KvStorage;
beforeAll(async () => {
  storage = await startKvStorage();
});
afterAll(() => storage?.close());

it('each flood is once in the table', () => {
  expect(rows.map(({ requests }) => requests).sort()).toEqual(Object.keys(FLOODS).sort());
});

describe.each([
  ['one isolate', 1],
  ['four isolates with one KV', 4],
])('%s', (column, processes) => {
  it.each(rows.map((row) => [row['requests'] ?? '', row[column] ?? ''] as const))(
    '%s: %s',
    async (name, cell) => {
      const wanted = readCost(cell);
      const one = FLOODS[name];
      if (one === undefined) throw new Error('no such flood');
      const requests = name === WHOLE ? REQUESTS : FEWER_REQUESTS;
      const cost = await withSite({ storage, processes }, (site) => flood(site, one, requests));
      if (processes === 1) expect(cost).toEqual(wanted);
      else expect(withinCost(cost, wanted), JSON.stringify(cost)).toBe(true);
    },
  );
});
