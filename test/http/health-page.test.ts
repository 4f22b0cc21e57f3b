/** The tables of docs/keys.md under "Health"; test/http/health.test.ts has each state from real failures. */
import { describe, expect, it } from 'vitest';
import page from '../../docs/keys.md?raw';
import { renderHealth } from '../../src/http/health.ts';
import type { KeyState } from '../../src/keys/source.ts';
import { tableIn } from '../support/page.ts';

describe('the health', () => {
  const now = Date.parse('2026-11-24T12:15:42.000Z');
  const checkedAtMs = Date.parse('2026-11-24T12:00:00.000Z');
  const atMs = Date.parse('2026-11-24T12:05:00.000Z');
  const lastFailure = { atMs, fault: 'http_status', status: 403 } as const;
  const never = { keys: 0, checkedAtMs: undefined, lastFailure: undefined };
  const good = { keys: 2, checkedAtMs, lastFailure: undefined };
  const STATES: Readonly<Record<string, KeyState>> = {
    ok: { ...good, freshness: 'fresh' },
    waiting: { ...never, freshness: 'none' },
    stale: { ...good, freshness: 'stale' },
    failing: { ...good, freshness: 'fresh', lastFailure },
    unusable: { ...good, freshness: 'unusable', lastFailure },
    never_fetched: { ...never, freshness: 'unusable', lastFailure },
  };
  const ask = async (...states: readonly KeyState[]) => {
    const response = renderHealth(
      states.map((state, i) => [i === 0 ? 'auth0' : `other${i}`, state]),
      now,
    );
    const text = await response.text();
    return { code: response.status, text, health: JSON.parse(text) };
  };

  it('has the states of the table', async () => {
    const told = tableIn(page, 'status of an issuer').map((row) => row['status of an issuer']);
    expect(told).toEqual(Object.keys(STATES));
    for (const [name, state] of Object.entries(STATES))
      expect((await ask(state)).health.issuers.auth0.status).toBe(name);
  });

  it('has the status of all that the table says, for every two issuers', async () => {
    const table = tableIn(page, 'status of all').filter((row) => row['status of all'] !== '–');
    const rankOf = (name: string) =>
      table.findIndex((row) => row['where']?.match(/\w+/g)?.includes(name) ?? false);
    for (const [a, one] of Object.entries(STATES))
      for (const [b, other] of Object.entries(STATES)) {
        const { health, code } = await ask(one, other);
        const row = table[Math.max(rankOf(a), rankOf(b))];
        expect(health.status, `${a} and ${b}`).toBe(row?.['status of all']);
        expect(String(code)).toBe(row?.['HTTP status']?.slice(0, 3));
      }
  });

  it('is a page where a browser asks, with the same facts and every name as text', async () => {
    const states = [['<img src=x>', STATES['failing'] as KeyState]] as const;
    const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    const response = renderHealth(states, now, browser);
    const text = await response.text();
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('vary')).toBe('Accept');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    for (const fact of ['&#60;img src=x&#62;', 'failing', '2 (fresh)', '942 s ago', 'http_status (HTTP 403)'])
      expect(text).toContain(fact);
    expect(text).not.toContain('<img');
    for (const accept of [null, '*/*', 'application/json', 'application/json, text/plain', 'text/htmlx'])
      expect(renderHealth(states, now, accept).headers.get('content-type')).toBe('application/json');
  });

  it('is what the page shows, and begins with what a monitor looks for', async () => {
    const { health } = await ask(STATES['failing'] as KeyState);
    expect(JSON.parse(/## Health[\s\S]*?```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '')).toEqual(health);
    const wanted = /looks for `(\{[^`]*)`/.exec(page)?.[1] ?? '?';
    for (const [name, state] of Object.entries(STATES))
      expect((await ask(state)).text.startsWith(wanted), name).toBe(
        ['ok', 'waiting', 'stale'].includes(name),
      );
  });
});
