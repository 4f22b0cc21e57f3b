import { describe, expect, it } from 'vitest';
import { KEY_TIMES } from '../../src/keys/memory.ts';
import { refresh } from '../../src/keys/refresh.ts';
import { makeKey } from '../support/issuer.ts';
import { down, main, one, two, world } from './world.ts';

const CONDITIONS = ['keys_stale', 'keys_unusable', 'keys_recovered'] as const;
const CHANGES = ['key_added', 'key_removed'] as const;

describe('events: each change once', () => {
  it('keys grow old, become unusable, and are good again', async () => {
    const { state, isolate, settle, told } = world();
    const alone = isolate();
    const ask = async () => {
      for (let i = 0; i < 5; i++) await alone.get();
      await settle();
      for (let i = 0; i < 5; i++) await alone.get();
    };
    await ask();
    expect(told(...CONDITIONS)).toEqual([]);
    state.answer = down;
    state.now += KEY_TIMES.freshMs + 1;
    await ask();
    expect(told(...CONDITIONS)).toEqual([{ event: 'keys_stale', issuer: 'main', cause: 'http_status' }]);
    state.now += KEY_TIMES.staleLimitMs;
    await ask();
    expect(told(...CONDITIONS).slice(1)).toEqual([
      { event: 'keys_unusable', issuer: 'main', cause: 'http_status' },
    ]);
    state.answer = undefined;
    state.now += KEY_TIMES.coolDownMs;
    await ask();
    expect(told(...CONDITIONS).slice(2)).toEqual([
      { event: 'keys_recovered', issuer: 'main', was: 'unusable' },
    ]);
  });

  it('an isolate that never had keys tells that it has none, and when it has', async () => {
    const { state, isolate, told } = world();
    const cold = isolate();
    state.answer = down;
    for (let i = 0; i < 5; i++) await cold.get();
    state.answer = undefined;
    state.now += KEY_TIMES.coolDownMs;
    await cold.get();
    expect(told(...CONDITIONS)).toEqual([
      { event: 'keys_unusable', issuer: 'main', cause: 'http_status' },
      { event: 'keys_recovered', issuer: 'main', was: 'unusable' },
    ]);
  });

  it('the cron tells which keys an issuer has begun and ceased to publish; isolates that read them from KV do not', async () => {
    const { state, io, isolate, settle, told } = world();
    await refresh(main, io);
    const warm = isolate();
    await warm.get();
    expect(told(...CHANGES)).toEqual([]);
    state.published = [two.publicJwk];
    state.now += 5 * 60_000;
    await refresh(main, io);
    await refresh(main, io);
    await warm.get();
    await settle();
    expect(await warm.get()).toBe('memory: two');
    expect(told(...CHANGES)).toEqual([
      { event: 'key_added', issuer: 'main', kid: 'two' },
      { event: 'key_removed', issuer: 'main', kid: 'one' },
    ]);
  });

  it('without a cron, the isolate that fetches tells', async () => {
    const { state, isolate, told } = world();
    const alone = isolate();
    await alone.get();
    state.published = [one.publicJwk, two.publicJwk];
    state.now += KEY_TIMES.coolDownMs + 1;
    expect(await alone.seek('two')).toBe('network');
    expect(told(...CHANGES)).toEqual([{ event: 'key_added', issuer: 'main', kid: 'two' }]);
  });

  it('other material under an old id is a key removed and a key added', async () => {
    const { state, io, told } = world();
    await refresh(main, io);
    state.published = [(await makeKey('ES256', 'one')).publicJwk];
    state.now += 1;
    await refresh(main, io);
    expect(told(...CHANGES)).toEqual([
      { event: 'key_added', issuer: 'main', kid: 'one' },
      { event: 'key_removed', issuer: 'main', kid: 'one' },
    ]);
  });

  it('a flood of made-up key ids is told once in a cool-down', async () => {
    const { state, isolate, told } = world();
    const warm = isolate();
    await warm.get();
    for (let i = 0; i < 1_000; i++) await warm.seek(`made-up-${i}`);
    expect(told('refetch_suppressed')).toEqual([{ event: 'refetch_suppressed', issuer: 'main' }]);
    state.now += KEY_TIMES.coolDownMs;
    for (let i = 0; i < 1_000; i++) await warm.seek(`made-up-${i}`);
    expect(told('refetch_suppressed')).toHaveLength(2);
    expect(state.fetches).toBe(2);
  });
});

describe('stateOf: for people who look after the gateway', () => {
  it('knows nothing where nobody has asked, and asks KV but never the issuer', async () => {
    const { state, io, isolate } = world();
    const nothing = { freshness: 'none', keys: 0, checkedAtMs: undefined, lastFailure: undefined };
    expect(await isolate().stateOf()).toEqual(nothing);
    expect(state.fetches).toBe(0);
    await refresh(main, io);
    const cold = isolate();
    const fresh = { freshness: 'fresh', keys: 1, checkedAtMs: state.now, lastFailure: undefined };
    for (let i = 0; i < 100; i++) expect(await cold.stateOf()).toEqual(fresh);
    expect(state.fetches).toBe(1);
    expect(state.reads).toBe(2);
  });

  it('tells how old the keys are, and why', async () => {
    const { state, isolate, settle } = world();
    const alone = isolate();
    await alone.get();
    const checkedAtMs = state.now;
    state.answer = down;
    state.now += KEY_TIMES.freshMs + 1;
    await alone.get();
    await settle();
    const lastFailure = { atMs: state.now, fault: 'http_status', status: 503 };
    expect(await alone.stateOf()).toEqual({ freshness: 'stale', keys: 1, checkedAtMs, lastFailure });
    state.now += KEY_TIMES.staleLimitMs;
    expect(await alone.stateOf()).toEqual({ freshness: 'unusable', keys: 1, checkedAtMs, lastFailure });
    state.answer = undefined;
    await alone.get();
    expect(await alone.stateOf()).toMatchObject({ freshness: 'fresh', checkedAtMs: state.now, lastFailure });
  });
});
