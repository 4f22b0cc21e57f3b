/** What a token's status does to requests, and which lists are believed. */
import { describe, expect, it } from 'vitest';
import { sign, signRaw, usualClaims } from '../../support/issuer.ts';
import { ISSUER } from '../../support/policy.ts';
import { RAW_JWT } from './vectors.ts';
import { key, LIST, listClaim, signList, stranger, tokenAt, world } from './world.ts';

const HOST = 'issuer.example';

describe('the status of a token', () => {
  it.each([
    [0, '200', undefined],
    [1, '401 status_invalid', ['invalid', HOST]],
    [2, '401 status_invalid', ['suspended', HOST]],
    [3, '401 status_invalid', ['status_3', HOST]],
    [4, '401 status_invalid', ['out_of_range', HOST]],
    [2 ** 31, '401 status_invalid', ['out_of_range', HOST]],
    [2 ** 32, '401 status_invalid', ['out_of_range', HOST]],
    [Number.MAX_SAFE_INTEGER, '401 status_invalid', ['out_of_range', HOST]],
  ])('at index %d of 0, 1, 2, 3: %s', async (idx, outcome, found) => {
    const { call, lastLine, state } = world();
    const token = await tokenAt(idx);
    for (const times of [1, 2, 3]) {
      expect(await call(token), `request ${times}`).toBe(outcome);
      expect(lastLine()?.reason_detail).toEqual(found);
    }
    expect(state.asked).toHaveLength(1);
  });

  it.each([0, 1, 2, 255])('of 8 bits that is %d', async (status) => {
    const { call, state } = world();
    state.listClaims = { status_list: await listClaim([0, status], 8) };
    expect(await call(await tokenAt(1))).toBe(status === 0 ? '200' : '401 status_invalid');
  });

  it('names a verified caller in the log, also where it is refused', async () => {
    const { call, lastLine } = world();
    await call(await tokenAt(1));
    expect(lastLine()).toMatchObject({ issuer: 'main', client: 'client-1', keys_from: 'network' });
    expect(lastLine()).not.toHaveProperty('unverified_client', expect.anything());
  });

  it('on a route on trial is logged, and refuses nobody', async () => {
    const { call, lastLine } = world();
    expect(await call(await tokenAt(1), '/tried')).toBe('200');
    expect(lastLine()).toMatchObject({ would_deny: 'status_invalid', would_deny_detail: ['invalid', HOST] });
  });

  it('where a token is optional, a revoked one is refused all the same', async () => {
    expect(await world().call(await tokenAt(1), '/maybe')).toBe('401 status_invalid');
  });

  it('is not looked at where the policy does not ask for it', async () => {
    const { call, state } = world({ status_list: undefined });
    for (const status of [{ status_list: { idx: 1, uri: LIST } }, 'active', 7, undefined])
      expect(await call(await sign(key, usualClaims({ status })))).toBe('200');
    expect(state.asked).toHaveLength(0);
  });
});

describe('the claim status', () => {
  const bad: readonly (readonly [string, unknown])[] = [
    ['text', 'active'],
    ['a list', [{ status_list: { idx: 0, uri: LIST } }]],
    ['status_list is text', { status_list: LIST }],
    ['no idx', { status_list: { uri: LIST } }],
    ['idx as text', { status_list: { idx: '0', uri: LIST } }],
    ['a negative idx', { status_list: { idx: -1, uri: LIST } }],
    ['a fraction', { status_list: { idx: 0.5, uri: LIST } }],
    ['2^53', { status_list: { idx: 2 ** 53, uri: LIST } }],
    ['no uri', { status_list: { idx: 0 } }],
    ['uri as a list', { status_list: { idx: 0, uri: [LIST] } }],
    ['no URI', { status_list: { idx: 0, uri: 'statuslists/1' } }],
    ['http', { status_list: { idx: 0, uri: LIST.replace('https', 'http') } }],
    ['a user name', { status_list: { idx: 0, uri: LIST.replace('//', '//me@') } }],
    ['a fragment', { status_list: { idx: 0, uri: `${LIST}#1` } }],
    ['a blank', { status_list: { idx: 0, uri: `${LIST} ` } }],
    ['a line end', { status_list: { idx: 0, uri: `https://issuer.exa\nmple/1` } }],
    ['too long', { status_list: { idx: 0, uri: `${LIST}${'1'.repeat(2048)}` } }],
    ['data:', { status_list: { idx: 0, uri: 'data:,x' } }],
  ];
  it.each(['required', 'optional'])(
    '%s: malformed ones are refused, and nothing is fetched',
    async (mode) => {
      for (const [why, status] of bad) {
        const { call, state, lastLine } = world({ status_list: mode });
        expect(await call(await sign(key, usualClaims({ status }))), why).toBe('401 claims_malformed');
        expect(lastLine()?.reason_detail).toBe('status');
        expect(state.asked, why).toHaveLength(0);
      }
    },
  );

  it.each([
    ['none', undefined],
    ['null', null],
    ['another mechanism', { other: {} }],
    ['null within', { status_list: null }],
  ])('that has no place in a list (%s) is refused only where one is required', async (_, status) => {
    const token = await sign(key, usualClaims({ status }));
    expect(await world().call(token)).toBe('401 claims_malformed');
    const optional = world({ status_list: 'optional' });
    expect(await optional.call(token)).toBe('200');
    expect(optional.state.asked).toHaveLength(0);
    expect(await optional.call(await tokenAt(1))).toBe('401 status_invalid');
  });
});

describe('the host of a list', () => {
  const refused = '401 status_invalid';
  it.each([
    [LIST, '200'],
    ['https://ISSUER.example/statuslists/1', '200'],
    ['https://issuer.example:443/statuslists/1', '200'],
    ['https://status.example.net/1', '200'],
    ['https://status.example.net:8443/1', '200'],
    ['https://issuer.example:8443/1', refused],
    ['https://status.example.net:444/1', refused],
    ['https://evil.example/1', refused],
    ['https://issuer.example.evil.example/1', refused],
    ['https://evil.example/issuer.example', refused],
    ['https://evil.example\\@issuer.example/', refused],
    ['https://notissuer.example/1', refused],
    ['https://sub.issuer.example/1', refused],
    ['https://issuer.example./1', refused],
    ['https://127.0.0.1/1', refused],
    ['https://2130706433/1', refused],
    ['https://[::1]/1', refused],
    ['https://169.254.169.254/latest/meta-data', refused],
    ['https://localhost/1', refused],
    ['http://localhost/1', refused],
    ['https://api.example.com/x', refused],
  ])('%s: %s', async (uri, outcome) => {
    const { call, state, lastLine } = world({
      status_list_hosts: ['status.example.net', 'status.example.net:8443'],
    });
    // A server may answer whatever it likes.
    state.listClaims = { sub: uri };
    expect(await call(await tokenAt(0, uri))).toBe(outcome);
    if (outcome === '200') return expect(state.asked).toHaveLength(1);
    expect(state.asked).toHaveLength(0);
    expect(lastLine()?.reason_detail).toEqual(['host_not_allowed']);
  });

  it('of an issuer on this machine may be asked without TLS', async () => {
    const { call, state } = world({ issuer: 'http://localhost:8788/' });
    const uri = 'http://localhost:8788/list';
    expect(await call(await tokenAt(0, uri, { iss: 'http://localhost:8788/' }))).toBe('200');
    expect(state.asked.map(({ url }) => url)).toEqual([uri]);
  });
});

describe('a list is asked for', () => {
  it.each<readonly [string, () => Promise<string>, string]>([
    [
      'a forged token',
      () => sign(stranger, usualClaims({ status: { status_list: { idx: 0, uri: LIST } } })),
      '401 signature_invalid',
    ],
    ['an expired token', () => tokenAt(0, LIST, { exp: 1_799_999_000 }), '401 token_expired'],
    ['a token for another audience', () => tokenAt(0, LIST, { aud: 'other' }), '401 audience_mismatch'],
    [
      'a token of another issuer',
      () => tokenAt(0, LIST, { iss: 'https://other.example' }),
      '401 issuer_not_allowed',
    ],
  ])('not for %s', async (_, make, outcome) => {
    const { call, state } = world();
    for (const idx of [0, 1]) expect(await call(await make()), String(idx)).toBe(outcome);
    expect(state.asked).toHaveLength(0);
  });

  it('as keys are: without redirects, without caches, by its own type', async () => {
    const { call, state } = world();
    await call(await tokenAt(0));
    const [request] = state.asked;
    expect(request?.headers.get('accept')).toBe('application/statuslist+jwt');
    expect(request?.headers.get('user-agent')).toMatch(/^claimgate\//);
    expect(request?.headers.get('authorization')).toBeNull();
    expect(request).toMatchObject({ method: 'GET', redirect: 'manual', cache: 'no-store' });
  });

  it('through the service binding of its issuer, whatever its host', async () => {
    const bound: string[] = [];
    const service = {
      async fetch(url: string) {
        bound.push(url);
        if (url === `${ISSUER}keys`) return Response.json({ keys: [key.publicJwk] });
        return new Response(await signList({ sub: url, status_list: await listClaim([0]) }));
      },
    };
    const uri = 'https://status.example.net/1';
    const fields = { service: 'OWN', status_list_hosts: ['status.example.net'] };
    const { call, state } = world(fields, {}, { OWN: service });
    expect(await call(await tokenAt(0, uri))).toBe('200');
    expect(bound).toEqual([`${ISSUER}keys`, uri]);
    expect(state.asked).toHaveLength(0);
  });
});

describe('a list that is not believed', () => {
  const text = (make: () => string | Promise<string>) => async () => new Response(await make());
  const list = listClaim([0, 1]);
  const signed = (claims: Record<string, unknown>, header?: Record<string, unknown>) =>
    text(async () => signList({ status_list: await list, ...claims }, header));
  const NOW = 1_800_000_000;
  it.each<readonly [string, string, () => Response | Promise<Response>]>([
    ['500', 'http_status', () => new Response('down', { status: 500 })],
    ['a redirect, even to a good list', 'redirect', () => Response.redirect(`${ISSUER}2`, 302)],
    ['a broken connection', 'network_error', () => Promise.reject(new TypeError('broken'))],
    ['more than 4 MB', 'too_large', text(() => 'x'.repeat(4 * 1024 * 1024 + 1))],
    ['a page', 'no_list', text(() => '<html>')],
    ['nothing', 'no_list', text(() => '')],
    ['the list as JSON', 'no_list', async () => Response.json({ status_list: await list })],
    ['an access token', 'no_list', text(() => sign(key, usualClaims({ sub: LIST })))],
    ['typ JWT', 'no_list', signed({}, { typ: 'JWT' })],
    ['no typ', 'no_list', signed({}, { typ: undefined })],
    ['typ statuslist+cwt', 'no_list', signed({}, { typ: 'statuslist+cwt' })],
    ['no iat', 'no_list', signed({ iat: undefined })],
    ['iat as text', 'no_list', signed({ iat: '1' })],
    ['exp as text', 'no_list', signed({ exp: '1' })],
    ['ttl as text', 'no_list', signed({ ttl: '60' })],
    ['ttl 0', 'no_list', signed({ ttl: 0 })],
    ['a negative ttl', 'no_list', signed({ ttl: -1 })],
    [
      'the key of another',
      'signature',
      text(async () => signList({ status_list: await list }, {}, stranger)),
    ],
    ['an unknown key', 'signature', signed({}, { kid: 'other' })],
    [
      'an algorithm that is not accepted',
      'signature',
      text(async () => `${btoa('{"alg":"HS256","typ":"statuslist+jwt"}').replace(/=+$/, '')}.e30.AA`),
    ],
    [
      'no signature',
      'no_list',
      text(async () => `${(await signList({ status_list: await list })).split('.').slice(0, 2).join('.')}.`),
    ],
    ['the example of the draft', 'signature', text(() => RAW_JWT)],
    ['another issuer', 'issuer_mismatch', signed({ iss: 'https://other.example/' })],
    ['no sub', 'subject_mismatch', signed({ sub: undefined })],
    ['the sub of another list', 'subject_mismatch', signed({ sub: `${ISSUER}statuslists/2` })],
    ['iat ahead', 'not_yet_valid', signed({ iat: NOW + 31 })],
    ['nbf ahead', 'not_yet_valid', signed({ nbf: NOW + 31 })],
    ['exp now', 'expired', signed({ exp: NOW })],
    ['no status_list', 'list_malformed', signed({ status_list: undefined })],
    ['bits 3', 'list_malformed', signed({ status_list: { bits: 3, lst: 'eNrbuRgAAhcBXQ' } })],
    ['truncated zlib', 'list_malformed', signed({ status_list: { bits: 1, lst: 'eNrbuRgAAhcB' } })],
  ])('%s: %s', async (_, fault, answer) => {
    const { call, state, lastLine, events } = world();
    state.answer = answer;
    const token = await tokenAt(0);
    expect(await call(token)).toBe('503 status_unavailable 1 s');
    expect(lastLine()).toMatchObject({ reason_detail: fault, issuer: 'main' });
    expect(events()).toMatchObject([{ event: 'status_list_failed', issuer: 'main', fault, url: LIST }]);
    // It gets better by itself.
    state.answer = undefined;
    expect(await call(token)).toBe('503 status_unavailable 1 s');
    state.nowMs += 1_000;
    expect(await call(token)).toBe('200');
    expect(events().at(-1)).toEqual({ event: 'status_list_recovered', issuer: 'main', url: LIST });
    // Which is told once.
    state.nowMs += 91_000;
    expect(await call(token)).toBe('200');
    expect(events()).toHaveLength(2);
    expect(state.reached).toBe(2);
  });

  it('a bomb', async () => {
    const { call, state, lastLine } = world();
    state.listClaims = {
      status_list: await listClaim([]).then(async ({ bits }) => ({ bits, lst: (await bomb()).lst })),
    };
    expect(await call(await tokenAt(0))).toBe('503 status_unavailable 1 s');
    expect(lastLine()?.reason_detail).toBe('list_too_large');
  });

  it('a blocked key', async () => {
    const other = { ...stranger, kid: 'key-2' };
    const { call, state, lastLine } = world({}, { GATEWAY: { blocked_kids: ['key-2'] } });
    state.keys = [key.publicJwk, { ...other.publicJwk, kid: 'key-2' }];
    state.answer = async () => new Response(await signList({ status_list: await list }, {}, other));
    expect(await call(await tokenAt(0))).toBe('503 status_unavailable 1 s');
    expect(lastLine()?.reason_detail).toBe('signature');
  });

  it.each([
    ['iss', { iss: ISSUER }],
    ['no exp', { exp: undefined }],
    ['no ttl', { ttl: undefined }],
    ['null', { exp: null, ttl: null, nbf: null, iss: null }],
    ['clocks that differ a little', { iat: NOW + 30, nbf: NOW + 30 }],
    ['claims that nobody knows', { aggregation: 'x' }],
  ])('but one with %s is', async (_, claims) => {
    const { call, state } = world();
    state.listClaims = claims;
    expect(await call(await tokenAt(0))).toBe('200');
  });

  it.each(['statuslist+jwt', 'application/statuslist+jwt', 'StatusList+JWT'])('typ %s is', async (typ) => {
    const { call, state } = world();
    state.answer = signed({}, { typ });
    expect(await call(await tokenAt(0))).toBe('200');
  });

  it('with a line end behind it is', async () => {
    const { call, state } = world();
    state.answer = text(async () => `${await signList({ status_list: await list })}\n`);
    expect(await call(await tokenAt(0))).toBe('200');
  });

  async function bomb() {
    const zeros = new Blob([new Uint8Array(50_000_000)]).stream();
    const deflated = await new Response(zeros.pipeThrough(new CompressionStream('deflate'))).arrayBuffer();
    const text = btoa(String.fromCharCode(...new Uint8Array(deflated)));
    return { lst: text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '') };
  }
});

describe('a list in the place of a token', () => {
  it('is no access token, whatever it claims', async () => {
    const { call, lastLine } = world();
    const claims = {
      ...usualClaims(),
      status_list: await listClaim([0]),
      status: { status_list: { idx: 0, uri: LIST } },
    };
    expect(await call(await sign(key, claims, { typ: 'statuslist+jwt' }))).toBe('401 token_type_not_allowed');
    expect(lastLine()?.unverified_typ).toBe('statuslist+jwt');
  });

  it('with a member twice: the last one counts, as in tokens (RFC 7519 §4)', async () => {
    const { call, state } = world();
    const claims = (first: string, last: string) =>
      `{"sub":${JSON.stringify(first)},"sub":${JSON.stringify(last)},"iat":1,"status_list":{"bits":1,"lst":"eNrbuRgAAhcBXQ"}}`;
    const header = JSON.stringify({ alg: 'ES256', kid: 'key-1', typ: 'statuslist+jwt' });
    state.answer = async () => new Response(await signRaw(key, claims(LIST, 'other'), header));
    expect(await call(await tokenAt(1))).toBe('503 status_unavailable 1 s');
    state.nowMs += 1_000;
    state.answer = async () => new Response(await signRaw(key, claims('other', LIST), header));
    expect(await call(await tokenAt(1))).toBe('200');
  });
});
