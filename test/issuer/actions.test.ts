import { decodeJwt } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  addUserId,
  onlyFromCountries,
  readOnlyOnFreePlan,
  requireTenant,
} from '../../issuer/src/actions/examples.ts';
import { fromHook, type LegacyHook } from '../../issuer/src/actions/legacy.ts';
import { type EventBase, runActions } from '../../issuer/src/actions/run.ts';
import type { CredentialsExchangeAction, CredentialsExchangeEvent } from '../../issuer/src/actions/types.ts';
import { isFailure } from '../../issuer/src/failure.ts';
import {
  addApi,
  addClient,
  type IssuerRigOptions,
  makeIssuer,
  TIMESHEETS,
  usualRequest,
} from '../support/token-issuer.ts';
import tutorialHook from './fixtures/tutorial-hook.cjs';

beforeEach(() => addApi());

/** Asks for a token with these actions, and says what came of it. */
async function exchange(
  actions: readonly CredentialsExchangeAction[],
  {
    client: more = {},
    request = {},
    headers = {},
    ...options
  }: IssuerRigOptions & {
    client?: Parameters<typeof addClient>[0];
    request?: Record<string, string>;
    headers?: Record<string, string>;
  } = {},
) {
  const client = await addClient(more);
  const issuer = await makeIssuer({ ...options, actions });
  const response = await issuer.post(usualRequest(client, request), headers);
  const answer = (await response.json()) as {
    access_token?: string;
    error?: string;
    error_description?: string;
    scope?: string;
  };
  const claims = answer.access_token === undefined ? {} : decodeJwt(answer.access_token);
  return { client, status: response.status, answer, claims, line: issuer.lastLine() };
}

const setClaim =
  (name: string, value: unknown): CredentialsExchangeAction =>
  (_event, api) =>
    api.accessToken.setCustomClaim(name, value);

describe('an action', () => {
  it('adds claims', async () => {
    const { claims } = await exchange([
      setClaim('plan', 'gold'),
      setClaim('https://x.example/n', { deep: [1] }),
    ]);
    expect(claims).toMatchObject({ plan: 'gold', 'https://x.example/n': { deep: [1] } });
  });

  it.each([
    'iss',
    'sub',
    'aud',
    'exp',
    'iat',
    'scope',
    'azp',
    'client_id',
    'gty',
    'jti',
    'cnf',
    'permissions',
    'act',
    'amr',
    'scp',
    'cid',
    'sip_x',
  ])('can’t set %s: it is ignored, and logged', async (name) => {
    const { claims, line, client } = await exchange([setClaim(name, 'forged')]);
    expect(claims[name]).not.toBe('forged');
    expect(claims.sub).toBe(`${client.id}@clients`);
    expect(line?.ignored_claims).toEqual([name]);
  });

  it('narrows scopes, and the answer says so', async () => {
    const { claims, answer } = await exchange([
      (_e, api) => api.transaction.removeTargetScope('batch:upload'),
    ]);
    expect([claims['scope'], answer.scope]).toEqual(['read:timesheets', 'read:timesheets']);
  });

  it('can’t go beyond the grant: what is too much is dropped, and logged', async () => {
    const { claims, line } = await exchange([(_e, api) => api.transaction.addTargetScope('admin')], {
      client: { grants: { [TIMESHEETS]: { scope: ['batch:upload'] } } },
    });
    expect(claims['scope']).toBe('batch:upload');
    expect(line?.dropped_scopes).toEqual(['admin']);
  });

  it('may give scopes of the grant that were not asked for', async () => {
    const add: CredentialsExchangeAction = (_e, api) => api.transaction.addTargetScope('read:timesheets');
    const { answer } = await exchange([add], { request: { scope: 'batch:upload' } });
    expect(answer.scope).toBe('batch:upload read:timesheets');
  });

  it('denies also with what is no code and no text', async () => {
    const odd = ((_e, api) =>
      api.access.deny(
        'whatever' as 'server_error',
        { a: 1 } as unknown as string,
      )) as CredentialsExchangeAction;
    const found = await exchange([odd]);
    expect([found.status, found.answer.error]).toEqual([500, 'server_error']);
    expect(found.line?.reason).toBe('action_denied');
  });

  it('leaves a token without scopes if it clears them', async () => {
    const { claims, answer } = await exchange([(_e, api) => api.transaction.clearTargetScopes()]);
    expect([claims['scope'], answer.scope]).toEqual(['', undefined]);
  });

  it('sees what those before it did', async () => {
    const seen: CredentialsExchangeEvent[] = [];
    await exchange([
      (_e, api) => {
        api.transaction.setTargetScopes(['batch:upload']);
        api.accessToken.setCustomClaim('plan', 'gold');
      },
      (event) => void seen.push(event),
    ]);
    expect(seen[0]?.accessToken).toEqual({ scope: ['batch:upload'], customClaims: { plan: 'gold' } });
    expect(seen[0]?.transaction.target_scopes).toEqual(['batch:upload']);
  });

  it('is told of the request, and of no credential', async () => {
    const seen: CredentialsExchangeEvent[] = [];
    const { client } = await exchange([(event) => void seen.push(event)], {
      client: { metadata: { tenant: 'acme' } },
      request: { scope: 'batch:upload', colour: 'blue' },
      headers: { 'cf-connecting-ip': '192.0.2.1', 'user-agent': 'test/1', 'accept-language': 'de' },
      env: { HOOK_API_TOKEN: 'hook-secret', OTHER: 'x', TENANT: 'acme-prod' },
    });
    expect(seen[0]).toEqual({
      accessToken: { customClaims: {}, scope: ['batch:upload'] },
      client: { client_id: client.id, name: 'Import Job', metadata: { tenant: 'acme' } },
      request: {
        body: {
          grant_type: 'client_credentials',
          client_id: client.id,
          audience: TIMESHEETS,
          scope: 'batch:upload',
          colour: 'blue',
        },
        geoip: {},
        hostname: 'auth.example.com',
        ip: '192.0.2.1',
        method: 'POST',
        user_agent: 'test/1',
        language: 'de',
      },
      resource_server: { identifier: TIMESHEETS },
      secrets: { API_TOKEN: 'hook-secret' },
      tenant: { id: 'acme-prod' },
      transaction: {
        requested_scopes: ['batch:upload'],
        target_scopes: ['batch:upload'],
        correlation_id: expect.any(String),
      },
    });
    expect(JSON.stringify(seen)).not.toContain(client.secret);
  });

  it('has copies only: changing them changes nothing', async () => {
    const meddle: CredentialsExchangeAction = (event) => {
      (event.client.metadata as Record<string, string>)['tenant'] = 'other';
      (event.accessToken.scope as string[]).push('admin');
      (event.secrets as Record<string, string>)['X'] = 'y';
    };
    const { claims } = await exchange([meddle, requireTenant], { client: { metadata: { tenant: 'acme' } } });
    expect(claims).toMatchObject({
      'https://api.example.com/tenant': 'acme',
      scope: 'read:timesheets batch:upload',
    });
  });

  it.each([
    ['invalid_scope', 400],
    ['invalid_request', 400],
    ['server_error', 500],
  ] as const)('denies with %s, and later ones don’t run', async (code, status) => {
    const ran: string[] = [];
    const { answer, ...found } = await exchange([
      (_e, api) => api.access.deny(code, 'Not today "\\é'),
      () => void ran.push('later'),
    ]);
    expect([found.status, answer.error, answer.error_description]).toEqual([status, code, 'Not today ???']);
    expect(ran).toEqual([]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('secret detail');
      },
    ],
    [
      'rejects',
      async () => {
        throw new TypeError('secret detail');
      },
    ],
    [
      'throws no error',
      () => {
        throw 'secret detail';
      },
    ],
    ['sets a claim that JSON does not know', setClaim('x', 1n)],
    ['sets claims of over 4 KB', setClaim('x', 'x'.repeat(4096))],
    [
      'sets a scope that is none',
      (_e: unknown, api: Parameters<CredentialsExchangeAction>[1]) =>
        api.transaction.setTargetScopes(['a b']),
    ],
  ] as [string, CredentialsExchangeAction][])(
    'that %s issues no token, and tells nothing',
    async (_what, action) => {
      const found = await exchange([action]);
      expect([found.status, found.answer]).toEqual([
        500,
        { error: 'server_error', error_description: 'A hook failed.' },
      ]);
      expect(found.line?.reason).toBe('action_failed');
      expect(JSON.stringify(found.line)).not.toContain('secret detail');
    },
  );

  it('that sets a claim which is no data issues no token: as `toJSON` it would write all claims', async () => {
    const found = await exchange([
      (_event, api) => api.accessToken.setCustomClaim('toJSON', (() => ({ sub: 'another' })) as never),
    ]);
    expect(found.status).toBe(500);
    expect(found.answer).not.toHaveProperty('access_token');
  });

  it('that hangs issues no token, even if it goes on later', async () => {
    const base = { secrets: {}, client: { client_id: 'x', name: 'x', metadata: {} } } as unknown as EventBase;
    const hang: CredentialsExchangeAction = () => new Promise(() => {});
    const result = await runActions(
      [hang],
      { ...base, transaction: { requested_scopes: [], correlation_id: 'x' } },
      [],
      [],
      20,
    );
    expect(isFailure(result) && result).toEqual({ code: 'action_failed', cause: 'timeout' });
  });
});

describe('examples', () => {
  it('addUserId takes the user from metadata, where there is one', async () => {
    const { claims } = await exchange([addUserId], { client: { metadata: { user_id: '007' } } });
    expect(claims['https://api.example.com/user_id']).toBe('007');
    expect(Object.keys((await exchange([addUserId])).claims)).not.toContain(
      'https://api.example.com/user_id',
    );
  });

  it('requireTenant denies clients without one', async () => {
    expect((await exchange([requireTenant])).answer.error).toBe('invalid_request');
  });

  it('readOnlyOnFreePlan narrows scopes', async () => {
    expect(
      (await exchange([readOnlyOnFreePlan], { client: { metadata: { plan: 'free' } } })).claims['scope'],
    ).toBe('read:timesheets');
    expect((await exchange([readOnlyOnFreePlan])).claims['scope']).toBe('read:timesheets batch:upload');
  });

  it('onlyFromCountries denies others, and where the country is unknown', async () => {
    expect(
      (await exchange([onlyFromCountries], { client: { metadata: { countries: 'DE,FR' } } })).answer.error,
    ).toBe('invalid_request');
    expect((await exchange([onlyFromCountries])).status).toBe(200);
    const denied: string[] = [];
    const api = {
      access: { deny: (code: string) => denied.push(code) },
    } as unknown as Parameters<CredentialsExchangeAction>[1];
    for (const countryCode of ['DE', 'US']) {
      const event = { client: { metadata: { countries: 'DE,FR' } }, request: { geoip: { countryCode } } };
      onlyFromCountries(event as unknown as CredentialsExchangeEvent, api);
    }
    expect(denied).toHaveLength(1);
  });
});

describe('fromHook', () => {
  it('runs the hook of the tutorial unchanged: a claim, and a scope beyond the grant', async () => {
    const { claims, answer } = await exchange([fromHook(tutorialHook)], {
      request: { scope: 'batch:upload' },
    });
    expect(claims).toMatchObject({ 'https://foo.com/claim': 'bar', scope: 'batch:upload extra' });
    expect(answer.scope).toBe('batch:upload extra');
  });

  const hook = (run: LegacyHook) => fromHook(run);

  it('leaves no scopes where the answer has none (as the hook’s documentation warns)', async () => {
    expect((await exchange([hook((_c, _s, _a, _x, cb) => cb(null, {}))])).claims['scope']).toBe('');
  });

  it('takes claims with a URL for a name only', async () => {
    const { claims } = await exchange([
      hook((_c, scope, _a, _x, cb) => cb(null, { scope, plain: 1, sub: 'forged', 'http://x.example/a': 1 })),
    ]);
    expect(claims).toMatchObject({ 'http://x.example/a': 1, scope: 'read:timesheets batch:upload' });
    expect(claims['plain']).toBeUndefined();
    expect(claims.sub).not.toBe('forged');
  });

  it('tells it what hooks were told', async () => {
    const seen: unknown[] = [];
    const { client } = await exchange(
      [
        hook((...args) => {
          seen.push(...args.slice(0, 4));
          args[4](null, {});
        }),
      ],
      {
        client: { metadata: { a: 'b' } },
        env: { HOOK_KEY: 'v' },
        headers: { 'cf-connecting-ip': '192.0.2.1', 'user-agent': 'old/1' },
      },
    );
    expect(seen).toEqual([
      { id: client.id, name: 'Import Job', tenant: 'auth.example.com', metadata: { a: 'b' } },
      ['read:timesheets', 'batch:upload'],
      TIMESHEETS,
      { ip: '192.0.2.1', userAgent: 'old/1', webtask: { secrets: { KEY: 'v' } } },
    ]);
  });

  it.each([
    ['InvalidScopeError', 400, 'invalid_scope', 'why'],
    ['InvalidRequestError', 400, 'invalid_request', 'why'],
    ['ServerError', 500, 'server_error', 'why'],
    ['Error', 500, 'server_error', 'A hook failed.'],
  ])('%s from the hook, thrown or called back', async (name, status, error, description) => {
    type Global = Record<string, new (message: string) => Error>;
    const make = () => new ((globalThis as unknown as Global)[name] ?? Object)('why');
    for (const run of [
      hook((_c, _s, _a, _x, cb) => cb(make())),
      hook(() => {
        throw make();
      }),
      hook(async () => {
        throw make();
      }),
    ]) {
      const found = await exchange([run]);
      expect([found.status, found.answer.error, found.answer.error_description]).toEqual([
        status,
        error,
        description,
      ]);
    }
  });

  it('hears the first call back only', async () => {
    const { status, claims } = await exchange([
      hook((_c, _s, _a, _x, cb) => {
        cb(null, { scope: ['batch:upload'] });
        cb(new Error('late'));
      }),
    ]);
    expect([status, claims['scope']]).toEqual([200, 'batch:upload']);
  });
});
