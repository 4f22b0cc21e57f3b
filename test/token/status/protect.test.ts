/** `protect()` looks tokens up too, and its routes share lists. */
import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { protect } from '../../../src/hono.ts';
import { NOW_SECONDS } from '../../support/issuer.ts';
import { AUDIENCE } from '../../support/policy.ts';
import { key, listClaim, signList, tokenAt } from './world.ts';

it('protect(): a revoked token is refused on every route, and the list is fetched once', async () => {
  const issuer = 'https://protected.example/';
  const uri = `${issuer}statuslists/1`;
  const asked: string[] = [];
  const options = {
    issuer,
    jwksUri: `${issuer}keys`,
    audience: AUDIENCE,
    statusList: 'required' as const,
    log: () => {},
    now: () => NOW_SECONDS * 1000,
    fetch: (async (url: string) => {
      asked.push(url);
      if (url === `${issuer}keys`) return Response.json({ keys: [key.publicJwk] });
      return new Response(await signList({ sub: url, status_list: await listClaim([0, 1]) }));
    }) as typeof fetch,
  };
  const app = new Hono();
  app.get('/one', protect(options), (c) => c.text('one'));
  app.get('/two', protect({ ...options, scopesAll: ['read:orders'] }), (c) => c.text('two'));
  const statusOf = async (path: string, idx: number) => {
    const authorization = `Bearer ${await tokenAt(idx, uri, { iss: issuer })}`;
    return (await app.request(path, { headers: { authorization } })).status;
  };
  for (const path of ['/one', '/two']) {
    expect(await statusOf(path, 0)).toBe(200);
    expect(await statusOf(path, 1)).toBe(401);
  }
  expect(asked).toEqual([`${issuer}keys`, uri]);
  expect(() => protect({ ...options, statusListHosts: ['*'] })).toThrow('statusListHosts[0]: ');
});
