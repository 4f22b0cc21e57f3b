/** What the tools say of second targets, and of tokens in other places. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Case } from '../../../cli/policy/cases/read.ts';
import { createJudge, prepareCase } from '../../../cli/policy/cases/run.ts';
import { explain } from '../../../cli/policy/explain/explain.ts';
import { METHODS, SOURCE_HEADERS, TARGET_HEADERS } from '../../../src/policy/second-target.ts';
import { policyWith } from '../../support/policy.ts';
import { claimgate } from '../support/claimgate.ts';
import { makeFolder, policyText } from '../support/policies.ts';

const write = makeFolder();
const NOW_MS = 1_800_000_000_000;
const PLACES = ['authorization', 'header:x-api-token', 'cookie:__Host-session', 'websocket', 'access'];

async function told(
  routes: Record<string, unknown>,
  request: string,
  headers: Record<string, string>,
  api = {},
) {
  const [method = '', path = ''] = request.split(' ');
  const policy = policyWith(routes, api);
  const asked = { method, url: `https://api.example.com${path}`, headers: new Headers(headers) };
  return explain(asked, { policy, signature: 'unsigned', claims: { sub: 'alice' }, nowMs: NOW_MS });
}

describe('explain', () => {
  const routes = { '* /users/:uid/files/*': { claims: { sub: { param: 'uid' } } } };

  it('shows what a MOVE stands for, and which path refuses it', async () => {
    const headers = { destination: '/users/bob/files/b' };
    const { steps, reason } = await told(routes, 'MOVE /users/alice/files/a', headers);
    expect(reason).toBe('claim_mismatch');
    const second = steps.find(({ step }) => step === 'second target');
    expect(second).toMatchObject({ verdict: 'ok', saw: 'a copy or move' });
    expect(second?.checks.map(({ check }) => check)).toEqual([
      'GET /users/alice/files/a (by Destination)',
      'DELETE /users/alice/files/a (by Destination)',
      'PUT /users/bob/files/b (by Destination)',
      'DELETE /users/bob/files/b (by Destination)',
      'GET /users/alice/files/a/… (below)',
      'DELETE /users/alice/files/a/… (below)',
      'PUT /users/bob/files/b/… (below)',
      'DELETE /users/bob/files/b/… (below)',
    ]);
  });

  it.each<[string, string, Record<string, string>, string, RegExp]>([
    [
      'a destination elsewhere',
      'MOVE /users/alice/files/a',
      { destination: 'https://b.example/' },
      'destination_invalid',
      /another host/,
    ],
    [
      'a destination without a route',
      'COPY /users/alice/files/a',
      { destination: '/b' },
      'route_unknown',
      /plain request for one of these would be refused/,
    ],
    [
      'a header that makes a copy',
      'PUT /users/alice/files/a',
      { 'x-copy-from': '/b' },
      'source_header',
      /x-copy-from names another resource/,
    ],
  ])('says why: %s', async (_what, request, headers, code, words) => {
    const { steps, reason } = await told(routes, request, headers);
    expect(reason).toBe(code);
    expect(steps.find(({ verdict }) => verdict === 'refused')?.decided).toMatch(words);
  });

  it.each(PLACES)('and test put a token where token_from = "%s" wants it', async (token_from) => {
    const { result, steps, origin } = await told({ 'GET /x': {} }, 'GET /x', {}, { token_from });
    expect(result).toBe('allowed');
    expect(steps.map(({ step }) => step).find((step) => /authorization|token in/.test(step))).toMatch(
      /^authorization$|^token in (the header x-api-token|the cookie __Host-session|the WebSocket protocol behind bearer|the header Cf-Access-Jwt-Assertion)$/,
    );
    expect(JSON.stringify(origin)).not.toContain('eyJ');
    const policy = policyWith({ 'POST /x': {}, 'GET /x': {} }, { token_from });
    const method = token_from === 'websocket' ? 'GET' : 'POST';
    const one = {
      request: `${method} /x`,
      claims: {},
      expect: 'allow',
      file: {},
      index: 0,
    } as unknown as Case;
    expect((await createJudge(policy)(prepareCase(policy, one, NOW_MS))).failures).toEqual([]);
  });

  it('says where it looked for a token', async () => {
    const policy = policyWith({ 'POST /x': {} }, { token_from: 'cookie:__Host-s' });
    const asked = {
      method: 'POST',
      url: 'https://api.example.com/x',
      headers: new Headers({ cookie: '__Host-s=eyJ' }),
    };
    const { steps, reason } = await explain(asked, { policy, signature: 'offline', nowMs: NOW_MS });
    expect(reason).toBe('cross_site');
    expect(steps.at(-1)).toMatchObject({ step: 'token in the cookie __Host-s' });
  });
});

describe('diff', () => {
  it('tells that tokens are read from another place, and that forms are read', async () => {
    const api = 'origin = "service:X"';
    const old = write('old.toml', policyText({ api }));
    const now = write(
      'now.toml',
      policyText({ api: `${api}\ntoken_from = "header:x-t"\nform_methods = "read"` }),
    );
    const { stdout } = await claimgate(['diff', old, now]);
    expect(stdout).toMatch(/moved[\s\S]*the token from Authorization[\s\S]*the token from the header x-t/);
    expect(stdout).toMatch(/narrowed +API_X\.form_methods[\s\S]*need the rules of those methods/);
    const back = await claimgate(['diff', now, old, '--fail-on', 'widened']);
    expect(back.stdout).toMatch(/widened +API_X\.form_methods/);
    expect(back.code).toBe(1);
    expect((await claimgate(['diff', now, now, '--fail-on', 'any'])).code).toBe(0);
  });
});

describe('diff of who may send a cookie', () => {
  it('tells that pages of another origin may', async () => {
    const api = (origins: string) =>
      policyText({
        api: `origin = "service:X"\ntoken_from = "cookie:__Host-s"\ncors = { origins = [${origins}], credentials = true }`,
      });
    const old = write('old.toml', api('"https://a.example.com"'));
    const now = write('now.toml', api('"https://a.example.com", "https://*.example.org"'));
    const wider = await claimgate(['diff', old, now, '--fail-on', 'widened']);
    expect(wider.stdout).toMatch(/widened +API_X\.cors[\s\S]*https:\/\/\*\.example\.org/);
    expect(wider.code).toBe(1);
    const { stdout, code } = await claimgate(['diff', now, old, '--fail-on', 'widened']);
    expect(stdout).toMatch(/narrowed +API_X\.cors/);
    expect(code).toBe(0);
  });
});

describe('routes --format openapi', () => {
  it.each<[string, object]>([
    ['authorization', { type: 'openIdConnect' }],
    ['header:x-t', { type: 'apiKey', in: 'header', name: 'x-t' }],
    ['cookie:__Host-s', { type: 'apiKey', in: 'cookie', name: '__Host-s' }],
    ['websocket', { type: 'apiKey', in: 'header', name: 'Sec-WebSocket-Protocol' }],
    ['access', { type: 'apiKey', in: 'header', name: 'Cf-Access-Jwt-Assertion' }],
  ])('names the place of %s', async (place, scheme) => {
    const file = write('openapi.toml', policyText({ api: `origin = "service:X"\ntoken_from = "${place}"` }));
    const { stdout } = await claimgate(['routes', '--format', 'openapi', '--config', file]);
    const { components, paths } = JSON.parse(stdout);
    const [[name, found]] = Object.entries(components.securitySchemes) as [[string, object]];
    expect(found).toMatchObject(scheme);
    expect(Object.keys(paths['/x'].get.security[0])).toEqual([name]);
  });
});

describe('the documents', () => {
  const read = (name: string) => readFileSync(`docs/${name}.md`, 'utf8');

  it('list every method that * does not stand for', () => {
    const page = read('policy');
    const named = Object.keys(METHODS).filter((method) => METHODS[method] === 'named');
    const row = page.split('\n').find((line) => line.includes('BIND, REBIND')) ?? '';
    expect(row.match(/[A-Z]+(-[A-Z]+)?(?=,| \|)/g)?.sort()).toEqual(named.sort());
  });

  it('list every header that is refused or dropped', () => {
    const page = read('origins');
    for (const name of TARGET_HEADERS) expect(page).toContain(`\`${name}\``);
    for (const name of SOURCE_HEADERS) expect(page).toContain(name.replace(/-(copy-source)$/, ''));
  });
});
