/** What a refused client is told to ask for, in the challenge and in the body. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeRig } from '../support/gateway.ts';
import { makeKey, type SigningKey, sign, usualClaims } from '../support/issuer.ts';
import { AUDIENCE } from '../support/policy.ts';

let key: SigningKey;
beforeAll(async () => {
  key = await makeKey();
});

type Tables = Record<string, unknown>;

async function refused(rules: Tables, claims?: Tables, api: Tables = {}, request = 'GET /x') {
  const rig = makeRig({ routes: { 'GET /x': rules }, api, keys: [key.publicJwk] });
  const response =
    claims === undefined
      ? await rig.ask(request)
      : await rig.call(request, await sign(key, { ...usualClaims(), ...claims }));
  const header = response.headers.get('www-authenticate') ?? '';
  const body = (await response.json()) as Tables;
  return { status: response.status, header, scope: /[ ,]scope="([^"]*)"/.exec(header)?.[1], body };
}

const ANY = { scopes_all: ['read'], scopes_any: ['sell', 'buy'] };

describe('a client without a token', () => {
  it('is told the scopes that are enough, and the audience', async () => {
    const { status, scope, body } = await refused(ANY);
    expect([status, scope]).toEqual([401, 'read sell']);
    expect(body).toMatchObject({
      scopes_needed: ['read'],
      scopes_any: [['sell', 'buy']],
      audience: [AUDIENCE],
    });
  });

  it('is told of no scopes where the route names none', async () => {
    const { scope, body } = await refused({ claims: { role: 'admin' } });
    expect(scope).toBeUndefined();
    expect(body).not.toHaveProperty('scopes_needed');
    expect(body).not.toHaveProperty('scopes_any');
  });

  it('is told the scopes of a stricter route that its path may be read as, too', async () => {
    const routes = { 'GET /*': { scopes_all: ['read'] }, 'GET /admin': { scopes_all: ['admin'] } };
    const response = await makeRig({ routes }).ask('GET /ADMIN');
    expect(response.headers.get('www-authenticate')).toContain('scope="read admin"');
  });

  it('is told of none that is only tried', async () => {
    const tried = { report_only: true, scopes_all: ['admin'] };
    const routes = { 'GET /*': { scopes_all: ['read'] }, 'GET /admin': tried };
    const response = await makeRig({ routes }).ask('GET /ADMIN');
    expect(response.headers.get('www-authenticate')).toContain('scope="read"');
  });

  it('is told the place of the API, whatever Authorization has', async () => {
    const rig = makeRig({ routes: { 'GET /x': {} }, api: { token_from: 'header:x-t' } });
    const response = await rig.ask('GET /x', { authorization: 'Basic YTpi' });
    expect(await response.json()).toMatchObject({ detail: 'Send an access token in the header x-t.' });
    expect(rig.lastLog().reason_detail).toBeUndefined();
  });

  it('passes with a token that has what it is told to ask for, and with no less', async () => {
    const scopes = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 });
    const about = fc.record({ scopes_all: scopes, scopes_any: scopes }, { requiredKeys: [] });
    const alternative = fc.oneof(
      fc.constant({ claims: { role: 'admin' } }),
      about.filter((one) => Object.keys(one).length > 0),
    );
    const rules = fc.record(
      {
        scopes_all: scopes,
        scopes_any: scopes,
        any_of: fc.array(alternative, { minLength: 1, maxLength: 3 }),
      },
      { requiredKeys: [] },
    );
    const seen = { passed: 0, needless: 0 };
    const property = fc.asyncProperty(rules, rules, async (one, stricter) => {
      const routes = { 'GET /*': one, 'GET /x': stricter };
      const rig = makeRig({ routes, keys: [key.publicJwk] });
      const header = (await rig.ask('GET /X')).headers.get('www-authenticate') ?? '';
      const told = /[ ,]scope="([^"]*)"/.exec(header)?.[1]?.split(' ') ?? [];
      const statusWith = async (some: readonly string[]) =>
        (await rig.call('GET /X', await sign(key, { ...usualClaims(), scope: some.join(' ') }))).status;
      const isAlone = (rule: { any_of?: readonly object[] }) =>
        rule.any_of?.some((choice) => !('claims' in choice)) ?? true;
      if (!isAlone(one) || !isAlone(stricter)) return;
      expect(await statusWith(told)).toBe(200);
      seen.passed++;
      // Another alternative may need less: the first one is what the policy would rather have.
      if ('any_of' in one || 'any_of' in stricter) return;
      for (const left of told) {
        expect(await statusWith(told.filter((scope) => scope !== left))).toBe(403);
        seen.needless++;
      }
    });
    await fc.assert(property, { numRuns: 200, seed: 20_261_124 });
    expect(seen.passed).toBeGreaterThan(50);
    expect(seen.needless).toBeGreaterThan(20);
  });
});

describe('a client whose token lacks a scope', () => {
  it('keeps what it has, and is told all that is open', async () => {
    const { status, scope, body } = await refused(ANY, { scope: 'buy' });
    expect([status, scope]).toEqual([403, 'read buy']);
    expect(body).toMatchObject({ scopes_needed: ['read'], scopes_any: [['sell', 'buy']] });
  });

  it('is told those of a stricter route that its path may be read as, too', async () => {
    const routes = { 'GET /*': { scopes_all: ['read'] }, 'GET /admin': { scopes_all: ['admin'] } };
    const rig = makeRig({ routes, keys: [key.publicJwk] });
    const response = await rig.call('GET /ADMIN', await sign(key, { ...usualClaims(), scope: 'x' }));
    expect(response.headers.get('www-authenticate')).toContain('scope="read admin"');
    expect(await response.json()).toMatchObject({ scopes_needed: ['read', 'admin'] });
  });

  it('is told the scopes of one alternative', async () => {
    const any_of = [{ claims: { role: 'admin' } }, { scopes_all: ['a', 'b'] }, { scopes_all: ['c'] }];
    const { status, scope, body } = await refused({ any_of }, { scope: 'a' });
    expect([status, scope]).toEqual([403, 'a b']);
    expect(body).toMatchObject({ scopes_needed: ['a', 'b'] });
  });
});

describe('another bad token', () => {
  it('has the scopes in the challenge, and not in the body', async () => {
    const { status, scope, body } = await refused(ANY, { exp: 1 });
    expect([status, scope]).toEqual([401, 'read sell']);
    expect(body).not.toHaveProperty('scopes_needed');
  });

  it.each([
    ['an audience that is an https URL', {}, [AUDIENCE]],
    ['not told, where the API says so', { tell_audience: false }, undefined],
    ['a name that nobody need know', { audience: 'internal' }, undefined],
    ['told, where the API says so', { audience: 'internal', tell_audience: true }, ['internal']],
    [
      'of several those that are URLs',
      { audience: ['internal', 'https://a.example'] },
      ['https://a.example'],
    ],
  ])('for another audience: %s', async (_what, api, expected) => {
    const { body } = await refused({}, { aud: 'other' }, api);
    expect([body['reason'], body['audience']]).toEqual(['audience_mismatch', expected]);
  });

  it('names the claim of a rule, and not its value', async () => {
    const { body } = await refused({ claims: { org_id: 'swordfish' } }, { org_id: 'marlin-17' });
    expect(body).toMatchObject({ reason: 'claim_mismatch', claim: 'org_id' });
    expect(JSON.stringify(body)).not.toMatch(/swordfish|marlin/);
  });
});

describe('scopes that an issuer knows by longer names', () => {
  const PREFIX = { scope_prefix: 'api://6e74172b/' };

  it('are told by these, and looked for by the short ones', async () => {
    const { scope, body } = await refused(ANY, undefined, PREFIX);
    expect(scope).toBe('api://6e74172b/read api://6e74172b/sell');
    expect(body).toMatchObject({
      scopes_needed: ['api://6e74172b/read'],
      scopes_any: [['api://6e74172b/sell', 'api://6e74172b/buy']],
    });
    const lacking = await refused(ANY, { scope: 'buy' }, PREFIX);
    expect(lacking.scope).toBe('api://6e74172b/read api://6e74172b/buy');
    const rig = makeRig({ routes: { 'GET /x': ANY }, api: PREFIX, keys: [key.publicJwk] });
    const token = await sign(key, { ...usualClaims(), scope: 'read sell' });
    expect((await rig.call('GET /x', token)).status).toBe(200);
  });

  it('of Entra ID: a client that asks for what it is told gets a token with the short name, and passes', async () => {
    const application = '6e74172b-be56-4843-9ff4-e66a39bb12e3';
    const rig = makeRig({
      routes: { 'GET|POST|DELETE /mcp': { scopes_all: ['mcp.access'] } },
      api: {
        hosts: ['api.example.com'],
        audience: application,
        resource: 'https://api.example.com/mcp',
        scope_prefix: `api://${application}/`,
      },
      keys: [key.publicJwk],
    });
    const refusal = (await rig.ask('POST /mcp')).headers.get('www-authenticate') ?? '';
    const [, url = ''] = /resource_metadata="([^"]+)"/.exec(refusal) ?? [];
    const document = (await (await rig.ask(`GET ${url}`)).json()) as Tables;
    expect(document['scopes_supported']).toEqual([`api://${application}/mcp.access`]);
    expect(refusal).toContain(`scope="api://${application}/mcp.access"`);
    const { scope: _, ...claims } = usualClaims({ aud: application });
    const token = await sign(key, { ...claims, scp: 'mcp.access' });
    expect((await rig.call('POST /mcp', token)).status).toBe(200);
    const long = await sign(key, { ...claims, scp: `api://${application}/mcp.access` });
    expect((await rig.call('POST /mcp', long)).status).toBe(403);
  });

  it('bring along what the policy lists for the issuer, and nothing else of it', async () => {
    const supported = ['offline_access', 'api://6e74172b/read', 'other'];
    const { scope, body } = await refused(ANY, undefined, { ...PREFIX, scopes_supported: supported });
    expect(scope).toBe('api://6e74172b/read api://6e74172b/sell offline_access');
    expect(body['scopes_needed']).toEqual(['api://6e74172b/read']);
    expect((await refused({}, undefined, { scopes_supported: supported })).scope).toBeUndefined();
  });
});

describe('sentences', () => {
  it.each([
    ['Bearer "abc"', 400, 'in quotes', 'quoted'],
    ['Bearer abc, Bearer def', 400, 'two Authorization headers', 'several'],
    ['Bearer', 400, 'no token behind Bearer', 'empty'],
    ['Bearer Bearer abc', 400, 'twice', 'twice'],
    ['Bearer abc def', 400, 'Send one Authorization header', 'form'],
    ['eyJhbGciOi.eyJpc3M.c2ln', 401, 'without its scheme', 'bare_token'],
    ['Basic YTpi', 401, 'scheme Basic', 'basic'],
    ['DPoP abc', 401, 'another scheme', 'other_scheme'],
  ])('%s: %i, and what is wrong with it', async (authorization, status, sentence, logged) => {
    const rig = makeRig({ routes: { 'GET /x': {} } });
    const response = await rig.ask('GET /x', { authorization });
    const { detail } = (await response.json()) as { detail: string };
    expect([response.status, rig.lastLog().reason_detail]).toEqual([status, logged]);
    expect(detail).toContain(sentence);
    expect(detail).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+[.?]$/);
    if (status === 400) expect(response.headers.get('www-authenticate')).toContain(detail);
  });
});

describe('a path that no route has', () => {
  const routes = {
    'GET /orders/:id': {},
    'POST /Files/': { auth: 'none' },
    'GET /a.b': {},
    'GET /q?x=1': {},
  };
  it.each([
    ['GET /orders/7/', '/orders/:id'],
    ['GET /ORDERS/7', '/orders/:id'],
    ['POST /files', '/Files/'],
    ['GET /files', undefined],
    ['GET /orders', undefined],
    ['GET /orders/7/8', undefined],
    ['GET /a.b;x', undefined],
    ['GET /q', undefined],
    ['GET /Q/?x=1', '/q'],
    ['GET https://other.example/orders/7/', undefined],
  ])('%s: near is %s', async (request, near) => {
    const other = { API_Z: { origin: 'https://o.example', audience: 'z', routes: { 'GET /z': {} } } };
    const rig = makeRig({ routes, api: { hosts: ['api.example.com'] }, more: other });
    const response = await rig.ask(request);
    const body = (await response.json()) as Tables;
    expect([response.status, body['near']]).toEqual([404, near]);
    expect(rig.lastLog().reason_detail).toBe(near);
  });
});
