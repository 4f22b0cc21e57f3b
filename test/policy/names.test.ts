import { describe, expect, it } from 'vitest';
import { faultsOf, ISSUER, policyWith, vars } from '../support/policy.ts';

const ROUTES = { 'GET /x': {} };
const API = { origin: 'https://o.example', audience: 'a', routes: { 'GET /y': {} } };
const SECOND = { second: { issuer: 'https://second.example/' } };

describe('variables that are no policy', () => {
  it.each<[string, unknown]>([
    ['LIMITS', { requests: 10, per: { seconds: 60 } }],
    ['FEATURES', ['search', 'export']],
    ['EMPTY', {}],
    ['LISTS', [['a'], ['b']]],
    ['REGIONS', [{ name: 'eu' }, { name: 'us' }]],
    ['APP_CONFIG', { theme: 'dark' }],
    ['APIS', { billing: 'https://billing.example' }],
    ['ISSUER_URLS', { google: 'https://accounts.google.com' }],
    ['ISSUERS_ALLOWED', ['https://accounts.google.com']],
    ['API_VERSIONS', ['v1', 'v2']],
    ['AI_GATEWAY', { account: 'a', gateway: 'b' }],
    ['USERS', { admin: { name: 'a' } }],
    ['MENU', { routes: { home: '/', about: '/about' } }],
    ['API_VERSION', { id: 'a', tag: '', timestamp: 'b' }],
  ])('%s', (name, value) => {
    expect(faultsOf(vars(ROUTES, {}, { [name]: value }))).toEqual([]);
    expect(policyWith(ROUTES, {}, { [name]: value }).apis).toHaveLength(1);
  });
});

describe('names that look like policy', () => {
  it.each<[string, unknown, string]>([
    ['ISSUER', {}, 'ISSUERS'],
    ['ISSUER', { main: { issuer: ISSUER } }, 'ISSUERS'],
    ['issuers', { main: { issuer: ISSUER } }, 'ISSUERS'],
    ['ISSEURS', { main: { issuer: ISSUER } }, 'ISSUERS'],
    ['ISSUER_2', SECOND, 'ISSUERS_2'],
    ['issuers_2', SECOND, 'ISSUERS_2'],
    ['ISSUERS-2', SECOND, 'ISSUERS_2'],
    ['Gateway', {}, 'GATEWAY'],
    ['GATWAY', { blocked_kids: ['a'] }, 'GATEWAY'],
    ['GATEWAY_', {}, 'GATEWAY'],
    ['SETTINGS', { blocked_clients: ['a'] }, 'GATEWAY'],
    ['API-X', {}, 'API_X'],
    ['APIS_X', {}, 'API_X'],
    ['api_x', {}, 'API_X'],
    ['Api.X', API, 'API_API_X'],
    ['AIP_X', {}, 'API_X'],
    ['API', { X: API }, 'API_NAME'],
    ['ORDERS', API, 'API_ORDERS'],
    ['ORDERS', [API], 'API_ORDERS'],
    ['MY_API', { routes: { '*  /y': {} } }, 'API_MY_API'],
  ])('%s of %j', (name, value, meant) => {
    expect(faultsOf(vars(ROUTES, {}, { [name]: value }))).toEqual([
      `${/^[\w-]+$/.test(name) ? name : JSON.stringify(name)}: the name looks like that of a policy table, and is none; did you mean ${meant}? If it is no policy, rename it`,
    ]);
  });
});

it.each([
  ['a table', { stripe: 'a', mail: 'b' }],
  ['a list of tables', [{ name: 'a' }]],
])('a variable of another kind can not begin with API_: %s', (_what, API_LIMITS) => {
  expect(faultsOf(vars(ROUTES, {}, { API_LIMITS }))).toEqual([
    'API_LIMITS: a variable whose name begins with API_ must be the table of an API; give the variable another name',
  ]);
});

describe('tables that continue ISSUERS', () => {
  it('bring issuers of the same form', () => {
    const policy = policyWith(ROUTES, { issuer: ['main', 'second'] }, { ISSUERS_2: SECOND });
    expect(policy.issuers.map(({ variable, name }) => [variable, name])).toEqual([
      ['ISSUERS', 'main'],
      ['ISSUERS_2', 'second'],
    ]);
    expect(policy.apis[0]?.issuers).toHaveLength(2);
  });

  it.each<[string, Record<string, unknown>, string]>([
    [
      'a name twice',
      { ISSUERS_2: { main: { issuer: 'https://second.example/' } } },
      'ISSUERS_2.main: ISSUERS.main has the same name; give each issuer a name of its own',
    ],
    [
      'an issuer twice',
      { ISSUERS_B: { second: { issuer: ISSUER } } },
      'ISSUERS_B.second.issuer: ISSUERS.main has the same issuer; an issuer can have one table only',
    ],
    [
      'an issuer in the place of a table of issuers',
      { ISSUERS_2: { issuer: 'https://second.example/' } },
      'ISSUERS_2.issuer: issuer has the wrong type; write a table',
    ],
    [
      'a list of tables',
      { ISSUERS_2: [SECOND] },
      'ISSUERS_2: ISSUERS_2 has the wrong type; write tables [vars.ISSUERS_2.<name>]',
    ],
    [
      'nothing to continue',
      { ISSUERS: undefined, ISSUERS_2: { main: { issuer: ISSUER } } },
      'ISSUERS: ISSUERS is missing; add a table [vars.ISSUERS.<name>] with issuer = "https://…"',
    ],
  ])('%s', (_what, more, fault) => {
    expect(faultsOf(vars(ROUTES, { issuer: 'main' }, more))).toEqual([fault]);
  });
});
