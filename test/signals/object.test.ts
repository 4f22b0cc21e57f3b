/** What an event asks for is stored by the object itself, however large the event is. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { OBJECT_NAME } from '../../src/revocation/access.ts';
import type { Revocations } from '../../src/revocation/object/object.ts';
import { ISSUER } from '../support/policy.ts';
import {
  CREDENTIAL_CHANGE,
  makeLogout,
  makeSet,
  makeWorld,
  POLL_URI,
  SESSION_REVOKED,
  type WorldOptions,
} from './world.ts';

const { REVOCATIONS, KEYS } = env as unknown as {
  REVOCATIONS: DurableObjectNamespace<Revocations>;
  KEYS: KVNamespace;
};
const world = (signal: Record<string, unknown> = {}, more: Partial<WorldOptions> = {}) =>
  makeWorld({ env: { REVOCATIONS, KEYS }, signal, ...more });
const user = (sub: string) => ({ format: 'iss_sub', iss: ISSUER, sub });
const unknown = (i: number) => `https://example.com/${'x'.repeat(200)}/${i}`;

describe('an event for the object', () => {
  it.each([
    ['the longest subject that is stored', { sub_id: user('x'.repeat(512)) }, 'signal_received'],
    ['a longer one', { sub_id: user('x'.repeat(513)) }, 'signal_unmapped'],
    ['the longest jti', { jti: 'x'.repeat(1024) }, 'signal_received'],
    [
      'many events, of which nobody knows most',
      {
        events: Object.fromEntries([
          [SESSION_REVOKED, {}],
          [CREDENTIAL_CHANGE, { change_type: 'revoke' }],
          ...Array.from({ length: 6 }, (_, i) => [unknown(i), {}]),
        ]),
      },
      'signal_received',
    ],
  ])('is answered with 202 where it has %s', async (_, claims, line) => {
    const { push, lines } = world();
    expect((await push(claims)).status).toBe(202);
    expect(lines().map(({ event }) => event)).toContain(line);
  });

  it('is refused, as a logout token, where its session can not be stored', async () => {
    const { logout, lines } = world({ logout_tokens: 'typed', issuer: ISSUER });
    const token = await makeLogout({ iss: ISSUER, sid: 'x'.repeat(513) });
    expect((await logout(token)).status).toBe(400);
    expect(lines()[0]).toMatchObject({ why: 'subject' });
  });

  it('is refused, sent or asked for, where ops have blocked the key that signed it', async () => {
    const object = REVOCATIONS.get(REVOCATIONS.idFromName(OBJECT_NAME));
    const blocked = { kind: 'key', target: 'signals-1', by: 'one', why: 'leaked' };
    await object.apply({ action: 'close', status: 503, ...blocked });
    const nowMs = Date.now();
    const set = await makeSet({ iat: Math.floor(nowMs / 1000) - 5 });
    const sent = world();
    const asked = world({ poll_uri: POLL_URI }, { poll: () => Response.json({ sets: { one: set } }) });
    // What the object publishes is dated by its clock.
    for (const { state } of [sent, asked]) state.nowMs = nowMs;
    const response = await sent.send(set);
    await asked.runCron();
    await object.apply({ action: 'open', ...blocked });
    expect(response.status).toBe(400);
    for (const lines of [sent.lines(), asked.lines(asked.cronLogs)])
      expect(lines).toMatchObject([{ event: 'signal_refused', why: 'key_blocked' }]);
  });
});
