/** Events that the cron asks for (RFC 8936). */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { NOW_SECONDS } from '../support/issuer.ts';
import { makeSet, makeWorld, PATH, POLL_URI, type WorldOptions } from './world.ts';

type Fields = Record<string, unknown>;

/** A transmitter that gives what is not acknowledged, `size` at a time (RFC 8936 §2.4, §2.5). */
function makeStream(size = 10) {
  const waiting = new Map<string, unknown>();
  const acks: string[] = [];
  const errors: Record<string, unknown> = {};
  const headers: Headers[] = [];
  return {
    waiting,
    acks,
    errors,
    headers,
    async add(id: string, more: Fields = {}, header: Fields = {}) {
      waiting.set(id, await makeSet({ jti: id, ...more }, header));
    },
    answer(body: Fields, request: Request): Response {
      headers.push(request.headers);
      for (const id of (body['ack'] ?? []) as string[]) if (waiting.delete(id)) acks.push(id);
      for (const [id, error] of Object.entries((body['setErrs'] ?? {}) as Fields))
        if (waiting.delete(id)) errors[id] = error;
      const max = Math.min(size, (body['maxEvents'] as number | undefined) ?? size);
      const sets = Object.fromEntries([...waiting].slice(0, max));
      return Response.json({ sets, ...(waiting.size > max && { moreAvailable: true }) });
    },
  };
}

const polling = (poll: WorldOptions['poll'], more: Fields = {}, env: Fields = {}) =>
  makeWorld({ signal: { poll_uri: POLL_URI, ...more }, env, ...(poll && { poll }) });

describe('a poll', () => {
  it('asks, stores, and acknowledges what is stored', async () => {
    const stream = makeStream();
    await stream.add('one');
    await stream.add('two', { sub_id: { format: 'email', email: 'jane@example.com' } });
    const { runCron, memory, signals, lines, cronLogs } = polling(stream.answer);
    await runCron();
    expect(stream.acks).toEqual(['one', 'two']);
    expect(memory.events.map(({ id }) => id)).toEqual(['one']);
    expect(signals.bodies).toEqual([
      { maxEvents: 32, returnImmediately: true },
      { maxEvents: 0, returnImmediately: true, ack: ['one', 'two'] },
    ]);
    expect(lines(cronLogs).map(({ event, delivery }) => [event, delivery])).toEqual([
      ['signal_received', 'poll'],
      ['signal_unmapped', 'poll'],
    ]);
  });

  it('that finds nothing asks once', async () => {
    const { runCron, signals, cronLogs, lines } = polling(makeStream().answer);
    await runCron();
    expect(signals.bodies).toHaveLength(1);
    expect(lines(cronLogs)).toEqual([]);
  });

  it('tells what is wrong with an event, as RFC 8935 words it', async () => {
    const stream = makeStream();
    await stream.add('one', { aud: 'other' });
    await stream.add('two');
    stream.waiting.set('three', 'no token');
    stream.waiting.set('four', { not: 'text' });
    const { runCron, memory } = polling(stream.answer);
    await runCron();
    expect(stream.acks).toEqual(['two']);
    expect(stream.errors).toEqual({
      one: { err: 'invalid_audience', description: 'The audience is another one.' },
      three: { err: 'invalid_request', description: 'The body is not a signed JWT in compact form.' },
      four: { err: 'invalid_request', description: 'The body is not a signed JWT in compact form.' },
    });
    expect(memory.events).toHaveLength(1);
    expect(stream.headers.at(-1)?.get('content-language')).toBe('en');
  });

  it('goes on while there are more, and takes 16 rounds at most', async () => {
    const stream = makeStream(2);
    for (let i = 0; i < 40; i++) await stream.add(`e${i}`, { iat: NOW_SECONDS - 5 - i });
    const { runCron, memory, signals } = polling(stream.answer);
    await runCron();
    expect(signals.bodies).toHaveLength(17);
    expect(stream.acks).toHaveLength(32);
    await runCron();
    expect(stream.acks).toHaveLength(40);
    expect(memory.events.map(({ id }) => id)).toEqual(Array.from({ length: 40 }, (_, i) => `e${i}`));
  });

  it('sends the secret, and goes to no other place', async () => {
    const env = { POLL_AUTHORIZATION: 'Bearer p0ll' };
    const stream = makeStream();
    const { runCron } = polling(stream.answer, { poll_authorization: 'secret:POLL_AUTHORIZATION' }, env);
    await runCron();
    expect(stream.headers.map((one) => one.get('authorization'))).toEqual(['Bearer p0ll']);
    const away = polling(
      () => new Response(null, { status: 307, headers: { location: 'https://evil.example' } }),
    );
    await away.runCron();
    expect(away.signals.redirects).toEqual(['manual']);
    expect(away.lines(away.cronLogs)).toEqual([
      { event: 'signal_poll_failed', transmitter: 'corp', cause: 'redirect', http_status: 307 },
    ]);
  });

  it('leaves no path for others to send to, unless the policy names one', async () => {
    const { send } = polling(undefined);
    expect((await send('x')).status).toBe(404);
    const both = polling(undefined, { path: PATH });
    expect((await both.send(await makeSet())).status).toBe(202);
  });
});

describe('nothing is lost', () => {
  it('while the store fails: it comes again', async () => {
    const stream = makeStream();
    await stream.add('one');
    const { runCron, memory, signals } = polling(stream.answer);
    memory.state.fails = true;
    await runCron();
    expect([stream.acks, stream.errors, signals.bodies.length]).toEqual([[], {}, 1]);
    memory.state.fails = false;
    await runCron();
    expect([stream.acks, memory.events.length]).toEqual([['one'], 1]);
  });

  it('while the store fails and there are more: the same is not asked for again and again', async () => {
    const stream = makeStream(1);
    await stream.add('one');
    await stream.add('two');
    const { runCron, memory, signals } = polling(stream.answer);
    memory.state.fails = true;
    await runCron();
    expect(signals.bodies).toHaveLength(1);
  });

  it('while keys can’t be had', async () => {
    const stream = makeStream();
    await stream.add('one');
    const { runCron, signals } = polling(stream.answer);
    signals.keysDown = true;
    await runCron();
    expect([stream.acks, stream.errors]).toEqual([[], {}]);
    signals.keysDown = false;
    await runCron();
    expect(stream.acks).toEqual(['one']);
  });

  it('where an acknowledgement is lost: it is taken once', async () => {
    const stream = makeStream();
    await stream.add('one');
    let isAway = true;
    const { runCron, memory } = polling((body, request) =>
      isAway && 'ack' in body ? new Response('x', { status: 502 }) : stream.answer(body, request),
    );
    await runCron();
    expect(stream.acks).toEqual([]);
    isAway = false;
    await runCron();
    expect([stream.acks, memory.events.length]).toEqual([['one'], 1]);
  });

  it('while one of many can’t be stored, those before and behind it are', async () => {
    const stream = makeStream();
    for (const id of ['one', 'two', 'three']) await stream.add(id);
    const { runCron, memory } = polling(stream.answer);
    const { receive } = memory.writer;
    memory.writer.receive = async (event) => {
      if (event.id === 'two') throw new Error('away');
      return receive(event);
    };
    await runCron();
    expect(stream.acks).toEqual(['one', 'three']);
    memory.writer.receive = receive;
    await runCron();
    expect(stream.acks).toEqual(['one', 'three', 'two']);
  });
});

it('a key that is not there a minute later is none', async () => {
  const stream = makeStream();
  await stream.add('one', {}, { kid: 'made-up' });
  const { KEYS } = env as { KEYS: KVNamespace };
  const slow: WorldOptions['poll'] = (body, request) => {
    // The cron has fetched the keys a second before it asks for events.
    state.nowMs += 1_000;
    return stream.answer(body, request);
  };
  const { runCron, state } = polling(slow, {}, { KEYS });
  await runCron();
  expect([stream.acks, stream.errors]).toEqual([[], {}]);
  state.nowMs += 5 * 60_000;
  await runCron();
  expect(stream.errors).toMatchObject({ one: { err: 'invalid_key' } });
});

describe('an answer that is bad', () => {
  it.each<[cause: string, answer: () => Response]>([
    ['http_status', () => new Response('x', { status: 401 })],
    ['malformed', () => new Response('x')],
    ['malformed', () => Response.json([])],
    ['malformed', () => Response.json({ sets: ['x'] })],
    ['malformed', () => Response.json({})],
    ['too_large', () => new Response('x'.repeat(1_048_577))],
    [
      'network_error',
      () => {
        throw new Error('reset');
      },
    ],
  ])('%s', async (cause, answer) => {
    const { runCron, cronLogs, lines, memory } = polling(answer);
    await runCron();
    expect(lines(cronLogs)).toEqual([expect.objectContaining({ event: 'signal_poll_failed', cause })]);
    expect(memory.state.calls).toBe(0);
  });

  it('of more events than were asked for: the others come again', async () => {
    const stream = makeStream(100);
    const set = await makeSet();
    for (let i = 0; i < 50; i++) stream.waiting.set(`e${i}`, set);
    const { runCron, signals } = polling((body, request) => {
      const { maxEvents: _, ...rest } = body;
      return 'ack' in rest ? Response.json({ sets: {} }) : stream.answer(rest, request);
    });
    await runCron();
    expect(signals.bodies.at(-1)?.['ack']).toHaveLength(32);
  });
});
