/** What clocks that differ do to the copy of an isolate. */
import { expect, it } from 'vitest';
import { compilePolicy } from '../../src/policy/compile/compile.ts';
import type { Content } from '../../src/revocation/content.ts';
import { createRevocationSource } from '../../src/revocation/source.ts';
import { vars } from '../support/policy.ts';

const compiled = compilePolicy(vars({ 'GET /orders': {} }));
if (!compiled.ok) throw new Error('the policy has faults');
const { settings } = compiled.policy;

it('asks the object where KV has a date that is far ahead: it would never be old', async () => {
  const nowMs = 1_800_000_000_000;
  const inKv: Content = { version: 1, publishedAtMs: nowMs + 86_400_000, groups: [], switches: [] };
  const closed = { number: 1, kind: 'api', target: 'API_ORDERS', status: 503, why: 'x' } as const;
  const io = {
    access: () => ({
      readKv: async () => inKv,
      object: { content: async () => ({ ...inKv, version: 2, publishedAtMs: nowMs, switches: [closed] }) },
    }),
    now: () => nowMs,
    waitUntil() {},
    log() {},
  };
  const standing = await createRevocationSource(settings).get(io as never);
  const [route] = compiled.ok ? (compiled.policy.apis[0]?.routes ?? []) : [];
  expect(route && standing.closed(route)).toMatchObject({ code: 'closed' });
});
