/** The protected resource metadata (RFC 9728) by itself; test/gateway.test.ts and cors.test.ts ask the gateway for it. */
import { describe, expect, it } from 'vitest';
import { indexMetadata, renderMetadata } from '../../src/http/metadata.ts';
import { compiled } from '../support/policy.ts';

type Tables = Record<string, unknown>;

const ISSUERS = {
  one: { issuer: 'https://one.example/' },
  two: { issuer: 'https://two.example' },
};
const API = { origin: 'https://o.example', audience: 'a', issuer: ['one'], hosts: ['api.example.com'] };
const indexOf = (apis: Tables) => {
  const policy = compiled({ ISSUERS, ...apis });
  return { index: indexMetadata(policy), apis: policy.apis };
};
const oneApi = (fields: Tables) => indexOf({ API_X: { ...API, routes: { 'GET /x': {} }, ...fields } });
const WELL_KNOWN = '/.well-known/oauth-protected-resource';

describe('indexMetadata', () => {
  it.each([
    ['a host', 'https://api.example.com', `https://api.example.com${WELL_KNOWN}`],
    ['a host with a slash', 'https://api.example.com/', `https://api.example.com${WELL_KNOWN}`],
    [
      'a path: the well-known part goes before it',
      'https://api.example.com/v1/x',
      `https://api.example.com${WELL_KNOWN}/v1/x`,
    ],
  ])('of %s', (_why, resource, url) => {
    const { index, apis } = oneApi({ resource });
    const [api] = apis;
    expect(api && index.urlFor(api)).toBe(url);
    expect(JSON.parse(index.find(url) ?? 'null')).toEqual({
      resource,
      authorization_servers: ['https://one.example/'],
      bearer_methods_supported: ['header'],
    });
  });

  it.each([
    ['in another case, with the usual port', `https://API.example.com:443${WELL_KNOWN}`, true],
    ['with a query', `https://api.example.com${WELL_KNOWN}?x=1`, true],
    ['of another host', `https://evil.example${WELL_KNOWN}`, false],
    ['of a path below', `https://api.example.com${WELL_KNOWN}/v1`, false],
    ['of another document', 'https://api.example.com/.well-known/openid-configuration', false],
    ['in the query of another path', `https://api.example.com/x?${WELL_KNOWN}`, false],
    ['that is not a URL', `//${WELL_KNOWN}`, false],
  ])('is found %s: %s (RFC 9728 §3.1)', (_why, url, isFound) => {
    const { index } = oneApi({ resource: 'https://api.example.com' });
    expect(index.find(url) !== undefined).toBe(isFound);
  });

  it('lists issuers and scopes of all APIs that share a resource, each once, scopes in order', () => {
    const resource = 'https://api.example.com';
    const { index, apis } = indexOf({
      API_X: { ...API, resource, routes: { 'GET /x': { scopes_all: ['write', 'read'] } } },
      API_Y: {
        ...API,
        resource,
        issuer: ['one', 'two'],
        routes: { 'GET /y': { scopes_any: ['read', 'admin'] } },
      },
    });
    const urls = new Set(apis.map((api) => index.urlFor(api)));
    expect(urls.size).toBe(1);
    expect(JSON.parse(index.find(`${resource}${WELL_KNOWN}`) ?? 'null')).toMatchObject({
      authorization_servers: ['https://one.example/', 'https://two.example'],
      scopes_supported: ['admin', 'read', 'write'],
    });
  });

  it.each<[string, Tables, string[]]>([
    ['the names of the routes', {}, ['read', 'write']],
    ['with what clients put before them', { scope_prefix: 'api://x/' }, ['api://x/read', 'api://x/write']],
    [
      'those that the policy lists',
      { scopes_supported: ['read', 'offline_access'] },
      ['offline_access', 'read'],
    ],
    [
      'those in full, whatever the prefix',
      { scope_prefix: 'api://x/', scopes_supported: ['api://x/.default'] },
      ['api://x/.default'],
    ],
  ])('lists as scopes: %s', (_why, fields, expected) => {
    const { index } = oneApi({
      resource: 'https://api.example.com',
      routes: { 'GET /x': { scopes_any: ['read', 'write'] } },
      ...fields,
    });
    const document = JSON.parse(index.find(`https://api.example.com${WELL_KNOWN}`) ?? 'null');
    expect(document.scopes_supported).toEqual(expected);
  });

  it('is nothing for an API without a resource identifier: its audience is nobody’s business', () => {
    const { index, apis } = oneApi({ hosts: ['api.example.com', 'api.example.org'] });
    expect(apis.map((api) => index.urlFor(api))).toEqual([undefined]);
    expect(index.find(`https://api.example.com${WELL_KNOWN}`)).toBeUndefined();
  });
});

describe('renderMetadata', () => {
  it('is JSON that pages of any origin may read, and caches may keep for five minutes (RFC 9728 §3.2)', async () => {
    const response = renderMetadata('{"resource":"x"}');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ resource: 'x' });
    expect(Object.fromEntries(response.headers)).toEqual({
      'access-control-allow-origin': '*',
      'cache-control': 'max-age=300',
      'content-type': 'application/json',
    });
  });
});
