/** Issuer and gateway together, in one isolate, with a clock that is moved: what a rotation does to tokens. */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  MIN_PUBLISHED_SECONDS,
  makeKeySet,
  revoke,
  rotate,
  safeToRevokeAt,
  secondsUntilRotation,
} from '../../cli/issuer/rotation.ts';
import type { KeySet } from '../../issuer/src/token/keys.ts';
import { parseKeySet } from '../../issuer/src/token/keys.ts';
import { createGateway } from '../../src/gateway.ts';
import { NOW_SECONDS } from '../support/issuer.ts';
import {
  addApi,
  addClient,
  makeIssuer,
  type TestClient,
  TIMESHEETS,
  TOKEN_ISSUER,
  usualRequest,
} from '../support/token-issuer.ts';

let client: TestClient;
beforeEach(async () => {
  await addApi();
  client = await addClient();
});

/** A deployment of the issuer for each key set, and one gateway that has seen what came before. */
function makeWorld(first: KeySet) {
  const clock = { nowMs: NOW_SECONDS * 1000 };
  let current = makeIssuer({ keySets: { ES256: first } });
  const gateway = createGateway({
    env: {},
    policy: {
      ISSUERS: { own: { issuer: TOKEN_ISSUER } },
      API_X: {
        origin: 'https://origin.example',
        audience: TIMESHEETS,
        routes: { 'GET /x': { scopes_all: ['read:timesheets'] } },
      },
    },
    log: () => {},
    now: () => clock.nowMs,
    fetch: (async (input: RequestInfo | URL, init?: RequestInit) => {
      const request = new Request(input as RequestInfo, init);
      return request.url.startsWith(TOKEN_ISSUER)
        ? (await current).app.fetch(request)
        : new Response('from the origin');
    }) as typeof fetch,
  });
  return {
    clock,
    deploy(set: KeySet) {
      current = makeIssuer({ keySets: { ES256: set } });
    },
    async token(): Promise<string> {
      const issuer = await current;
      issuer.state.nowMs = clock.nowMs;
      const response = await issuer.post(usualRequest(client));
      expect(response.status).toBe(200);
      return ((await response.json()) as { access_token: string }).access_token;
    },
    async call(token: string): Promise<number> {
      const request = new Request('https://api.example.com/x', {
        headers: { authorization: `Bearer ${token}` },
      });
      return (await gateway.fetch(request)).status;
    },
  };
}

describe('rotation', () => {
  it('refuses no token: old and new ones pass, before and after, a hundred times', async () => {
    let set = await makeKeySet('ES256', NOW_SECONDS);
    const world = makeWorld(set);
    for (let day = 0; day < 5; day++) {
      const before = await world.token();
      for (let i = 0; i < 10; i++) expect(await world.call(before)).toBe(200);
      set = await rotate('ES256', set, NOW_SECONDS);
      world.deploy(set);
      const after = await world.token();
      for (let i = 0; i < 10; i++)
        expect([await world.call(before), await world.call(after)]).toEqual([200, 200]);
      world.clock.nowMs += 1_800_000;
    }
  });

  it('in an emergency: the new key works at once, although no gateway has seen it', async () => {
    const old = await makeKeySet('ES256', NOW_SECONDS);
    const world = makeWorld(old);
    expect(await world.call(await world.token())).toBe(200);
    world.clock.nowMs += 31_000;
    world.deploy(await makeKeySet('ES256', NOW_SECONDS));
    expect(await world.call(await world.token())).toBe(200);
  });

  it('revoking: what the key signed is refused within the documented time', async () => {
    const first = await makeKeySet('ES256', NOW_SECONDS);
    const world = makeWorld(first);
    const old = await world.token();
    expect(await world.call(old)).toBe(200);
    const rotated = await rotate('ES256', first, NOW_SECONDS);
    const previous = rotated.keys.find(({ status }) => status === 'previous')?.jwk.kid ?? '';
    world.deploy(revoke(rotated, previous));
    const fresh = await world.token();
    world.clock.nowMs += 16 * 60_000; // without a cron: docs/keys.md
    await world.call(fresh); // refreshes behind the answer
    await expect.poll(() => world.call(old)).toBe(401);
    expect(await world.call(fresh)).toBe(200);
  });
});

describe('the states of keys', () => {
  it('go from next to current to previous, which keeps no private half', async () => {
    const first = await makeKeySet('ES256', NOW_SECONDS);
    const second = await rotate('ES256', first, NOW_SECONDS + 1);
    const kid = (set: KeySet, status: string) => set.keys.find((key) => key.status === status)?.jwk.kid;
    expect(kid(second, 'current')).toBe(kid(first, 'next'));
    expect(kid(second, 'previous')).toBe(kid(first, 'current'));
    expect(second.keys.find(({ status }) => status === 'previous')?.jwk).not.toHaveProperty('d');
    expect(parseKeySet('ES256', JSON.stringify(second))).toEqual(second);
    expect((await rotate('ES256', second, NOW_SECONDS + 2)).keys).toHaveLength(4);
  });

  it('a next key signs after a day, unless it is forced', async () => {
    const set = await makeKeySet('ES256', NOW_SECONDS);
    expect(secondsUntilRotation(set, NOW_SECONDS + 60)).toBe(MIN_PUBLISHED_SECONDS - 60);
    expect(secondsUntilRotation(set, NOW_SECONDS + MIN_PUBLISHED_SECONDS)).toBe(0);
  });

  it('a previous key is safe to revoke when its last token has expired, and verifiers have looked again', () => {
    const key = { status: 'previous' as const, since: NOW_SECONDS, jwk: { kty: 'EC', kid: 'a' } };
    expect(safeToRevokeAt(key)).toBe(NOW_SECONDS + 30 * 86_400 + 300 + 600);
  });

  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'] as const)(
    'three generations of %s fit into a secret of 5 KB',
    async (algorithm) => {
      const set = await rotate(algorithm, await rotate(algorithm, await makeKeySet(algorithm, 1), 2), 3);
      expect(JSON.stringify(set).length).toBeLessThan(5000);
    },
  );
});

it('kids can be typed as arguments of commands: none begins like a flag', async () => {
  const sets = await Promise.all(Array.from({ length: 100 }, () => makeKeySet('EdDSA', NOW_SECONDS)));
  const kids = sets.flatMap(({ keys }) => keys.map(({ jwk }) => jwk.kid));
  expect(kids.filter((kid) => kid.startsWith('-'))).toEqual([]);
});
