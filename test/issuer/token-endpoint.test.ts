import { env } from 'cloudflare:workers';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { NOW_SECONDS } from '../support/issuer.ts';
import {
  addApi,
  addClient,
  makeIssuer,
  makeSecretRecord,
  type TestClient,
  TIMESHEETS,
  TOKEN_ISSUER,
  usualRequest,
} from '../support/token-issuer.ts';

type Answer = {
  access_token: string;
  expires_in: number;
  scope?: string;
  error?: string;
  error_description?: string;
};

let client: TestClient;
beforeEach(async () => {
  await addApi();
  client = await addClient();
});

const read = async (response: Response) => (await response.json()) as Answer;
const basic = (id: string, secret: string) => ({ authorization: `Basic ${btoa(`${id}:${secret}`)}` });

describe('a token request', () => {
  it('gets, as the tutorial of Auth0 sends it, exactly the three members of its answer', async () => {
    await addApi({ identifier: 'https://plain.example/', scopes: [], token_lifetime: 86_400 });
    const plain = await addClient({ grants: { 'https://plain.example/': { scope: [] } } });
    const issuer = await makeIssuer();
    const response = await issuer.ask('oauth/token', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...usualRequest(plain), audience: 'https://plain.example/' }),
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('pragma')).toBe('no-cache');
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    const answer = await read(response);
    expect(answer).toEqual({ access_token: answer.access_token, token_type: 'Bearer', expires_in: 86_400 });
  });

  it.each([
    [
      'none: all of the grant, told',
      undefined,
      'read:timesheets batch:upload',
      'read:timesheets batch:upload',
    ],
    ['some of the grant: these, not told', 'batch:upload', 'batch:upload', undefined],
    ['all, in another order', 'batch:upload read:timesheets', 'batch:upload read:timesheets', undefined],
    [
      'one twice, and blanks: the same set, not told',
      ' batch:upload  batch:upload ',
      'batch:upload',
      undefined,
    ],
    ['blanks only: as none', '  ', 'read:timesheets batch:upload', 'read:timesheets batch:upload'],
  ])('that asks for scopes: %s', async (_why, scope, inToken, inAnswer) => {
    const issuer = await makeIssuer();
    const answer = await read(await issuer.post(usualRequest(client, scope === undefined ? {} : { scope })));
    expect(decodeJwt(answer.access_token)['scope']).toBe(inToken);
    expect(answer.scope).toBe(inAnswer);
  });

  it('has scopes of its grant only, and none that the API no longer has', async () => {
    const narrow = await addClient({ grants: { [TIMESHEETS]: { scope: ['batch:upload', 'gone:scope'] } } });
    const issuer = await makeIssuer();
    expect((await read(await issuer.post(usualRequest(narrow)))).scope).toBe('batch:upload');
  });

  it.each([
    ['client_secret_basic', (c: TestClient) => [{}, basic(c.id, c.secret)]],
    [
      'client_secret_basic, client_id in the body too',
      (c: TestClient) => [{ client_id: c.id }, basic(c.id, c.secret)],
    ],
    [
      'client_secret_basic in lower case',
      (c: TestClient) => [{}, { authorization: `basic ${btoa(`${c.id}:${c.secret}`)}` }],
    ],
    ['client_secret_post', (c: TestClient) => [{ client_id: c.id, client_secret: c.secret }, {}]],
  ] as [string, (c: TestClient) => [Record<string, string>, Record<string, string>]][])(
    'authenticates by %s',
    async (_way, credentials) => {
      const issuer = await makeIssuer();
      const [body, headers] = credentials(client);
      const response = await issuer.post(
        { grant_type: 'client_credentials', audience: TIMESHEETS, ...body },
        headers,
      );
      expect(response.status).toBe(200);
    },
  );

  it('understands Basic credentials with form-encoding and without (RFC 6749 §2.3.1)', async () => {
    const odd = await addClient({
      client_id: 'a-b_c',
      secrets: [await makeSecretRecord('se-cr_et0123456789012345678901234')],
    });
    const issuer = await makeIssuer();
    for (const [id, secret] of [
      ['a-b_c', 'se-cr_et0123456789012345678901234'],
      ['a%2Db%5Fc', 'se%2Dcr%5Fet0123456789012345678901234'],
    ] as const) {
      const response = await issuer.post(
        { grant_type: 'client_credentials', audience: TIMESHEETS },
        basic(id, secret),
      );
      expect(response.status, id).toBe(200);
    }
    expect(odd.id).toBe('a-b_c');
  });

  it('names its API by `resource` too (RFC 8707)', async () => {
    const issuer = await makeIssuer();
    const { audience, ...others } = usualRequest(client);
    const answer = await read(await issuer.post({ ...others, resource: TIMESHEETS }));
    expect(decodeJwt(answer.access_token).aud).toBe(audience);
    expect((await issuer.post(usualRequest(client, { resource: TIMESHEETS }))).status).toBe(200);
  });

  it('is for the default audience of its client where it names none', async () => {
    const lazy = await addClient({ default_audience: TIMESHEETS });
    const issuer = await makeIssuer();
    const { audience: _, ...others } = usualRequest(lazy);
    expect(decodeJwt((await read(await issuer.post(others))).access_token).aud).toBe(TIMESHEETS);
  });

  it('takes parameters without a value as left out (RFC 6749 §3.2)', async () => {
    const issuer = await makeIssuer();
    expect(
      (await issuer.post(usualRequest(client, { scope: '', resource: '', client_assertion: '' }))).status,
    ).toBe(200);
  });

  it.each([
    ['form with charset', 'application/x-www-form-urlencoded; charset=UTF-8'],
    ['form in capitals', 'Application/X-WWW-Form-URLEncoded'],
  ])('may be a %s', async (_name, type) => {
    const issuer = await makeIssuer();
    expect((await issuer.post(usualRequest(client), { 'content-type': type })).status).toBe(200);
  });
});

describe('an access token', () => {
  const issue = async (dialect: Parameters<typeof addApi>[0]) => {
    await addApi(dialect);
    const issuer = await makeIssuer();
    const { access_token: token } = await read(await issuer.post(usualRequest(client)));
    return { header: decodeProtectedHeader(token), claims: decodeJwt(token) };
  };
  const common = {
    iss: TOKEN_ISSUER,
    aud: TIMESHEETS,
    iat: NOW_SECONDS,
    exp: NOW_SECONDS + 3600,
    scope: 'read:timesheets batch:upload',
  };
  const permissions = ['read:timesheets', 'batch:upload'];

  it('of the dialect access_token is like those of Auth0', async () => {
    const { header, claims } = await issue({});
    expect(header).toEqual({ alg: 'ES256', typ: 'JWT', kid: expect.any(String) });
    expect(claims).toEqual({
      ...common,
      sub: `${client.id}@clients`,
      gty: 'client-credentials',
      azp: client.id,
    });
  });

  it('of the dialect rfc9068_profile is like RFC 9068 has it', async () => {
    const { header, claims } = await issue({ token_dialect: 'rfc9068_profile' });
    expect(header.typ).toBe('at+jwt');
    expect(claims).toEqual({
      ...common,
      sub: `${client.id}@clients`,
      client_id: client.id,
      jti: expect.any(String),
    });
  });

  it.each(['access_token_authz', 'rfc9068_profile_authz'] as const)(
    'of the dialect %s lists permissions',
    async (dialect) => {
      expect((await issue({ token_dialect: dialect })).claims['permissions']).toEqual(permissions);
    },
  );

  it.each([
    ['access_token', ''],
    ['rfc9068_profile', undefined],
  ] as const)('without scopes, in the dialect %s, has the scope %s', async (dialect, scope) => {
    expect((await issue({ token_dialect: dialect, scopes: [] })).claims['scope']).toBe(scope);
  });
});

/** What is refused, how, and what the log calls it. */
const REFUSED: readonly [
  string,
  () => [body: Record<string, string> | string, headers?: Record<string, string>],
  number,
  string,
  string,
][] = [
  ['no grant_type', () => [without('grant_type')], 400, 'invalid_request', 'grant_type_missing'],
  [
    'another grant (RFC 6749 §5.2)',
    () => [usualRequest(client, { grant_type: 'password' })],
    400,
    'unsupported_grant_type',
    'grant_type_unsupported',
  ],
  [
    'an organization',
    () => [usualRequest(client, { organization: 'org_1' })],
    400,
    'invalid_request',
    'parameter_unsupported',
  ],
  [
    'no content type',
    () => [usualRequest(client), { 'content-type': '' }],
    400,
    'invalid_request',
    'content_type_unsupported',
  ],
  [
    'text',
    () => [usualRequest(client), { 'content-type': 'text/plain' }],
    400,
    'invalid_request',
    'content_type_unsupported',
  ],
  ['JSON that is none', () => ['{', JSON_TYPE], 400, 'invalid_request', 'body_malformed'],
  ['JSON that is a list', () => ['[]', JSON_TYPE], 400, 'invalid_request', 'body_malformed'],
  ['JSON with a number', () => ['{"grant_type":1}', JSON_TYPE], 400, 'invalid_request', 'body_malformed'],
  [
    'JSON with a name twice',
    () => [`{"grant_type":"client_credentials","client_id":"a","client_\\u0069d":"b"}`, JSON_TYPE],
    400,
    'invalid_request',
    'parameter_repeated',
  ],
  [
    'JSON with a name twice, once as a number',
    () => ['{"scope":1,"scope":"a"}', JSON_TYPE],
    400,
    'invalid_request',
    'body_malformed',
  ],
  [
    'JSON with a name twice, once as an object',
    () => ['{"":{"":""},"":""}', JSON_TYPE],
    400,
    'invalid_request',
    'body_malformed',
  ],
  [
    'a form with a name twice (RFC 6749 §3.2)',
    () => [`${new URLSearchParams(usualRequest(client))}&scope=a&scope=b`],
    400,
    'invalid_request',
    'parameter_repeated',
  ],
  [
    'an empty parameter twice',
    () => [`${new URLSearchParams(usualRequest(client))}&scope=&scope=`],
    400,
    'invalid_request',
    'parameter_repeated',
  ],
  [
    'several resources (RFC 8707 §2)',
    () => [`${new URLSearchParams(usualRequest(client))}&resource=a&resource=b`],
    400,
    'invalid_target',
    'resource_several',
  ],
  [
    'a body over 16 KB',
    () => [usualRequest(client, { x: 'x'.repeat(17_000) })],
    400,
    'invalid_request',
    'body_too_large',
  ],
  [
    'a body over 16 KB that says it is short',
    () => [usualRequest(client, { x: 'x'.repeat(17_000) }), { 'content-length': '100' }],
    400,
    'invalid_request',
    'body_too_large',
  ],
  [
    'a body of an odd length over 16 KB',
    () => [usualRequest(client, { x: 'x'.repeat(17_000) }), { 'content-length': '1e2' }],
    400,
    'invalid_request',
    'body_too_large',
  ],
  [
    'two ways of authentication (RFC 6749 §2.3)',
    () => [usualRequest(client), basic(client.id, client.secret)],
    400,
    'invalid_request',
    'credentials_several',
  ],
  [
    'a Bearer token beside a secret',
    () => [usualRequest(client), { authorization: 'Bearer x' }],
    400,
    'invalid_request',
    'credentials_several',
  ],
  [
    'a secret beside an assertion',
    () => [usualRequest(client, { client_assertion: 'x' })],
    400,
    'invalid_request',
    'credentials_several',
  ],
  [
    'client_id of another client',
    () => [{ ...without('client_secret'), client_id: 'other' }, basic(client.id, client.secret)],
    400,
    'invalid_request',
    'client_id_conflict',
  ],
  ['no credentials', () => [without('client_secret')], 401, 'invalid_client', 'credentials_missing'],
  ['no client id', () => [without('client_id')], 401, 'invalid_client', 'credentials_missing'],
  [
    'Basic that is no base64',
    () => [without('client_id', 'client_secret'), { authorization: 'Basic !!' }],
    401,
    'invalid_client',
    'credentials_malformed',
  ],
  [
    'Basic without a colon',
    () => [without('client_id', 'client_secret'), { authorization: `Basic ${btoa('x')}` }],
    401,
    'invalid_client',
    'credentials_malformed',
  ],
  [
    'Basic with broken form-encoding',
    () => [without('client_id', 'client_secret'), { authorization: `Basic ${btoa('%zz:x')}` }],
    401,
    'invalid_client',
    'credentials_malformed',
  ],
  [
    'another scheme',
    () => [without('client_id', 'client_secret'), { authorization: 'Bearer x' }],
    401,
    'invalid_client',
    'credentials_malformed',
  ],
  [
    'an unknown client',
    () => [usualRequest({ id: 'nobody', secret: client.secret })],
    401,
    'invalid_client',
    'client_unknown',
  ],
  [
    'a client id that KV can’t look up',
    () => [usualRequest({ id: 'x'.repeat(600), secret: 'x' })],
    401,
    'invalid_client',
    'client_unknown',
  ],
  [
    'a client id that is no id',
    () => [usualRequest({ id: '../é', secret: 'x' })],
    401,
    'invalid_client',
    'client_unknown',
  ],
  [
    'a wrong secret',
    () => [usualRequest({ ...client, secret: `${client.secret}x` })],
    401,
    'invalid_client',
    'secret_wrong',
  ],
  ['no audience', () => [without('audience')], 400, 'invalid_request', 'audience_missing'],
  [
    'audience and resource that differ',
    () => [usualRequest(client, { resource: 'https://other.example/' })],
    400,
    'invalid_request',
    'audience_conflict',
  ],
  [
    'an unknown API',
    () => [usualRequest(client, { audience: 'https://other.example/' })],
    400,
    'invalid_target',
    'api_unknown',
  ],
  [
    'an API that is nearly right',
    () => [usualRequest(client, { audience: `${TIMESHEETS}/` })],
    400,
    'invalid_target',
    'api_unknown',
  ],
  [
    'an audience that KV can’t look up',
    () => [usualRequest(client, { audience: 'é'.repeat(400) })],
    400,
    'invalid_target',
    'api_unknown',
  ],
  [
    'a name of the prototype as an audience',
    () => [usualRequest(client, { audience: '__proto__' })],
    400,
    'invalid_target',
    'api_unknown',
  ],
  [
    'a scope beyond the API (RFC 6749 §5.2)',
    () => [usualRequest(client, { scope: 'read:timesheets admin' })],
    400,
    'invalid_scope',
    'scope_not_granted',
  ],
  [
    'a scope that is none (RFC 6749 §3.3)',
    () => [usualRequest(client, { scope: 'read"timesheets' })],
    400,
    'invalid_scope',
    'scope_malformed',
  ],
];

it('a body that is no UTF-8 is refused', async () => {
  const issuer = await makeIssuer();
  const body = new Uint8Array([...new TextEncoder().encode('grant_type=client_credentials&scope='), 0xff]);
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const response = await issuer.ask('oauth/token', { method: 'POST', headers, body });
  expect([response.status, issuer.lastLine()?.reason]).toEqual([400, 'body_malformed']);
});

const JSON_TYPE = { 'content-type': 'application/json' };

function without(...names: string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(usualRequest(client)).filter(([name]) => !names.includes(name)));
}

describe('a token request is refused', () => {
  it.each(REFUSED)('with %s', async (_why, request, status, error, reason) => {
    const issuer = await makeIssuer();
    const [body, headers] = request();
    const response = await issuer.post(body, headers);
    const answer = await read(response);
    expect([response.status, answer.error, issuer.lastLine()?.reason]).toEqual([status, error, reason]);
    expect(Object.keys(answer).sort()).toEqual(['error', 'error_description']);
    expect(answer.error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const challenge = (headers?.['authorization'] ?? '').startsWith('Basic') && status === 401;
    expect(response.headers.get('www-authenticate')).toBe(challenge ? `Basic realm="${TOKEN_ISSUER}"` : null);
    expect(issuer.lastLine()?.type).toBe('feccft');
  });

  it.each(['client_id', 'client_secret', 'client_assertion', 'scope'])(
    'with %s in the URL (RFC 6749 §2.3.1)',
    async (name) => {
      const issuer = await makeIssuer();
      const response = await issuer.ask(`oauth/token?${name}=x`, {
        method: 'POST',
        body: new URLSearchParams(usualRequest(client)),
      });
      expect([response.status, (await read(response)).error]).toEqual([400, 'invalid_request']);
    },
  );

  it.each(['GET', 'PUT', 'DELETE', 'OPTIONS', 'HEAD'])('by %s (RFC 6749 §3.2)', async (method) => {
    const issuer = await makeIssuer();
    const response = await issuer.ask('oauth/token', { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('of a client that is disabled, as one that does not exist', async () => {
    const disabled = await addClient({ disabled: true });
    const issuer = await makeIssuer();
    const response = await issuer.post(usualRequest(disabled));
    expect([response.status, (await read(response)).error]).toEqual([401, 'invalid_client']);
    expect(issuer.lastLine()?.reason).toBe('client_disabled');
  });

  it('of a client without any grant, which may not use this one', async () => {
    const bare = await addClient({ grants: {} });
    const issuer = await makeIssuer();
    expect((await read(await issuer.post(usualRequest(bare)))).error).toBe('unauthorized_client');
  });

  it('for an API that is disabled', async () => {
    await addApi({ disabled: true });
    const issuer = await makeIssuer();
    expect((await read(await issuer.post(usualRequest(client)))).error).toBe('invalid_target');
  });

  it('for an algorithm without a key', async () => {
    await addApi({ signing_alg: 'RS256' });
    const issuer = await makeIssuer();
    const response = await issuer.post(usualRequest(client));
    expect([response.status, (await read(response)).error]).toEqual([500, 'server_error']);
    expect(issuer.lastLine()?.reason).toBe('signing_key_missing');
  });
});

describe('a client can’t find out', () => {
  const bytes = async (response: Response) => {
    const headers = [...response.headers].filter(([name]) => name !== 'x-request-id');
    return JSON.stringify([response.status, headers, await response.text()]);
  };

  it('whether a client exists: unknown, wrong secret, disabled and expired have one answer', async () => {
    const disabled = await addClient({ disabled: true });
    const old = 'cgs0123456789012345678901234567890123456789';
    const expired = await addClient({ secrets: [await makeSecretRecord(old, { expires_at: NOW_SECONDS })] });
    const issuer = await makeIssuer();
    const answers = await Promise.all(
      [
        usualRequest({ id: 'nobody', secret: client.secret }),
        usualRequest({ ...client, secret: 'wrong' }),
        usualRequest(disabled),
        usualRequest({ ...expired, secret: old }),
      ].map(async (request) => bytes(await issuer.post(request))),
    );
    expect(new Set(answers).size).toBe(1);
  });

  it('whether an API exists: unknown, disabled and not granted have one answer', async () => {
    await addApi({ identifier: 'https://known.example/' });
    await addApi({ identifier: 'https://other.example/', disabled: true });
    const issuer = await makeIssuer();
    const answers = await Promise.all(
      ['https://known.example/', 'https://other.example/', 'https://never.example/'].map(async (audience) =>
        (await bytes(await issuer.post(usualRequest(client, { audience })))).replaceAll(audience, ''),
      ),
    );
    expect(new Set(answers.map((text) => text.replace(/"content-length","\d+"/, ''))).size).toBe(1);
  });
});

describe('secrets', () => {
  it('work two at a time, and until they expire', async () => {
    const [first, second] = ['cgsFirst0123456789012345678901234567', 'cgsSecond012345678901234567890123456'];
    const two = await addClient({
      secrets: [
        await makeSecretRecord(first, { id: 'one', expires_at: NOW_SECONDS + 60 }),
        await makeSecretRecord(second, { id: 'two' }),
      ],
    });
    const issuer = await makeIssuer();
    const tryBoth = async () => {
      const statuses: number[] = [];
      for (const secret of [first, second])
        statuses.push((await issuer.post(usualRequest({ ...two, secret }))).status);
      return statuses;
    };
    expect(await tryBoth()).toEqual([200, 200]);
    expect(issuer.lastLine()?.credential).toBe('two');
    issuer.state.nowMs += 60_000;
    expect(await tryBoth()).toEqual([401, 200]);
  });

  it('are in no log line, wherever a client puts them', async () => {
    const issuer = await makeIssuer();
    await issuer.post(usualRequest({ id: client.secret, secret: client.secret }));
    await issuer.post(
      usualRequest(client, { scope: client.secret, audience: client.secret, client_id: client.secret }),
    );
    await issuer.post({ grant_type: client.secret, client_secret: client.secret });
    const { access_token: token } = await read(await issuer.post(usualRequest(client)));
    const text = JSON.stringify(issuer.logs);
    expect(text).not.toContain(client.secret);
    expect(text).not.toContain(token.split('.')[2]);
    expect(text).not.toContain(token.split('.')[1]);
    expect(issuer.logs).toHaveLength(4);
  });

  it.each([
    ['made here', `cgs${'Ab3'.repeat(14)}x`],
    ['imported, of another form', 'x7-'.repeat(20)],
  ])('%s are hidden before and after authentication', async (_kind, secret) => {
    const own = await addClient({ secrets: [await makeSecretRecord(secret)] });
    const issuer = await makeIssuer();
    const good = { ...own, secret };
    await issuer.post(usualRequest({ id: secret, secret: own.id }));
    await issuer.post(usualRequest({ id: secret, secret }));
    await issuer.post(usualRequest(good, { audience: secret }));
    await issuer.post(usualRequest(good, { scope: `read:timesheets ${secret}` }));
    expect(issuer.logs.map((line) => 'reason' in line && line.reason)).toEqual([
      'client_unknown',
      'client_unknown',
      'api_unknown',
      'scope_not_granted',
    ]);
    expect(JSON.stringify(issuer.logs)).not.toContain(secret);
  });

  it('an id that is not a secret is logged of a client that failed', async () => {
    const issuer = await makeIssuer();
    await issuer.post(usualRequest({ ...client, secret: 'wrong' }));
    expect(issuer.lastLine()?.unverified_client_id).toBe(client.id);
  });
});

describe('records', () => {
  it('under another’s key are none: they would speak for the other', async () => {
    const { ISSUER_KV } = limits();
    await addApi({ identifier: 'https://payroll.example/' });
    await ISSUER_KV.put(
      'api:https://x.example/',
      (await ISSUER_KV.get('api:https://payroll.example/')) ?? '',
    );
    await ISSUER_KV.put('client:copied', (await ISSUER_KV.get(`client:${client.id}`)) ?? '');
    const holder = await addClient({ grants: { 'https://x.example/': { scope: '*' } } });
    const issuer = await makeIssuer();
    expect((await issuer.post(usualRequest(holder, { audience: 'https://x.example/' }))).status).toBe(400);
    expect(issuer.lastLine()?.reason).toBe('api_unknown');
    expect((await issuer.post(usualRequest({ ...client, id: 'copied' }))).status).toBe(401);
    expect(issuer.logs).toContainEqual({ event: 'record_invalid', key: 'client:copied' });
  });

  it('whose schema is not met are none, though they have what it takes', async () => {
    const { ISSUER_KV } = limits();
    const stored = JSON.parse((await ISSUER_KV.get(`client:${client.id}`)) ?? '{}') as object;
    await ISSUER_KV.put(`client:${client.id}`, JSON.stringify({ ...stored, unknown: 1 }));
    expect((await (await makeIssuer()).post(usualRequest(client))).status).toBe(401);
  });

  it('grant nothing by names of the prototype', async () => {
    await addApi({ identifier: 'constructor' });
    const issuer = await makeIssuer();
    const response = await issuer.post(usualRequest(client, { audience: 'constructor' }));
    expect([response.status, issuer.lastLine()?.reason]).toEqual([400, 'grant_missing']);
  });
});

describe('limits', () => {
  const { CLIENT_LIMIT, FAILURE_LIMIT } = limits();

  it('hold back who keeps failing, at that address only, for a minute at most', async () => {
    const issuer = await makeIssuer({ env: { FAILURE_LIMIT } });
    const from = (address: string, secret: string) =>
      issuer.post(usualRequest({ ...client, secret }), { 'cf-connecting-ip': address });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await from('192.0.2.1', 'wrong')).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    const held = await from('192.0.2.1', client.secret);
    expect([held.status, (await read(held)).error]).toEqual([429, 'too_many_requests']);
    expect(Number(held.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(held.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect((await from('192.0.2.2', client.secret)).status).toBe(200);
    issuer.state.nowMs += 60_000;
    expect((await from('192.0.2.1', client.secret)).status).toBe(200);
  });

  it('do not hold back another client at that address, nor a Worker of another zone', async () => {
    const issuer = await makeIssuer({ env: { FAILURE_LIMIT } });
    const shared = { 'cf-connecting-ip': '2a06:98c0:3600::103' };
    const attacker = { ...shared, 'cf-worker': 'attacker.example' };
    for (let i = 0; i < 5; i++) await issuer.post(usualRequest({ ...client, secret: 'wrong' }), attacker);
    expect((await issuer.post(usualRequest(client), attacker)).status).toBe(429);
    expect(
      (await issuer.post(usualRequest(client), { ...shared, 'cf-worker': 'victim.example' })).status,
    ).toBe(200);
    expect((await issuer.post(usualRequest(await addClient()), attacker)).status).toBe(200);
  });

  it('count no failure of the store', async () => {
    const down = { ISSUER_KV: { get: () => Promise.reject(new Error('down')), list: () => {} } };
    const issuer = await makeIssuer({ env: { FAILURE_LIMIT, ...down } });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++)
      statuses.push((await issuer.post(usualRequest(client), { 'cf-connecting-ip': '192.0.2.7' })).status);
    expect(statuses).toEqual([503, 503, 503, 503, 503]);
  });

  it('hold back unknown clients just the same', async () => {
    const issuer = await makeIssuer({ env: { FAILURE_LIMIT } });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++)
      statuses.push(
        (
          await issuer.post(usualRequest({ id: 'nobodyAtAll', secret: 'x' }), {
            'cf-connecting-ip': '192.0.2.9',
          })
        ).status,
      );
    expect(statuses).toEqual([401, 401, 401, 429]);
  });

  it('are for each client: one that asks too often does not hold back another', async () => {
    const issuer = await makeIssuer({ env: { CLIENT_LIMIT } });
    const statuses: number[] = [];
    for (let i = 0; i < 22; i++) statuses.push((await issuer.post(usualRequest(client))).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(20);
    expect(statuses.slice(20)).toEqual([429, 429]);
    expect((await issuer.post(usualRequest(await addClient()))).status).toBe(200);
  });
});

describe('what fails inside issues nothing', () => {
  it.each([
    [
      'KV that can’t be read',
      { ISSUER_KV: { get: () => Promise.reject(new Error('down')), list: () => {} } },
      503,
      'temporarily_unavailable',
    ],
    [
      'a limit that throws',
      { CLIENT_LIMIT: { limit: () => Promise.reject(new Error('down')) } },
      500,
      'server_error',
    ],
  ])('%s', async (_what, env, status, error) => {
    const issuer = await makeIssuer({ env });
    const response = await issuer.post(usualRequest(client));
    const answer = await read(response);
    expect([response.status, answer.error]).toEqual([status, error]);
    expect(JSON.stringify(answer)).not.toContain('down');
  });

  it('a record that is no record: its client is unknown, and the log names it', async () => {
    const { ISSUER_KV } = limits();
    await ISSUER_KV.put('client:broken', '{"client_id":"broken"}');
    await ISSUER_KV.put('client:garbage', 'garbage');
    const issuer = await makeIssuer();
    for (const id of ['broken', 'garbage']) {
      expect((await issuer.post(usualRequest({ id, secret: 'x' }))).status).toBe(401);
      expect(issuer.logs).toContainEqual({ event: 'record_invalid', key: `client:${id}` });
    }
  });
});

function limits() {
  return env as unknown as { CLIENT_LIMIT: RateLimit; FAILURE_LIMIT: RateLimit; ISSUER_KV: KVNamespace };
}
