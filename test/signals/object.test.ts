/** What an event asks for is stored by the object itself, however large the event is. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { ISSUER } from '../support/policy.ts';
import { CREDENTIAL_CHANGE, makeLogout, makeWorld, SESSION_REVOKED } from './world.ts';

const { REVOCATIONS, KEYS } = env as unknown as Record<string, unknown>;
const world = (signal: Record<string, unknown> = {}) => makeWorld({ env: { REVOCATIONS, KEYS }, signal });
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
});
