/** The place of the token: one for each API, which `token_from` names. */
import { beforeAll, describe, expect, it } from 'vitest';
import { makeRig } from '../support/gateway.ts';
import { makeKey, type SigningKey, sign, usualClaims } from '../support/issuer.ts';
import { AUDIENCE, faultsOf, policyWith, vars } from '../support/policy.ts';

let key: SigningKey;
let token: string;
let other: string;
beforeAll(async () => {
  key = await makeKey();
  token = await sign(key, { ...usualClaims(), sub: 'alice' });
  other = await sign(key, { ...usualClaims(), sub: 'bob' });
});

type Tables = Record<string, unknown>;
type Sent = Record<string, string>;
const rigWith = (tokenFrom: string, more: Tables = {}, routes: Tables = { '* /x': {} }) =>
  makeRig({ routes, api: { token_from: tokenFrom, ...more }, keys: [key.publicJwk] });

const UPGRADE = { upgrade: 'websocket', connection: 'Upgrade' };
const SAME = { 'sec-fetch-site': 'same-origin' };
const PLACES = [
  'authorization',
  'header:X-Api-Token',
  'cookie:__Host-session',
  'websocket',
  'access',
] as const;
type Place = (typeof PLACES)[number];

/** A token in each place, as its clients write it. */
const inPlace: Readonly<Record<Place, (text: string) => Sent>> = {
  authorization: (text) => ({ authorization: `Bearer ${text}` }),
  'header:X-Api-Token': (text) => ({ 'x-api-token': text }),
  'cookie:__Host-session': (text) => ({ cookie: `a=1; __Host-session=${text}; b=2` }),
  websocket: (text) => ({ ...UPGRADE, 'sec-websocket-protocol': `chat, bearer, ${text}` }),
  access: (text) => ({ 'cf-access-jwt-assertion': text }),
};
/** Two tokens in the place. */
const twice: Readonly<Record<Place, (a: string, b: string) => Sent>> = {
  authorization: (a, b) => ({ authorization: `Bearer ${a}, Bearer ${b}` }),
  'header:X-Api-Token': (a, b) => ({ 'x-api-token': `${a}, ${b}` }),
  'cookie:__Host-session': (a, b) => ({ cookie: `__Host-session=${a}; __Host-session=${b}` }),
  websocket: (a, b) => ({ ...UPGRADE, 'sec-websocket-protocol': `bearer, ${a}, bearer, ${b}` }),
  access: (a, b) => ({ 'cf-access-jwt-assertion': `${a}, ${b}` }),
};
/** The same name in other spellings, which the gateway does not read. */
const aliases: Readonly<Record<Place, (text: string) => Sent>> = {
  authorization: (text) => ({ authorisation: `Bearer ${text}` }),
  'header:X-Api-Token': (text) => ({ x_api_token: text, 'x-api_token': text }),
  'cookie:__Host-session': (text) => ({ cookie: `__host-session=${text}; session=${text}` }),
  websocket: (text) => ({ ...UPGRADE, 'sec-websocket-protocol': `Bearer, ${text}` }),
  access: (text) => ({ cf_access_jwt_assertion: text, cookie: `CF_Authorization=${text}` }),
};

async function outcome(rig: ReturnType<typeof makeRig>, request: string, headers: Sent): Promise<unknown> {
  const response = await rig.ask(request, headers);
  return response.status === 200 ? 200 : `${response.status} ${rig.lastLog().reason}`;
}
const sentText = (request: Request) => JSON.stringify([request.url, ...request.headers]);

describe.each(PLACES)('token_from = "%s"', (place) => {
  it('reads one token there, and does not send it on', async () => {
    const rig = rigWith(place);
    expect(await outcome(rig, 'GET /x', inPlace[place](token))).toBe(200);
    const sent = rig.lastReceived();
    expect(sent.headers.get('x-claim-sub')).toBe('alice');
    expect(sentText(sent)).not.toContain(token);
  });

  it('refuses none, two, and what is no token', async () => {
    const missing = '401 token_missing';
    const several = place === 'authorization' ? '400 authorization_malformed' : '400 credential_malformed';
    expect(await outcome(rigWith(place), 'GET /x', {})).toBe(missing);
    expect(await outcome(rigWith(place), 'GET /x', twice[place](token, other))).toBe(several);
    expect(await outcome(rigWith(place), 'GET /x', twice[place](token, token))).toBe(several);
    if (place !== 'websocket')
      expect(await outcome(rigWith(place), 'GET /x', inPlace[place]('{"a":1}'))).toBe(several);
    expect(await outcome(rigWith(place), 'GET /x', inPlace[place]('x'.repeat(16_385)))).toBe(
      '401 token_too_large',
    );
  });

  it('looks into no other place, nor at another spelling, nor into the query (RFC 6750 §2.3)', async () => {
    const rig = rigWith(place);
    for (const elsewhere of PLACES.filter((one) => one !== place))
      expect(await outcome(rig, 'GET /x', inPlace[elsewhere](token)), elsewhere).toBe('401 token_missing');
    expect(await outcome(rig, 'GET /x', aliases[place](token))).toBe('401 token_missing');
    const query = `access_token=${token}&x-api-token=${token}&__Host-session=${token}`;
    expect(await outcome(rig, `GET /x?${query}`, {})).toBe('401 token_missing');
  });

  it('beside it, another spelling of the header reaches no origin', async () => {
    if (!place.startsWith('header') && place !== 'access') return;
    const rig = rigWith(place);
    const headers = { ...aliases[place](other), ...inPlace[place](token) };
    delete (headers as Sent)['cookie'];
    expect(await outcome(rig, 'GET /x', headers)).toBe(200);
    expect(sentText(rig.lastReceived())).not.toContain(other);
  });

  it('does not send it on where the route is public either', async () => {
    if (place === 'authorization') return;
    const rig = rigWith(place, {}, { 'GET /x': { auth: 'none' } });
    expect(await outcome(rig, 'GET /x', inPlace[place](token))).toBe(200);
    expect(sentText(rig.lastReceived())).not.toContain(token);
  });

  it('lets Authorization pass only where the policy says so', async () => {
    if (place === 'authorization') return;
    const headers = { ...inPlace[place](token), authorization: 'Basic b3JpZ2lu' };
    const usual = rigWith(place);
    expect(await outcome(usual, 'GET /x', headers)).toBe(200);
    expect(usual.lastReceived().headers.get('authorization')).toBeNull();
    const open = rigWith(place, {}, { 'GET /x': { auth: 'none' } });
    expect(await outcome(open, 'GET /x', headers)).toBe(200);
    expect(open.lastReceived().headers.get('authorization')).toBeNull();
    const forwarding = rigWith(place, { forward_authorization: true });
    expect(await outcome(forwarding, 'GET /x', headers)).toBe(200);
    expect(forwarding.lastReceived().headers.get('authorization')).toBe('Basic b3JpZ2lu');
  });

  it('tells the client where it looks', async () => {
    const rig = rigWith(place, { resource: 'https://api.example.com/orders' });
    const response = await rig.ask('GET /x');
    const { detail } = (await response.json()) as { detail: string };
    expect(detail).toMatch(
      /Authorization header|header x-api-token|cookie __Host-session|Open a WebSocket|Cloudflare Access/,
    );
    const metadata = await rig.ask('GET /.well-known/oauth-protected-resource/orders');
    expect(((await metadata.json()) as Tables)['bearer_methods_supported']).toEqual(
      place === 'authorization' ? ['header'] : [],
    );
  });

  it('sends it on where the API is on trial, and judges it', async () => {
    const rig = rigWith(place, { report_only: true }, { 'GET /x': { scopes_all: ['admin'] } });
    const sent = inPlace[place](token);
    expect(await outcome(rig, 'GET /x', sent)).toBe(200);
    expect(rig.lastLog()).toMatchObject({ would_deny: 'scopes_missing', client: expect.anything() });
    expect(sentText(rig.lastReceived())).toContain(token);
  });

  it('holds for other readings of a path, and for the protect() of one policy', async () => {
    const rig = rigWith(place, {}, { 'GET /X': { auth: 'none' }, 'GET /*': { auth: 'none' } });
    expect(await outcome(rig, 'GET /y', {})).toBe(200);
    const guarded = rigWith(place, {}, { 'GET /*': { auth: 'none' }, 'GET /x': {} });
    expect(await outcome(guarded, 'GET /X', {})).toBe('401 token_missing');
    expect(await outcome(guarded, 'GET /X', inPlace[place](token))).toBe(200);
    expect(sentText(guarded.lastReceived())).not.toContain(token);
  });
});

describe('a token in a cookie', () => {
  const rig = (more: Tables = {}) => rigWith('cookie:__Host-session', more);
  const cookie = () => ({ cookie: `__Host-session=${token}` });

  it('is the only cookie that is taken out', async () => {
    const one = rig();
    await outcome(one, 'GET /x', { cookie: `a=1; __Host-session="${token}"; __Host-session2=b` });
    expect(one.lastReceived().headers.get('cookie')).toBe('a=1; __Host-session2=b');
    await outcome(one, 'GET /x', cookie());
    expect(one.lastReceived().headers.get('cookie')).toBeNull();
  });

  it('that hides in the value of another one is a second one', async () => {
    const headers = { cookie: `a=1,__Host-session=${other}` };
    expect(await outcome(rig(), 'GET /x', headers)).toBe('400 credential_malformed');
  });

  it('that is empty, as after a sign-out, is none', async () => {
    expect(await outcome(rig(), 'GET /x', { cookie: '__Host-session=' })).toBe('401 token_missing');
  });

  it('is none behind a blank that browsers keep: for them it has no prefix, and any host may set it', async () => {
    for (const blank of ['\u2000', '\u00a0', '\ufeff', '\f'])
      for (const name of [`${blank}__Host-session`, `__Host-session${blank}`])
        expect(await outcome(rig(), 'GET /x', { cookie: `${name}=x.y.z` })).toBe('401 token_missing');
  });

  const app = 'https://app.example.com';
  it.each<[string, string, Sent, unknown]>([
    [
      'a read from anywhere: who sent it can not see the answer',
      'GET /x',
      { 'sec-fetch-site': 'cross-site' },
      200,
    ],
    ['a write of the own page', 'POST /x', SAME, 200],
    ['a write that the user started', 'POST /x', { 'sec-fetch-site': 'none' }, 200],
    ['a write of an older browser, from the own page', 'POST /x', { origin: 'https://api.example.com' }, 200],
    ['a write of a page that cors names', 'POST /x', { 'sec-fetch-site': 'same-site', origin: app }, 200],
    ['a write of another host of the site', 'POST /x', { 'sec-fetch-site': 'same-site' }, '403 cross_site'],
    [
      'a write of another site',
      'DELETE /x',
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      '403 cross_site',
    ],
    ['a write from a sandbox', 'POST /x', { origin: 'null' }, '403 cross_site'],
    [
      'a write of an older browser, from another site',
      'PUT /x',
      { origin: 'https://evil.example' },
      '403 cross_site',
    ],
    [
      'the own origin with another port',
      'PUT /x',
      { origin: 'https://api.example.com:8443' },
      '403 cross_site',
    ],
    ['the own origin without TLS', 'PUT /x', { origin: 'http://api.example.com' }, '403 cross_site'],
    [
      'an Origin of the own page beside a Sec-Fetch-Site that denies it',
      'PUT /x',
      { 'sec-fetch-site': 'cross-site', origin: 'https://api.example.com' },
      '403 cross_site',
    ],
    ['a write that says nothing', 'PATCH /x', {}, '403 cross_site'],
    [
      'a WebSocket of another site',
      'GET /x',
      { ...UPGRADE, origin: 'https://evil.example' },
      '403 cross_site',
    ],
    ['a WebSocket of the own page', 'GET /x', { ...UPGRADE, origin: 'https://api.example.com' }, 200],
    [
      'a read that is a write by its query',
      'GET /x?_method=DELETE',
      { 'sec-fetch-site': 'cross-site' },
      '403 cross_site',
    ],
  ])('%s', async (_what, request, headers, want) => {
    const one = rig({ cors: { origins: [app], credentials: true } });
    expect(await outcome(one, request, { ...cookie(), ...headers })).toBe(want);
    expect(one.received).toHaveLength(want === 200 ? 1 : 0);
  });

  it('of nobody is no reason to refuse a write as cross-site', async () => {
    expect(await outcome(rig(), 'POST /x', {})).toBe('401 token_missing');
  });

  it('is no reason for any page where cors names all', async () => {
    const one = rig({ cors: { origins: ['*'] } });
    expect(await outcome(one, 'POST /x', { ...cookie(), origin: app })).toBe('403 cross_site');
  });
});

describe('answers', () => {
  it.each<[string, string | null]>([
    ['authorization', null],
    ['header:X-Api-Token', 'x-api-token'],
    ['cookie:__Host-session', 'Cookie'],
    ['access', 'Cf-Access-Jwt-Assertion'],
  ])('to a token from %s tell shared caches what they depend on (RFC 9110 §12.5.5)', async (place, want) => {
    const rig = rigWith(place);
    for (const headers of [{}, inPlace[place as Place](token)])
      expect((await rig.ask('GET /x', headers)).headers.get('vary')).toBe(want);
  });

  it('to preflights allow the named header', async () => {
    const cors = { origins: ['https://app.example.com'] };
    const rig = rigWith('header:X-Api-Token', { cors });
    const response = await rig.ask('OPTIONS /x', {
      origin: 'https://app.example.com',
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'x-api-token',
    });
    expect(response.headers.get('access-control-allow-headers')).toBe('x-api-token, content-type');
  });
});

describe('a token among the protocols of a WebSocket', () => {
  const open = async (offered: string, selected?: string, routes?: Tables) => {
    const rig = makeRig({
      routes: routes ?? { 'GET /x': {} },
      api: { token_from: 'websocket' },
      keys: [key.publicJwk],
      origin: () => {
        const { 0: client, 1: server } = new WebSocketPair();
        server.accept();
        const headers = new Headers(selected === undefined ? {} : { 'sec-websocket-protocol': selected });
        return new Response(null, { status: 101, headers, webSocket: client });
      },
    });
    const response = await rig.ask('GET /x', { ...UPGRADE, 'sec-websocket-protocol': offered });
    response.webSocket?.accept();
    response.webSocket?.close();
    return { rig, response };
  };

  it('is taken out, and `bearer` is selected where the origin selects none (RFC 6455 §4.2.2)', async () => {
    const { rig, response } = await open(`bearer, ${token}`);
    expect([response.status, response.headers.get('sec-websocket-protocol')]).toEqual([101, 'bearer']);
    expect(rig.lastReceived().headers.get('sec-websocket-protocol')).toBe('bearer');
  });

  it('leaves the choice to the origin otherwise', async () => {
    const { rig, response } = await open(`chat, bearer, ${token}, other`, 'other');
    expect(response.headers.get('sec-websocket-protocol')).toBe('other');
    expect(rig.lastReceived().headers.get('sec-websocket-protocol')).toBe('chat, bearer, other');
  });

  it('changes nothing of an upgrade that offers no token', async () => {
    const { response } = await open('chat', undefined, { 'GET /x': { auth: 'none' } });
    expect([response.status, response.headers.get('sec-websocket-protocol')]).toEqual([101, null]);
  });

  it.each(['bearer', 'bearer,', 'bearer, ö'])('%s alone is malformed', async (offered) => {
    const rig = rigWith('websocket');
    const headers = { ...UPGRADE, 'sec-websocket-protocol': offered };
    expect(await outcome(rig, 'GET /x', headers)).toBe('400 credential_malformed');
  });

  it('is in no request but an upgrade', async () => {
    const headers = { 'sec-websocket-protocol': `bearer, ${token}` };
    expect(await outcome(rigWith('websocket'), 'GET /x', headers)).toBe('401 token_missing');
  });
});

describe('the field', () => {
  const of = (value: unknown) => faultsOf(vars({ 'GET /x': {} }, { token_from: value }));
  it.each<[unknown, RegExp]>([
    ['query:access_token', /never read from a query/],
    ['body:token', /never read from a query or a body/],
    ['cookies:x', /is not a place where a token can be; write "authorization"/],
    ['header', /is not a place where a token can be/],
    ['header:', /is not a name of a header/],
    ['header:a b', /is not a name of a header; write it like "header:x-api-token"/],
    ['cookie:a=b', /is not a name of a cookie/],
    ['header:Authorization', /is a place of its own; write "authorization"/],
    ['header:Cf-Access-Jwt-Assertion', /write "access"/],
    ['header:Cookie', /write "cookie:NAME"/],
    ['header:X-Claim-Sub', /is not for tokens/],
    ['header:Host', /is not for tokens/],
    [['authorization', 'access'], /token_from has the wrong type; write a string/],
    [1, /token_from has the wrong type/],
  ])('%s is an error', (value, want) => {
    expect(of(value).join('\n')).toMatch(want);
  });

  it('is for one API: others on the host keep theirs', async () => {
    const routes = { 'GET /b': {} };
    const more = { API_B: { origin: 'https://b.example', audience: AUDIENCE, routes } };
    const rig = makeRig({
      routes: { 'GET /a': {} },
      api: { token_from: 'header:x-api-token' },
      more,
      keys: [key.publicJwk],
    });
    expect(await outcome(rig, 'GET /a', { 'x-api-token': token })).toBe(200);
    expect(await outcome(rig, 'GET /b', { 'x-api-token': token })).toBe('401 token_missing');
    expect(await outcome(rig, 'GET /b', { authorization: `Bearer ${token}` })).toBe(200);
  });

  it('is in lower case for headers, and as it is for cookies', () => {
    const placeOf = (tokenFrom: string) =>
      policyWith({ 'GET /x': {} }, { token_from: tokenFrom }).apis[0]?.tokenFrom;
    expect(placeOf('header:X-Api-Token')).toEqual({ kind: 'header', header: 'x-api-token' });
    expect(placeOf('cookie:__Host-Session')).toEqual({ kind: 'cookie', cookie: '__Host-Session' });
  });
});
