/** How long a list counts, and what happens while it can't be had: the promises and tables of docs/status-list.md. */
import { describe, expect, it, vi } from 'vitest';
import page from '../../../docs/status-list.md?raw';
import { MAX_LISTS, STATUS_TIMES } from '../../../src/token/status/source.ts';
import { sign, usualClaims } from '../../support/issuer.ts';
import { ISSUER } from '../../support/policy.ts';
import { key, LIST, listClaim, signList, stranger, tokenAt, world } from './world.ts';

const REVOKED = '401 status_invalid';
const down = () => new Response('down', { status: 503 });

/** A warm isolate, and a token at an index that is still good. */
async function warm(listClaims: Record<string, unknown> = {}) {
  const made = world();
  made.state.statuses = [0, 0];
  made.state.listClaims = listClaims;
  const token = await tokenAt(1);
  expect(await made.call(token)).toBe('200');
  return { ...made, token };
}

describe('a token that is revoked', () => {
  /** The longest time that a busy isolate lets it in, in seconds: it is asked each second. */
  async function lastPassed(listClaims: Record<string, unknown>): Promise<number> {
    const { call, later, settle, state, token } = await warm(listClaims);
    state.statuses = [0, 1];
    state.listClaims = {};
    for (let second = 1; second < 3600; second++) {
      later(1);
      const outcome = await call(token);
      await settle();
      if (outcome === REVOKED) return second - 1;
    }
    throw new Error('it passes all the while');
  }

  it.each([
    ['ttl 60', { ttl: 60 }, 60],
    ['ttl 300', { ttl: 300 }, 300],
    ['ttl 1 counts as 30 s', { ttl: 1 }, 30],
    ['ttl of a day counts as 15 min', { ttl: 86_400 }, 900],
    ['no ttl: 5 min', { ttl: undefined }, 300],
    ['exp before that', { ttl: 600, exp: 1_800_000_000 + 100 }, 99],
  ])('%s', async (_, claims, seconds) => {
    expect(await lastPassed(claims)).toBe(seconds);
  });

  it.each([30, 59, 90, 3_000])(
    'is refused at once where the isolate was idle for a ttl and %d s',
    async (idle) => {
      const { call, later, state, token } = await warm({ ttl: 60 });
      state.statuses = [0, 1];
      later(60 + idle);
      expect(await call(token)).toBe(REVOKED);
    },
  );

  it('is refused at once where the clock of the isolate was ahead, and is set back', async () => {
    const made = world();
    made.later(200);
    made.state.statuses = [0, 0];
    made.state.listClaims = { ttl: 600, iat: 1_800_000_000 };
    const token = await tokenAt(1);
    expect(await made.call(token)).toBe('200');
    made.state.statuses = [0, 1];
    made.later(-200);
    expect(await made.call(token)).toBe(REVOKED);
  });

  it('and is good again passes again', async () => {
    const { call, later, state, token } = await warm({ ttl: 60 });
    state.statuses = [0, 2];
    later(91);
    expect(await call(token)).toBe(REVOKED);
    state.statuses = [0, 0];
    later(91);
    expect(await call(token)).toBe('200');
  });
});

describe('requests at once', () => {
  it('share one fetch, and none waits for a list that is fresh', async () => {
    const { call, state } = world();
    const tokens = await Promise.all(Array.from({ length: 50 }, () => tokenAt(0)));
    expect(new Set(await Promise.all(tokens.map((token) => call(token))))).toEqual(new Set(['200']));
    expect(state.asked).toHaveLength(1);
    await Promise.all(tokens.map((token) => call(token)));
    expect(state.asked).toHaveLength(1);
  });

  it('share one fetch behind them', async () => {
    const { call, later, settle, state, token } = await warm({ ttl: 60 });
    later(60);
    await Promise.all(Array.from({ length: 20 }, () => call(token)));
    await settle();
    expect(state.asked).toHaveLength(2);
  });

  it('that come while a slow fetch is under way behind them start no other', async () => {
    const { call, later, state, token } = await warm({ ttl: 60 });
    state.answer = () => new Promise<Response>(() => {});
    later(60);
    for (let second = 0; second < 5; second++) {
      expect(await call(token)).toBe('200');
      later(1);
    }
    expect(state.asked).toHaveLength(2);
  });

  it('of several lists fetch each', async () => {
    const { call, state } = world();
    const uris = [1, 2, 3].map((n) => `${ISSUER}statuslists/${n}`);
    for (const uri of uris) expect(await call(await tokenAt(1, uri))).toBe(REVOKED);
    expect(state.asked.map(({ url }) => url)).toEqual(uris);
  });

  it('wait 5.5 s at most for a server that never answers; then another may ask', async () => {
    const { call, later, state } = world();
    state.answer = () => new Promise<Response>(() => {});
    const token = await tokenAt(0);
    const first = call(token);
    await new Promise((resolve) => setTimeout(resolve, 20));
    later(6);
    state.answer = undefined;
    expect(await call(token)).toBe('200');
    expect(await first).toBe('200');
  }, 10_000);
});

describe('after a failure', () => {
  it('a list is asked for after 1 s, 2 s, 4 s … 30 s, however many requests come', async () => {
    const { call, later, state } = world();
    state.answer = down;
    const tokens = await Promise.all(Array.from({ length: 5 }, () => tokenAt(0)));
    const at: number[] = [];
    for (let second = 0; second <= 125; second++) {
      const before = state.asked.length;
      const outcomes = await Promise.all(tokens.map((token) => call(token)));
      for (const outcome of outcomes) expect(outcome).toMatch(/^503 status_unavailable \d+ s$/);
      if (state.asked.length > before) at.push(second);
      expect(state.asked.length - before).toBeLessThanOrEqual(1);
      later(1);
    }
    expect(at).toEqual([0, 1, 3, 7, 15, 31, 61, 91, 121]);
  });

  it('a flood of revoked and of made-up indexes asks for nothing', async () => {
    const { call, state } = world();
    for (let idx = 0; idx < 100; idx++) await call(await tokenAt(idx));
    expect(state.asked).toHaveLength(1);
  });

  it('requests wait once, then a list that is old is used while it may be', async () => {
    const { call, later, settle, state, token, events } = await warm({ ttl: 60, exp: undefined });
    state.answer = down;
    later(3_000);
    expect(await call(token)).toBe('200');
    for (let second = 0; second < 500; second++) {
      expect(await call(token)).toBe('200');
      await settle();
      later(1);
    }
    // At most one fetch in 30 s.
    expect(state.asked.length).toBeLessThanOrEqual(2 + 500 / 30 + 5);
    expect(new Set(events().map((one) => JSON.stringify(one))).size).toBe(1);
  });

  it('no request waits while the list is known to fail, and may still be used', async () => {
    const { call, later, state, token } = await warm({ ttl: 60 });
    state.answer = down;
    later(1_800);
    expect(await call(token)).toBe('200');
    later(30);
    state.answer = () => new Promise<Response>(() => {});
    // The limit of a wait is a timer: whoever waited would wait for ever.
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    try {
      expect(await call(token)).toBe('200');
    } finally {
      vi.useRealTimers();
    }
    expect(state.asked).toHaveLength(3);
  }, 10_000);

  it('a list that is older than the one at hand never replaces it', async () => {
    const { call, later, state, token, lastLine } = await warm({ ttl: 60 });
    state.statuses = [0, 1];
    later(91);
    expect(await call(token)).toBe(REVOKED);
    // A server that lags behind has the list of before.
    state.statuses = [0, 0];
    state.listClaims = { ttl: 60, iat: 1_800_000_000 };
    later(91);
    expect(await call(token)).toBe(REVOKED);
    later(3_600);
    expect(await call(token)).toBe('503 status_unavailable 2 s');
    expect(lastLine()?.reason_detail).toBe('older');
  });
});

describe('the memory', () => {
  it('holds so many lists, and forgets the one that was used least recently', async () => {
    const { call, state } = world();
    const uri = (n: number) => `${ISSUER}statuslists/${n}`;
    const tokens = await Promise.all(Array.from({ length: MAX_LISTS + 1 }, (_, n) => tokenAt(0, uri(n))));
    const ask = async (n: number) => expect(await call(tokens[n] ?? '')).toBe('200');
    for (let n = 0; n < MAX_LISTS; n++) await ask(n);
    await ask(0);
    await ask(MAX_LISTS);
    const before = state.asked.length;
    await ask(0);
    expect(state.asked.length).toBe(before);
    await ask(1);
    expect(state.asked.length).toBe(before + 1);
  });

  it('holds 8 MiB of statuses for each issuer', async () => {
    const { call, state } = world();
    const zeros = new Blob([new Uint8Array(4 * 1024 * 1024)]).stream();
    const deflated = await new Response(zeros.pipeThrough(new CompressionStream('deflate'))).arrayBuffer();
    const lst = btoa(String.fromCharCode(...new Uint8Array(deflated)))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replace(/=+$/, '');
    state.listClaims = { status_list: { bits: 8, lst } };
    const tokens = await Promise.all([1, 2, 3].map((n) => tokenAt(0, `${ISSUER}${n}`)));
    const [one = '', two = '', three = ''] = tokens;
    for (const token of [one, two, one, two, three, three]) expect(await call(token)).toBe('200');
    expect(state.asked).toHaveLength(3);
    expect(await call(two)).toBe('200');
    expect(state.asked).toHaveLength(3);
    expect(await call(one)).toBe('200');
    expect(state.asked).toHaveLength(4);
  });
});

/** The states of docs/status-list.md: what an isolate has when the fault comes, with a ttl of 60 s. */
const STATES = {
  warm: { seconds: 1, exp: 86_400 },
  old: { seconds: 70, exp: 86_400 },
  idle: { seconds: 1_800, exp: 86_400 },
  'past exp': { seconds: 700, exp: 600 },
  'past 1 h': { seconds: 3_601, exp: 86_400 },
} as const;

/** The cells of the page's table: fault, state, status of the answer. */
const CELLS = (() => {
  const [, table = ''] = /\n(\| the list \|[\s\S]*?)\n\n/.exec(page) ?? [];
  const rows = table.split('\n').map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
  const [[, ...states] = [], , ...faults] = rows;
  return faults.flatMap(([name = '', ...cells]) =>
    cells.map((cell, i) => [/`(\w+)`/.exec(name)?.[1] ?? name, states[i] ?? '', cell] as const),
  );
})();

describe('while a list cannot be had: state × fault', () => {
  const list = listClaim([0, 0]);
  const FAULTS: Readonly<Record<string, () => Response | Promise<Response>>> = {
    http_status: down,
    redirect: () => Response.redirect(LIST, 302),
    network_error: () => Promise.reject(new TypeError('broken')),
    too_large: () => new Response('x'.repeat(4 * 1024 * 1024 + 1)),
    no_list: () => new Response('<html>'),
    signature: async () => new Response(await signList({ status_list: await list }, {}, stranger)),
    subject_mismatch: async () => new Response(await signList({ status_list: await list, sub: 'x' })),
    expired: async () => new Response(await signList({ status_list: await list, exp: 1_800_000_000 })),
    older: async () => new Response(await signList({ status_list: await list, iat: 1_799_999_000 })),
    list_malformed: async () => new Response(await signList({ status_list: {} })),
  };

  it('the page has each of them', () => {
    expect(new Set(CELLS.map(([fault]) => fault))).toEqual(new Set(Object.keys(FAULTS)));
    expect(new Set(CELLS.map(([, state]) => state))).toEqual(new Set([...Object.keys(STATES), 'cold']));
    expect(CELLS).toHaveLength(60);
  });

  it.each(CELLS)('%s, %s: %s', async (fault, state, wanted) => {
    const { call, later, settle, lastLine, ...made } = world();
    const token = await tokenAt(1);
    const other = await tokenAt(0);
    made.state.statuses = [0, 0];
    if (state !== 'cold') {
      const { seconds, exp } = STATES[state as keyof typeof STATES];
      made.state.listClaims = { ttl: 60, exp: 1_800_000_000 + exp };
      expect(await call(token)).toBe('200');
      later(seconds);
    }
    made.state.answer = FAULTS[fault];
    for (const one of [token, other, token]) {
      expect((await call(one)).slice(0, 3)).toBe(wanted);
      await settle();
    }
    if (wanted === '503') expect(lastLine()?.reason_detail).toBe(fault);
    // What is revoked by the list at hand stays so.
    made.state.answer = undefined;
    later(STATUS_TIMES.downMs / 1000 + 1);
    made.state.statuses = [0, 1];
    made.state.listClaims = { ttl: 60, exp: 1_800_086_400 };
    const isYoung = state === 'warm' || (fault === 'older' && state === 'cold');
    expect(await call(token)).toBe(isYoung ? '200' : REVOKED);
    await settle();
    expect(await call(token)).toBe(REVOKED);
  });

  it('the keys of the issuer cannot be had: neither can the list', async () => {
    const { call, later, state, lastLine, settle } = world();
    state.statuses = [0];
    expect(await call(await tokenAt(0))).toBe('200');
    // The list is signed with a key that is new, while the key server is down.
    const next = { ...stranger, kid: 'key-2' };
    state.answer = async () => new Response(await signList({ status_list: await listClaim([0]) }, {}, next));
    state.keysAnswer = down;
    later(3_601);
    expect(
      await call(
        await sign(key, usualClaims({ exp: 1_800_090_000, status: { status_list: { idx: 0, uri: LIST } } })),
      ),
    ).toMatch(/^503 status_unavailable/);
    expect(lastLine()?.reason_detail).toBe('keys_unavailable');
    await settle();
  });
});
