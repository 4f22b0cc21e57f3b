/** Floods by the names of docs/keys.md, and what they cost the issuer and KV. */
import type { Cost } from './docs.ts';
import { AUDIENCE, type Isolate, START_MS, startWorkerd, type Workerd } from './isolates.ts';
import { ANSWERS, type KeyServer, startKeyServer } from './key-server.ts';
import { type Kv, type KvStorage, startKv } from './kv.ts';
import { fakeToken, makeKey, makeToken, type SigningKey } from './tokens.ts';

interface Flood {
  /** A token; each is another one. */
  token(issuer: string, key: SigningKey): string;
  readonly status: number;
  /** Whether the isolates have keys at first, of a minute ago. */
  readonly start: 'warm' | 'cold, in KV' | 'cold';
  /** The clock is moved by so much, ten times. Default: it stands still. */
  readonly stepMs?: number;
  readonly isDown?: boolean;
  readonly atOnce?: boolean;
}

const madeUp = (issuer: string) => fakeToken(issuer, { kid: crypto.randomUUID() });
const good = (issuer: string, key: SigningKey) => makeToken(key, issuer);

export const FLOODS: Readonly<Record<string, Flood>> = {
  'key ids that are made up, within 60 s': { start: 'warm', status: 401, token: madeUp },
  'the same over 5 min': { start: 'warm', status: 401, token: madeUp, stepMs: 30_001 },
  'the same, at cold isolates': { start: 'cold', status: 401, token: madeUp },
  'the same, while the issuer is down': { start: 'warm', status: 401, token: madeUp, isDown: true },
  'bad signatures without key id': { start: 'warm', status: 401, token: (issuer) => fakeToken(issuer, {}) },
  'bad signatures': {
    start: 'warm',
    status: 401,
    token: (issuer, { kid }) => fakeToken(issuer, { kid }),
  },
  'an unknown issuer': {
    start: 'warm',
    status: 401,
    token: () => fakeToken('https://unknown.example', { kid: crypto.randomUUID() }),
  },
  'expired tokens': {
    start: 'warm',
    status: 401,
    token: (issuer) =>
      fakeToken(issuer, { kid: crypto.randomUUID(), claims: { exp: START_MS / 1000 - 3600 } }),
  },
  'another audience': {
    start: 'warm',
    status: 401,
    token: (issuer) => fakeToken(issuer, { kid: crypto.randomUUID(), claims: { aud: `${AUDIENCE}/other` } }),
  },
  'good tokens at cold isolates, 1,000 at once': { start: 'cold', status: 200, token: good, atOnce: true },
  'the same, KV having keys': { start: 'cold, in KV', status: 200, token: good, atOnce: true },
  'good tokens at cold isolates, while the issuer is down': {
    start: 'cold',
    status: 503,
    token: good,
    isDown: true,
  },
};

export interface Site {
  readonly isolates: readonly Isolate[];
  readonly server: KeyServer;
  readonly kv: Kv;
  readonly key: SigningKey;
  readonly pids: readonly number[];
  close(): Promise<void>;
}

export interface SiteOptions {
  readonly storage: KvStorage;
  readonly processes: number;
  /** Default: all share one. */
  readonly hasKv?: boolean;
  readonly logSample?: number;
  readonly heapMegabytes?: number;
}

/** Isolates in processes of their own, with one KV and one issuer. */
export async function startSite({
  storage,
  processes,
  hasKv = true,
  logSample = 1,
  heapMegabytes,
}: SiteOptions): Promise<Site> {
  const key = makeKey('first');
  const server = await startKeyServer([key.publicJwk]);
  const kv = await startKv(storage);
  const options = { issuer: server.issuer, kvPort: hasKv ? kv.port : undefined, logSample };
  const running: Workerd[] = await Promise.all(
    Array.from({ length: processes }, () => startWorkerd([options], heapMegabytes)),
  );
  return {
    isolates: running.flatMap(({ isolates }) => isolates),
    server,
    kv,
    key,
    pids: running.map(({ pid }) => pid),
    async close() {
      await Promise.all(running.map((workerd) => workerd.stop()));
      await Promise.all([server.close(), kv.close()]);
    },
  };
}

/** A site for the time of this work, whatever becomes of it. */
export async function withSite<T>(options: SiteOptions, work: (site: Site) => Promise<T>): Promise<T> {
  const site = await startSite(options);
  try {
    return await work(site);
  } finally {
    await site.close();
  }
}

const CONNECTIONS = 32;
const STEPS = 10;
/** Among the bad ones: they must get through all the while. */
const GOOD_EVERY = 501;

/** Sends so many requests, evenly to all isolates, and counts what these ask for. Throws where one is not answered as it should be. */
export async function flood(
  { isolates, server, kv, key }: Site,
  one: Flood,
  requests: number,
): Promise<Cost> {
  const everywhere = (work: (isolate: Isolate) => Promise<void>) => Promise.all(isolates.map(work));
  const expectStatus = async (isolate: Isolate, token: string, expected: number) => {
    const { status } = await isolate.ask(token);
    if (status !== expected) throw new Error(`answered with ${status} instead of ${expected}`);
  };

  let now = START_MS;
  if (one.start !== 'cold') await isolates[0]?.runCron();
  if (one.start === 'warm') {
    await everywhere((isolate) => expectStatus(isolate, good(server.issuer, key), 200));
    now += 60_000;
  }
  if (one.isDown) server.answer = ANSWERS.error;
  const before = { fetches: server.fetches, reads: kv.reads, writes: kv.writes };
  let sent = 0;

  async function send(count: number): Promise<void> {
    const end = sent + count;
    await Promise.all(
      Array.from({ length: one.atOnce ? count : CONNECTIONS }, async () => {
        while (sent < end) {
          const isolate = isolates[sent % isolates.length] as Isolate;
          sent++;
          const isGoodOne = one.start === 'warm' && sent % GOOD_EVERY === 0;
          if (isGoodOne) await expectStatus(isolate, good(server.issuer, key), 200);
          else await expectStatus(isolate, one.token(server.issuer, key), one.status);
        }
      }),
    );
  }

  const steps = one.stepMs === undefined ? 1 : STEPS;
  for (let step = 0; step < steps; step++) {
    await everywhere((isolate) => isolate.setClock(now));
    await send(requests / steps);
    await everywhere((isolate) => isolate.settle());
    now += one.stepMs ?? 0;
  }
  return {
    fetches: server.fetches - before.fetches,
    reads: kv.reads - before.reads,
    writes: kv.writes - before.writes,
  };
}
