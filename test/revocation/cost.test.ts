/** What reading costs: docs/revocation.md multiplies these figures. */
import { describe, expect, it } from 'vitest';
import type { RevocationAccess } from '../../src/revocation/asked.ts';
import type { Content } from '../../src/revocation/content.ts';
import { createRevocationSource } from '../../src/revocation/source.ts';
import { compiled } from '../support/policy.ts';

const policy = compiled({
  GATEWAY: { revocation: 'REVOCATIONS' },
  ISSUERS: { main: { issuer: 'https://issuer.example', max_token_age: 3600 } },
  API_X: { origin: 'https://x.example', audience: 'a', routes: { 'GET /x': {} } },
});
const { settings } = policy;
const HOUR_MS = 3_600_000;

/** An isolate with a clock of its own. @param pauseMs between requests */
async function hourOf(pauseMs: number) {
  const reads = { kv: 0, object: 0 };
  let now = 1_800_000_000_000;
  let waits = 0;
  const content = (): Content => ({ version: 1, publishedAtMs: now - 60_000, groups: [], switches: [] });
  const access = {
    readKv: async () => {
      reads.kv++;
      return content();
    },
    object: {
      content: async () => {
        reads.object++;
        return content();
      },
    },
  } as unknown as RevocationAccess;
  const source = createRevocationSource(settings);
  const end = now + HOUR_MS;
  for (; now < end; now += pauseMs) {
    const behind: Promise<unknown>[] = [];
    const io = {
      access: () => access,
      now: () => now,
      waitUntil: (one: Promise<unknown>) => behind.push(one),
      log() {},
    };
    const told = source.get(io);
    if (told instanceof Promise) waits++;
    await told;
    await Promise.all(behind);
  }
  return { ...reads, waits };
}

describe('an isolate', () => {
  it.each([
    // A request in 100 ms, in 10 s, in a minute, and one in the hour.
    [100, { kv: 180, object: 0, waits: 1 }],
    [10_000, { kv: 120, object: 0, waits: 1 }],
    [60_000, { kv: 60, object: 0, waits: 60 }],
    [HOUR_MS, { kv: 1, object: 0, waits: 1 }],
  ])('that is asked every %d ms reads so often in an hour', async (pauseMs, expected) => {
    expect(await hourOf(pauseMs)).toEqual(expected);
  });
});

it('what KV answers after the request has gone on is taken: a new isolate gets a long list in the end', async () => {
  let answer = (_: Content) => {};
  const access = {
    readKv: () =>
      new Promise<Content>((resolve) => {
        answer = resolve;
      }),
    object: { content: () => Promise.reject(new Error('made to fail')) },
  } as unknown as RevocationAccess;
  const source = createRevocationSource(settings);
  const behind: Promise<unknown>[] = [];
  const [route] = policy.apis[0]?.routes ?? [];
  const io = {
    access: () => access,
    now: () => Date.now(),
    waitUntil: (one: Promise<unknown>) => behind.push(one),
    log() {},
  };
  const first = await source.get(io);
  expect(first.closed(route as never)?.code).toBe('revocations_unavailable');
  answer({ version: 1, publishedAtMs: Date.now(), groups: [], switches: [] });
  await Promise.all(behind);
  expect((await source.get(io)).closed(route as never)).toBeUndefined();
});
