/**
 * The table of docs/keys.md under "In a flood": what it costs an issuer and KV when thousands of requests come that no
 * key is there for. Processes of workerd share one KV; their clocks stand still unless the flood has a duration.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTable } from './support/docs.ts';
import { type Cost, FLOODS, flood, startSite } from './support/floods.ts';
import { type KvStorage, startKvStorage } from './support/kv.ts';

const REQUESTS = 10_000;
/** Those whose cost hangs on nothing but the clock are shorter here than in `npm run soak`. */
const FEWER_REQUESTS = 1_000;
const WHOLE = 'key ids that are made up, within 30 s';

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
      const wanted = parseCost(cell);
      const site = await startSite({ storage, processes });
      try {
        const one = FLOODS[name];
        if (one === undefined) throw new Error('no such flood');
        const cost = await flood(site, one, name === WHOLE ? REQUESTS : FEWER_REQUESTS);
        if (processes === 1) expect(cost).toEqual(wanted);
        for (const of of ['fetches', 'reads', 'writes'] as const)
          expect(cost[of]).toBeLessThanOrEqual(wanted[of]);
      } finally {
        await site.close();
      }
    },
  );
});

/** `1 · 2 · 1`, as the head of the table says. */
function parseCost(cell: string): Cost {
  const [fetches = Number.NaN, reads = Number.NaN, writes = Number.NaN] = cell.split(' · ').map(Number);
  return { fetches, reads, writes };
}
