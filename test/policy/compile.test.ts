import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { compilePolicy } from '../../src/policy/compile/compile.ts';
import { AUDIENCE, faultsOf, ISSUER, policyWith, vars } from '../support/policy.ts';

const ROUTES = { 'GET /x': {} };
const listsOn = (host: string) =>
  vars(ROUTES, {}, issuers({ status_list: 'required', status_list_hosts: ['a.example:8443', host] }));
const issuers = (issuer: object) => ({ ISSUERS: { main: { issuer: ISSUER, ...issuer } } });

describe('compilePolicy', () => {
  it('compiles a policy with its defaults', () => {
    const policy = policyWith({ 'GET /x': { scopes_all: ['read'] }, 'GET /open': { auth: 'none' } });
    const [api] = policy.apis;
    expect(policy.settings).toMatchObject({ logSubject: 'none', logSample: 1 });
    expect(policy.issuers[0]).toMatchObject({
      algorithms: new Set(['RS256', 'ES256', 'EdDSA']),
      tokenTypes: new Set(['at+jwt', 'jwt']),
      clockToleranceSeconds: 30,
      keys: { kind: 'discovery' },
    });
    expect(api).toMatchObject({ timeoutMs: 15_000, uploadTimeoutMs: 300_000, forward: [] });
    expect(api?.routes[0]).toMatchObject({
      auth: 'required',
      audiences: [AUDIENCE],
      demands: [{ rule: 'scopes_all', anyOf: [{ of: 'scope', value: 'read' }] }],
      forwardAuthorization: false,
    });
    expect(api?.routes[1]).toMatchObject({ auth: 'none', forwardAuthorization: true });
  });

  // One fault each, with its place and its remedy.
  it.each<[string, Record<string, unknown>, string]>([
    [
      'no issuers',
      { ...vars(ROUTES), ISSUERS: undefined },
      'ISSUERS: ISSUERS is missing; add a table [vars.ISSUERS.<name>] with issuer = "https://…"',
    ],
    [
      'an empty table of issuers',
      vars(ROUTES, {}, { ISSUERS: {} }),
      'ISSUERS: there is no issuer; add a table [vars.ISSUERS.<name>] with issuer = "https://…"',
    ],
    ['no API', issuers({}), 'vars: there is no API; add a table such as [vars.API_ORDERS]'],
    [
      'an unknown field of the gateway',
      vars(ROUTES, {}, { GATEWAY: { log_subjects: 'none' } }),
      'GATEWAY.log_subjects: there is no field "log_subjects"; did you mean "log_subject"?',
    ],
    [
      'a choice that is none',
      vars(ROUTES, {}, { GATEWAY: { log_subject: 'yes' } }),
      'GATEWAY.log_subject: log_subject is none of the choices; write "none" or "hash" or "plain"',
    ],
    [
      'a share over 1',
      vars(ROUTES, {}, { GATEWAY: { log_sample: 2 } }),
      'GATEWAY.log_sample: log_sample is too large; write at most 1',
    ],
    [
      'a share under 0',
      vars(ROUTES, {}, { GATEWAY: { log_sample: -1 } }),
      'GATEWAY.log_sample: log_sample is too small; write at least 0',
    ],
    [
      'an issuer without issuer',
      vars(ROUTES, {}, { ISSUERS: { main: {} } }),
      'ISSUERS.main.issuer: issuer is missing; write a string',
    ],
    [
      'a symmetric algorithm',
      vars(ROUTES, {}, issuers({ algorithms: ['HS256'] })),
      'ISSUERS.main.algorithms[0]: algorithms[0] is none of the choices; write "RS256" or "RS384" or "RS512" or "PS256" or "PS384" or "PS512" or "ES256" or "ES384" or "ES512" or "EdDSA" or "Ed25519"',
    ],
    [
      'the algorithm none',
      vars(ROUTES, {}, issuers({ algorithms: ['none'] })),
      'ISSUERS.main.algorithms[0]: algorithms[0] is none of the choices; write "RS256" or "RS384" or "RS512" or "PS256" or "PS384" or "PS512" or "ES256" or "ES384" or "ES512" or "EdDSA" or "Ed25519"',
    ],
    [
      'no algorithm',
      vars(ROUTES, {}, issuers({ algorithms: [] })),
      'ISSUERS.main.algorithms: algorithms is empty; name at least one algorithm',
    ],
    [
      'an insecure issuer',
      vars(ROUTES, {}, issuers({ issuer: 'http://issuer.example' })),
      'ISSUERS.main.issuer: no metadata can be found: issuer is not an https URL; write an https URL (http for loopback hosts), without user name and fragment, or give metadata_uri or jwks_uri',
    ],
    [
      'an insecure key set',
      vars(ROUTES, {}, issuers({ jwks_uri: 'http://issuer.example/keys' })),
      'ISSUERS.main.jwks_uri: jwks_uri must be an https URL; write an https URL (http for loopback hosts), without user name and fragment',
    ],
    [
      'two places for keys',
      vars(ROUTES, {}, issuers({ jwks_uri: 'https://a.example', metadata_uri: 'https://b.example' })),
      'ISSUERS.main.metadata_uri: metadata_uri and jwks_uri exclude each other; keep one of them',
    ],
    [
      'a date that is none',
      vars(ROUTES, {}, issuers({ not_before: 'yesterday' })),
      'ISSUERS.main.not_before: "yesterday" is not a date; write it like "2026-11-24T12:00:00Z"',
    ],
    [
      'a tolerance that is no whole number',
      vars(ROUTES, {}, issuers({ clock_tolerance: 1.5 })),
      'ISSUERS.main.clock_tolerance: clock_tolerance has the wrong type; write a whole number',
    ],
    [
      'a mode of status lists that there is not',
      vars(ROUTES, {}, issuers({ status_list: 'accepted' })),
      'ISSUERS.main.status_list: status_list is none of the choices; write "required" or "optional"',
    ],
    [
      'hosts of status lists that nobody looks at',
      vars(ROUTES, {}, issuers({ status_list_hosts: ['status.example.com'] })),
      'ISSUERS.main.status_list_hosts: status_list_hosts does nothing without status_list; add status_list = "required", or remove the hosts',
    ],
    [
      'no host where lists can be',
      vars(ROUTES, {}, issuers({ issuer: 'own', jwks_uri: 'https://a.example', status_list: 'required' })),
      'ISSUERS.main.status_list: no list can be found: the issuer is not an https URL; name the hosts of its lists in status_list_hosts',
    ],
    [
      'Status.example.com as a host of status lists',
      listsOn('Status.example.com'),
      'ISSUERS.main.status_list_hosts[1]: "Status.example.com" is not a plain host name; write it like "status.example.com"',
    ],
    [
      'status.example.com:443 as a host of status lists',
      listsOn('status.example.com:443'),
      'ISSUERS.main.status_list_hosts[1]: "status.example.com:443" is not a plain host name; write it like "status.example.com"',
    ],
    [
      'https://status.example.com as a host of status lists',
      listsOn('https://status.example.com'),
      'ISSUERS.main.status_list_hosts[1]: "https://status.example.com" is not a plain host name; write it like "status.example.com"',
    ],
    [
      'status.example.com/lists as a host of status lists',
      listsOn('status.example.com/lists'),
      'ISSUERS.main.status_list_hosts[1]: "status.example.com/lists" is not a plain host name; write it like "status.example.com"',
    ],
    [
      'me@status.example.com as a host of status lists',
      listsOn('me@status.example.com'),
      'ISSUERS.main.status_list_hosts[1]: "me@status.example.com" is not a plain host name; write it like "status.example.com"',
    ],
    [
      '*.example.com as a host of status lists',
      listsOn('*.example.com'),
      'ISSUERS.main.status_list_hosts[1]: "*.example.com" is not a plain host name; write it like "status.example.com"',
    ],
    [
      'münchen.example as a host of status lists',
      listsOn('münchen.example'),
      'ISSUERS.main.status_list_hosts[1]: "münchen.example" is not a plain host name; write it like "xn--mnchen-3ya.example"',
    ],
    [
      'status.example.com. as a host of status lists',
      listsOn('status.example.com.'),
      'ISSUERS.main.status_list_hosts[1]: "status.example.com." is not a plain host name; write it like "status.example.com"',
    ],
    [
      '[fd00::1] as a host of status lists',
      listsOn('[fd00::1]'),
      'ISSUERS.main.status_list_hosts[1]: "[fd00::1]" is not a plain host name; write it like "status.example.com"',
    ],
    [
      '0x7f.1 as a host of status lists',
      listsOn('0x7f.1'),
      'ISSUERS.main.status_list_hosts[1]: "0x7f.1" is not a plain host name; write it like "127.0.0.1"',
    ],
    [
      '  as a host of status lists',
      listsOn(' '),
      'ISSUERS.main.status_list_hosts[1]: " " is not a plain host name; write it like "status.example.com"',
    ],
    [
      'an address as a host of status lists',
      listsOn('169.254.169.254:80'),
      'ISSUERS.main.status_list_hosts[1]: 169.254.169.254:80 is an address, not a host name; write the name that its certificate is for',
    ],
    [
      'two tables for one issuer',
      vars(ROUTES, { issuer: 'main' }, { ISSUERS: { main: { issuer: ISSUER }, twin: { issuer: ISSUER } } }),
      'ISSUERS.twin.issuer: ISSUERS.main has the same issuer; an issuer can have one table only',
    ],
    [
      'an unknown issuer',
      vars(ROUTES, { issuer: 'mian' }),
      'API_ORDERS.issuer: there is no issuer "mian"; did you mean "main"?',
    ],
    [
      'a choice of issuers that was not made',
      vars(
        ROUTES,
        {},
        { ISSUERS: { a: { issuer: 'https://a.example' }, b: { issuer: 'https://b.example' } } },
      ),
      'API_ORDERS.issuer: issuer is missing, and there are several issuers; name one of a, b, or several: issuer = ["a", "b"]',
    ],
    [
      'no audience',
      vars(ROUTES, { audience: undefined }),
      'API_ORDERS.audience: audience is missing; write a string or a list',
    ],
    [
      'an empty audience',
      vars(ROUTES, { audience: '' }),
      'API_ORDERS.audience: audience is empty; the audience as it stands in tokens',
    ],
    [
      'an empty list of audiences',
      vars(ROUTES, { audience: [] }),
      'API_ORDERS.audience: audience is empty; name at least one audience',
    ],
    [
      'no origin',
      vars(ROUTES, { origin: undefined }),
      'API_ORDERS.origin: origin is missing; write a string',
    ],
    [
      'an origin that is not a URL',
      vars(ROUTES, { origin: 'orders.example' }),
      'API_ORDERS.origin: "orders.example" is not an origin; write an http(s) URL without user name, query and fragment, "service:BINDING", "zone", or "next"',
    ],
    [
      'an origin of another scheme',
      vars(ROUTES, { origin: 'ftp://orders.example' }),
      'API_ORDERS.origin: "ftp://orders.example" is not an origin; write an http(s) URL without user name, query and fragment, "service:BINDING", "zone", or "next"',
    ],
    [
      'an origin with a query',
      vars(ROUTES, { origin: 'https://orders.example/?a' }),
      'API_ORDERS.origin: "https://orders.example/?a" is not an origin; write an http(s) URL without user name, query and fragment, "service:BINDING", "zone", or "next"',
    ],
    [
      'an unknown field of an API',
      vars(ROUTES, { audiences: 'x' }),
      'API_ORDERS.audiences: there is no field "audiences"; did you mean "audience"?',
    ],
    [
      'a host with a port',
      vars(ROUTES, { hosts: ['api.example.com:443'] }),
      'API_ORDERS.hosts[0]: hosts[0] is not valid; write a host name in lower case, without scheme, port and trailing dot; its first label may be a parameter, ":tenant.example.com"',
    ],
    [
      'a resource elsewhere',
      vars(ROUTES, { hosts: ['api.example.com'], resource: 'https://other.example' }),
      'API_ORDERS.resource: resource is not a resource identifier of this API; write an https URL on one of its hosts',
    ],
    [
      'no routes',
      vars({}),
      'API_ORDERS.routes: there is no route; add one like "GET /orders" = { scopes_all = ["read:orders"] }',
    ],
    [
      'an unknown field of a route',
      vars({ 'GET /x': { scope_all: ['a'] } }),
      'API_ORDERS.routes."GET /x".scope_all: there is no field "scope_all"; did you mean "scopes_all"?',
    ],
    [
      'a list that is not a list',
      vars({ 'GET /x': { scopes_all: 'a' } }),
      'API_ORDERS.routes."GET /x".scopes_all: scopes_all has the wrong type; write a list',
    ],
    [
      'an empty list of scopes',
      vars({ 'GET /x': { scopes_all: [] } }),
      'API_ORDERS.routes."GET /x".scopes_all: scopes_all is empty; name at least one scope, or leave the field out',
    ],
    [
      'two scopes in one',
      vars({ 'GET /x': { scopes_any: ['a b'] } }),
      'API_ORDERS.routes."GET /x".scopes_any[0]: scopes_any[0] is not valid; write one scope each: no spaces, quotes or backslashes (RFC 6749 §3.3)',
    ],
    [
      'an empty list of clients',
      vars({ 'GET /x': { clients: [] } }),
      'API_ORDERS.routes."GET /x".clients: clients is empty; name at least one client id, or leave the field out',
    ],
    [
      'no claims',
      vars({ 'GET /x': { claims: {} } }),
      'API_ORDERS.routes."GET /x".claims: claims is empty; name at least one claim, or leave the field out',
    ],
    [
      'an empty list of values',
      vars({ 'GET /x': { claims: { org: [] } } }),
      'API_ORDERS.routes."GET /x".claims.org: org is empty; give at least one value',
    ],
    [
      'a parameter that the path lacks',
      vars({ 'GET /:org': { claims: { org: { param: 'orgg' } } } }),
      'API_ORDERS.routes."GET /:org".claims.org.param: the path has no :orgg; did you mean "org"?',
    ],
    [
      'a pointer with a parameter that the path lacks',
      vars({ 'GET /:org': { claims: { '/orgs/:orgg/roles': 'admin' } } }),
      'API_ORDERS.routes."GET /:org".claims."/orgs/:orgg/roles": the path has no :orgg; did you mean "org"?',
    ],
    [
      'a pointer with a parameter, for an issuer',
      vars(ROUTES, {}, issuers({ claims: { '/orgs/:org': 'x' } })),
      'ISSUERS.main.claims."/orgs/:org": ":org" stands for a parameter of a path, and there is no path here; name the member',
    ],
    [
      'a pointer with a parameter, for scopes',
      vars(ROUTES, {}, issuers({ scope_claim: '/orgs/:org/scopes' })),
      'ISSUERS.main.scope_claim: ":org" stands for a parameter of a path, and there is no path here; name the member',
    ],
    [
      'a pointer with a parameter, for a header',
      vars(ROUTES, { forward: { '/orgs/:org': 'x-org' } }),
      'API_ORDERS.forward."/orgs/:org": ":org" stands for a parameter of a path, and there is no path here; name the member',
    ],
    [
      'a pointer with a parameter, for a rate limit',
      vars({ 'GET /:org': { rate_limit: { binding: 'B', by: { claim: '/orgs/:org/id' } } } }),
      'API_ORDERS.routes."GET /:org".rate_limit.by.claim: ":org" stands for a parameter of a path, and there is no path here; name the member',
    ],
    [
      'a header that stands for several',
      vars(ROUTES, { drop_headers: ['x-user-*'] }),
      'API_ORDERS.drop_headers[0]: x-user-* drops no header: there is no * in names; name each header',
    ],
    [
      'a table that says nothing of a claim',
      vars({ 'GET /x': { claims: { org: {} } } }),
      'API_ORDERS.routes."GET /x".claims.org: org says nothing of the claim; write a value, a list, or { present = true }',
    ],
    [
      'a claim that is to be absent',
      vars({ 'GET /x': { claims: { org: { present: false } } } }),
      'API_ORDERS.routes."GET /x".claims.org.present: present is none of the choices; write true',
    ],
    [
      'a parameter, for an issuer',
      vars(ROUTES, {}, issuers({ claims: { org: { param: 'org' } } })),
      'ISSUERS.main.claims.org.param: there is no field "param"; there is "present", "all", "not"',
    ],
    [
      'no alternatives',
      vars({ 'GET /x': { any_of: [] } }),
      'API_ORDERS.routes."GET /x".any_of: any_of is empty; write at least one alternative, or leave the field out',
    ],
    [
      'an alternative that asks for nothing',
      vars({ 'GET /x': { any_of: [{ clients: ['a'] }, {}] } }),
      'API_ORDERS.routes."GET /x".any_of[1]: any_of[1] is empty, and would let in every good token; name a rule, or remove any_of',
    ],
    [
      'a rule that alternatives do not have',
      vars({ 'GET /x': { any_of: [{ scopes_al: ['a'] }] } }),
      'API_ORDERS.routes."GET /x".any_of[0].scopes_al: there is no field "scopes_al"; did you mean "scopes_all"?',
    ],
    [
      'a misspelt field of a claim in an alternative',
      vars({ 'GET /x': { any_of: [{ claims: { org: { nott: 'a' } } }] } }),
      'API_ORDERS.routes."GET /x".any_of[0].claims.org.nott: there is no field "nott"; did you mean "not"?',
    ],
    [
      'alternatives that combine into too much',
      vars({ 'GET /x': { any_of: Array(7).fill({ scopes_all: ['a', 'b'] }) } }),
      'API_ORDERS.routes."GET /x".any_of: any_of combines into 128 demands; 64 are the most; use fewer rules in each alternative, or give them routes of their own',
    ],
    [
      'an auth that is none',
      vars({ 'GET /x': { auth: 'open' } }),
      'API_ORDERS.routes."GET /x".auth: auth is none of the choices; write "required" or "optional" or "none"',
    ],
    [
      'a rule on a public route',
      vars({ 'GET /x': { auth: 'none', scopes_all: ['a'] } }),
      'API_ORDERS.routes."GET /x".scopes_all: a rule has no effect beside auth = "none"; remove the rule, or auth',
    ],
    [
      'an audience on a public route',
      vars({ 'GET /x': { auth: 'none', audience: AUDIENCE } }),
      'API_ORDERS.routes."GET /x".audience: a rule has no effect beside auth = "none"; remove the rule, or auth',
    ],
    [
      'a rule on an optional route',
      vars({ 'GET /x': { auth: 'optional', clients: ['a'] } }),
      'API_ORDERS.routes."GET /x".clients: a rule has no effect beside auth = "optional"; remove the rule, or auth',
    ],
    [
      'an audience that widens',
      vars({ 'GET /x': { audience: 'other' } }),
      `API_ORDERS.routes."GET /x".audience: the API does not accept "other"; a route can only narrow: add it to the API too, or there is "${AUDIENCE}"`,
    ],
    [
      'a key without path',
      vars({ GET: {} }),
      'API_ORDERS.routes.GET: a route key is a method and a path; write it like "GET /orders/:id"',
    ],
    [
      'a key with three parts',
      vars({ 'GET /x y': {} }),
      'API_ORDERS.routes."GET /x y": a route key is a method and a path; write it like "GET /orders/:id"',
    ],
    [
      'a method in lower case',
      vars({ 'get /x': {} }),
      'API_ORDERS.routes."get /x": methods are case-sensitive; write GET',
    ],
    [
      'a method that is none',
      vars({ 'GET,PUT /x': {} }),
      'API_ORDERS.routes."GET,PUT /x": "GET,PUT" is not a method; write methods like GET|PUT, or *',
    ],
    [
      'a method twice',
      vars({ 'GET|GET /x': {} }),
      'API_ORDERS.routes."GET|GET /x": a method is named twice; name each once',
    ],
    [
      '* beside a method',
      vars({ 'GET|* /x': {} }),
      'API_ORDERS.routes."GET|* /x": * already stands for every method; write * alone',
    ],
    [
      'TRACE',
      vars({ 'TRACE /x': {} }),
      'API_ORDERS.routes."TRACE /x": TRACE can\'t be forwarded; leave it out',
    ],
    ['a relative path', vars({ 'GET x': {} }), 'API_ORDERS.routes."GET x": a path begins with /; write /x'],
    [
      'a path with a parameter of the query that has no value',
      vars({ 'GET /x?a': {} }),
      'API_ORDERS.routes."GET /x?a": a parameter of the query has a name and a value; write it like "GET /page?action=delete"',
    ],
    [
      'two parameters in a segment',
      vars({ 'GET /x/:a-:b': {} }),
      'API_ORDERS.routes."GET /x/:a-:b": ":a-:b" has two parameters; a segment can have one; give the rest a fixed text',
    ],
    [
      'text beside a parameter that is cut',
      vars({ 'GET /x/:a;v': {} }),
      'API_ORDERS.routes."GET /x/:a;v": no request can match ":a;v"; write letters, digits and -._~!$&\'()+,=@: beside a parameter, and no dot at its end',
    ],
    [
      'the same pattern twice',
      vars({ 'GET /x?a=1&b=2': {}, 'GET /x?b=2&a=1': {} }),
      'API_ORDERS.routes."GET /x?b=2&a=1": API_ORDERS.routes."GET /x?a=1&b=2" serves GET here already; keep one of them',
    ],
    [
      'a parameter of the query twice',
      vars({ 'GET /x?a=1&a=2': {} }),
      'API_ORDERS.routes."GET /x?a=1&a=2": the parameter "a" stands twice; name each once; other values get routes of their own',
    ],
    [
      'a pattern in a query',
      vars({ 'GET /x?a=*': {} }),
      'API_ORDERS.routes."GET /x?a=*": no request can match the parameter "a"; write its name and one value; there is no * and no [] in them',
    ],
    [
      'a parameter that only some hosts have',
      vars(
        { 'GET /x': { claims: { t: { param: 'tenant' } } } },
        { hosts: [':tenant.api.example', 'api.example'] },
      ),
      'API_ORDERS.routes."GET /x".claims.t.param: the path has no :tenant; write :tenant into the path, or into each of the hosts, by the same name',
    ],
    [
      'a parameter of the host and of the path',
      vars({ 'GET /:tenant': {} }, { hosts: [':tenant.api.example'] }),
      'API_ORDERS.routes."GET /:tenant": the parameter :tenant is one of the host, too; give each its own name',
    ],
    [
      'two APIs on the same hosts, by other names',
      vars(
        { 'GET /x': {} },
        { hosts: [':a.api.example'] },
        {
          API_B: {
            hosts: [':b.api.example'],
            origin: 'https://b.example',
            audience: 'b',
            routes: { 'GET /x': {} },
          },
        },
      ),
      'API_B.routes."GET /x": API_ORDERS.routes."GET /x" serves GET here already; keep one of them',
    ],
    [
      'a * in the middle',
      vars({ 'GET /*/x': {} }),
      'API_ORDERS.routes."GET /*/x": * stands for the rest of a path; put it last, alone between slashes',
    ],
    [
      'a * inside a segment',
      vars({ 'GET /x*': {} }),
      'API_ORDERS.routes."GET /x*": * stands for the rest of a path; put it last, alone between slashes',
    ],
    [
      'a parameter without name',
      vars({ 'GET /:': {} }),
      'API_ORDERS.routes."GET /:": ":" is not a parameter; name it with letters, digits and _',
    ],
    [
      'a parameter twice',
      vars({ 'GET /:a/:a': {} }),
      'API_ORDERS.routes."GET /:a/:a": the parameter :a stands twice; give each its own name',
    ],
    [
      'a path that no request can have',
      vars({ 'GET /a//b': {} }),
      'API_ORDERS.routes."GET /a//b": no request can match ""; see "One form of a path" in docs/policy.md',
    ],
    [
      'a dot segment',
      vars({ 'GET /a/../b': {} }),
      'API_ORDERS.routes."GET /a/../b": no request can match ".."; see "One form of a path" in docs/policy.md',
    ],
    [
      'a route twice',
      vars({ 'GET /:a': {}, 'GET|PUT /:b': {} }),
      'API_ORDERS.routes."GET|PUT /:b": API_ORDERS.routes."GET /:a" serves GET here already; keep one of them',
    ],
    [
      'paths that fold to one, with other rules',
      vars({ 'GET /x': {}, 'GET /X': { scopes_all: ['a'] } }),
      'API_ORDERS.routes."GET /X": some origins can\'t tell this path from the one of API_ORDERS.routes."GET /x", and the rules differ; give both the same rules, or drop one',
    ],
    [
      'a slash more, with other rules',
      vars({ '* /x': { scopes_all: ['a'] }, 'GET /x/': {} }),
      'API_ORDERS.routes."GET /x/": some origins can\'t tell this path from the one of API_ORDERS.routes."* /x", and the rules differ; give both the same rules, or drop one',
    ],
    [
      'a header that is not x-…',
      vars(ROUTES, { forward: { org: 'tenant' } }),
      'API_ORDERS.forward.org: the header "tenant" can\'t carry a claim; name it x-…, in lower case, outside the families of "Headers" in docs/policy.md',
    ],
    [
      'a header of a reserved family',
      vars(ROUTES, { forward: { org: 'x-forwarded-org' } }),
      'API_ORDERS.forward.org: the header "x-forwarded-org" can\'t carry a claim; name it x-…, in lower case, outside the families of "Headers" in docs/policy.md',
    ],
    [
      'an identity header',
      vars(ROUTES, { forward: { org: 'x-claim-sub' } }),
      'API_ORDERS.forward.org: the header "x-claim-sub" can\'t carry a claim; name it x-…, in lower case, outside the families of "Headers" in docs/policy.md',
    ],
    [
      'two claims in one header',
      vars(ROUTES, { forward: { org: 'x-org', tenant: 'x-org' } }),
      'API_ORDERS.forward.tenant: the claim "org" is already sent as x-org; give each claim its own header',
    ],
    [
      'a form that is none',
      vars(ROUTES, { forward: { org: { header: 'x-org', as: 'csv' } } }),
      'API_ORDERS.forward.org.as: as is none of the choices; write "text" or "list" or "json"',
    ],
    [
      'a time-out of zero',
      vars(ROUTES, { timeout_ms: 0 }),
      'API_ORDERS.timeout_ms: timeout_ms is too small; write more than 0',
    ],
  ])('finds %s', (_why, tables, message) => {
    expect(faultsOf(tables)).toEqual([message]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    [
      'a GATEWAY that is text: it would block nobody',
      vars(ROUTES, {}, { GATEWAY: '{"blocked_kids":["a"]}' }),
      'GATEWAY: GATEWAY has the wrong type; write a table',
    ],
    [
      'claims of an issuer that ask for nothing',
      vars(ROUTES, {}, issuers({ claims: {} })),
      'ISSUERS.main.claims: claims is empty; name at least one claim, or leave the field out',
    ],
    [
      'an origin with a password',
      vars(ROUTES, { origin: 'https://:pw@o.example' }),
      'API_ORDERS.origin: this is not an origin; write an http(s) URL without user name, query and fragment, "service:BINDING", "zone", or "next"',
    ],
  ])('finds %s', (_why, tables, message) => {
    expect(faultsOf(tables)).toEqual([message]);
  });

  it('finds all faults at once', () => {
    const faults = faultsOf(
      vars(
        { 'GET /x': { scopes_all: [] }, 'get /y': {} },
        { origin: 'x' },
        { GATEWAY: { a: 1 }, ISSUERS: { main: {} } },
      ),
    );
    expect(faults.map((text) => text.slice(0, text.indexOf(': ')))).toEqual([
      'GATEWAY.a',
      'ISSUERS.main.issuer',
      'API_ORDERS.routes."GET /x".scopes_all',
      'API_ORDERS.origin',
      'API_ORDERS.routes."get /y"',
    ]);
  });

  it.each<[string, object, string[]]>([
    [
      'of an API no fault of its route keys',
      { hosts: ['API.example'], routes: { 'get /y': {}, 'GET /x': {} } },
      ['API_ORDERS.hosts[0]', 'API_ORDERS.routes."get /y"'],
    ],
    [
      'of an API no rule that contradicts it',
      { timeout_ms: -1, routes: { 'GET /x': { audience: 'other' }, 'GET /y': { issuer: 'other' } } },
      ['API_ORDERS.timeout_ms', 'API_ORDERS.routes."GET /x".audience', 'API_ORDERS.routes."GET /y".issuer'],
    ],
    [
      'of an API no rules that contradict one another',
      { cors: {}, routes: { 'GET /x': {}, 'GET /X': { clients: ['a'] } } },
      ['API_ORDERS.cors.origins', 'API_ORDERS.routes."GET /X"'],
    ],
    [
      'of a route no fault of its key',
      { routes: { 'GET x': { scopes_all: [] } } },
      ['API_ORDERS.routes."GET x".scopes_all', 'API_ORDERS.routes."GET x"'],
    ],
    [
      'of one claim no fault of another',
      { routes: { 'GET /x': { claims: { a: [], b: { param: 'c' } } } } },
      ['API_ORDERS.routes."GET /x".claims.a', 'API_ORDERS.routes."GET /x".claims.b.param'],
    ],
    [
      'of the audience invents no contradiction',
      { audience: 1, routes: { 'GET /x': { audience: 'a' } } },
      ['API_ORDERS.audience'],
    ],
  ])('a faulty field hides %s', (_what, api, places) => {
    const found = faultsOf(vars({}, api as Record<string, unknown>));
    expect(found.map((text) => text.slice(0, text.indexOf(': ')))).toEqual(places);
  });

  it.each<[string, unknown, string]>([
    [
      'a misspelt param is one mistake, with what was meant',
      { parm: 'x' },
      'claims.org.parm: there is no field "parm"; did you mean "param"?',
    ],
    [
      'another type names every alternative',
      null,
      'claims.org: org has the wrong type; write a string or a number or true or false or a list or { param = … }',
    ],
    [
      'a bad value among several',
      ['a', {}],
      'claims.org[1]: org[1] has the wrong type; write a string or a number or true or false',
    ],
    ['a param of another type', { param: 1 }, 'claims.org.param: param has the wrong type; write a string'],
  ])('what a claim must say: %s', (_why, want, message) => {
    expect(faultsOf(vars({ 'GET /x': { claims: { org: want } } }))).toEqual([
      `API_ORDERS.routes."GET /x".${message}`,
    ]);
  });

  // JSON.parse makes a member of that name, as wrangler does for the Worker; an object literal would not.
  it.each([
    [
      'a claim of a rule',
      '{"GET /x":{"claims":{"__proto__":"x","role":"y"}}}',
      'routes."GET /x".claims.__proto__',
    ],
    ['a route', '{"__proto__":{}}', 'routes.__proto__'],
  ])('finding 8: %s that is named __proto__ does not vanish', (_what, routes, at) => {
    expect(faultsOf(vars(JSON.parse(routes)))).toContain(
      `API_ORDERS.${at}: nothing can be named "__proto__"; remove it, or rename it`,
    );
  });

  it('finds services that are not bound', () => {
    for (const origin of ['dispatch:NAMESPACE/:tenant', 'durable_object:ROOMS/:room'])
      expect(faultsOf(vars(ROUTES, { origin }))).toEqual([
        `API_ORDERS.origin: "${origin}" is a namespace: only what it leads to can be asked; bind a Worker of your own that picks one, as a service: docs/origins.md`,
      ]);
    const tables = vars(ROUTES, { origin: 'service:ORDRES' }, issuers({ service: 'ISSUER' }));
    expect(faultsOf(tables, { services: ['ORDERS'] })).toEqual([
      'ISSUERS.main.service: there is no service binding "ISSUER"; add [[services]] with binding = "ISSUER" to wrangler.toml',
      'API_ORDERS.origin: there is no service binding "ORDRES"; did you mean "ORDERS"?',
    ]);
  });

  it('refuses the same route in two APIs of one host', () => {
    const other = { API_OTHER: { origin: 'https://o.example', audience: 'o', routes: { 'GET /:id': {} } } };
    expect(faultsOf(vars({ 'GET /:x': {} }, {}, other))).toEqual([
      'API_OTHER.routes."GET /:id": API_ORDERS.routes."GET /:x" serves GET here already; keep one of them',
    ]);
  });

  it('allows the same route on different hosts', () => {
    const other = {
      API_OTHER: {
        hosts: ['o.example'],
        origin: 'https://o.internal.example',
        audience: 'o',
        routes: ROUTES,
      },
    };
    expect(faultsOf(vars(ROUTES, { hosts: ['a.example'] }, other))).toEqual([]);
  });

  it('takes strings, secrets and bindings for no policy, whatever their name', () => {
    const tables = vars(
      ROUTES,
      {},
      {
        API_KEY: 'secret',
        ISSUER: 'text',
        PORT: 1,
        KEYS: (env as Record<string, unknown>)['KEYS'],
        VERSION: { id: 'a', tag: '', timestamp: 'b' },
      },
    );
    expect(faultsOf(tables)).toEqual([]);
  });

  it.each([null, [], 'text', 1, { routes: 1 }, { routes: { 'GET /x': 1 } }, { routes: { 'GET /x': null } }])(
    'never throws on an API that is %j',
    (table) => {
      const result = compilePolicy({ ...vars(ROUTES), API_ODD: table });
      expect(result.ok).toBe(typeof table !== 'object' || table === null || Array.isArray(table));
    },
  );

  it('derives the resource identifier from the audience where that is a URL on a host of the API', () => {
    const resourceOf = (api: object) => policyWith(ROUTES, api as Record<string, unknown>).apis[0]?.resource;
    expect(resourceOf({ hosts: ['api.example.com'] })).toBe(AUDIENCE);
    expect(resourceOf({})).toBeUndefined();
    expect(resourceOf({ resource: 'https://api.example.com/x' })).toBe('https://api.example.com/x');
  });

  describe('the host as the resource identifier', () => {
    const DOCUMENT = '/.well-known/oauth-protected-resource';
    const resourceOf = (api: Record<string, unknown>, routes: Record<string, unknown> = ROUTES, more = {}) =>
      policyWith(routes, { hosts: ['h.example'], audience: 'x', ...api }, more).apis[0]?.resource;
    const beside = (hosts?: string[]) => ({
      API_Y: {
        origin: 'https://o.example',
        audience: 'y',
        ...(hosts && { hosts }),
        routes: { 'GET /y': {} },
      },
    });

    it.each<[string, string | undefined, Parameters<typeof resourceOf>]>([
      ['an API that has its host for itself', 'https://h.example', [{}]],
      ['an audience of another host', 'https://h.example', [{ audience: AUDIENCE }]],
      ['a list of audiences', 'https://h.example', [{ audience: ['x', 'https://h.example/x'] }]],
      ['an API of other hosts beside it', 'https://h.example', [{}, ROUTES, beside(['other.example'])]],
      ['an API of all other hosts beside it', 'https://h.example', [{}, ROUTES, beside()]],
      ['a wildcard that wants a token', 'https://h.example', [{}, { 'GET /*': {} }]],
      ['a public route elsewhere', 'https://h.example', [{}, { 'GET /public/*': { auth: 'none' } }]],
      ['two hosts', undefined, [{ hosts: ['h.example', 'i.example'] }]],
      ['a host with a parameter', undefined, [{ hosts: [':t.h.example'] }]],
      ['a host of this machine', undefined, [{ hosts: ['localhost'] }]],
      ['all hosts', undefined, [{ hosts: undefined }]],
      ['another API on the host', undefined, [{}, ROUTES, beside(['h.example'])]],
      ['an API on trial', undefined, [{ report_only: true }]],
      ['an origin with a document of its own', undefined, [{}, { [`GET ${DOCUMENT}`]: {} }]],
      ['an origin whose document is public', undefined, [{}, { 'GET /*': { auth: 'none' } }]],
    ])('%s: %s', (_why, expected, [api, ...more]) => {
      const { hosts, ...rest } = api;
      const given = 'hosts' in api && hosts === undefined ? { ...rest, hosts: undefined } : api;
      expect(resourceOf(given, ...more)).toBe(expected);
    });
  });

  it.each([
    ['scope_prefix', 'api://x y/', 'one scope each'],
    ['scope_prefix', 1, 'scope_prefix'],
    ['scopes_supported', [], 'name at least one scope'],
    ['scopes_supported', ['a b'], 'one scope each'],
    ['scopes_supported', ['a"b'], 'one scope each'],
    ['tell_audience', 'yes', 'tell_audience'],
  ])('%s: %j is a fault', (field, value, said) => {
    const faults = faultsOf(vars(ROUTES, { [field]: value }));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(`API_ORDERS.${field}`);
    expect(faults[0]).toContain(said);
  });
});
