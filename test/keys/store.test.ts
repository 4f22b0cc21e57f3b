import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { kvStore } from '../../src/keys/kv-store.ts';
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

async function entry(checkedAtMs = 1000, kid = 'key-1'): Promise<StoredKeys> {
  const { publicJwk } = await makeKey('ES256', kid);
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
