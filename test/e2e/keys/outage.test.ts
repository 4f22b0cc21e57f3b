/** An outage from its beginning to its end, with many clients: what the log says of it, and clients that leave. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Site, startSite } from './support/floods.ts';
import { type Isolate, isRequestLine, START_MS } from './support/isolates.ts';
import { ANSWERS } from './support/key-server.ts';
import { type KvStorage, startKvStorage } from './support/kv.ts';
import { makeToken } from './support/tokens.ts';

const MINUTE_MS = 60_000;
const CLIENTS = 20;

let storage: KvStorage;
let site: Site;
let isolate: Isolate;
beforeAll(async () => {
  storage = await startKvStorage();
});
beforeEach(async () => {
  site = await startSite({ storage, processes: 1 });
  isolate = site.isolates[0] as Isolate;
});
afterEach(() => site?.close());
afterAll(() => storage?.close());

const newToken = () => makeToken(site.key, site.server.issuer);

/** @returns the distinct statuses */
async function askAtOnce(): Promise<number[]> {
  const answers = await Promise.all(Array.from({ length: CLIENTS }, () => isolate.ask(newToken())));
  await isolate.settle();
  return [...new Set(answers.map(({ status }) => status))];
}

async function takeEvents(): Promise<string[]> {
  const { lines } = await isolate.takeLog();
  return lines.flatMap((line) => (isRequestLine(line) ? [] : [line.event]));
}

describe('the log of an outage', () => {
  it('tells each change once, however many requests there are', async () => {
    expect(await askAtOnce()).toEqual([200]);
    await takeEvents();
    site.server.answer = ANSWERS.error;
    await isolate.setClock(START_MS + 16 * MINUTE_MS);
    for (let round = 0; round < 3; round++) expect(await askAtOnce()).toEqual([200]);
    expect(await takeEvents()).toEqual(['keys_refresh_failed', 'keys_stale']);
    await isolate.setClock(START_MS + 25 * 60 * MINUTE_MS);
    for (let round = 0; round < 3; round++) expect(await askAtOnce()).toEqual([503]);
    const events = await takeEvents();
    expect(events.filter((event) => event !== 'refetch_suppressed')).toEqual([
      'keys_refresh_failed',
      'keys_unusable',
    ]);
    site.server.answer = undefined;
    await isolate.setClock(START_MS + 25 * 60 * MINUTE_MS + 30_000);
    for (let round = 0; round < 3; round++) expect(await askAtOnce()).toEqual([200]);
    expect(await takeEvents()).toEqual(['keys_refreshed', 'keys_recovered']);
  });
});

describe('a client that leaves while the keys are fetched', () => {
  it('takes nothing from those who wait for the same fetch', async () => {
    site.server.answer = ANSWERS.late;
    const leaving = new AbortController();
    const left = isolate.ask(newToken(), leaving.signal);
    left.catch(() => {});
    while (site.server.fetches === 0) await new Promise((next) => setTimeout(next, 5));
    const others = askAtOnce();
    leaving.abort();
    await expect(left).rejects.toThrow();
    expect(await others).toEqual([200]);
    expect(site.server.fetches).toBe(1);
  });
});
