/** The table of docs/keys.md under "What it costs": a day of a gateway, with a KV that counts. */
import { parse } from 'smol-toml';
import { beforeEach, describe, expect, it } from 'vitest';
import page from '../../docs/keys.md?raw';
import type { KeyIo } from '../../src/keys/io.ts';
import { kvStore } from '../../src/keys/kv-store.ts';
import { KEY_TIMES } from '../../src/keys/memory.ts';
import { refresh } from '../../src/keys/refresh.ts';
import { createKeySource } from '../../src/keys/source.ts';
import wrangler from '../../wrangler.toml?raw';
import { makeKey } from '../support/issuer.ts';
import { tableIn } from '../support/page.ts';
import { compiled } from '../support/policy.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
/** As of November 2026: https://developers.cloudflare.com/kv/platform/limits/ */
const FREE_PLAN = { writes: 1_000, reads: 100_000 };

const [issuer] = compiled({
  ISSUERS: { main: { issuer: 'https://issuer.example', jwks_uri: 'https://issuer.example/keys' } },
  API_X: { origin: 'https://o.example', audience: 'a', routes: { 'GET /': {} } },
}).issuers;
if (issuer === undefined) throw new Error('no issuer');
const key = await makeKey();

const { triggers } = parse(wrangler) as { triggers?: { crons?: string[] } };
const cronMs = Number(/^\*\/(\d+) \* \* \* \*$/.exec(triggers?.crons?.[0] ?? '')?.[1]) * MINUTE;

/** A KV that counts, and an issuer that can be down. */
function makeWorld() {
  const state = {
    now: 1_800_000_000_000,
    reads: 0,
    writes: 0,
    isDown: false,
    behind: [] as Promise<unknown>[],
  };
  const entries = new Map<string, string>();
  const kv = {
    async get(name: string) {
      state.reads++;
      return entries.get(name) ?? null;
    },
    async put(name: string, value: string) {
      state.writes++;
      entries.set(name, value);
    },
  };
  const io: KeyIo = {
    store: kvStore(kv as unknown as KVNamespace, () => state.now),
    fetchFor: () => async () =>
      state.isDown ? new Response('', { status: 500 }) : Response.json({ keys: [key.publicJwk] }),
    now: () => state.now,
    waitUntil: (work) => {
      state.behind.push(work);
    },
    log() {},
  };
  return {
    state,
    io,
    async forADay(everyMs: number, work: () => unknown) {
      Object.assign(state, { reads: 0, writes: 0 });
      for (let at = 0; at < DAY; at += everyMs) {
        await work();
        await Promise.all(state.behind.splice(0));
        state.now += everyMs;
      }
    },
  };
}

const rows = tableIn(page, 'issuers').map((row) =>
  Object.fromEntries(Object.entries(row).map(([head, cell]) => [head, Number(cell.replaceAll(',', ''))])),
);
const [ISSUERS, WRITES, CRON_READS, ISOLATE_READS, HEALTH_READS] = Object.keys(rows[0] ?? {}) as [
  string,
  string,
  string,
  string,
  string,
];
const column = (name: string, each: number) =>
  expect(rows.map((row) => row[name])).toEqual(rows.map((row) => (row[ISSUERS] ?? 0) * each));

describe('what KV costs, by issuers', () => {
  let world: ReturnType<typeof makeWorld>;
  const runCron = () => refresh(issuer, world.io);
  beforeEach(async () => {
    world = makeWorld();
    await runCron();
    world.state.now += cronMs;
  });

  it('is told for one and for ten', () => {
    expect(rows.map((row) => row[ISSUERS])).toEqual([1, 3, 5, 10, 20]);
  });

  it('writes: each run of the cron in which the keys in KV are old', async () => {
    await world.forADay(cronMs, runCron);
    column(WRITES, world.state.writes);
    column(WRITES, DAY / (Math.ceil(KEY_TIMES.keptMarkMs / cronMs) * cronMs));
  });

  it('reads by the cron', async () => {
    await world.forADay(cronMs, runCron);
    column(CRON_READS, world.state.reads);
  });

  it('reads by an isolate that is never idle', async () => {
    column(ISOLATE_READS, DAY / KEY_TIMES.rereadMs);
    const source = createKeySource();
    let sinceCron = 0;
    await world.forADay(10 * SECOND, async () => {
      if (sinceCron++ % (cronMs / (10 * SECOND)) === 0) {
        const { reads } = world.state;
        await runCron();
        world.state.reads = reads;
      }
      await source.get(issuer, world.io);
    });
    expect(world.state.reads).toBeGreaterThan(0);
    expect(world.state.reads).toBeLessThanOrEqual(DAY / KEY_TIMES.rereadMs);
  });

  it('reads by the health, asked every minute', async () => {
    const source = createKeySource();
    await world.forADay(MINUTE, () => source.stateOf(issuer, world.io));
    column(HEALTH_READS, world.state.reads);
  });

  it('an issuer that fails all day costs no more writes', async () => {
    world.state.isDown = true;
    await world.forADay(cronMs, runCron);
    column(WRITES, world.state.writes);
  });

  it('one that fails and recovers with every run costs a write for each', async () => {
    await world.forADay(cronMs, () => {
      world.state.isDown = !world.state.isDown;
      return runCron();
    });
    expect(world.state.writes).toBe(DAY / cronMs);
    expect(page).toContain(`recovers with every run costs ${DAY / cronMs}.`);
  });

  it('fits the free plan for ten issuers, an isolate and the health included', () => {
    const ten = rows.find((row) => row[ISSUERS] === 10) ?? {};
    expect(ten[WRITES]).toBeLessThanOrEqual(FREE_PLAN.writes / 2);
    const reads = [CRON_READS, ISOLATE_READS, HEALTH_READS].map((name) => ten[name] ?? Number.NaN);
    expect(reads.reduce((sum, one) => sum + one)).toBeLessThanOrEqual(FREE_PLAN.reads);
    for (const row of rows) expect(row[WRITES]).toBeLessThanOrEqual(FREE_PLAN.writes);
  });
});
