/** The object that writes: nothing is lost, nothing is written too often, and a restart ends nothing. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createRevocationAccess, headName } from '../../src/revocation/access.ts';
import type { Content } from '../../src/revocation/content.ts';
import type { Revocations } from '../../src/revocation/object/object.ts';
import { createSeal } from '../../src/seal.ts';

const bound = env as { KEYS: KVNamespace; REVOCATIONS: DurableObjectNamespace<Revocations> };
const seconds = () => Math.floor(Date.now() / 1000);
const ISSUER = 'https://issuer.example/';

let count = 0;
/** An object of its own for each test, which counts what it writes to KV. */
function objectOf() {
  const id = bound.REVOCATIONS.idFromName(`test-${count++}`);
  const stub = bound.REVOCATIONS.get(id);
  const writes: { name: string; atMs: number }[] = [];
  const state = {
    fails: false,
    secret: undefined as string | undefined,
    held: undefined as Promise<void> | undefined,
  };
  const kv = {
    async put(name: string, text: string) {
      writes.push({ name, atMs: Date.now() });
      await state.held;
      if (state.fails) throw new Error('made to fail');
      await bound.KEYS.put(name, text);
    },
    delete: (name: string) => bound.KEYS.delete(name),
  };
  /** Also after a restart. */
  const wire = () =>
    runInDurableObject(stub, (instance) => {
      Object.defineProperty(instance, 'env', {
        value: { KEYS: kv, KEYS_SECRET: state.secret },
        configurable: true,
      });
    });
  const access = (known?: Content) =>
    createRevocationAccess(
      { idFromName: () => id, get: () => stub } as unknown as DurableObjectNamespace,
      bound.KEYS,
      state.secret === undefined ? undefined : createSeal(state.secret),
    )(known);
  return { stub, id, writes, state, wire, access };
}

let world: ReturnType<typeof objectOf>;
beforeEach(async () => {
  world = objectOf();
  await world.wire();
});

const revocation = (id: string, more: object = {}) => ({
  kind: 'subject',
  issuer: ISSUER,
  id,
  beforeSeconds: seconds(),
  untilSeconds: seconds() + 3600,
  ...more,
});
const revokedOf = ({ kind, issuer, id }: ReturnType<typeof revocation>) => ({ kind, issuer, id }) as never;
const revoke = (id: string, more: object = {}, by = 'one') =>
  world.stub.apply({
    action: 'revoke',
    revoked: revokedOf(revocation(id)),
    livesSeconds: 3600,
    by,
    why: 'because',
    ...more,
  });
const event = (id: string, more: object = {}, object: Pick<Revocations, 'receive'> = world.stub) =>
  object.receive({
    from: 'corp',
    id,
    rememberSeconds: seconds() + 3600,
    revoke: [revocation(`user-${id}`) as never],
    why: 'session-revoked',
    ...more,
  });
const inKv = async () => (await world.access().readKv()) as Content;
const idsIn = ({ groups }: Content) => groups.flatMap(({ ids }) => ids).sort();

describe('the object', () => {
  it('answers once KV has what it stored', async () => {
    expect(await revoke('a')).toMatchObject({ number: 1, changed: true, published: true });
    expect(idsIn(await inKv())).toEqual(['a']);
  });

  it('loses nothing of many who change something at once, and writes once in 1.1 s', async () => {
    const names = Array.from({ length: 50 }, (_, i) => `user-${i}`);
    const all = await Promise.all(names.map((name) => revoke(name, {}, `by ${name}`)));
    expect(new Set(all.map(({ number }) => number)).size).toBe(50);
    expect(idsIn(await inKv())).toEqual([...names].sort());
    const { rows } = await world.stub.page({ list: 'record', limit: 100 });
    expect(new Set(rows.map(({ by }) => by)).size).toBe(50);
    demandPauses();
  });

  it('keeps the later of two dates', async () => {
    const now = seconds();
    await revoke('a', { andNextSeconds: 50 });
    await revoke('a');
    expect((await inKv()).groups[0]?.before[0]).toBeGreaterThanOrEqual(now + 50);
  });

  it('stores 10,000 events of a flood, and writes to KV no more than once in 1.1 s', async () => {
    await runInDurableObject(world.stub, async (object) => {
      for (let i = 0; i < 100; i++)
        await Promise.all(Array.from({ length: 100 }, (_, j) => event(`${i}-${j}`, {}, object)));
    });
    await settled();
    expect(idsIn(await inKv()).length).toBe(10_000);
    demandPauses();
  });

  it('takes an event once, whoever sends it again', async () => {
    expect([await event('x'), await event('x'), await event('x', { from: 'other' })]).toEqual([
      'stored',
      'repeated',
      'stored',
    ]);
  });

  it('keeps what ops restored, though the event comes again', async () => {
    await event('1', { revoke: [revocation('user-1'), revocation('user-2')] });
    await world.stub.apply({
      action: 'unrevoke',
      revoked: revokedOf(revocation('user-1')),
      by: 'one',
      why: 'x',
    });
    expect(await event('1', { revoke: [revocation('user-1')] })).toBe('repeated');
    await settled();
    expect(idsIn(await inKv())).toEqual(['user-2']);
  });

  it('publishes after a restart what it had not', async () => {
    await revoke('a');
    world.state.fails = true;
    expect(await revoke('b')).toMatchObject({ changed: true, published: false });
    expect(idsIn(await inKv())).toEqual(['a']);
    await restart();
    world.state.fails = false;
    expect(await runDurableObjectAlarm(world.stub)).toBe(true);
    expect(idsIn(await inKv())).toEqual(['a', 'b']);
  });

  it('goes on publishing where neither KV nor its own storage took something', async () => {
    world.state.fails = true;
    await runInDurableObject(world.stub, async (object, { storage }) => {
      const setAlarm = storage.setAlarm.bind(storage);
      let calls = 0;
      // The second one is that of the failure.
      storage.setAlarm = async (...args) => {
        if (++calls === 2) throw new Error('made to fail');
        return setAlarm(...args);
      };
      const input = { revoked: revokedOf(revocation('a')), livesSeconds: 3600, by: 'one', why: 'x' };
      await object.apply({ action: 'revoke', ...input }).catch(() => {});
    });
    world.state.fails = false;
    expect(await revoke('b')).toMatchObject({ published: true });
    expect(idsIn(await inKv())).toEqual(['a', 'b']);
  });

  it('publishes once more where an older content arrives late', async () => {
    const limit = setTimeout;
    // Half a minute is not waited for.
    const spy = vi
      .spyOn(globalThis, 'setTimeout')
      .mockImplementation(((run: () => void, ms = 0) => limit(run, ms >= 30_000 ? 1 : ms)) as never);
    let release = () => {};
    world.state.held = new Promise((resolve) => (release = resolve));
    expect(await revoke('a')).toMatchObject({ published: false });
    world.state.held = undefined;
    expect(await revoke('b')).toMatchObject({ published: true });
    spy.mockRestore();
    const before = world.writes.length;
    release();
    await vi.waitUntil(() => world.writes.length > before, { timeout: 10_000 });
    await vi.waitUntil(async () => idsIn(await inKv()).length === 2, { timeout: 10_000 });
  });

  it('forgets what has ended, and no version comes twice', async () => {
    await revoke('a', { livesSeconds: 0 });
    const first = await inKv();
    expect(idsIn(first)).toEqual([]);
    await restart();
    await revoke('b');
    expect((await inKv()).version).toBeGreaterThan(first.version);
  });

  it('has later versions than before where its storage was lost', async () => {
    for (const id of ['a', 'b', 'c']) await revoke(id);
    const before = await inKv();
    await runInDurableObject(world.stub, (_, state) => state.storage.deleteAll());
    await restart();
    await revoke('d');
    const after = await inKv();
    expect([idsIn(after), after.version > before.version]).toEqual([['d'], true]);
  });

  it('takes no more than KV does, and what has ended takes no room', async () => {
    const fill = (name: string, untilSeconds: number) =>
      runInDurableObject(world.stub, async (object) => {
        for (let i = 0; i < 4; i++) {
          const ids = Array.from({ length: 7_200 }, (_, j) => `${name}-${i}-${j}-`.padEnd(512, 'x'));
          const all = ids.map((id) => revocation(id, { untilSeconds }) as never);
          await event(`${name}-${i}`, { revoke: all }, object);
        }
      });
    await fill('ended', seconds() - 1);
    await fill('full', seconds() + 3600);
    const more = Array.from({ length: 900 }, (_, i) => revocation(`more-${i}-`.padEnd(512, 'x')));
    const told = await runInDurableObject(world.stub, (object) =>
      event('more', { revoke: more }, object).then(() => 'stored', String),
    );
    expect(told).toContain('their ids are too long for more');
    const again = (name: string) =>
      runInDurableObject(world.stub, (object) => event(name, { revoke: more }, object).catch(String));
    expect([await again('full-0'), await again('more')]).toEqual(['repeated', told]);
    // Ops have room that events can't take.
    expect(await revoke('by-ops')).toMatchObject({ changed: true });
    // What the error advises to do.
    const all = { kind: 'issuer', issuer: ISSUER, id: '' } as const;
    expect(await revoke('', { revoked: all })).toMatchObject({ changed: true });
    await settled();
    expect(idsIn(await inKv())).toHaveLength(28_802);
  });

  it('says nothing was there to take back', async () => {
    const revoked = revokedOf(revocation('nobody'));
    expect(await world.stub.apply({ action: 'unrevoke', revoked, by: 'one', why: 'x' })).toMatchObject({
      changed: false,
    });
    expect(
      await world.stub.apply({ action: 'open', kind: 'api', target: 'API_X', by: 'one', why: 'x' }),
    ).toMatchObject({
      changed: false,
    });
  });

  it('keeps the record of people, however many events come', async () => {
    await revoke('by-ops');
    await runInDurableObject(world.stub, async (object, state) => {
      // As if 60,000 events had come since.
      state.storage.sql.exec(`UPDATE sqlite_sequence SET seq = 60000 WHERE name = 'record'`);
      await event('later', {}, object);
      state.storage.sql.exec(`UPDATE sqlite_sequence SET seq = 120000 WHERE name = 'record'`);
      await event('much-later', {}, object);
    });
    const { rows } = await world.stub.page({ list: 'record' });
    expect(rows.map(({ number }) => number)).toEqual([120_001, 1]);
  });

  it('lists entries and records by page', async () => {
    for (const id of ['a', 'b', 'c']) await revoke(id);
    await world.stub.apply({
      action: 'close',
      kind: 'api',
      target: 'API_X',
      status: 403,
      by: 'two',
      why: 'gone',
    });
    const first = await world.stub.page({ list: 'entries', limit: 3 });
    expect(first.rows.map(({ target }) => target)).toEqual(['API_X', 'c', 'b']);
    const rest = await world.stub.page({ list: 'entries', limit: 3, before: first.next as number });
    expect([rest.rows.map(({ target }) => target), rest.next]).toEqual([['a'], undefined]);
    expect(rest.rows[0]).toMatchObject({ by: 'one', why: 'because', number: 1 });
  });

  it.each([
    ['an action that is none', { action: 'drop', by: 'one', why: 'x' }],
    [
      'an id that is too long',
      {
        action: 'revoke',
        revoked: revokedOf(revocation('x'.repeat(513))),
        livesSeconds: 1,
        by: 'one',
        why: 'x',
      },
    ],
    ['a field that is none', { action: 'open', kind: 'api', target: 'A', by: 'one', why: 'x', more: 1 }],
  ])('refuses %s, and stores nothing', async (_, change) => {
    const failed = await runInDurableObject(world.stub, (object) =>
      object.apply(change).then(() => undefined, String),
    );
    expect(failed).toBeDefined();
    expect((await world.stub.page({ list: 'record' })).rows).toEqual([]);
  });

  it('seals what it publishes with KEYS_SECRET, and what has another seal is none', async () => {
    world.state.secret = 'a secret';
    await world.wire();
    await revoke('a');
    expect(idsIn(await inKv())).toEqual(['a']);
    world.state.secret = 'another';
    await expect(inKv()).rejects.toThrow('seal');
  });

  it('publishes a large content in an entry of its own, which is read once', async () => {
    await runInDurableObject(world.stub, async (object) => {
      for (let i = 0; i < 4_000; i++) await event(`a-long-name-of-a-user-${i}`, {}, object);
    });
    await settled();
    const content = await inKv();
    expect(idsIn(content).length).toBe(4_000);
    const head = JSON.parse((await bound.KEYS.get(headName(world.id.toString()))) as string) as {
      body: string;
    };
    await bound.KEYS.delete(head.body);
    // The version is known: its body is not asked for.
    expect((await world.access(content).readKv())?.groups).toBe(content.groups);
    await expect(inKv()).rejects.toThrow('missing');
  });
});

/** Waits until all is published. */
async function settled(): Promise<void> {
  const change = { kind: 'key', target: `wait-${count++}`, by: 'x', why: 'x' };
  while (!(await world.stub.apply({ action: 'close', status: 503, ...change })).published);
}

async function restart(): Promise<void> {
  await evictDurableObject(world.stub);
  await world.wire();
}

/** Writes of one entry are a second apart, as KV wants them. */
function demandPauses(): void {
  const heads = world.writes.filter(({ name }) => name === headName(world.id.toString()));
  expect(heads.length).toBeGreaterThan(0);
  for (const [i, { atMs }] of heads.entries())
    if (i > 0) expect(atMs - (heads[i - 1]?.atMs ?? 0)).toBeGreaterThanOrEqual(1_000);
}
