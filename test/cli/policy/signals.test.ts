/** What the policy tools say of transmitters. */
import { describe, expect, it } from 'vitest';
import { comparePolicies } from '../../../cli/policy/diff/diff.ts';
import { explain } from '../../../cli/policy/explain/explain.ts';
import { policyWith } from '../../support/policy.ts';

type Table = Record<string, unknown>;
const NOW = 1_800_000_000;
const PATH = '/.well-known/claimgate/signals/corp';

const policy = (signals: Table | undefined) =>
  policyWith(
    { 'GET /orders': {} },
    {},
    {
      ISSUERS: { main: { issuer: 'https://issuer.example/', max_token_age: 3600 } },
      GATEWAY: { revocation: 'REVOCATIONS', ...(signals && { signals }) },
    },
  );
const corp = (more: Table = {}): Table => ({
  corp: { issuer: 'https://signals.example/', audience: 'a', revokes: 'main', ...more },
});

describe('explain', () => {
  it.each([
    [
      'POST',
      202,
      'events of corp (https://signals.example/), by which tokens of main are refused: the gateway verifies and stores them itself',
    ],
    ['GET', 405, 'the path for events of corp: it takes POST only'],
    ['OPTIONS', 405, 'the path for events of corp: it takes POST only'],
  ])('%s at the path of a transmitter: %d', async (method, status, words) => {
    const told = await explain(
      { method, url: `https://api.example.com${PATH}?x=1`, headers: new Headers() },
      { policy: policy(corp()), signature: 'offline', nowMs: NOW * 1000 },
    );
    expect(told.steps.map(({ decided }) => decided)).toEqual([words]);
    expect([told.answer.status, told.origin]).toEqual([status, null]);
  });
});

describe('diff', () => {
  const other = async (old: Table | undefined, now: Table | undefined) => {
    const compared = await comparePolicies(policy(old), policy(now), NOW);
    expect(compared.findings).toEqual([]);
    return compared.other;
  };

  it('a transmitter more is narrower, one less is wider', async () => {
    const words = 'corp (https://signals.example/), by which tokens of main are refused';
    const place = 'GATEWAY.signals.corp';
    expect(await other(undefined, corp())).toEqual([
      { place, before: 'nobody', now: words, verdict: 'narrower' },
    ]);
    expect(await other(corp(), undefined)).toEqual([
      { place, before: words, now: 'nobody', verdict: 'wider' },
    ]);
    expect(await other(corp(), corp())).toEqual([]);
  });

  it.each<[field: string, more: Table, before: string, now: string]>([
    [
      'issuer',
      { issuer: 'https://other.example/', jwks_uri: 'https://s.example/k' },
      'https://signals.example/',
      'https://other.example/',
    ],
    ['keys', { jwks_uri: 'https://s.example/keys' }, 'https://s.example/k', 'https://s.example/keys'],
    ['algorithms', { algorithms: ['RS256'] }, 'ES256 EdDSA RS256', 'RS256'],
    ['audience', { audience: ['b', 'a'] }, 'a', 'a b'],
    ['subjects', { subjects: { email: 'sub', opaque: 'sid' } }, 'none', 'email=sub opaque=sid'],
    ['path', { path: '/signals' }, PATH, '/signals'],
    ['authorization', { authorization: 'secret:A' }, 'none', 'A'],
    ['rate_limit', { rate_limit: 'L' }, 'none', 'L'],
    ['poll_uri', { poll_uri: 'https://s.example/poll', path: PATH }, 'none', 'https://s.example/poll'],
  ])('%s', async (field, more, before, now) => {
    const keys = { jwks_uri: 'https://s.example/k' };
    expect(await other(corp(keys), corp({ ...keys, ...more }))).toEqual([
      { place: `GATEWAY.signals.corp.${field}`, before, now },
    ]);
  });
});
