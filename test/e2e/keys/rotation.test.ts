/**
 * Keys come and go while clients call without a pause: the windows of docs/keys.md, in the time of the gateway's clock,
 * which is moved. KV answers at once here: the 30 s that Cloudflare's may be late are kept free.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Site, type SiteOptions, startSite } from './support/floods.ts';
import { START_MS } from './support/isolates.ts';
import { ANSWERS } from './support/key-server.ts';
import { type KvStorage, startKvStorage } from './support/kv.ts';
import { fakeToken, makeKey, makeToken } from './support/tokens.ts';
import { createTraffic, lastAcceptedMs, refused, type Traffic } from './support/traffic.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** Twice the pause between requests, in the time of the gateway. */
const SLACK_MS = 2 * 3_100;

let storage: KvStorage;
let site: Site;
let traffic: Traffic;
beforeAll(async () => {
  storage = await startKvStorage();
});
afterAll(() => storage?.close());
afterEach(async () => {
  await traffic?.stop();
  await site?.close();
});

async function begin(options: Partial<SiteOptions> & { hasCron: boolean; stepMs?: number }): Promise<void> {
  site = await startSite({ storage, processes: 2, ...options });
  const { hasCron, stepMs } = options;
  traffic = createTraffic({
    isolates: site.isolates,
    issuer: site.server.issuer,
    hasCron,
    ...(stepMs && { stepMs }),
  });
  if (hasCron) await site.isolates[0]?.runCron();
}

const startMadeUp = () =>
  traffic.start(site.key, () => fakeToken(site.server.issuer, { kid: crypto.randomUUID() }));

/** Until a made-up key id has caused a fetch. @returns when that was */
async function nextCheck(): Promise<number> {
  const { fetches } = site.server;
  while (site.server.fetches === fetches) await traffic.pass(SECOND_MS);
  return traffic.nowMs;
}

describe('a key that is announced', () => {
  it('causes no refusal, and no fetch but the cron’s; the old one is refused 6 min after it was dropped', async () => {
    await begin({ hasCron: true });
    const { server, key } = site;
    const next = makeKey('next');
    const old = traffic.start(key);
    await traffic.pass(6 * MINUTE_MS);
    server.keys = [key.publicJwk, next.publicJwk];
    await traffic.pass(6 * MINUTE_MS);
    const fresh = traffic.start(next);
    await traffic.pass(4 * MINUTE_MS - 1);
    expect(refused(old)).toEqual([]);
    expect(server.fetches).toBe(1 + 3); // the cron's

    server.keys = [next.publicJwk]; // just after the cron
    const droppedMs = traffic.nowMs;
    await traffic.pass(8 * MINUTE_MS);
    await traffic.stop();
    expect(refused(fresh)).toEqual([]);
    expect(lastAcceptedMs(old) - droppedMs).toBeLessThanOrEqual(5.5 * MINUTE_MS + SLACK_MS);
    expect(lastAcceptedMs(old) - droppedMs).toBeGreaterThan(0);
  });
});

describe('a key that is used before it was announced', () => {
  it('works at once, the keys having been checked over 30 s ago', async () => {
    await begin({ hasCron: true });
    const { server, key } = site;
    const next = makeKey('next');
    const old = traffic.start(key);
    await traffic.pass(31 * SECOND_MS);
    server.keys = [next.publicJwk];
    const droppedMs = traffic.nowMs;
    const fresh = traffic.start(next);
    await traffic.pass(7 * MINUTE_MS);
    await traffic.stop();
    expect(refused(fresh)).toEqual([]);
    expect(lastAcceptedMs(old) - droppedMs).toBeLessThanOrEqual(5.5 * MINUTE_MS + SLACK_MS);
  });

  it('is unknown for 60 s after a check at most, made-up key ids notwithstanding', async () => {
    await begin({ hasCron: true });
    const { server, key } = site;
    const next = makeKey('next');
    traffic.start(key);
    const madeUp = startMadeUp();
    await traffic.pass(70 * SECOND_MS);
    const checkedMs = await nextCheck();
    server.keys = [next.publicJwk];
    const fresh = traffic.start(next);
    await traffic.pass(2 * MINUTE_MS);
    await traffic.stop();
    expect(refused(fresh).length).toBeGreaterThan(0);
    const lastRefusedMs = Math.max(...refused(fresh).map(({ sentMs }) => sentMs));
    expect(new Set(refused(fresh).map(({ status }) => status))).toEqual(new Set([401]));
    expect(lastRefusedMs - checkedMs).toBeLessThanOrEqual(60 * SECOND_MS);
    expect(madeUp.answers.every(({ status }) => status === 401)).toBe(true);
  });

  it('is never unknown, if it was published 60 s before', async () => {
    await begin({ hasCron: true });
    const { server, key } = site;
    const next = makeKey('next');
    startMadeUp();
    await traffic.pass(70 * SECOND_MS);
    await nextCheck();
    server.keys = [key.publicJwk, next.publicJwk];
    await traffic.pass(60 * SECOND_MS);
    const fresh = traffic.start(next);
    await traffic.pass(2 * MINUTE_MS);
    await traffic.stop();
    expect(refused(fresh)).toEqual([]);
  });
});

describe('a key that was dropped', () => {
  it('is refused 16 min later without cron and KV', async () => {
    await begin({ hasCron: false, hasKv: false });
    const { server, key } = site;
    const next = makeKey('next');
    server.keys = [key.publicJwk, next.publicJwk];
    const old = traffic.start(key);
    const fresh = traffic.start(next);
    await traffic.pass(SECOND_MS);
    server.keys = [next.publicJwk];
    const droppedMs = traffic.nowMs;
    await traffic.pass(17 * MINUTE_MS);
    await traffic.stop();
    expect(refused(fresh)).toEqual([]);
    expect(lastAcceptedMs(old) - droppedMs).toBeLessThanOrEqual(16 * MINUTE_MS);
    expect(lastAcceptedMs(old) - droppedMs).toBeGreaterThan(14 * MINUTE_MS);
  });

  it('is refused 24 h later at most, the issuer being down all the while', async () => {
    await begin({ hasCron: true, stepMs: 20 * MINUTE_MS });
    const { server, key } = site;
    const clients = traffic.start(key);
    await traffic.pass(1);
    server.answer = ANSWERS.error;
    await traffic.pass(23.9 * HOUR_MS);
    expect(refused(clients)).toEqual([]);
    await traffic.pass(HOUR_MS);
    await traffic.stop();
    const late = clients.answers.filter(({ sentMs }) => sentMs > START_MS + 24 * HOUR_MS);
    expect(late.length).toBeGreaterThan(0);
    expect(new Set(late.map(({ status }) => status))).toEqual(new Set([503]));
  });

  it('is refused by an isolate that was idle for hours, to everyone who comes at once', async () => {
    await begin({ hasCron: false });
    const { server, kv, key, isolates } = site;
    const [isolate, other] = isolates;
    if (isolate === undefined || other === undefined) throw new Error('two isolates are wanted');
    const seen = makeToken(key, server.issuer);
    expect((await isolate.ask(seen)).status).toBe(200);
    await isolate.settle();
    server.keys = [makeKey('next').publicJwk];
    const later = START_MS + 5 * HOUR_MS;
    for (const one of isolates) await one.setClock(later);
    await other.runCron();
    kv.delayMs = 100;
    const answers = await Promise.all(Array.from({ length: 50 }, () => isolate.ask(seen)));
    expect(answers.filter(({ status }) => status !== 401)).toEqual([]);
  });
});

describe('a new key that is in KV already', () => {
  it('is not fetched once more', async () => {
    await begin({ hasCron: false });
    const { server, key, isolates } = site;
    const [isolate, other] = isolates;
    if (isolate === undefined || other === undefined) throw new Error('two isolates are wanted');
    for (const one of isolates) {
      expect((await one.ask(makeToken(key, server.issuer))).status).toBe(200);
      await one.settle();
    }
    const next = makeKey('next');
    server.keys = [next.publicJwk];
    for (const one of isolates) await one.setClock(START_MS + MINUTE_MS);
    expect((await other.ask(makeToken(next, server.issuer))).status).toBe(200);
    await other.settle();
    const fetches = server.fetches;
    expect((await isolate.ask(makeToken(next, server.issuer))).status).toBe(200);
    expect(server.fetches).toBe(fetches);
  });
});
