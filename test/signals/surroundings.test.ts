/** What is around the receiver: the store that it needs, the cron, the health, and who is not concerned. */
import { describe, expect, it } from 'vitest';
import { createGateway, type LogLine } from '../../src/gateway.ts';
import { ISSUER, vars } from '../support/policy.ts';
import { makeSet, makeWorld, PATH, POLL_URI, TRANSMITTER } from './world.ts';

describe('the store', () => {
  it('is demanded: a policy with transmitters is refused without one', async () => {
    const lines: LogLine[] = [];
    const signal = { issuer: TRANSMITTER, audience: 'a', revokes: 'main' };
    const app = createGateway({
      env: {},
      policy: vars(
        { 'GET /orders': {} },
        {},
        {
          ISSUERS: { main: { issuer: ISSUER, max_token_age: 60 } },
          GATEWAY: { signals: { corp: signal } },
        },
      ),
      log: (line) => lines.push(line),
    });
    expect((await app.fetch(new Request(`https://api.example.com${PATH}`, { method: 'POST' }))).status).toBe(
      503,
    );
    expect(lines[0]).toMatchObject({
      event: 'policy_invalid',
      faults: [expect.objectContaining({ at: 'GATEWAY.signals' })],
    });
  });
});

it.each([
  ['authorization', {}],
  ['poll_authorization', { poll_uri: POLL_URI }],
])('a secret that can’t stand in a header is a fault: %s', async (field, more) => {
  const { ask, logs } = makeWorld({ signal: { [field]: 'secret:S', ...more }, env: { S: 'Bearer x\n' } });
  expect((await ask('GET /orders')).status).toBe(503);
  const at = `GATEWAY.signals.corp.${field}`;
  expect(logs[0]).toMatchObject({ event: 'policy_invalid', faults: [expect.objectContaining({ at })] });
});

describe('keys', () => {
  it('of the transmitter are fetched by the cron, and shown by the health', async () => {
    const { runCron, signals, ask, push } = makeWorld({ settings: { health_path: '/up' } });
    await runCron();
    expect(signals.keyFetches).toBe(1);
    await push();
    const { issuers } = (await (await ask('GET /up')).json()) as {
      issuers: Record<string, { status: string }>;
    };
    expect(Object.entries(issuers).map(([name, { status }]) => [name, status])).toEqual([
      ['main', 'waiting'],
      ['signals.corp', 'ok'],
    ]);
  });
});

describe('other paths', () => {
  it.each([`${PATH}/`, `${PATH}/x`, PATH.toUpperCase(), `/${PATH}`, `${PATH}%2f`, `/x/..${PATH}`])(
    'are no transmitter’s: %s',
    async (path) => {
      const { send, memory } = makeWorld();
      const response = await send(await makeSet(), {}, `POST ${path}`);
      expect([400, 404]).toContain(response.status);
      expect(memory.state.calls).toBe(0);
    },
  );
});
