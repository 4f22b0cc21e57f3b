/** The Durable Object that remembers assertions, the real one. */

import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { AssertionReplay } from '../../issuer/src/client/replay.ts';

const { ASSERTIONS } = env as unknown as { ASSERTIONS: DurableObjectNamespace<AssertionReplay> };

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
const remembered = (stub: DurableObjectStub<AssertionReplay>) =>
  runInDurableObject(stub, (_object, { storage }) =>
    storage.sql
      .exec<{ jti: string }>('SELECT jti FROM used ORDER BY jti')
      .toArray()
      .map(({ jti }) => jti),
  );

describe('the memory of assertions', () => {
  it('gives an id away once, for each client by itself', async () => {
    const [a, b] = [ASSERTIONS.getByName('a'), ASSERTIONS.getByName('b')];
    const uses = await Promise.all([1, 2, 3].map(() => a.use('x', inSeconds(60))));
    expect(uses.filter(Boolean)).toHaveLength(1);
    expect(await b.use('x', inSeconds(60))).toBe(true);
  });

  it('forgets what has long expired, and nothing else, and looks again for the rest', async () => {
    const stub = ASSERTIONS.getByName('c');
    await stub.use('old', inSeconds(-100));
    await stub.use('just', inSeconds(-1)); // another clock may take it to be good
    await stub.use('new', inSeconds(60));
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await remembered(stub)).toEqual(['just', 'new']);
    expect(await runInDurableObject(stub, (_o, { storage }) => storage.getAlarm())).not.toBeNull();
    expect(await stub.use('new', inSeconds(60))).toBe(false);
  });
});
