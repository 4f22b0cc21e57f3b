import { describe, expect, it } from 'vitest';
import { KEY_TIMES } from '../../src/keys/memory.ts';
import { refresh } from '../../src/keys/refresh.ts';
import { createKeySource } from '../../src/keys/source.ts';
import type { KeyStore } from '../../src/keys/store.ts';
import { down, main, one, two, world } from './world.ts';

const MINUTE = 60_000;

const noFailures = { readFailure: async () => undefined, writeFailure: async () => {} };

describe('get: memory, then KV, then the network', () => {
  it('fetches when nobody has keys, and leaves them in KV', async () => {
    const { state, isolate, settle } = world();
    const first = isolate();
    expect(await first.get()).toBe('network: one');
    await settle();
    expect(state).toMatchObject({ fetches: 1, writes: 1 });
    expect(await first.get()).toBe('memory: one');
    expect(await isolate().get()).toBe('kv: one');
    expect(state).toMatchObject({ fetches: 1, writes: 1 });
  });

  it('with a cron, no request waits for the network, ever', async () => {
    const { state, io, isolate, settle } = world();
    await refresh(main, io);
    const warm = isolate();
    for (let minute = 0; minute < 60; minute++) {
      if (minute % 5 === 0) await refresh(main, io);
      const fetches = state.fetches;
      expect(await warm.get()).toMatch(/^(memory|kv): one$/);
      expect(await isolate().get()).toBe('kv: one');
      await settle();
      expect(state.fetches).toBe(fetches);
      state.now += MINUTE;
    }
  });

  it('with a cron, isolates leave the issuer alone while the same keys are seldom written; without one no longer', async () => {
    const { state, io, isolate, settle } = world();
    state.cacheControl = 'max-age=15';
    await refresh(main, io);
    const warm = isolate();
    for (let minute = 0; minute < 120; minute++) {
      if (minute % 5 === 0) await refresh(main, io);
      const fetches = state.fetches;
      await warm.get();
      await settle();
      expect(state.fetches).toBe(fetches);
      state.now += MINUTE;
    }
    // The cron has stopped. It wrote last in the run at 90 min.
    const wroteMs = state.now - 30 * MINUTE;
    state.published = [two.publicJwk];
    const at = async (minutes: number) => {
      state.now = wroteMs + minutes * MINUTE + 1;
      await warm.get();
      await settle();
      return warm.get();
    };
    expect(await at(35)).toBe('memory: one');
    expect(await at(36)).toBe('memory: two');
    // From then on the isolate is alone, and the times are those without a cron.
    state.published = [one.publicJwk];
    expect(await at(36 + 5)).toBe('memory: two');
    expect(await at(36 + 6.1)).toBe('memory: one');
  });

  it('keys that the cron keeps stay so when an isolate looks for a key id', async () => {
    const { state, io, isolate, settle } = world();
    await refresh(main, io);
    const warm = isolate();
    await warm.get();
    state.now += 10 * MINUTE;
    expect(await warm.seek('made-up')).toBe('unknown');
    await settle();
    state.now += KEY_TIMES.keptFreshMs;
    await warm.get();
    await settle();
    expect(state.fetches).toBe(2);
    expect(await isolate().get()).toBe('kv: one');
  });

  it('rereads KV behind a request, not before it', async () => {
    const { state, io, isolate, settle } = world();
    await refresh(main, io);
    const warm = isolate();
    await warm.get();
    state.published = [two.publicJwk];
    state.now += KEY_TIMES.rereadMs + 1;
    await refresh(main, io);
    expect(await warm.get()).toBe('memory: one');
    await settle();
    expect(await warm.get()).toBe('memory: two');
  });

  it('rereads KV before the request when the isolate was idle: a removed key is gone', async () => {
    const { state, io, isolate } = world();
    await refresh(main, io);
    const idle = isolate();
    await idle.get();
    state.published = [two.publicJwk];
    state.now += KEY_TIMES.idleMs + 1;
    await refresh(main, io);
    expect(await idle.get()).toBe('kv: two');
  });

  it('goes to the network by itself where there is no cron, behind a request', async () => {
    const { state, isolate, settle } = world();
    const alone = isolate();
    await alone.get();
    await settle();
    state.now += KEY_TIMES.freshMs + 1;
    state.published = [two.publicJwk];
    expect(await alone.get()).toBe('kv: one');
    await settle();
    expect(state.fetches).toBe(2);
    expect(await alone.get()).toBe('memory: two');
  });

  it.each([
    ['max-age=60', KEY_TIMES.minFreshMs],
    ['no-store', KEY_TIMES.minFreshMs],
    ['max-age=600', 10 * MINUTE],
    ['max-age=86400', KEY_TIMES.freshMs],
  ])('Cache-Control: %s can only shorten that (RFC 9111 §5.2.2.1)', async (cacheControl, limit) => {
    const { state, isolate, settle } = world();
    state.cacheControl = cacheControl;
    const alone = isolate();
    await alone.get();
    await settle();
    state.now += limit;
    await alone.get();
    await settle();
    expect(state.fetches).toBe(1);
    state.now += KEY_TIMES.rereadMs + 1;
    await alone.get();
    await settle();
    expect(state.fetches).toBe(2);
  });

  it('works without KV', async () => {
    const { state, io } = world();
    const found = await createKeySource().get(main, { ...io, store: undefined });
    expect(found).toMatchObject({ kind: 'keys', from: 'network' });
    expect(state).toMatchObject({ fetches: 1, reads: 0, writes: 0 });
  });

  it('shares one flight among requests that come at once', async () => {
    const { state, isolate } = world();
    const cold = isolate();
    const answers = await Promise.all(Array.from({ length: 50 }, () => cold.get()));
    expect(new Set(answers)).toEqual(new Set(['network: one']));
    expect(state).toMatchObject({ fetches: 1, reads: 1 });
  });
});

describe('get: when the key server fails', () => {
  it('uses stale keys for 24 h, then answers unavailable', async () => {
    const { state, isolate, settle } = world();
    const alone = isolate();
    await alone.get();
    await settle();
    state.answer = down;
    state.now += KEY_TIMES.freshMs + 1;
    await alone.get();
    await settle();
    expect(await alone.get()).toBe('stale: one');
    state.now += KEY_TIMES.staleLimitMs - KEY_TIMES.freshMs - 1;
    expect(await alone.get()).toBe('stale: one');
    state.now += 1;
    await settle();
    expect(await alone.get()).toMatchObject({ code: 'keys_unavailable' });
  });

  it('recovers as soon as the server does', async () => {
    const { state, isolate, settle } = world();
    const alone = isolate();
    state.answer = down;
    expect(await alone.get()).toMatchObject({
      code: 'keys_unavailable',
      cause: 'http_status',
      retryAfterSeconds: 1,
    });
    state.answer = undefined;
    expect(await alone.get()).toMatchObject({ code: 'keys_unavailable' }); // within the cool-down
    expect(state.fetches).toBe(1);
    state.now += KEY_TIMES.firstCoolDownMs;
    expect(await alone.get()).toBe('network: one');
    await settle();
  });

  it('backs off while it has nothing: at most one fetch in 30 s in the end', async () => {
    const { state, isolate } = world();
    state.answer = down;
    const alone = isolate();
    for (let second = 0; second < 120; second++) {
      await alone.get();
      state.now += 1000;
    }
    expect(state.fetches).toBeLessThanOrEqual(8);
  });

  it.each<[string, () => Response, object[] | undefined]>([
    ['an empty key set', () => Response.json({ keys: [] }), undefined],
    [
      'a set with keys that Web Crypto refuses',
      () => Response.json({ keys: [{ ...one.publicJwk, y: one.publicJwk.x }] }),
      [{ kid: 'one', why: 'malformed' }],
    ],
    [
      'a set of symmetric keys',
      () => Response.json({ keys: [{ kty: 'oct', k: 'AAAA' }] }),
      [{ kid: undefined, why: 'private' }],
    ],
  ])('%s never replaces a good one, and the log says why', async (_why, answer, dropped) => {
    const { state, io, isolate } = world();
    await refresh(main, io);
    state.answer = answer;
    state.now += MINUTE;
    expect(await refresh(main, io)).toMatchObject({ fault: 'no_usable_key' });
    expect(await isolate().get()).toBe('kv: one');
    expect(state.events.at(-1)).toEqual({
      event: 'keys_refresh_failed',
      issuer: 'main',
      fault: 'no_usable_key',
      url: 'https://issuer.example/keys',
      ...(dropped && { dropped_keys: dropped }),
    });
  });

  it('says which binding is missing', async () => {
    const { io } = world();
    expect(await refresh(main, { ...io, fetchFor: () => undefined })).toMatchObject({
      fault: 'binding_missing',
    });
  });
});

describe('get: when KV fails', () => {
  const fail = async () => {
    throw new Error('KV');
  };
  const broken: KeyStore = { read: fail, write: fail, readFailure: fail, writeFailure: fail };

  it('goes to the network, keeps what it has, and says so', async () => {
    const { state, isolate, settle } = world(broken);
    const alone = isolate();
    expect(await alone.get()).toBe('network: one');
    state.now += KEY_TIMES.rereadMs + 1;
    expect(await alone.get()).toBe('memory: one');
    await settle();
    expect(state.events).toContainEqual({ event: 'keys_store_failed', issuer: 'main', operation: 'read' });
    expect(state.events).toContainEqual({ event: 'keys_store_failed', issuer: 'main', operation: 'write' });
  });
});

describe('get: when KV hangs', () => {
  it('goes on to the network after its wait, and serves what is in memory without one', async () => {
    const hanging: KeyStore = {
      ...noFailures,
      read: () => new Promise(() => {}),
      write: async () => undefined,
    };
    const { state, isolate } = world(hanging);
    const alone = isolate();
    expect(await alone.get()).toBe('network: one');
    state.now += KEY_TIMES.idleMs - 1;
    expect(await alone.get()).toBe('memory: one');
  }, 10_000);
});

describe('get: when a write to KV hangs', () => {
  it('serves the keys that were fetched', async () => {
    const { isolate } = world({
      ...noFailures,
      read: async () => undefined,
      write: () => new Promise(() => {}),
    });
    expect(await isolate().get()).toBe('network: one');
  });
});

describe('findKey: a key id that is new', () => {
  it('is found in KV first', async () => {
    const { state, io, isolate } = world();
    await refresh(main, io);
    const warm = isolate();
    await warm.get();
    state.now += KEY_TIMES.coolDownMs + 1;
    state.published = [one.publicJwk, two.publicJwk];
    await refresh(main, io);
    expect(await warm.seek('two')).toBe('kv');
    expect(state.fetches).toBe(2);
  });

  it('is fetched once where KV lacks it', async () => {
    const { state, io, isolate } = world();
    await refresh(main, io);
    const warm = isolate();
    await warm.get();
    state.now += KEY_TIMES.coolDownMs + 1;
    state.published = [two.publicJwk];
    expect(await warm.seek('two')).toBe('network');
    expect(state.fetches).toBe(2);
  });

  it('is not looked for where the keys were just checked', async () => {
    const { state, isolate } = world();
    const cold = isolate();
    await cold.get();
    expect(await cold.seek('two')).toBe('unknown');
    expect(state.fetches).toBe(1);
  });

  it('after one was looked for in vain, only KV is asked for a minute', async () => {
    const { state, io, isolate } = world();
    await refresh(main, io);
    const warm = isolate();
    await warm.get();
    state.now += KEY_TIMES.coolDownMs;
    expect(await warm.seek('made-up')).toBe('unknown');
    expect(state.fetches).toBe(2);
    state.published = [one.publicJwk, two.publicJwk];
    state.now += KEY_TIMES.unknownKidMs - 1;
    expect(await warm.seek('two')).toBe('unknown');
    expect(state.fetches).toBe(2);
    await refresh(main, io); // another isolate, or the cron
    state.now += KEY_TIMES.rereadMs + 1;
    expect(await warm.seek('two')).toBe('kv');
    expect(state.fetches).toBe(3);
  });

  it('10,000 made-up key ids in a minute cause one fetch', async () => {
    const { state, io, isolate, settle } = world();
    await refresh(main, io);
    const warm = isolate();
    await warm.get();
    const before = { fetches: state.fetches, reads: state.reads };
    for (let i = 0; i < 10_000; i++) {
      expect(await warm.seek(`made-up-${i}`)).toBe('unknown');
      state.now += 6;
    }
    await settle();
    expect(state.fetches - before.fetches).toBe(1);
    expect(state.reads - before.reads).toBeLessThanOrEqual(4);
  });

  it('is unknown while old but fresh keys are at hand, and cannot be told when they are old and the server is down', async () => {
    const { state, isolate, settle } = world();
    const alone = isolate();
    await alone.get();
    state.answer = down;
    state.now += KEY_TIMES.coolDownMs + 1;
    expect(await alone.seek('two')).toBe('unknown');
    state.now += KEY_TIMES.freshMs;
    expect(await alone.seek('two')).toMatchObject({ code: 'keys_unavailable', cause: 'http_status' });
    await settle();
  });
});

describe('requests that may never settle', () => {
  it('a flight that hangs loses its slot', async () => {
    const { state, isolate } = world();
    const alone = isolate();
    state.answer = () => new Promise<Response>(() => {});
    const hanging = alone.get();
    await new Promise((resolve) => setTimeout(resolve, 20));
    state.now += KEY_TIMES.coolDownMs;
    state.answer = undefined;
    expect(await alone.get()).toBe('network: one');
    await hanging;
  }, 10_000);
});
