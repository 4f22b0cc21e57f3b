/** A key server and a KV that both count, and a clock that stands still. */
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach } from 'vitest';
import { isReason } from '../../src/decision.ts';
import type { KeyEvent } from '../../src/keys/events.ts';
import type { KeyIo } from '../../src/keys/io.ts';
import { kvStore } from '../../src/keys/kv-store.ts';
import { createKeySource } from '../../src/keys/source.ts';
import type { KeyStore } from '../../src/keys/store.ts';
import { makeKey } from '../support/issuer.ts';
import { checkedLines } from '../support/log-lines.ts';
import { compiled } from '../support/policy.ts';

const kv = (env as { KEYS: KVNamespace }).KEYS;
export const [one, two] = await Promise.all([makeKey('ES256', 'one'), makeKey('ES256', 'two')]);
beforeEach(async () => {
  for (const { name } of (await kv.list()).keys) await kv.delete(name);
});

/** Work behind the answers of the running test: it must not write into the next one's KV. */
const started: Promise<unknown>[] = [];
afterEach(async () => {
  const hangs = new Promise((resolve) => setTimeout(resolve, 200));
  await Promise.race([Promise.all(started.splice(0)), hangs]);
});

const [issuer] = compiled({
  ISSUERS: { main: { issuer: 'https://issuer.example', jwks_uri: 'https://issuer.example/keys' } },
  API_X: { origin: 'https://o.example', audience: 'a', routes: { 'GET /': {} } },
}).issuers;
if (issuer === undefined) throw new Error('no issuer');
export const main = issuer;

export const NOW = 1_800_000_000_000;

/** @param ownStore instead of KV */
export function world(ownStore?: KeyStore) {
  const state = {
    now: NOW,
    published: [one.publicJwk] as unknown[],
    answer: undefined as (() => Response | Promise<Response>) | undefined,
    cacheControl: undefined as string | undefined,
    fetches: 0,
    reads: 0,
    writes: 0,
    failureWrites: 0,
    events: [] as KeyEvent[],
    behind: [] as Promise<unknown>[],
  };
  const store = ownStore ?? kvStore(kv, () => state.now);
  const io: KeyIo = {
    store: {
      read: (i) => {
        state.reads++;
        return store.read(i);
      },
      write: (i, e) => {
        state.writes++;
        return store.write(i, e);
      },
      readFailure: (i) => store.readFailure(i),
      writeFailure: (i, f) => {
        state.failureWrites++;
        return store.writeFailure(i, f);
      },
    },
    fetchFor: () => async () => {
      state.fetches++;
      const headers: HeadersInit =
        state.cacheControl === undefined ? {} : { 'cache-control': state.cacheControl };
      return state.answer?.() ?? Response.json({ keys: state.published }, { headers });
    },
    now: () => state.now,
    waitUntil: (promise) => {
      state.behind.push(promise);
      started.push(promise);
    },
    log: checkedLines('gateway', (event) => state.events.push(event)),
  };
  const settle = async () => {
    while (state.behind.length > 0) await state.behind.pop();
  };
  const isolate = () => {
    const source = createKeySource();
    return {
      async get() {
        const found = await source.get(main, io);
        return isReason(found) ? found : `${found.from}: ${found.set.keys.map(({ kid }) => kid).join(' ')}`;
      },
      stateOf: () => source.stateOf(main, io),
      async seek(kid: string) {
        const found = await source.findKey(main, (set) => set.keys.some((key) => key.kid === kid), io);
        if (isReason(found)) return found;
        return found.set.keys.some((key) => key.kid === kid) ? found.from : 'unknown';
      },
    };
  };
  /** The events of one kind or several, in order. */
  const told = (...events: readonly KeyEvent['event'][]) =>
    state.events.filter(({ event }) => events.includes(event));
  return { state, io, settle, isolate, told };
}

export const down = () => new Response('down', { status: 503 });
