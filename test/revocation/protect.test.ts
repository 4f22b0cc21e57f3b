/** protect(): routes with the same bindings share what they know of revocations. */
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { protect } from '../../src/hono.ts';
import type { ProtectOptions } from '../../src/protect.ts';
import { AUDIENCE, ISSUER } from '../support/policy.ts';

/** Bindings that count how often KV is read. */
function bindings() {
  const counts = { kv: 0 };
  const content = { version: 1, publishedAtMs: Date.now(), groups: [], switches: [] };
  const KEYS = {
    get: async () => {
      counts.kv++;
      return JSON.stringify(content);
    },
    put: async () => {},
    getWithMetadata: async () => ({ value: null, metadata: null }),
  };
  const REVOCATIONS = { idFromName: () => 'one', get: () => ({}) };
  return { counts, env: { KEYS, REVOCATIONS } };
}

function app(env: object, settings: readonly NonNullable<ProtectOptions['settings']>[]) {
  const hono = new Hono();
  for (const [i, one] of settings.entries()) {
    const options = { issuer: ISSUER, audience: AUDIENCE, maxTokenAge: 3600, env, log: () => {} };
    hono.get(`/${i}`, protect({ ...options, auth: 'none', settings: one }), (c) => c.text('ok'));
  }
  return hono;
}

const WITH = { revocation: 'REVOCATIONS' };

describe('protect() with revocation', () => {
  it('reads once for all routes with the same bindings and settings', async () => {
    const { counts, env } = bindings();
    const hono = app(env, [WITH, WITH, WITH]);
    for (const path of ['/0', '/1', '/2', '/0']) expect((await hono.request(path)).status).toBe(200);
    expect(counts.kv).toBe(1);
  });

  it('reads apart for other settings, and other bindings', async () => {
    const { counts, env } = bindings();
    const hono = app(env, [WITH, { ...WITH, blocked_clients: ['job'] }]);
    for (const path of ['/0', '/1']) await hono.request(path);
    expect(counts.kv).toBe(2);
    const other = bindings();
    await app(other.env, [WITH]).request('/0');
    expect([counts.kv, other.counts.kv]).toEqual([2, 1]);
  });

  it('does not start without what it needs', () => {
    const { env } = bindings();
    const options = { issuer: ISSUER, audience: AUDIENCE, env, log: () => {} };
    expect(() => protect({ ...options, settings: WITH })).toThrow('maxTokenAge');
    const { KEYS } = env;
    expect(() => protect({ ...options, env: { KEYS }, maxTokenAge: 60, settings: WITH })).toThrow(
      'there is no Durable Object "REVOCATIONS"',
    );
    expect(() => protect({ ...options, revocation: 'strict' })).toThrow(
      'there is no Durable Object that keeps revocations',
    );
  });
});
