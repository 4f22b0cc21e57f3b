/** Events that are sent (RFC 8935): what becomes of each, and each way to refuse one. */
import { describe, expect, it, vi } from 'vitest';
import { makeKey, NOW_SECONDS, sign, signRaw, usualClaims } from '../support/issuer.ts';
import { ISSUER } from '../support/policy.ts';
import {
  CREDENTIAL_CHANGE,
  issuerKey,
  MAX_AGE_SECONDS,
  makeSet,
  makeWorld,
  PATH,
  RECEIVER,
  SESSION_REVOKED,
  setClaims,
  TOLERANCE_SECONDS,
  TRANSMITTER,
  transmitterKey,
  USER,
} from './world.ts';

const rsa = await makeKey('RS256', 'signals-1');
const stranger = await makeKey('ES256', 'signals-1');

describe('an event that is good', () => {
  it('is stored, and answered with 202 and nothing', async () => {
    const { push, memory, lines } = makeWorld();
    const response = await push({ jti: 'one' });
    expect([response.status, await response.text()]).toEqual([202, '']);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const untilSeconds = NOW_SECONDS - 5 + MAX_AGE_SECONDS + 2 * TOLERANCE_SECONDS + 1;
    expect(memory.events).toEqual([
      {
        from: 'corp',
        id: 'one',
        rememberSeconds: untilSeconds,
        revoke: [
          { kind: 'subject', issuer: ISSUER, id: 'jane', beforeSeconds: NOW_SECONDS - 9, untilSeconds },
        ],
        why: 'session-revoked',
      },
    ]);
    expect(lines()).toEqual([
      {
        event: 'signal_received',
        transmitter: 'corp',
        delivery: 'push',
        signal_id: 'one',
        kinds: ['session-revoked'],
        entries: 1,
        repeated: false,
      },
    ]);
  });

  it.each([
    ['an audience in a list', { aud: ['other', RECEIVER] }, {}],
    ['a media type that is written in full', {}, { typ: 'application/secevent+jwt' }],
    ['another letter case of typ', {}, { typ: 'SecEvent+JWT' }],
    ['an exp, even a past one: nobody asks for it', { exp: 1 }, {}],
    ['an iat of a clock that is ahead', { iat: NOW_SECONDS + TOLERANCE_SECONDS }, {}],
    ['claims that nobody knows', { txn: '8675309', x: { y: [] } }, {}],
  ])('may have %s', async (_why, claims, header) => {
    const { push, memory } = makeWorld();
    expect((await push(claims, header)).status).toBe(202);
    expect(memory.entries()).toHaveLength(1);
  });

  it('may come with parameters of its media type, a query, and on any host', async () => {
    const { send, memory } = makeWorld();
    const headers = { 'content-type': 'Application/SecEvent+JWT; charset=utf-8' };
    const to = `POST https://other.example${PATH}?stream=1`;
    expect((await send(await makeSet(), headers, to)).status).toBe(202);
    expect(memory.entries()).toHaveLength(1);
  });

  it('is verified with the keys of the issuer, where that is the transmitter too', async () => {
    const signal = { issuer: ISSUER, jwks_uri: undefined };
    const { push, memory, signals } = makeWorld({ signal });
    expect((await push({ iss: ISSUER }, {}, issuerKey)).status).toBe(202);
    expect((await push({ iss: ISSUER })).status).toBe(400);
    expect(memory.entries()).toHaveLength(1);
    expect(signals.keyFetches).toBe(0);
  });

  it('that comes again is answered alike, and changes nothing', async () => {
    const { send, memory, lines } = makeWorld();
    const set = await makeSet();
    expect((await send(set)).status).toBe(202);
    expect((await send(set)).status).toBe(202);
    expect(memory.events).toHaveLength(1);
    expect(lines().map(({ repeated, entries }) => [repeated, entries])).toEqual([
      [false, 1],
      [true, 0],
    ]);
  });

  it('that is so old that no token of its time is alive changes nothing', async () => {
    const { push, memory } = makeWorld();
    const iat = NOW_SECONDS - MAX_AGE_SECONDS - 3 * TOLERANCE_SECONDS;
    expect((await push({ iat, events: { [SESSION_REVOKED]: {} } })).status).toBe(202);
    expect(memory.state.calls).toBe(0);
  });
});

/** RFC 8935 §2.4, by what is wrong. */
const BAD: readonly [
  why: string,
  err: string,
  claims: Record<string, unknown>,
  header?: Record<string, unknown>,
][] = [
  ['another issuer', 'invalid_issuer', { iss: 'https://other.example/' }],
  ['the issuer of the tokens', 'invalid_issuer', { iss: ISSUER }],
  ['the issuer without its slash', 'invalid_issuer', { iss: TRANSMITTER.slice(0, -1) }],
  ['no issuer', 'invalid_issuer', { iss: undefined }],
  ['an issuer in a list', 'invalid_issuer', { iss: [TRANSMITTER] }],
  ['another audience', 'invalid_audience', { aud: 'https://other.example' }],
  ['no audience', 'invalid_audience', { aud: undefined }],
  ['an audience that begins alike', 'invalid_audience', { aud: `${RECEIVER}/x` }],
  ['an audience that is no text', 'invalid_audience', { aud: { [RECEIVER]: true } }],
  ['no iat', 'invalid_request', { iat: undefined }],
  ['an iat that is text', 'invalid_request', { iat: String(NOW_SECONDS) }],
  ['an iat of tomorrow', 'invalid_request', { iat: NOW_SECONDS + 86_400 }],
  ['an iat just beyond the tolerance', 'invalid_request', { iat: NOW_SECONDS + TOLERANCE_SECONDS + 1 }],
  ['no jti', 'invalid_request', { jti: undefined }],
  ['an empty jti', 'invalid_request', { jti: '' }],
  ['a jti that is a number', 'invalid_request', { jti: 1 }],
  ['an endless jti', 'invalid_request', { jti: 'x'.repeat(1025) }],
  ['no events', 'invalid_request', { events: undefined }],
  ['empty events', 'invalid_request', { events: {} }],
  ['events in a list', 'invalid_request', { events: [SESSION_REVOKED] }],
  ['an event that is no object', 'invalid_request', { events: { [SESSION_REVOKED]: true } }],
  [
    'nine events',
    'invalid_request',
    { events: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`urn:${i}`, {}])) },
  ],
  ['no typ', 'invalid_request', {}, { typ: undefined }],
  ['the typ of any JWT', 'invalid_request', {}, { typ: 'JWT' }],
  ['the typ of an access token', 'invalid_request', {}, { typ: 'at+jwt' }],
  ['the typ of a logout token', 'invalid_request', {}, { typ: 'logout+jwt' }],
  ['an unknown key', 'invalid_key', {}, { kid: 'signals-9' }],
];

describe('an event that is bad', () => {
  it.each(BAD)('%s: %s', async (_why, err, claims, header) => {
    const { push, memory, lines } = makeWorld();
    const response = await push(claims, header);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('content-language')).toBe('en');
    const body = (await response.json()) as Record<string, unknown>;
    expect(Object.keys(body)).toEqual(['err', 'description']);
    expect(body['err']).toBe(err);
    expect(body['description']).toMatch(/^[A-Z].*\.$/);
    expect(memory.state.calls).toBe(0);
    expect(lines()).toEqual([expect.objectContaining({ event: 'signal_refused', transmitter: 'corp' })]);
  });

  it.each<[string, () => Promise<string> | string, string]>([
    ['an empty body', () => '', 'invalid_request'],
    ['no JWT', () => 'hello', 'invalid_request'],
    ['JSON', () => JSON.stringify(setClaims()), 'invalid_request'],
    [
      'an unsigned one',
      async () =>
        `${btoa('{"alg":"none","typ":"secevent+jwt"}').replaceAll('=', '')}.${(await makeSet()).split('.')[1]}.`,
      'invalid_request',
    ],
    [
      'the algorithm "none" with a signature',
      () => signRaw(transmitterKey, JSON.stringify(setClaims()), '{"alg":"none","typ":"secevent+jwt"}'),
      'invalid_key',
    ],
    [
      'a symmetric algorithm',
      () =>
        signRaw(
          transmitterKey,
          JSON.stringify(setClaims()),
          '{"alg":"HS256","kid":"signals-1","typ":"secevent+jwt"}',
        ),
      'invalid_key',
    ],
    ['the key of another type', () => makeSet({}, {}, rsa), 'invalid_key'],
    ['a stranger’s key under the same id', () => makeSet({}, {}, stranger), 'invalid_key'],
    ['the key of the issuer of tokens', () => makeSet({}, {}, issuerKey), 'invalid_key'],
    [
      'claims that were changed',
      async () => {
        const [header, , signature] = (await makeSet()).split('.');
        const [, claims] = (await makeSet({ sub_id: { ...USER, sub: 'joe' } })).split('.');
        return `${header}.${claims}.${signature}`;
      },
      'invalid_key',
    ],
    ['an access token', () => sign(issuerKey, usualClaims()), 'invalid_request'],
    ['a token of 17 KB', () => makeSet({ x: 'x'.repeat(17_000) }), 'invalid_request'],
    [
      'a critical header',
      () =>
        signRaw(
          transmitterKey,
          JSON.stringify(setClaims()),
          '{"alg":"ES256","kid":"signals-1","typ":"secevent+jwt","crit":["exp"]}',
        ),
      'invalid_request',
    ],
    ['claims that are no object', () => signRaw(transmitterKey, '[]'), 'invalid_request'],
  ])('%s', async (_why, make, err) => {
    const { send, memory } = makeWorld();
    const response = await send(await make());
    expect(response.status).toBe(400);
    expect(((await response.json()) as { err: string }).err).toBe(err);
    expect(memory.state.calls).toBe(0);
  });

  it('an algorithm that the policy does not name', async () => {
    const { push } = makeWorld({ signal: { algorithms: ['RS256'] } });
    expect(await (await push()).json()).toMatchObject({ err: 'invalid_key' });
  });

  it('a key that is blocked', async () => {
    const { push, memory } = makeWorld({ settings: { blocked_kids: ['signals-1'] } });
    expect(await (await push()).json()).toMatchObject({ err: 'invalid_key' });
    expect(memory.state.calls).toBe(0);
  });

  it('repeats nothing of the event', async () => {
    const { push, logs } = makeWorld();
    const response = await push({ iss: 'https://evil.example/<script>', sub_id: USER });
    expect(await response.text()).not.toMatch(/evil|jane/);
    expect(JSON.stringify(logs)).not.toMatch(/evil|jane/);
  });
});

describe('a request that is bad', () => {
  it.each([
    ['GET', 405],
    ['PUT', 405],
    ['OPTIONS', 405],
    ['DELETE', 405],
  ])('%s: %d', async (method, status) => {
    const { ask } = makeWorld();
    const response = await ask(`${method} ${PATH}`);
    expect([response.status, response.headers.get('allow')]).toEqual([status, 'POST']);
  });

  it.each(['application/jwt', 'application/json', 'text/plain', '', 'application/x-www-form-urlencoded'])(
    'another media type: %s',
    async (type) => {
      const { send, memory } = makeWorld();
      const response = await send(await makeSet(), { 'content-type': type });
      expect([response.status, response.headers.get('accept-post')]).toEqual([
        415,
        'application/secevent+jwt',
      ]);
      expect(memory.state.calls).toBe(0);
    },
  );

  it('a body over 64 KB is not read to its end', async () => {
    const { send, lines } = makeWorld();
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(1024).fill(65));
      },
    });
    expect((await send(endless)).status).toBe(413);
    expect(pulled).toBeLessThan(80);
    expect((await send('x'.repeat(65_537))).status).toBe(413);
    expect(lines().map(({ why }) => why)).toEqual(['body_too_large', 'body_too_large']);
  });

  it('the secret of the transmitter is wanted, whole', async () => {
    const signal = { authorization: 'secret:SIGNALS_AUTHORIZATION' };
    const { send, memory } = makeWorld({ signal, env: { SIGNALS_AUTHORIZATION: 'Bearer s3cret' } });
    for (const authorization of [
      undefined,
      '',
      's3cret',
      'Bearer s3cre',
      'Bearer s3cret1',
      'bearer s3cret',
    ]) {
      const response = await send(await makeSet(), authorization === undefined ? {} : { authorization });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ err: 'authentication_failed' });
    }
    expect(memory.state.calls).toBe(0);
    expect((await send(await makeSet(), { authorization: 'Bearer s3cret' })).status).toBe(202);
  });

  it('more than the rate limit allows of one address', async () => {
    const keys: string[] = [];
    const limit = {
      limit: async ({ key }: { key: string }) => {
        keys.push(key);
        return { success: keys.length < 2 };
      },
    };
    const { send, memory, lines } = makeWorld({
      signal: { rate_limit: 'PER_ADDRESS' },
      env: { PER_ADDRESS: limit },
    });
    const from = { 'cf-connecting-ip': '192.0.2.7' };
    expect((await send(await makeSet(), from)).status).toBe(202);
    const response = await send(await makeSet(), from);
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '60']);
    expect(keys).toEqual(Array(2).fill('["signals.corp","address","192.0.2.7"]'));
    expect(memory.events).toHaveLength(1);
    expect(lines().at(-1)).toMatchObject({ why: 'rate_limited' });
  });
});

describe('an event that can’t be taken now is to be sent again', () => {
  it('the store fails', async () => {
    const { send, memory, lines } = makeWorld();
    memory.state.fails = true;
    const set = await makeSet({ jti: 'one' });
    const response = await send(set);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '10']);
    expect(lines()).toEqual([
      {
        event: 'signal_refused',
        transmitter: 'corp',
        delivery: 'push',
        why: 'store_failed',
        signal_id: 'one',
      },
    ]);
    memory.state.fails = false;
    expect((await send(set)).status).toBe(202);
    expect(memory.entries()).toHaveLength(1);
  });

  it('the store hangs', async () => {
    const { send, memory } = makeWorld();
    memory.state.hangs = true;
    const set = await makeSet();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const answer = send(set);
      await vi.waitFor(() => expect(memory.state.calls).toBe(1));
      await vi.advanceTimersByTimeAsync(5_000);
      expect((await answer).status).toBe(503);
    } finally {
      vi.useRealTimers();
    }
  });

  it('no keys can be had', async () => {
    const { push, signals, memory, lines } = makeWorld();
    signals.keysDown = true;
    const response = await push();
    expect([response.status, Number(response.headers.get('retry-after')) > 0]).toEqual([503, true]);
    expect(memory.state.calls).toBe(0);
    expect(lines()).toEqual([expect.objectContaining({ why: 'keys_unavailable' })]);
  });

  it('its key is new', async () => {
    const { push, signals, state, memory } = makeWorld();
    const next = await makeKey('ES256', 'signals-2');
    expect((await push()).status).toBe(202);
    state.nowMs += 40_000;
    signals.keys = [next.publicJwk];
    expect((await push({}, {}, next)).status).toBe(202);
    expect(memory.entries()).toHaveLength(2);
    // The old key has left.
    expect(await (await push()).json()).toMatchObject({ err: 'invalid_key' });
  });

  it('its key is new, and keys were just asked for in vain', async () => {
    const { push, signals, state, memory } = makeWorld();
    const next = await makeKey('ES256', 'signals-2');
    expect((await push()).status).toBe(202);
    state.nowMs += 40_000;
    // A stranger's made-up key takes the one fetch of this minute.
    expect((await push({}, { kid: 'made-up' })).status).toBe(400);
    state.nowMs += 1_000;
    signals.keys = [transmitterKey.publicJwk, next.publicJwk];
    const response = await push({}, {}, next);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '60']);
    state.nowMs += 60_000;
    expect((await push({}, {}, next)).status).toBe(202);
    expect(memory.entries()).toHaveLength(2);
  });
});

describe('floods', () => {
  it('of bad events cost no fetch and no write', async () => {
    const { push, signals, memory } = makeWorld();
    expect((await push()).status).toBe(202);
    const before = signals.keyFetches;
    for (let i = 0; i < 50; i++) await push({ aud: `wrong-${i}` });
    for (let i = 0; i < 50; i++) await push({}, {}, stranger);
    for (let i = 0; i < 50; i++) await push({}, { kid: `made-up-${i}` });
    expect(signals.keyFetches - before).toBeLessThanOrEqual(1);
    expect(memory.state.calls).toBe(1);
  });

  it('of events that change nothing cost no write', async () => {
    const { push, memory } = makeWorld();
    for (let i = 0; i < 20; i++)
      expect((await push({ events: { 'https://example.com/unheard-of': {} } })).status).toBe(202);
    expect(memory.state.calls).toBe(0);
  });
});

describe('tokens and events are not taken for each other', () => {
  it.each([{ typ: 'secevent+jwt' }, { typ: 'logout+jwt' }])(
    'an event is no access token: %o',
    async (header) => {
      const { call } = makeWorld({ signal: { issuer: ISSUER, jwks_uri: undefined } });
      const claims = usualClaims();
      expect((await call('GET /orders', await sign(issuerKey, claims))).status).toBe(200);
      const both = { ...setClaims({ iss: ISSUER }), ...claims };
      const response = await call('GET /orders', await sign(issuerKey, both, header));
      expect([response.status, ((await response.json()) as { reason: string }).reason]).toEqual([
        401,
        'token_type_not_allowed',
      ]);
    },
  );

  it('an access token is no event, with whatever claims', async () => {
    const { send, memory } = makeWorld({ signal: { issuer: ISSUER, jwks_uri: undefined } });
    const both = { ...usualClaims(), ...setClaims({ iss: ISSUER }) };
    expect((await send(await sign(issuerKey, both))).status).toBe(400);
    expect(memory.state.calls).toBe(0);
  });
});

describe('the log', () => {
  const both = { sub_id: { format: 'aliases', identifiers: [USER, { ...USER, sub: 'j2' }] } };

  it('names no subject, unless log_subject says so', async () => {
    const silent = makeWorld();
    await silent.push(both);
    expect(JSON.stringify(silent.logs)).not.toMatch(/jane|j2/);
    const keyed = makeWorld({ env: { LOG_KEY: 'key' } });
    await keyed.push(both);
    expect(keyed.lines()[0]).not.toHaveProperty('subjects');
    const plain = makeWorld({ settings: { log_subject: 'plain' } });
    await plain.push(both);
    expect(plain.lines()[0]).toMatchObject({ subjects: ['jane', 'j2'] });
  });

  it('hashes a subject as the line of its requests does', async () => {
    const world = makeWorld({ settings: { log_subject: 'hash' }, env: { LOG_KEY: 'key' } });
    await world.push();
    await world.call('GET /orders', await sign(issuerKey, usualClaims({ sub: 'jane' })));
    expect(world.lines()[0]?.['subjects']).toEqual([world.lastLog().subject]);
  });

  it('tells how long the state of a verification event is, and what a stream becomes', async () => {
    const ssf = (name: string, payload: object) => ({
      sub_id: { format: 'opaque', id: 'f67e39a0a4d34d56b3aa1bc4cff0069f' },
      events: { [`https://schemas.openid.net/secevent/ssf/event-type/${name}`]: payload },
    });
    const { push, lines, memory } = makeWorld();
    expect((await push(ssf('verification', { state: 'VGhpcyBpcw==' }))).status).toBe(202);
    expect((await push(ssf('verification', {}))).status).toBe(202);
    expect((await push(ssf('stream-updated', { status: 'paused', reason: 'x' }))).status).toBe(202);
    expect((await push(ssf('stream-updated', { status: '\u001b[31m' }))).status).toBe(202);
    expect(
      lines().map(({ event, state_length, stream_status }) => [event, state_length ?? stream_status]),
    ).toEqual([
      ['signal_received', 12],
      ['signal_received', 0],
      ['signal_received', 'paused'],
      ['signal_received', 'other'],
    ]);
    expect(memory.state.calls).toBe(0);
  });

  it('tells why an event that is good changes nothing', async () => {
    const { push, lines, memory } = makeWorld();
    const email = { format: 'email', email: 'jane@example.com' };
    expect((await push({ sub_id: email, events: { [CREDENTIAL_CHANGE]: {} } })).status).toBe(202);
    expect(lines()).toEqual([
      expect.objectContaining({
        event: 'signal_unmapped',
        kinds: ['credential-change'],
        why: 'undeclared',
        format: 'email',
      }),
    ]);
    expect(memory.state.calls).toBe(0);
  });
});
