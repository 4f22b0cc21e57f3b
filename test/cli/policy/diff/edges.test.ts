/** What `diff` says of web pages, and of headers to and from origins; exact, against what the gateway does. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coversOrigins } from '../../../../cli/policy/diff/cors.ts';
import { comparePolicies } from '../../../../cli/policy/diff/diff.ts';
import { createSimulator } from '../../../../cli/policy/what-if/simulate.ts';
import { compilePolicy } from '../../../../src/policy/compile/compile.ts';
import { readOrigin } from '../../../../src/policy/compile/web-origins.ts';
import { allowsOrigin, type WebOrigins } from '../../../../src/policy/cors.ts';
import type { Policy } from '../../../../src/policy/policy.ts';

const NOW_SECONDS = 1_800_000_000;

function compile(api: object, routes: object = { 'GET /x': {} }, more: object = {}): Policy {
  const compiled = compilePolicy({
    ISSUERS: { main: { issuer: 'https://issuer.example/' } },
    API_X: { origin: 'https://x.example', audience: 'x', ...api, routes },
    ...more,
  });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults));
  return compiled.policy;
}

const compare = (old: object, now: object) => comparePolicies(compile(old), compile(now), NOW_SECONDS);
const page = 'https://app.example';

describe('cors', () => {
  it.each<[string, object, object, string | undefined]>([
    ['one more origin', { origins: [page] }, { origins: [page, 'https://b.example'] }, 'wider'],
    ['one origin less', { origins: [page, 'null'] }, { origins: [page] }, 'narrower'],
    ['another origin', { origins: [page] }, { origins: ['https://b.example'] }, undefined],
    [
      'a pattern that has it',
      { origins: ['https://a.b.example'] },
      { origins: ['https://*.b.example'] },
      'wider',
    ],
    [
      'a pattern that lacks it',
      { origins: ['https://b.c.example'] },
      { origins: ['https://*.b.c.example'] },
      undefined,
    ],
    [
      'one port of many',
      { origins: ['http://localhost:*'] },
      { origins: ['http://localhost:3000'] },
      'narrower',
    ],
    [
      'no port is one of many',
      { origins: ['http://localhost'] },
      { origins: ['http://localhost:*'] },
      'wider',
    ],
    ['all origins', { origins: ['https://*.b.example'] }, { origins: ['*'] }, 'wider'],
    [
      'another header',
      { origins: [page] },
      { origins: [page], headers: ['authorization', 'content-type', 'x-a'] },
      'wider',
    ],
    ['cookies', { origins: [page] }, { origins: [page], credentials: true }, 'wider'],
    [
      'wider and narrower',
      { origins: [page] },
      { origins: [page, 'null'], headers: ['authorization'] },
      undefined,
    ],
    ['the time only', { origins: [page] }, { origins: [page], max_age: 5 }, undefined],
  ])('%s', async (_what, before, after, verdict) => {
    const { findings, other } = await compare({ cors: before }, { cors: after });
    expect(findings).toEqual([]);
    expect(other).toHaveLength(1);
    expect(other[0]).toMatchObject({ place: 'API_X.cors' });
    expect(other[0]?.verdict).toBe(verdict);
  });

  it.each([
    ['in another order', { origins: [page, 'null'] }, { origins: ['null', page] }],
    [
      'what a pattern has already',
      { origins: ['https://*.b.example'] },
      { origins: ['https://*.b.example', 'https://a.b.example'] },
    ],
    [
      'the default headers',
      { origins: [page] },
      { origins: [page], headers: ['authorization', 'content-type'] },
    ],
  ])('says nothing of %s', async (_what, before, after) => {
    expect(await compare({ cors: before }, { cors: after })).toEqual({ findings: [], other: [] });
  });

  it('compares origins exactly', () => {
    const entry = fc.constantFrom(
      'https://a.b.example',
      'https://c.b.example',
      'https://b.example',
      'https://*.b.example',
      'https://*.c.b.example',
      'https://x.c.b.example',
      'http://localhost',
      'http://localhost:3000',
      'http://localhost:*',
      'null',
      'app://x',
      'https://*.b.example:8443',
      'https://a.b.example:8443',
    );
    // Every entry has one of these to itself, and each pair of a pattern and an entry that it has, or lacks, too.
    const universe = [
      'https://a.b.example',
      'https://c.b.example',
      'https://b.example',
      'https://other.b.example',
      'https://x.c.b.example',
      'https://other.c.b.example',
      'http://localhost',
      'http://localhost:3000',
      'http://localhost:3001',
      'null',
      'app://x',
      'https://a.b.example:8443',
      'https://other.b.example:8443',
    ];
    const read = (entries: readonly string[]): WebOrigins => {
      const all = entries.map(readOrigin);
      return {
        exact: new Set(all.filter((one) => typeof one === 'string')),
        patterns: all.filter((one) => typeof one !== 'string' && 'star' in one),
      } as WebOrigins;
    };
    const lists = fc.array(entry, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(lists, lists, (one, other) => {
        const [a, b] = [read(one), read(other)];
        const isCovered = universe.every((origin) => !allowsOrigin(b, origin) || allowsOrigin(a, origin));
        expect(coversOrigins(a, b)).toBe(isCovered);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('cors = "origin"', () => {
  it.each<[string, object, object, object, string | undefined]>([
    ['from nothing', {}, { cors: 'origin' }, { 'GET /x': {} }, 'opened'],
    ['to nothing', { cors: 'origin' }, {}, { 'GET /x': {} }, 'closed'],
    ['from a table', { cors: { origins: [page] } }, { cors: 'origin' }, { 'GET /x': {} }, 'opened'],
    ['to a table', { cors: 'origin' }, { cors: { origins: [page] } }, { 'GET /x': {} }, 'closed'],
    ['where all OPTIONS were open', {}, { cors: 'origin' }, { '* /x': { auth: 'none' } }, undefined],
    ['where some were', {}, { cors: 'origin' }, { '* /x': { auth: 'none' }, 'GET /y': {} }, 'opened'],
    ['where they need a token', {}, { cors: 'origin' }, { '* /x': {} }, 'opened'],
  ])('%s', async (_what, before, after, routes, change) => {
    const { findings, other } = await comparePolicies(
      compile(before, routes),
      compile(after, routes),
      NOW_SECONDS,
    );
    expect(findings.map((one) => [one.change, one.place])).toEqual(
      change === undefined ? [] : [[change, 'API_X.cors']],
    );
    expect(other.map(({ place }) => place)).toEqual(['API_X.cors']);
  });

  it('is told of exactly where a preflight without a token reaches an origin in one policy only', async () => {
    const key = fc.constantFrom(
      'GET /x',
      'PUT /x/:id',
      '* /y',
      'OPTIONS /x',
      'GET /*',
      'OPTIONS /*',
      'GET /X',
    );
    const config = fc.constantFrom({}, { auth: 'none' });
    const cors = fc.constantFrom(undefined, 'origin', { origins: [page] });
    const api = fc.record({ routes: fc.dictionary(key, config, { minKeys: 1, maxKeys: 4 }), cors });
    const isReached = async (policy: Policy, method: string, path: string) => {
      const headers = new Headers({ origin: page, 'access-control-request-method': method });
      const request = { url: `https://h.example${path}`, method: 'OPTIONS', headers };
      const { kind } = await createSimulator(policy)(request, () => {
        throw new Error('there is no token');
      });
      return kind === 'allow';
    };
    let seen = 0;
    await fc.assert(
      fc.asyncProperty(api, api, async (one, other) => {
        const policies = [one, other].map((each) => {
          try {
            return compile(each.cors === undefined ? {} : { cors: each.cors }, each.routes);
          } catch {
            return undefined; // rules that contradict each other
          }
        });
        const [old, now] = policies;
        if (old === undefined || now === undefined) return;
        if (![one, other].some((each) => each.cors === 'origin')) return;
        const { findings } = await comparePolicies(old, now, NOW_SECONDS);
        const told = new Set(
          findings.filter(({ place }) => place?.endsWith('.cors')).map(({ change }) => change),
        );
        const want = new Set<string>();
        for (const path of ['/x', '/X', '/x/1', '/y', '/z', '/z/z', '/']) {
          for (const method of ['GET', 'HEAD', 'PUT', 'POST', 'OPTIONS', 'PATCH']) {
            const [before, after] = [await isReached(old, method, path), await isReached(now, method, path)];
            if (before === after) continue;
            // Where neither has the preflight's path by its own word, ordinary rules for OPTIONS tell.
            want.add(after ? 'opened' : 'closed');
          }
        }
        for (const change of told) expect(want, JSON.stringify([one, other])).toContain(change);
        const all = new Set(findings.map(({ change }) => change as string));
        for (const change of want) {
          const words = change === 'opened' ? ['opened', 'widened'] : ['closed', 'narrowed'];
          expect(
            words.some((word) => all.has(word)),
            JSON.stringify([one, other, change]),
          ).toBe(true);
        }
        seen += want.size;
      }),
      { numRuns: 400 },
    );
    expect(seen).toBeGreaterThan(50);
  });
});

describe('what origins get', () => {
  const list = (only?: unknown) => ({
    forward: { groups: { header: 'x-groups', as: 'list', ...(only !== undefined && { only }) } },
  });

  it.each<[string, object, object, string, string]>([
    [
      'fewer values',
      list(),
      list(['b', { prefix: 'app-' }]),
      'x-groups from the claim groups, as list',
      'x-groups from the claim groups, as list, only b and app-…',
    ],
    [
      'a header that is dropped',
      {},
      { drop_headers: ['X_User'] },
      'x-user as the client sends it',
      'x-user dropped',
    ],
    [
      'a credential',
      {},
      { origin_headers: { apikey: 'secret:S' } },
      'apikey not set',
      'apikey from the secret S',
    ],
  ])('%s', async (_what, before, after, old, now) => {
    const { findings } = await compare(before, after);
    expect(findings.map((one) => [one.change, one.before, one.now])).toEqual([['moved', [old], [now]]]);
  });

  it.each<[string, object, object]>([
    ['the same values in another order', list(['b', 'a', 'a']), list(['a', 'b'])],
    [
      'what a prefix has already',
      list([{ prefix: 'app-' }]),
      list(['app-1', { prefix: 'app-' }, { prefix: 'app-a' }]),
    ],
    ['the same names', { drop_headers: ['X_User'] }, { drop_headers: ['x-user', 'x-user'] }],
    ['the default limit', {}, { max_claims_bytes: 8_192, rewrite_location: true }],
    ['the same scopes', { scopes_supported: ['b', 'a', 'a'] }, { scopes_supported: ['a', 'b'] }],
  ])('nothing else by %s', async (_what, before, after) => {
    expect(await compare(before, after)).toEqual({ findings: [], other: [] });
  });

  it('limits and rewritten answers are told of beside', async () => {
    const { other } = await compare({}, { max_claims_bytes: 4_096, rewrite_location: false });
    expect(other).toEqual([
      { place: 'API_X.max_claims_bytes', before: '8192', now: '4096' },
      { place: 'API_X.rewrite_location', before: 'true', now: 'false' },
    ]);
  });

  it('what clients are told is told of beside', async () => {
    const told = { scope_prefix: 'api://x/', scopes_supported: ['a'], tell_audience: false };
    const { findings, other } = await compare({}, told);
    expect(findings).toEqual([]);
    expect(other).toEqual([
      { place: 'API_X.scope_prefix', before: 'none', now: 'api://x/' },
      { place: 'API_X.scopes_supported', before: 'those of the routes', now: 'a' },
      { place: 'API_X.tell_audience', before: 'https', now: 'false' },
    ]);
    expect((await compare(told, told)).other).toEqual([]);
  });

  it('the credential takes the place of the caller’s Authorization', async () => {
    const routes = { 'GET /x': { auth: 'none' } };
    const now = { origin_headers: { authorization: 'secret:S' } };
    const { findings } = await comparePolicies(compile({}, routes), compile(now, routes), NOW_SECONDS);
    expect(findings[0]?.now).toEqual(['authorization from the secret S', 'Authorization not sent on']);
  });
});
