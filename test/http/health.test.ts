/** Each state of docs/keys.md under "Health", as another isolate than the one that failed tells it. */
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { createKeyRefresh } from '../../src/gateway.ts';
import { KEY_TIMES } from '../../src/keys/memory.ts';
import { makeRig, type RigOptions } from '../support/gateway.ts';
import { makeKey, NOW_SECONDS, sign, usualClaims } from '../support/issuer.ts';
import { ISSUER, vars } from '../support/policy.ts';

const kv = (env as { KEYS: KVNamespace }).KEYS;
const key = await makeKey('ES256', 'one');
const MINUTE = 60_000;
const PATH = '/.well-known/claimgate/health';
const ROUTES = { 'GET /orders': {} };
const MORE = {
  GATEWAY: { health_path: PATH },
  ISSUERS: { main: { issuer: ISSUER, jwks_uri: `${ISSUER}keys` } },
};

interface Health {
  readonly status: string;
  readonly issuers: Record<string, Record<string, unknown>>;
}

/** A cron, and isolates that share its KV and its clock. */
function makeWorld(more: Partial<RigOptions> = {}) {
  const shared = { nowMs: NOW_SECONDS * 1000, isDown: false, fetches: 0, puts: 0 };
  // Work behind an answer may outlast its test: each world has names of its own.
  const prefix = `${crypto.randomUUID()}:`;
  const own = {
    get: (name: string) => kv.get(prefix + name),
    put: (name: string, value: string, limits: KVNamespacePutOptions) => {
      shared.puts++;
      return kv.put(prefix + name, value, limits);
    },
  };
  const options = {
    now: () => shared.nowMs,
    fetch: (async (input: string | Request) => {
      if (!String(typeof input === 'string' ? input : input.url).startsWith(ISSUER))
        return new Response('from the origin');
      shared.fetches++;
      return shared.isDown
        ? new Response('\u001b[31mdown', { status: 500 })
        : Response.json({ keys: [key.publicJwk] });
    }) as typeof fetch,
    log: () => {},
  };
  const cronOptions = { env: { KEYS: own }, policy: vars(ROUTES, {}, MORE), ...options };
  const isolate = () => makeRig({ routes: ROUTES, more: MORE, env: { KEYS: own }, options, ...more });
  return {
    shared,
    isolate,
    cronOptions,
    runCron: createKeyRefresh(cronOptions),
    /** What is in KV, and what is put there instead. */
    async entry(kind: 'keys' | 'failure', value?: string): Promise<string | null> {
      const [found] = (await kv.list({ prefix: `${prefix}claimgate-${kind}-1:` })).keys;
      if (found !== undefined && value !== undefined) await kv.put(found.name, value);
      return found === undefined ? null : kv.get(found.name);
    },
    async forget(kind: 'keys' | 'failure') {
      for (const { name } of (await kv.list({ prefix: `${prefix}claimgate-${kind}-1:` })).keys)
        await kv.delete(name);
    },
    pass: (ms: number) => {
      shared.nowMs += ms;
    },
    /** What an isolate says that has done nothing yet. */
    async health(): Promise<[all: string, main: Record<string, unknown>]> {
      const response = await isolate().ask(`GET ${PATH}`);
      expect(response.status).toBe(200);
      const { status, issuers } = (await response.json()) as Health;
      return [status, issuers['main'] ?? {}];
    },
  };
}

const token = await sign(key, usualClaims({ exp: NOW_SECONDS + 10 * 86_400 }));
const use = async (isolate: ReturnType<typeof makeRig>) => (await isolate.call('GET /orders', token)).status;
/** Work behind answers comes to an end some time. */
const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 20_000, interval: 5 });

describe('the states', () => {
  it('ok: the cron’s last fetch was good', async () => {
    const { runCron, health, shared } = makeWorld();
    await runCron();
    expect(await health()).toEqual([
      'ok',
      {
        status: 'ok',
        freshness: 'fresh',
        keys: 1,
        checked_at: new Date(shared.nowMs).toISOString(),
        age_s: 0,
        last_failure: null,
      },
    ]);
  });

  it('waiting: nobody has fetched its keys', async () => {
    const { health, shared } = makeWorld();
    expect(await health()).toMatchObject(['ok', { status: 'waiting', freshness: 'none', checked_at: null }]);
    expect(shared.fetches).toBe(0);
  });

  it('waiting: its keys are of no use any more, and nobody has tried to fetch new ones', async () => {
    const { isolate, pass, shared } = makeWorld();
    const quiet = isolate();
    expect(await use(quiet)).toBe(200);
    pass(KEY_TIMES.staleLimitMs + 1);
    expect(await (await quiet.ask(`GET ${PATH}`)).json()).toMatchObject({
      status: 'ok',
      issuers: { main: { status: 'waiting', freshness: 'unusable' } },
    });
    expect(await use(quiet)).toBe(200);
    expect(shared.fetches).toBe(2);
  });

  it('stale: keys are old, and nobody tried to fetch new ones', async () => {
    const { isolate, health, pass, entry } = makeWorld();
    await use(isolate());
    await eventually(async () => expect(await entry('keys')).not.toBeNull());
    pass(KEY_TIMES.freshMs + 1);
    expect(await health()).toMatchObject(['ok', { status: 'stale', freshness: 'stale', last_failure: null }]);
  });

  it('failing: the cron failed, and tokens are still checked', async () => {
    const { shared, runCron, isolate, health, pass } = makeWorld();
    await runCron();
    const checkedAt = new Date(shared.nowMs).toISOString();
    shared.isDown = true;
    pass(5 * MINUTE);
    await runCron();
    expect(await health()).toMatchObject([
      'failing',
      {
        status: 'failing',
        freshness: 'fresh',
        keys: 1,
        checked_at: checkedAt,
        last_failure: { at: new Date(shared.nowMs).toISOString(), cause: 'http_status' },
      },
    ]);
    expect(await use(isolate())).toBe(200);
  });

  it('failing: an isolate without a cron failed', async () => {
    const { shared, isolate, health, pass } = makeWorld();
    const alone = isolate();
    await use(alone);
    shared.isDown = true;
    pass(KEY_TIMES.freshMs + 1);
    expect(await use(alone)).toBe(200);
    await eventually(() => expect(shared.puts).toBe(2));
    expect(await health()).toMatchObject(['failing', { status: 'failing', freshness: 'stale' }]);
  });

  it('unusable: the keys are over 24 h old, and every run of the cron failed', async () => {
    const { shared, runCron, isolate, health, pass } = makeWorld();
    await runCron();
    shared.isDown = true;
    for (let hour = 0; hour <= 24; hour++) {
      pass(60 * MINUTE);
      await runCron();
    }
    expect(await health()).toMatchObject(['degraded', { status: 'unusable', freshness: 'unusable' }]);
    expect(await use(isolate())).toBe(503);
  });

  it('never_fetched: every run of the cron failed, from the first on', async () => {
    const { shared, runCron, isolate, health, pass } = makeWorld();
    shared.isDown = true;
    for (let run = 0; run < 3; run++) {
      await runCron();
      pass(5 * MINUTE);
    }
    expect(await health()).toMatchObject([
      'degraded',
      {
        status: 'never_fetched',
        freshness: 'unusable',
        keys: 0,
        checked_at: null,
        last_failure: { cause: 'http_status' },
      },
    ]);
    expect(await use(isolate())).toBe(503);
  });

  it('unusable: the outage outlives the keys in KV, whoever is asked', async () => {
    const { shared, runCron, isolate, health, pass, entry, forget } = makeWorld();
    await runCron();
    const checkedAt = new Date(shared.nowMs).toISOString();
    shared.isDown = true;
    for (let hour = 0; hour <= 30; hour++) {
      pass(60 * MINUTE);
      // KV drops them after 25 h, the failure lives on: it is renewed.
      if (hour === 25) await forget('keys');
      await runCron();
    }
    expect(await entry('keys')).toBeNull();
    const wanted = { status: 'unusable', freshness: 'unusable', keys: 0, checked_at: checkedAt };
    expect(await health()).toMatchObject(['degraded', wanted]);
    // One that fails later than the cron says the same.
    const alone = isolate();
    pass(MINUTE);
    expect(await use(alone)).toBe(503);
    expect(await (await alone.ask(`GET ${PATH}`)).json()).toMatchObject({ issuers: { main: wanted } });
  });

  it.each([
    ['after it has seen the keys of the cron', true],
    ['before it has seen them', false],
  ])('failing, then ok: an isolate fails again %s', async (_why, hasSeen) => {
    const { shared, runCron, isolate, health, pass } = makeWorld();
    await runCron();
    const busy = isolate();
    const own = async () => ((await (await busy.ask(`GET ${PATH}`)).json()) as Health).issuers['main'];
    const other = await sign(await makeKey('ES256', 'other'), usualClaims());
    await use(busy);
    shared.isDown = true;
    pass(KEY_TIMES.unknownKidMs + 1);
    await busy.call('GET /orders', other);
    await eventually(() => expect(shared.puts).toBe(2));
    // It reads KV for its health, and not again before the next failure.
    pass(KEY_TIMES.unknownKidMs - 20_000);
    if (!hasSeen) await own();
    pass(1);
    shared.isDown = false;
    await runCron();
    expect(shared.puts).toBe(3);
    if (hasSeen) expect(await own()).toMatchObject({ status: 'ok' });
    shared.isDown = true;
    pass(hasSeen ? KEY_TIMES.unknownKidMs : 20_000);
    await busy.call('GET /orders', other);
    if (hasSeen) await eventually(() => expect(shared.puts).toBe(4));
    pass(KEY_TIMES.rereadMs + 1);
    expect(await own()).toMatchObject({ status: 'failing' });
    await eventually(async () => expect(await health()).toMatchObject(['failing', { status: 'failing' }]));
    expect(shared.puts).toBe(4);
    pass(5 * MINUTE);
    shared.isDown = false;
    await runCron();
    expect(await own()).toMatchObject({ status: 'ok' });
  });

  it('ok again with the first good run, the last failure being told still', async () => {
    const { shared, runCron, health, pass } = makeWorld();
    await runCron();
    pass(5 * MINUTE);
    shared.isDown = true;
    await runCron();
    pass(5 * MINUTE);
    shared.isDown = false;
    await runCron();
    expect(await health()).toMatchObject([
      'ok',
      { status: 'ok', age_s: 0, last_failure: { cause: 'http_status' } },
    ]);
  });

  it('failing again with the next bad run, however soon', async () => {
    const { shared, runCron, health, pass } = makeWorld();
    for (const isDown of [false, true, false, true]) {
      shared.isDown = isDown;
      await runCron();
      pass(5 * MINUTE);
    }
    expect(await health()).toMatchObject(['failing', { status: 'failing' }]);
  });

  it('of all: the worst of the issuers counts', async () => {
    const other = { issuer: `${ISSUER}other`, jwks_uri: `${ISSUER}other/keys` };
    const more = { ...MORE, ISSUERS: { ...MORE.ISSUERS, other } };
    const { isolate, shared, cronOptions } = makeWorld({ more, api: { issuer: ['main', 'other'] } });
    await use(isolate());
    await eventually(() => expect(shared.puts).toBe(1));
    shared.isDown = true;
    await createKeyRefresh({ ...cronOptions, policy: vars(ROUTES, {}, { ISSUERS: { other } }) })();
    expect(await (await isolate().ask(`GET ${PATH}`)).json()).toMatchObject({
      status: 'degraded',
      issuers: { main: { status: 'ok' }, other: { status: 'never_fetched' } },
    });
  });
});

describe('what is in KV', () => {
  it.each([
    ['text of a stranger', { atMs: NOW_SECONDS * 1000, fault: '\u001b[2Jgone' }],
    ['more than a word', { atMs: NOW_SECONDS * 1000, fault: 'x'.repeat(33) }],
    ['no word', { atMs: NOW_SECONDS * 1000, fault: { a: 1 } }],
    ['a date that is none', { atMs: -9e15, fault: 'timeout' }],
    ['a date ahead of the clock', { atMs: NOW_SECONDS * 1000 + 600_000, fault: 'timeout' }],
    ['null', null],
  ])('%s is not shown', async (_why, value) => {
    const { shared, runCron, health, entry } = makeWorld();
    shared.isDown = true;
    await runCron();
    expect(await entry('failure', JSON.stringify(value))).toBe(JSON.stringify(value));
    expect(await health()).toMatchObject(['ok', { status: 'waiting', last_failure: null }]);
  });

  it('keys with a date that is none are not shown', async () => {
    const { runCron, health, entry } = makeWorld();
    await runCron();
    const keys = JSON.parse((await entry('keys')) ?? '') as object;
    await entry('keys', JSON.stringify({ ...keys, checkedAtMs: -9e15 }));
    expect(await health()).toMatchObject(['ok', { status: 'waiting', checked_at: null }]);
  });

  it('is told unless the isolate itself failed later', async () => {
    const { shared, isolate, pass } = makeWorld();
    shared.isDown = true;
    const alone = isolate();
    await use(alone);
    await eventually(() => expect(shared.puts).toBe(1));
    pass(MINUTE);
    await use(alone);
    const at = new Date(shared.nowMs).toISOString();
    expect(await (await alone.ask(`GET ${PATH}`)).json()).toMatchObject({
      issuers: { main: { last_failure: { at } } },
    });
  });

  it('never holds what a key server sent, but the number of its status', async () => {
    const { shared, runCron, entry } = makeWorld();
    shared.isDown = true;
    await runCron();
    expect(await entry('failure')).toBe(
      JSON.stringify({ atMs: shared.nowMs, fault: 'http_status', status: 500 }),
    );
  });

  it('a day of failures is written once in half an hour; the keys are as they were', async () => {
    const { shared, runCron, pass, entry } = makeWorld();
    await runCron();
    const keys = await entry('keys');
    shared.isDown = true;
    shared.puts = 0;
    for (let run = 0; run < 24 * 12; run++) {
      pass(5 * MINUTE);
      await runCron();
    }
    expect(shared.puts).toBe(48);
    expect(await entry('keys')).toBe(keys);
  });

  it('10,000 requests that fail within a minute write one failure', async () => {
    const { shared, isolate } = makeWorld();
    shared.isDown = true;
    const cold = isolate();
    for (let i = 0; i < 10_000; i++) {
      await cold.call('GET /orders', token);
      shared.nowMs += 6;
    }
    expect(shared.fetches).toBeGreaterThan(1);
    await eventually(() => expect(shared.puts).toBe(1));
  });
});

describe('the route', () => {
  it('is 503 where the policy is broken, as every request', async () => {
    const broken = makeRig({ routes: { 'GET orders': {} }, more: MORE });
    expect((await broken.ask(`GET ${PATH}`)).status).toBe(503);
  });

  it('answers GET and HEAD by its exact spelling, and is never cached', async () => {
    const { isolate } = makeWorld();
    const response = await isolate().ask(`GET ${PATH}?x=1`);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect((await isolate().ask(`HEAD ${PATH}`)).status).toBe(200);
    for (const target of [`POST ${PATH}`, `GET ${PATH}/`, `GET ${PATH.toUpperCase()}`])
      expect((await isolate().ask(target)).status).toBe(404);
  });

  it('works without KV: an isolate tells of itself', async () => {
    const { isolate, shared } = makeWorld({ env: {} });
    shared.isDown = true;
    const alone = isolate();
    await use(alone);
    expect(await (await alone.ask(`GET ${PATH}`)).json()).toMatchObject({ status: 'degraded' });
  });

  it('does not hang with KV', async () => {
    const hanging = { get: () => new Promise(() => {}), put: () => new Promise(() => {}) };
    const { isolate } = makeWorld({ env: { KEYS: hanging } });
    expect((await isolate().ask(`GET ${PATH}`)).status).toBe(200);
  });
});
