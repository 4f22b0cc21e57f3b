/** Where a verifier gets its keys. `test/project/verifiers.test.ts` has the same for the other languages. */
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createVerifier, OriginRefusal } from '../../origin/src/index.ts';
import { AUDIENCE, createSigner, ISSUER, type Signer } from '../support/assertion.ts';

const START = 1_800_000_000;
const URL_OF_KEYS = 'https://api.example.com/keys';
let first: Signer;
let second: Signer;
beforeAll(async () => {
  [first, second] = await Promise.all([createSigner('first'), createSigner('second', 'Ed25519')]);
});
afterEach(() => {
  vi.useRealTimers();
});

type Answer = () => Response | Promise<Response>;
const setOf =
  (...signers: Signer[]): Answer =>
  () =>
    Response.json({ keys: signers.map(({ jwk }) => jwk) });
const down: Answer = () => Promise.reject(new Error('unreachable'));

/** A verifier whose clock and network are the test's. */
function world(answer: Answer) {
  const state = { at: 0, answer, fetched: 0, behind: [] as Promise<unknown>[] };
  const verifier = createVerifier({
    issuer: ISSUER,
    audience: AUDIENCE,
    keys: URL_OF_KEYS,
    bind: 'none',
    now: () => (START + state.at) * 1000,
    fetch: async (url, { redirect }) => {
      expect([url, redirect]).toEqual([URL_OF_KEYS, 'manual']);
      state.fetched++;
      return state.answer();
    },
  });
  const ask = async (signer: Signer, at = state.at) => {
    state.at = at;
    const token = await signer.sign({ iat: START + at, exp: START + at + 30, req: undefined });
    const headers = { 'txn-token': token };
    const waitUntil = (work: Promise<unknown>) => void state.behind.push(work);
    try {
      await verifier.verify({ method: 'GET', target: '/', headers, waitUntil });
      return 'accept';
    } catch (error) {
      if (error instanceof OriginRefusal) return error.code;
      throw error;
    }
  };
  return { state, ask };
}

describe('keys of a URL', () => {
  it.each<[string, Answer, string]>([
    ['a status', () => new Response('', { status: 404 }), 'the URL answers 404'],
    ['no JSON', () => new Response('secret\nline'), 'the URL answers no JSON'],
    ['no keys', setOf(), 'the URL has no key that signs assertions'],
    ['a large set', () => new Response('x'.repeat(70_000)), 'the URL answers more than 65536 bytes'],
    [
      'no network',
      () => Promise.reject(new TypeError('fetch failed', { cause: new Error('refused') })),
      'refused',
    ],
    [
      'two addresses',
      () => Promise.reject(new TypeError('x', { cause: { message: '', code: 'ECONN' } })),
      'ECONN',
    ],
    ['an abort', () => Promise.reject(new Error('timeout')), 'timeout'],
  ])('that can not be had: the sentence for the log says why: %s', async (_what, answer, why) => {
    const verifier = createVerifier({
      ...{ issuer: ISSUER, audience: AUDIENCE, keys: URL_OF_KEYS },
      fetch: async () => answer(),
    });
    const headers = { 'txn-token': await first.sign({}) };
    await expect(verifier.verify({ method: 'GET', target: '/', headers })).rejects.toThrow(
      new OriginRefusal('keys_unavailable', `The keys of the gateway could not be fetched: ${why}.`),
    );
  });

  it('are fetched once, by however many requests', async () => {
    const { state, ask } = world(setOf(first));
    expect(await Promise.all([ask(first), ask(first), ask(first)])).toEqual(['accept', 'accept', 'accept']);
    expect(await ask(first, 300)).toBe('accept');
    expect([state.fetched, state.behind.length]).toEqual([1, 0]);
  });

  it('are fetched anew behind a request after five minutes', async () => {
    const { state, ask } = world(setOf(first));
    await ask(first);
    state.answer = setOf(second);
    expect(await ask(first, 301)).toBe('accept');
    expect(state.behind).toHaveLength(1);
    await Promise.all(state.behind);
    expect([await ask(first), await ask(second), state.fetched]).toEqual(['key_unknown', 'accept', 2]);
  });

  it('are fetched before a request after nobody called for ten minutes: one may have been withdrawn', async () => {
    const { state, ask } = world(setOf(first));
    await ask(first);
    state.answer = setOf(second);
    expect([await ask(first, 601), state.behind.length]).toEqual(['key_unknown', 0]);
    state.answer = down;
    expect([await ask(second, 1202), state.behind.length]).toEqual(['accept', 0]);
    state.answer = () => new Promise(() => {});
    expect([await ask(second, 1233), state.behind.length]).toEqual(['accept', 1]); // the last one failed
  });

  it('are fetched for an unknown kid, once in 30 s', async () => {
    const { state, ask } = world(setOf(first));
    await ask(first);
    state.answer = setOf(first, second);
    expect([await ask(second, 29), state.fetched]).toEqual(['key_unknown', 1]);
    expect([await ask(second, 30), state.fetched]).toEqual(['accept', 2]);
  });

  it('are asked for once a second while there are none', async () => {
    const { state, ask } = world(down);
    expect(await Promise.all([ask(first), ask(first)])).toEqual(['keys_unavailable', 'keys_unavailable']);
    expect([await ask(first, 0.9), state.fetched]).toEqual(['keys_unavailable', 1]);
    state.answer = setOf(first);
    expect([await ask(first, 1), state.fetched]).toEqual(['accept', 2]);
  });

  it.each<[string, Answer]>([
    ['nobody answers', down],
    ['the server fails', () => Response.json({ keys: [second.jwk] }, { status: 500 })],
    ['it leads elsewhere', () => new Response(null, { status: 302, headers: { location: '/x' } })],
    ['what comes is not JSON', () => new Response('<html>')],
    ['the set is empty', setOf()],
    ['the set is large', () => Response.json({ keys: [second.jwk], padding: 'x'.repeat(66_000) })],
    [
      'the answer breaks off',
      () => new Response(new ReadableStream({ start: (c) => c.error(new Error('lost')) })),
    ],
  ])('stay for a day where %s', async (_why, answer) => {
    const { state, ask } = world(setOf(first));
    await ask(first);
    state.answer = answer;
    const day = 24 * 3600;
    for (const at of [301, 1000, day]) {
      expect(await ask(first, at)).toBe('accept');
      await Promise.all(state.behind);
    }
    expect(await ask(second, day)).toBe('key_unknown');
    expect(await ask(first, day + 31)).toBe('keys_unavailable');
    state.answer = setOf(first);
    expect(await ask(first, day + 32)).toBe('accept');
  });

  it('are waited for five seconds, by each request', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { state, ask } = world(() => new Promise(() => {}));
    const [one, two] = [ask(first), ask(first)];
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(2));
    await vi.advanceTimersByTimeAsync(5_000);
    expect([await one, await two, state.fetched]).toEqual(['keys_unavailable', 'keys_unavailable', 1]);
    state.answer = setOf(first);
    // The fetch that hangs may have been cancelled with its request.
    expect(await ask(first, 6)).toBe('accept');
  });
});
