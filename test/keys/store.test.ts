import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import type { KeysFault } from '../../src/decision.ts';
import { kvStore } from '../../src/keys/kv-store.ts';
import { KEY_TIMES } from '../../src/keys/memory.ts';
import type { StoredKeys } from '../../src/keys/store.ts';
import { makeKey } from '../support/issuer.ts';
import { compiled } from '../support/policy.ts';

const kv = (env as { KEYS: KVNamespace }).KEYS;

function issuerWith(config: Record<string, unknown> = {}) {
  const [issuer] = compiled({
    ISSUERS: { main: { issuer: 'https://issuer.example', ...config } },
    API_X: { origin: 'https://o.example', audience: 'a', routes: { 'GET /': {} } },
  }).issuers;
  if (issuer === undefined) throw new Error('no issuer');
  return issuer;
}

const made = new Map<string, ReturnType<typeof makeKey>>();
function keyOf(kid: string) {
  const key = made.get(kid) ?? makeKey('ES256', kid);
  made.set(kid, key);
  return key;
}

async function entry(checkedAtMs = 1000, kid = 'key-1'): Promise<StoredKeys> {
  const { publicJwk } = await keyOf(kid);
  return { checkedAtMs, keys: [publicJwk as StoredKeys['keys'][number]], maxAgeSeconds: 60 };
}

const names = async () => (await kv.list()).keys.map(({ name }) => name);

beforeEach(async () => {
  for (const name of await names()) await kv.delete(name);
});

describe('kvStore', () => {
  it('gives back what was written', async () => {
    const written = await entry();
    await kvStore(kv, Date.now).write(issuerWith(), written);
    expect(await kvStore(kv, Date.now).read(issuerWith())).toEqual(written);
  });

  it('has nothing at first', async () => {
    expect(await kvStore(kv, Date.now).read(issuerWith())).toBeUndefined();
  });

  it('never replaces a later entry: a slow isolate writes nothing back', async () => {
    const store = kvStore(kv, Date.now);
    const later = await entry(2000, 'later');
    await store.write(issuerWith(), later);
    await store.write(issuerWith(), await entry(1000, 'earlier'));
    expect(await store.read(issuerWith())).toEqual(later);
  });

  it('takes an entry from the future for none: nothing could replace it until then', async () => {
    const store = kvStore(kv, () => 0);
    await store.write(issuerWith(), await entry(60_001, 'ahead'));
    expect(await store.read(issuerWith())).toBeUndefined();
    const present = await entry(60_000, 'present');
    await store.write(issuerWith(), present);
    expect(await store.read(issuerWith())).toEqual(present);
  });

  it('keeps an issuer that is configured anew apart from its old keys', async () => {
    const store = kvStore(kv, Date.now);
    await store.write(issuerWith(), await entry());
    expect(await store.read(issuerWith({ jwks_uri: 'https://new.example/keys' }))).toBeUndefined();
    expect(await store.read(issuerWith({ issuer: 'https://issuer.example/' }))).toBeUndefined();
    expect(await store.read(issuerWith({ service: 'ISSUER' }))).toBeUndefined();
  });

  it.each([
    '',
    'null',
    '{',
    '[]',
    '{"keys":[]}',
    '{"keys":[],"checkedAtMs":1}',
    '{"checkedAtMs":1}',
    '{"keys":[{"kty":"oct","k":"AA"}],"checkedAtMs":1}',
  ])('takes %j for no entry', async (text) => {
    await kvStore(kv, Date.now).write(issuerWith(), await entry());
    await kv.put((await names())[0] ?? '', text);
    expect(await kvStore(kv, Date.now).read(issuerWith())).toBeUndefined();
  });

  describe('writes the same keys', () => {
    type Row = [why: string, present: Partial<StoredKeys>, next: Partial<StoredKeys>, isWritten: boolean];
    const { markMs, keptMarkMs } = KEY_TIMES;
    const later = (ms: number) => ({ checkedAtMs: 1000 + ms });
    it.each<Row>([
      ['not soon', {}, later(markMs - 1), false],
      ['after a while', {}, later(markMs), true],
      ['at once where the cron takes them over', {}, { ...later(1), isKept: true }, true],
      ['of the cron not soon', { isKept: true }, { ...later(keptMarkMs - 1), isKept: true }, false],
      ['of the cron after a while', { isKept: true }, { ...later(keptMarkMs), isKept: true }, true],
      ['of an isolate not over those of the cron', { isKept: true }, later(keptMarkMs - 1), false],
    ])('%s', async (_why, present, next, isWritten) => {
      const store = kvStore(kv, Date.now);
      const [a, b] = [await entry(1000, 'a'), await entry(1000, 'b')];
      const first = { ...a, keys: [...a.keys, ...b.keys], ...present };
      await store.write(issuerWith(), first);
      const second = { ...first, isKept: undefined, keys: [...b.keys, ...a.keys], ...next };
      expect(await store.write(issuerWith(), second)).toEqual(first);
      expect(await store.read(issuerWith())).toEqual(isWritten ? second : first);
    });

    it.each<[string, Partial<StoredKeys>]>([
      ['of an isolate', {}],
      ['of the cron', { isKept: true }],
    ])('but others at once: %s', async (_why, more) => {
      const store = kvStore(kv, Date.now);
      await store.write(issuerWith(), { ...(await entry(1000, 'a')), isKept: true });
      const next = { ...(await entry(1001, 'b')), ...more };
      await store.write(issuerWith(), next);
      expect(await store.read(issuerWith())).toEqual(next);
    });

    it('at once after a failure: the failure is over', async () => {
      const store = kvStore(kv, Date.now);
      const first = { ...(await entry(1000)), isKept: true as const };
      await store.write(issuerWith(), first);
      await store.writeFailure(issuerWith(), { atMs: 2000, fault: 'timeout' });
      await store.write(issuerWith(), { ...first, checkedAtMs: 3000 });
      expect(await store.read(issuerWith())).toMatchObject({ checkedAtMs: 3000 });
      await store.write(issuerWith(), { ...first, checkedAtMs: 4000 });
      expect(await store.read(issuerWith())).toMatchObject({ checkedAtMs: 3000 });
    });
  });

  describe('a failure', () => {
    const failure = (atMs: number, fault: KeysFault = 'timeout') => ({ atMs, fault });

    it.each([
      [403, 403],
      ['403', undefined],
      ['<script>', undefined],
      [1e6, undefined],
      [-1, undefined],
      [403.5, undefined],
    ])('has a status only where that is one: %j', async (status, want) => {
      const store = kvStore(kv, () => 1000);
      await store.writeFailure(issuerWith(), { ...failure(1), status: status as number });
      expect((await store.readFailure(issuerWith()))?.status).toBe(want);
    });

    it('is read where there are no keys, and leaves keys alone', async () => {
      const store = kvStore(kv, Date.now);
      await store.writeFailure(issuerWith(), failure(1));
      expect(await store.readFailure(issuerWith())).toEqual(failure(1));
      expect(await store.read(issuerWith())).toBeUndefined();
      const keys = await entry();
      await store.write(issuerWith(), keys);
      await store.writeFailure(issuerWith(), failure(2000));
      expect(await store.read(issuerWith())).toEqual(keys);
    });

    it('is written again when it is old, or a good fetch came between', async () => {
      const store = kvStore(kv, Date.now);
      const last = async () => (await store.readFailure(issuerWith()))?.atMs;
      await store.writeFailure(issuerWith(), failure(1));
      await store.writeFailure(issuerWith(), failure(KEY_TIMES.keptMarkMs, 'redirect'));
      expect(await last()).toBe(1);
      await store.writeFailure(issuerWith(), failure(KEY_TIMES.keptMarkMs + 1));
      expect(await last()).toBe(KEY_TIMES.keptMarkMs + 1);
      const goodMs = KEY_TIMES.keptMarkMs + 2;
      await store.write(issuerWith(), await entry(goodMs));
      await store.writeFailure(issuerWith(), failure(goodMs + 1));
      expect(await last()).toBe(goodMs + 1);
    });

    it('counts with the secret only', async () => {
      const [open, sealed] = [kvStore(kv, Date.now), kvStore(kv, Date.now, 'secret')];
      await open.writeFailure(issuerWith(), failure(1));
      expect(await sealed.readFailure(issuerWith())).toBeUndefined();
      await sealed.writeFailure(issuerWith(), failure(2));
      expect(await sealed.readFailure(issuerWith())).toEqual(failure(2));
    });
  });

  it('reads what an earlier version wrote', async () => {
    const store = kvStore(kv, Date.now);
    const { keys } = await entry();
    await store.write(issuerWith(), await entry());
    await kv.put((await names())[0] ?? '', JSON.stringify({ checkedAtMs: 1000, keys, maxAgeSeconds: 60 }));
    expect(await store.read(issuerWith())).toEqual({ checkedAtMs: 1000, keys, maxAgeSeconds: 60 });
  });

  describe('with a secret', () => {
    it('gives back what was written with it', async () => {
      const written = await entry();
      await kvStore(kv, Date.now, 'secret').write(issuerWith(), written);
      expect(await kvStore(kv, Date.now, 'secret').read(issuerWith())).toEqual(written);
    });

    it('ignores entries without it, with another, changed ones, and those of other issuers', async () => {
      const store = kvStore(kv, Date.now, 'secret');
      await kvStore(kv, Date.now).write(issuerWith(), await entry());
      expect(await store.read(issuerWith())).toBeUndefined();
      await kvStore(kv, Date.now, 'other').write(issuerWith(), await entry());
      expect(await store.read(issuerWith())).toBeUndefined();
      await store.write(issuerWith(), await entry());
      const [name = ''] = await names();
      const text = (await kv.get(name)) ?? '';
      await kv.put(name, text.replace('1000', '9000'));
      expect(await store.read(issuerWith())).toBeUndefined();
      await store.write(issuerWith({ service: 'A' }), await entry());
      const other = (await names()).find((one) => one !== name) ?? '';
      await kv.put(other, text);
      expect(await store.read(issuerWith({ service: 'A' }))).toBeUndefined();
    });
  });
});
