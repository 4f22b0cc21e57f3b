/** What the check looks for, besides what the gateway itself refuses (typos.test.ts): each shown, and absent where all is well. */
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkPolicy } from '../../../../cli/policy/check/check.ts';
import { findDeclared } from '../../../../cli/policy/check/declared.ts';
import type { Finding } from '../../../../cli/policy/check/findings.ts';
import { RULES } from '../../../../cli/policy/check/kinds.ts';
import { LINTS } from '../../../../cli/policy/check/lints/lints.ts';
import type { Facts } from '../../../../cli/policy/check/lints/subject.ts';
import type { OnlineFacts } from '../../../../cli/policy/check/online.ts';
import { parsePolicyFile } from '../../../../cli/policy/file/config.ts';
import { makeFolder, policyText } from '../../support/policies.ts';

const write = makeFolder();

function check(text: string, facts: Facts = {}): Finding[] {
  return checkPolicy(parsePolicyFile('wrangler.toml', text), { facts }).flatMap(({ faults, warnings }) => [
    ...faults,
    ...warnings,
  ]);
}

/** The findings of one rule as text; fails where there are others. */
function found(rule: string, text: string, facts?: Facts): string[] {
  const findings = check(text, facts);
  expect(findings.filter((one) => one.rule !== rule)).toEqual([]);
  return findings.map(({ at, problem }) => `${at}: ${problem}`);
}

const cors = (value: string, ...lines: string[]) =>
  policyText({
    api: `origin = "service:X"\ncors = ${value}`,
    ...(lines.length > 0 && { routes: lines.join('\n') }),
  });
const routes = (...lines: string[]) => policyText({ routes: lines.join('\n') });
const OBJECT = '[[durable_objects.bindings]]\nname = "REVOCATIONS"\nclass_name = "Revocations"\n';
const MIGRATION = '[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["Revocations"]\n';
/** A policy with revocation, and what it needs. */
const revoking = (lines: string[], maxTokenAge = 3_600, migration = MIGRATION, object = OBJECT) =>
  policyText({
    issuer: `max_token_age = ${maxTokenAge}`,
    routes: lines.join('\n'),
    more: `${object}${migration}[vars.GATEWAY]\nrevocation = "REVOCATIONS"`,
  });
const online = (issuer: object | undefined, origin?: object): Facts => ({
  online: new Map([
    [
      undefined,
      {
        issuers: new Map(issuer && [['main', issuer]]),
        origins: new Map(origin && [['API_X', origin]]),
      } as unknown as OnlineFacts,
    ],
  ]),
});
const keys = (algorithms: string[], claims?: string[], dropped: object[] = []) =>
  online({ kind: 'keys', algorithms: new Set(algorithms), claims, dropped });
const faulty = (fault: string, more: object = {}) => online({ kind: 'fault', fault, dropped: [], ...more });
/** With the issuer as its audience. */
const forIssuer = (parts: Parameters<typeof policyText>[0]) =>
  policyText(parts).replace('audience = "x"', 'audience = "https://issuer.example/"');
const LISTS_ON = (host: string) =>
  `status_list = "required"\nstatus_list_hosts = ["status.example.org", "${host}"]`;
const ON_TRIAL = 'report_only = true';
const PLACE = 'origin = "service:X"\ntoken_from = ';
const CORS = 'cors = { origins = ["https://app.example.com"]';
const ADMIN = '{ scopes_all = ["admin"] }';
const ZONE = 'hosts = ["api.example.com"]\norigin = "zone"\nzone_unprotected = true';
const SECRET = 'origin = "https://x.example"\norigin_headers = { x-s = "secret:S" }';
const PROVEN = 'origin = "service:X"\nassertion = { audience = "orders.internal" }';
const ASSERTED = '[vars.GATEWAY]\nassertion = { issuer = "https://api.example.com" }';
const REVOKING = `[[durable_objects.bindings]]
name = "REVOCATIONS"
class_name = "Revocations"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Revocations"]
[vars.GATEWAY]
revocation = "REVOCATIONS"`;
const SIGNALS = (more = '', field = 'rate_limit = "L"') =>
  `${REVOKING}\n[vars.GATEWAY.signals.corp]\nissuer = "https://signals.example/"\naudience = "a"\nrevokes = "main"\n${field}\n${more}`;
const POLLED = SIGNALS('poll_uri = "https://signals.example/poll"', '');
const LIMITED = 'ratelimits = [{ name = "L", namespace_id = "1", simple = { limit = 10, period = 60 } }]';
const AGED = 'max_token_age = 3600';
const KEY_LISTED = 'secrets.required = ["ASSERTION_KEY"]';
const HOSTED = 'hosts = ["api.example.com"]\norigin = "service:X"';
const OWN = 'workers_dev = false';
const PLAIN = 'origin = "service:X"\n';
const ON_HOST =
  '[vars.API_Y]\nhosts = ["api.example.com"]\norigin = "service:X"\naudience = "y"\n[vars.API_Y.routes]\n"GET /y" = {}';
const routed = (...patterns: string[]) =>
  `routes = [${patterns.map((pattern) => `{ pattern = "${pattern}", zone_name = "example.com" }`).join(', ')}]`;

/** Open to anyone. */
const OTHER_API =
  '[vars.API_Y]\norigin = "service:X"\naudience = "y"\n[vars.API_Y.routes]\n"GET /y" = { auth = "none" }';
const TWO_ISSUERS = '[vars.ISSUERS.b]\nissuer = "https://b.example/"';

interface Example {
  readonly rule: string;
  /** Policies in which it finds something, and where. */
  readonly bad: readonly [what: string, text: string, found: string, facts?: Facts][];
  /** Policies that are near, and in which it finds nothing. */
  readonly good: readonly [what: string, text: string, facts?: Facts][];
}

const DECLARED: Facts = {
  declared: {
    file: 'issuer.json',
    issuers: ['https://issuer.example/'],
    apis: [{ identifier: 'x', scopes: ['read:things'] }],
  },
};

const NOBODYS: Facts = {
  declared: { file: 'issuer.json', issuers: [], apis: [{ identifier: 'x', scopes: ['read:things'] }] },
};

const EXAMPLES: readonly Example[] = [
  {
    rule: 'weak-query',
    bad: [
      [
        'a query that opens a path',
        routes(`"GET /page" = ${ADMIN}`, '"GET /page?draft=0" = { auth = "none" }'),
        'API_X.routes."GET /page?draft=0": it lets in anyone whom "GET /page" refuses',
      ],
      [
        'a query that asks for less, beside a route of all methods',
        routes(`"* /page" = ${ADMIN}`, '"GET /page?do=ping" = {}'),
        'API_X.routes."GET /page?do=ping": it lets in callers whom "* /page" refuses',
      ],
    ],
    good: [
      ['a query that asks for more', routes('"GET /page" = {}', `"GET /page?do=purge" = ${ADMIN}`)],
      ['a query of a path that is nowhere else', routes('"GET /page?do=ping" = {}')],
      ['other methods', routes(`"POST /page" = ${ADMIN}`, '"GET /page?do=ping" = {}')],
    ],
  },
  {
    rule: 'weak-neighbour',
    bad: [
      [
        'a public wildcard beside a guarded path of another method',
        routes('"GET /admin/*" = { auth = "none" }', `"POST /admin/users" = ${ADMIN}`),
        'API_X.routes."GET /admin/*": it serves GET /admin/users.json without a token, beside "POST /admin/users"',
      ],
      [
        'a parameter beside a literal',
        routes('"GET /orders/:id" = {}', `"GET /orders/export" = ${ADMIN}`),
        'API_X.routes."GET /orders/:id": it serves GET /orders/export.json with fewer rules, beside "GET /orders/export"',
      ],
      [
        'many guarded paths: one finding',
        routes(
          '"GET /*" = { auth = "none" }',
          `"GET /a" = ${ADMIN}`,
          `"GET /b" = ${ADMIN}`,
          `"GET /c/d" = ${ADMIN}`,
        ),
        'API_X.routes."GET /*": it serves GET /a.json without a token, beside "GET /a" and 2 more',
      ],
      [
        'what is above a guarded wildcard',
        routes('"GET /*" = { auth = "none" }', `"GET /admin/*" = ${ADMIN}`),
        'API_X.routes."GET /*": it serves GET /admin without a token, beside "GET /admin/*"',
      ],
      [
        'a wildcard on trial',
        routes(
          '"GET /*" = { report_only = true } # claimgate: allow report-only, no-root',
          `"GET /a" = ${ADMIN}`,
        ),
        'API_X.routes."GET /*": it serves GET /a.json without a token, beside "GET /a"',
      ],
    ],
    good: [
      ['rules that are as strong', routes(`"GET /admin/*" = ${ADMIN}`, `"GET /admin/users" = ${ADMIN}`)],
      [
        'other rules',
        routes('"GET /a/:id" = { scopes_all = ["read:a"] }', '"GET /a/x" = { scopes_all = ["x:a"] }'),
      ],
      [
        'a public wildcard with a guard around the rest',
        routes('"GET /site/*" = { auth = "none" }', `"* /api/*" = ${ADMIN}`, `"GET /api/x" = ${ADMIN}`),
      ],
      [
        'another spelling of the guarded path',
        routes('"GET /:x" = { auth = "none" }', `"GET /a" = ${ADMIN}`, `"GET /A.json" = ${ADMIN}`),
      ],
      [
        'another API: its paths go elsewhere',
        policyText({ routes: `"GET /a" = ${ADMIN}`, more: OTHER_API.replace('GET /y', 'GET /*') }),
      ],
      [
        'rules of another kind',
        routes('"GET /a/:id" = { claims = { org = 1 } }', '"GET /a/x" = { scopes_all = ["x:a"] }'),
      ],
      [
        'a public path that is no wildcard',
        routes('"GET /health" = { auth = "none" }', `"GET /a" = ${ADMIN}`),
      ],
      [
        'a public GET of ids beside a POST',
        routes('"GET /a/:id" = { auth = "none" }', `"POST /a/search" = ${ADMIN}`),
      ],
    ],
  },
  {
    rule: 'hidden-method',
    bad: [
      [
        'a path of a GET below a wildcard for all methods',
        routes('"* /a/*" = {} # claimgate: allow weak-neighbour', `"GET /a/b" = ${ADMIN}`),
        'API_X.routes."* /a/*": it does not serve POST /a/b and 3 more: that path belongs to "GET /a/b"',
      ],
      [
        'a path of a GET below a POST',
        routes('"POST /a/*" = {}', `"GET /a/b" = ${ADMIN}`),
        'API_X.routes."POST /a/*": it does not serve POST /a/b: that path belongs to "GET /a/b"',
      ],
      [
        'the other methods of a path beside a wildcard with equal rules',
        routes(`"* /*" = ${ADMIN}`, `"* /" = ${ADMIN}`, `"GET /a/b" = ${ADMIN}`),
        'API_X.routes."* /*": it does not serve POST /a/b and 3 more: that path belongs to "GET /a/b"',
      ],
      [
        'the other methods of a path below a trial',
        routes(
          '# claimgate: allow report-only, weak-neighbour',
          '"* /*" = { report_only = true }',
          `"* /" = ${ADMIN}`,
          `"POST|PUT|PATCH|DELETE /a/b" = ${ADMIN}`,
        ),
        'API_X.routes."* /*": it does not serve GET /a/b: that path belongs to "POST|PUT|PATCH|DELETE /a/b"',
      ],
    ],
    good: [
      ['equal rules', routes(`"POST /a/*" = ${ADMIN}`, `"GET /a/b" = ${ADMIN}`)],
      ['a path beside it', routes('"POST /a/*" = {}', `"GET /b" = ${ADMIN}`)],
      [
        'a route for the method',
        routes(
          '"POST /a/*" = {}',
          `"GET /a/b" = ${ADMIN}`,
          '"POST /a/b" = {} # claimgate: allow weaker-write',
        ),
      ],
    ],
  },
  {
    rule: 'unanswered-preflight',
    bad: [
      [
        'OPTIONS /* beside paths of their own',
        routes('"GET|POST /x" = {}', '"PUT /y/:id" = {}', '"OPTIONS /*" = { auth = "none" }'),
        'API_X.routes."OPTIONS /*": it does not serve OPTIONS for the path of "GET|POST /x" and 1 more: preflights there are answered with 405',
      ],
    ],
    good: [
      ['cors = "origin"', cors('"origin"', '"GET /x" = {}', '"OPTIONS /*" = { auth = "none" }')],
      [
        'a cors table',
        cors('{ origins = ["https://a.example"] }', '"GET /x" = {}', '"OPTIONS /*" = { auth = "none" }'),
      ],
      [
        'a path with OPTIONS',
        routes('"GET /x" = {}', '"OPTIONS /x" = { auth = "none" }', '"OPTIONS /*" = { auth = "none" }'),
      ],
      ['a path elsewhere', routes('"GET /x" = {}', '"OPTIONS /y/*" = { auth = "none" }')],
    ],
  },
  {
    rule: 'null-origin',
    bad: [
      [
        'null',
        cors('{ origins = ["https://a.example", "null"] }'),
        'API_X.cors.origins[1]: any page can make its origin "null"',
      ],
    ],
    good: [['others', cors('{ origins = ["https://null.example", "capacitor://localhost"] }')]],
  },
  {
    rule: 'local-pages',
    bad: [
      [
        'with credentials',
        cors('{ origins = ["http://localhost:*"], credentials = true }'),
        "API_X.cors.origins[0]: whatever serves http://localhost:* can call with the user's cookies",
      ],
      [
        'where it is deployed',
        cors('{ origins = ["https://a.example", "http://127.0.0.1:5173"] }'),
        "API_X.cors.origins[1]: http://127.0.0.1:5173 is the user's own machine, and this is deployed",
        { deployed: 'yes' },
      ],
      [
        'a host below localhost',
        cors('{ origins = ["http://app.localhost:3000"] }'),
        "API_X.cors.origins[0]: http://app.localhost:3000 is the user's own machine, and this is deployed",
        { deployed: 'perhaps' },
      ],
    ],
    good: [
      ['in development', cors('{ origins = ["http://localhost:*"] }')],
      [
        'an app on a phone',
        cors('{ origins = ["https://localhost", "capacitor://localhost"], credentials = true }'),
        { deployed: 'yes' },
      ],
    ],
  },
  {
    rule: 'shared-suffix',
    bad: [
      [
        'a platform',
        cors('{ origins = ["https://*.vercel.app"] }'),
        'API_X.cors.origins[0]: anyone can have a page below vercel.app',
      ],
      [
        'a registry',
        cors('{ origins = ["https://*.co.uk:8443"] }'),
        'API_X.cors.origins[0]: anyone can have a page below co.uk',
      ],
    ],
    good: [
      ['a project there', cors('{ origins = ["https://*.my-app.pages.dev"] }')],
      ['a domain of one’s own', cors('{ origins = ["https://*.example.com", "https://my.vercel.app"] }')],
    ],
  },
  {
    rule: 'open-credential',
    bad: [
      [
        'a route without token',
        policyText({
          top: 'secrets.required = ["S"]',
          api: 'origin = "https://x.example"\norigin_headers = { authorization = "secret:S" }',
          routes: '"GET /x" = {}\n"GET /open" = { auth = "none" }',
        }),
        'API_X.routes."GET /open": anyone acts at the origin with the secret S',
      ],
    ],
    good: [
      [
        'a route with one',
        policyText({
          top: 'secrets.required = ["S"]',
          api: 'origin = "https://x.example"\norigin_headers = { authorization = "secret:S" }',
        }),
      ],
      [
        'a proof, which every request has',
        policyText({
          top: 'secrets.required = ["S"]',
          api: SECRET,
          routes: '"GET /open" = { auth = "none" }',
        }),
      ],
    ],
  },
  {
    rule: 'no-root',
    bad: [
      [
        'a route for everything, and none for /',
        routes(`"* /*" = ${ADMIN}`),
        'API_X.routes."* /*": it does not serve "/": "/*" matches one segment or more',
      ],
    ],
    good: [
      ['a route for /', routes(`"* /*" = ${ADMIN}`, `"* /" = ${ADMIN}`)],
      ['a route for some paths', routes(`"* /a/*" = ${ADMIN}`)],
      ['a route for one method', routes(`"GET /*" = ${ADMIN}`)],
    ],
  },
  {
    rule: 'never-matches',
    bad: [
      [
        '* where all methods are taken',
        routes(`"GET|POST|PUT|PATCH|DELETE|OPTIONS /a" = ${ADMIN}`, '"* /a" = {}'),
        'API_X.routes."* /a": other routes have every method of this path',
      ],
      [
        'a wildcard whose paths are taken',
        routes(`"GET /a/*" = ${ADMIN}`, '"GET /a/:x" = {}', '"GET /a/:x/" = {}', '"GET /a/:x/*" = {}'),
        'API_X.routes."GET /a/*": more specific routes serve every path that it matches',
      ],
    ],
    good: [
      ['* beside some methods', routes(`"GET|POST /a" = ${ADMIN}`, `"* /a" = ${ADMIN}`)],
      [
        'one that another host still needs',
        policyText({
          top: 'workers_dev = false',
          api: 'hosts = ["a.example.com", "b.example.com"]\norigin = "service:X"',
          routes: '"* /y" = {}',
          more: OTHER_API.replace(
            '"GET /y" = { auth = "none" }',
            '"GET|POST|PUT|PATCH|DELETE|OPTIONS /y" = {}',
          ).replace('audience', 'hosts = ["b.example.com"]\naudience'),
        }),
      ],
      ['a wildcard with paths left', routes('"GET /a/*" = {}', '"GET /a/:x" = {}', '"GET /a/:x/*" = {}')],
    ],
  },
  {
    rule: 'unrouted',
    bad: [
      [
        'a host without a route of the Worker',
        policyText({ top: routed('api.example.org/*'), api: HOSTED }),
        'API_X.hosts[0]: no route of the Worker leads api.example.com to it',
      ],
      [
        'a path without one',
        policyText({
          top: routed('api.example.com/v1/*'),
          api: HOSTED,
          routes: '"GET /v1/x" = {}\n"GET /v2/x" = {}',
        }),
        'API_X.routes."GET /v2/x": no route of the Worker leads this path of api.example.com to it',
      ],
    ],
    good: [
      ['a route for the host', policyText({ top: routed('api.example.com/*'), api: HOSTED })],
      ['one for all hosts of a zone', policyText({ top: routed('*.example.com/*'), api: HOSTED })],
      [
        'a custom domain',
        policyText({ top: 'routes = [{ pattern = "api.example.com", custom_domain = true }]', api: HOSTED }),
      ],
      ['no routes in the file', policyText({ top: 'workers_dev = false', api: HOSTED })],
      [
        'a parameter that may be the path',
        policyText({ top: routed('api.example.com/v1/*'), api: HOSTED, routes: '"GET /:version/x" = {}' }),
      ],
    ],
  },
  {
    rule: 'scope-typo',
    bad: [
      [
        'a letter too few',
        routes(
          '"GET /a" = { scopes_all = ["read:orders"] }',
          '"GET /b" = { scopes_any = ["x", "read:order"] }',
        ),
        'API_X.routes."GET /b".scopes_any[1]: "read:order" differs by one letter from "read:orders"',
      ],
      [
        'letters swapped, in rules on trial',
        routes(
          '"GET /a" = { report = { scopes_all = ["raed:orders"] } }',
          '"GET /b" = { scopes_all = ["read:orders"] }',
          '"GET /c" = { scopes_all = ["read:orders"] }',
        ),
        'API_X.routes."GET /a".report.scopes_all[0]: "raed:orders" differs by one letter from "read:orders"',
      ],
    ],
    good: [
      [
        'numbers',
        routes('"GET /a" = { scopes_all = ["orders:v1"] }', '"GET /b" = { scopes_all = ["orders:v2"] }'),
      ],
      [
        'get and set',
        routes('"GET /a" = { scopes_all = ["get:orders"] }', '"PUT /b" = { scopes_all = ["set:orders"] }'),
      ],
      [
        'short words',
        routes(
          '"GET /a" = { scopes_all = ["read:a", "get:things"] }',
          '"GET /b" = { scopes_all = ["read:b", "set:things"] }',
        ),
      ],
    ],
  },
  {
    rule: 'foreign-spelling',
    bad: [
      ...(
        [
          ['AWS', '"ANY /a" = {}', 'ANY', ''],
          ['OpenAPI', '"GET /a/{id}" = {}', '{id}', ''],
          ['a greedy parameter of AWS', '"GET /a/{proxy+}" = {}', '{proxy+}', ''],
          ['Spring', '"GET /a/{id:[0-9]+}" = {}', '{id:[0-9]+}', ''],
          ['Flask', '"GET /a/<int:id>" = {}', '<int:id>', ''],
          ['Next.js', '"GET /a/[id]" = {}', '[id]', ''],
          ['Next.js, the rest', '"GET /a/[...rest]" = {}', '[...rest]', ''],
          ['Remix', '"GET /a/$userId" = {}', '$userId', ''],
          ['a regular expression', '"GET /a/[0-9]+" = {}', '[0-9]+', ''],
          ['a group', '"GET /a/(b|c)" = {}', '(b|c)', ''],
          ['the end of one', '"GET /a/b$" = {}', 'b$', ''],
          ['scopes with *', '"GET /a" = { scopes_any = ["read:*"] }', 'read:*', '.scopes_any[0]'],
          ['any client', '"GET /a" = { clients = ["*"] }', '*', '.clients[0]'],
          ['any value', '"GET /a" = { claims = { c = "*" } }', '*', '.claims.c'],
          [
            'values that begin alike',
            '"GET /a" = { claims = { c = { all = ["team-*"] } } }',
            'team-*',
            '.claims.c.all[0]',
          ],
          ['values as an expression', '"GET /a" = { claims = { c = "^a|b$" } }', '^a|b$', '.claims.c'],
          [
            'a dotted path',
            '"GET /a" = { claims = { "realm_access.roles" = "a" } }',
            'realm_access.roles',
            '.claims."realm_access.roles"',
          ],
          [
            'JSONPath',
            '"GET /a" = { claims = { "$.roles[0]" = "a" } }',
            '$.roles[0]',
            '.claims."$.roles[0]"',
          ],
          [
            'a pointer without its first slash',
            '"GET /a" = { claims = { "app_metadata/plan" = "a" } }',
            'app_metadata/plan',
            '.claims."app_metadata/plan"',
          ],
          ['a parameter as a value', '"GET /:org" = { claims = { org = ":org" } }', ':org', '.claims.org'],
          ['on trial', '"GET /a" = { report = { scopes_all = ["*"] } }', '*', '.report.scopes_all[0]'],
          [
            'in an alternative',
            '"GET /a" = { any_of = [{ clients = ["a"] }, { scopes_all = ["a:*"] }] }',
            'a:*',
            '.any_of[1].scopes_all[0]',
          ],
        ] as const
      ).map(([what, route, text, place]): Example['bad'][number] => [
        what,
        routes(route),
        expect.stringContaining(`API_X.routes."${route.split('"')[1]}"${place}: ${JSON.stringify(text)} is `),
      ]),
      [
        'claims of an issuer',
        policyText({ issuer: 'scope_claim = "realm_access.roles"' }),
        'ISSUERS.main.scope_claim: "realm_access.roles" is the name of one claim',
      ],
      [
        'claims for the origin',
        policyText({ api: 'origin = "service:X"\nforward = { "user_metadata.plan" = "x-plan" }' }),
        'API_X.forward."user_metadata.plan": "user_metadata.plan" is the name of one claim',
      ],
    ],
    good: [
      ...[
        '"* /a" = {}',
        '"GET /a/:id/*" = {}',
        '"GET /odata/$metadata" = {}',
        '"POST /Patient/$everything" = { scopes_all = ["write:things"] }',
        '"GET /odata/Orders(5)" = {}',
        '"GET /a/b.c/~d/(e)f" = {}',
        '"GET /a" = { claims = { "kubernetes.io" = "a" } }',
        '"GET /a" = { claims = { "https://example.com/org.id" = "a" } }',
        '"GET /a" = { claims = { "cognito:groups" = "a", "org.id" = "b" } }',
        '"GET /a" = { claims = { "/realm_access/roles" = "a" } }',
        '"GET /a" = { claims = { c = "a.b-c:d/e", repository = "octo/x" } }',
        '"GET /:org" = { claims = { c = "org", org = { param = "org" } } }',
        '"GET /a" = { scopes_all = ["https://example.com/read", "Orders.Read.All"] }',
      ].map((route): Example['good'][number] => [route, routes(route)]),
    ],
  },
  {
    rule: 'only-not',
    bad: [
      [
        'alone',
        routes('"GET /a" = { claims = { role = { not = "guest" } } }'),
        'API_X.routes."GET /a".claims: lets in whoever has none of the values that `not` names',
      ],
      [
        'beside a claim that is present',
        routes('"GET /a" = { claims = { role = { not = "guest" }, org = { present = true } } }'),
        'API_X.routes."GET /a".claims: lets in whoever has none of the values that `not` names',
      ],
      [
        'as an alternative',
        routes('"GET /a" = { any_of = [{ clients = ["a"] }, { claims = { role = { not = "guest" } } }] }'),
        'API_X.routes."GET /a".any_of: lets in whoever has none of the values that `not` names',
      ],
    ],
    good: [
      ['beside a scope', routes('"GET /a" = { scopes_all = ["r"], claims = { role = { not = "guest" } } }')],
      ['beside a value', routes('"GET /a" = { claims = { role = { all = ["staff"], not = "guest" } } }')],
      ['beside the path', routes('"GET /:o" = { claims = { o = { param = "o", not = "suspended" } } }')],
      ['present alone', routes('"GET /a" = { claims = { role = { present = true } } }')],
    ],
  },
  {
    rule: 'idle-alternative',
    bad: [
      [
        'one that asks for more',
        routes('"GET /a" = { any_of = [{ scopes_all = ["r"] }, { scopes_all = ["r"], clients = ["c"] }] }'),
        'API_X.routes."GET /a".any_of[1]: any_of[1] asks for all that any_of[0] asks for',
      ],
      [
        'one of a shorter list',
        routes('"GET /a" = { any_of = [{ clients = ["c"] }, { clients = ["c", "d"] }] }'),
        'API_X.routes."GET /a".any_of[0]: any_of[0] asks for all that any_of[1] asks for',
      ],
      [
        'the same again, on trial',
        routes('"GET /a" = { report = { any_of = [{ clients = ["c"] }, { clients = ["c"] }] } }'),
        'API_X.routes."GET /a".report.any_of[1]: any_of[1] asks for all that any_of[0] asks for',
      ],
    ],
    good: [
      [
        'each asks for something of its own',
        routes(
          '"GET /a" = { any_of = [{ scopes_all = ["r", "s"] }, { scopes_all = ["r"], clients = ["c"] }] }',
        ),
      ],
    ],
  },
  {
    rule: 'form-method',
    bad: [
      [
        'a DELETE that asks for more',
        routes('"POST /a/:id" = {}', `"DELETE /a/:id" = ${ADMIN}`),
        'API_X.routes."POST /a/:id": a form with _method may get around the rules of "DELETE /a/:id"',
      ],
      [
        'a DELETE that asks for something else',
        routes('"POST /a" = { scopes_all = ["a"] }', '"* /a" = { scopes_all = ["d"] }'),
        'API_X.routes."POST /a": a form with _method may get around the rules of "* /a"',
      ],
    ],
    good: [
      ['the same rules', routes('"POST|DELETE /a" = {}')],
      [
        'a DELETE that asks for less',
        routes(`"POST /a" = ${ADMIN}`, '"DELETE /a" = {} # claimgate: allow weaker-write'),
      ],
      ['reading', routes('"POST /a" = { scopes_all = ["a"] }', '"GET /a" = { scopes_all = ["d"] }')],
      ['another path', routes('"POST /a" = {}', `"DELETE /a/:id" = ${ADMIN}`)],
      [
        'a word on it',
        policyText({
          api: 'origin = "service:X"\nform_methods = "none"',
          routes: `"POST /a" = {}\n"DELETE /a" = ${ADMIN}`,
        }),
      ],
    ],
  },
  {
    rule: 'unjudged-method',
    bad: [
      [
        'a rule that is bound to the path',
        routes('"REPORT /users/:uid/cal" = { claims = { sub = { param = "uid" } } }'),
        'API_X.routes."REPORT /users/:uid/cal": the body of REPORT names a second resource, which nobody judges: it may reach what another :uid has',
      ],
      [
        'a stronger rule elsewhere',
        routes('"BIND /a" = {}', `"* /b" = ${ADMIN}`),
        'API_X.routes."BIND /a": the body of BIND names a second resource, which nobody judges: it may reach what "* /b" guards',
      ],
    ],
    good: [
      ['alone', routes('"REPORT /a" = {}')],
      ['other rules at the same path', routes('"REPORT /a" = {}', `"PUT /a" = ${ADMIN}`)],
      ['the strongest rule', routes(`"BIND /a" = ${ADMIN}`, `"* /b" = ${ADMIN}`)],
      ['*, which does not stand for it', routes('"* /u/:uid/*" = { claims = { sub = { param = "uid" } } }')],
    ],
  },
  {
    rule: 'lost-copy',
    bad: [
      [
        'nothing else',
        routes('"COPY /a" = {}'),
        'API_X.routes."COPY /a": COPY is always refused: no route serves GET of its path, PUT of any path',
      ],
      [
        'a MOVE without DELETE',
        routes('"COPY|MOVE /a" = {}', '"GET|PUT /a" = {}'),
        'API_X.routes."COPY|MOVE /a": COPY and MOVE are always refused: no route serves DELETE of its path',
      ],
    ],
    good: [
      ['a COPY that must not overwrite', routes('"COPY /a" = {}', '"GET|PUT /a" = {}')],
      ['routes of wider patterns', routes('"MOVE|COPY /f/:id" = {}', '"GET|PUT|DELETE /f/*" = {}')],
      ['*', routes('"* /a" = {}')],
    ],
  },
  {
    rule: 'metadata',
    bad: [
      [
        'a prefix that stands before nothing',
        policyText({ api: `${PLAIN}scope_prefix = "api://x/"`, routes: '"GET /x" = {}' }),
        'API_X.scope_prefix: no route of this API names a scope that it could stand before',
      ],
      [
        'a prefix that the scopes have already',
        policyText({
          api: `${PLAIN}scope_prefix = "api://x/"`,
          routes: '"GET /x" = { any_of = [{ scopes_all = ["api://x/read"] }, { claims = { r = 1 } }] }',
        }),
        'API_X.scope_prefix: the scope "api://x/read" has it already, and clients would be told it twice',
      ],
      [
        'a prefix without what stands between',
        policyText({ api: `${PLAIN}scope_prefix = "api://x"` }),
        'API_X.scope_prefix: clients would ask for "api://xread:things"',
      ],
      [
        'long names in the list, and none in challenges',
        policyText({ top: OWN, api: `${HOSTED}\nscopes_supported = ["api://x/read:things"]` }),
        'API_X.scopes_supported: it lists "api://x/read:things", and challenges name "read:things"',
      ],
      [
        'a misspelt scope',
        policyText({ top: OWN, api: `${HOSTED}\nscopes_supported = ["read:thing"]` }),
        'API_X.scopes_supported: a route demands "read:things", and "read:thing" is listed',
      ],
      [
        'a list without any scope of the routes',
        policyText({ top: OWN, api: `${HOSTED}\nscopes_supported = ["offline_access"]` }),
        'API_X.scopes_supported: no scope is listed that a route demands: a client that asks for all of them may call none',
      ],
      [
        'a list that nobody can find',
        policyText({ api: `${PLAIN}scopes_supported = ["read:things"]` }),
        'API_X.scopes_supported: this API has no metadata that would list them',
      ],
      [
        'a route to a document that the gateway answers',
        policyText({
          top: OWN,
          api: `${HOSTED}\nresource = "https://api.example.com/mcp"`,
          routes: '"GET /.well-known/oauth-protected-resource/mcp" = { scopes_all = ["a"] }',
        }),
        'API_X.resource: the gateway answers /.well-known/oauth-protected-resource/mcp itself, and the route for it is never reached',
      ],
      [
        'an API beside one that has metadata',
        policyText({
          top: OWN,
          api: `${HOSTED}\nresource = "https://api.example.com/x"`,
          more: ON_HOST,
        }),
        'API_Y.hosts: clients find metadata of API_X on this host, and none of this API',
      ],
      [
        'an audience that is told all the same',
        policyText({ top: OWN, api: `${HOSTED}\ntell_audience = false` }).replace(
          'audience = "x"',
          'audience = "https://api.example.com/x"',
        ),
        'API_X.tell_audience: the metadata has the audience as its resource, and tells it all the same',
      ],
    ],
    good: [
      ['a prefix', policyText({ api: `${PLAIN}scope_prefix = "api://x/"` })],
      [
        'a prefix, and the list in full',
        policyText({
          top: OWN,
          api: `${HOSTED}\nscope_prefix = "api://x/"\nscopes_supported = ["api://x/read:things", "offline_access"]`,
        }),
      ],
      [
        'a list without a scope that is for few',
        policyText({
          top: OWN,
          api: `${HOSTED}\nscopes_supported = ["read:things"]`,
          routes: '"GET /x" = { scopes_all = ["read:things"] }\n"POST /x" = { scopes_all = ["administer"] }',
        }),
      ],
      [
        'a list where no route demands a scope',
        policyText({
          top: OWN,
          api: `${HOSTED}\nscopes_supported = ["api://x/.default"]`,
          routes: '"GET /x" = { claims = { roles = "r" } }',
        }),
      ],
      [
        'a document of the origin, where the gateway has none',
        policyText({
          top: OWN,
          api: HOSTED,
          routes: '"GET /.well-known/oauth-protected-resource" = { auth = "none" }',
        }),
      ],
      ['two APIs on a host, without metadata', policyText({ top: OWN, api: HOSTED, more: ON_HOST })],
      ['an audience that is kept', policyText({ top: OWN, api: `${HOSTED}\ntell_audience = false` })],
    ],
  },
  {
    rule: 'token-place',
    bad: [
      [
        'a cookie that other hosts can set',
        policyText({ api: 'origin = "service:X"\ntoken_from = "cookie:__Secure-s"' }),
        'API_X.token_from: other hosts of the domain can set the cookie __Secure-s',
      ],
      [
        'pages that send no cookie',
        policyText({ api: `${PLACE}"cookie:__Host-s"\n${CORS} }` }),
        'API_X.cors.origins: pages of these origins send no cookies, and so no token',
      ],
      [
        'pages that may not send the header',
        policyText({ api: `${PLACE}"header:x-t"\n${CORS}, headers = ["x-a"] }` }),
        'API_X.cors.headers: pages may not send the header x-t, which has the token',
      ],
      [
        'a POST that would have to be an upgrade',
        policyText({ api: `${PLACE}"websocket"`, routes: '"GET /a" = {}\n"POST /b" = {}' }),
        'API_X.token_from: nobody can use "POST /b": only a GET opens a WebSocket',
      ],
    ],
    good: [
      ['Access', policyText({ api: `${PLACE}"access"` })],
      [
        'a cookie of the host, with CORS',
        policyText({ api: `${PLACE}"cookie:__Host-s"\n${CORS}, credentials = true }` }),
      ],
      ['the default of cors', policyText({ api: `${PLACE}"header:x-t"\n${CORS} }` })],
      [
        'upgrades, and a public route',
        policyText({ api: `${PLACE}"websocket"`, routes: '"* /a" = {}\n"POST /b" = { auth = "none" }' }),
      ],
    ],
  },
  {
    rule: 'weaker-write',
    bad: [
      [
        'sending without a token what is read with one',
        routes('"GET /a/:id" = { scopes_all = ["read:a"] }', '"POST /a/:id" = { auth = "none" }'),
        'API_X.routes."POST /a/:id": POST passes without a token, where "GET /a/:id" asks for more',
      ],
      [
        'fewer scopes, one of two read routes being as weak',
        routes(
          '"GET /a" = { scopes_all = ["read:a", "admin"] }',
          '"HEAD /a" = { scopes_all = ["read:a"] }',
          '"PUT|PATCH /a" = { scopes_all = ["read:a"] } # claimgate: allow read-scope',
        ),
        'API_X.routes."PUT|PATCH /a": PUT, PATCH pass with fewer rules, where "GET /a" asks for more',
      ],
    ],
    good: [
      ['the same rules', routes('"GET|POST /a" = { scopes_all = ["a"] }')],
      ['more rules', routes('"GET /a" = {}', '"POST /a" = { scopes_all = ["write:a"] }')],
      ['other rules', routes('"GET /a" = { scopes_all = ["r:a"] }', '"POST /a" = { scopes_all = ["w:a"] }')],
      ['public reading', routes('"GET /a" = { auth = "none" }', '"POST /a" = { scopes_all = ["w:a"] }')],
      ['another path', routes('"GET /a" = { scopes_all = ["r:a"] }', '"POST /login" = { auth = "none" }')],
    ],
  },
  {
    rule: 'open-write',
    bad: [
      [
        'a public DELETE',
        routes('"GET|DELETE /a" = { auth = "none" }'),
        'API_X.routes."GET|DELETE /a".auth: DELETE passes without a token',
      ],
      [
        'every method, a token being welcome',
        routes('"* /a" = { auth = "optional" }'),
        'API_X.routes."* /a".auth: PUT, PATCH, DELETE pass without a token',
      ],
    ],
    good: [
      ['a login', routes('"POST /login" = { auth = "none" }')],
      ['reading', routes('"GET|HEAD /a" = { auth = "none" }')],
      ['a DELETE with a token', routes('"DELETE /a" = {}')],
    ],
  },
  {
    rule: 'long-revocation',
    bad: [
      [
        'tokens that live for a month',
        revoking(['"GET /a" = {}'], 2_592_000),
        'ISSUERS.main.max_token_age: each revocation is kept for 30 days, in the memory of every isolate',
      ],
    ],
    good: [
      ['a week', revoking(['"GET /a" = {}'], 604_800)],
      ['a month without revocation', policyText({ issuer: 'max_token_age = 2592000' })],
    ],
  },
  {
    rule: 'strict-read',
    bad: [
      [
        'a route that reads',
        revoking(['"GET /a" = { revocation = "strict" }']),
        'API_X.routes."GET /a".revocation: every read waits for the one object that writes revocations down',
      ],
      [
        'with HEAD',
        revoking(['"GET|HEAD /a" = { revocation = "strict" }']),
        'API_X.routes."GET|HEAD /a".revocation: every read waits for the one object that writes revocations down',
      ],
    ],
    good: [
      ['a route that deletes', revoking(['"DELETE /a" = { revocation = "strict" }'])],
      ['one for all methods', revoking(['"* /a" = { revocation = "strict" }'])],
      ['reading as usual', revoking(['"GET /a" = {}'])],
    ],
  },
  {
    rule: 'read-scope',
    bad: [
      [
        'a scope to read',
        routes('"DELETE /a" = { scopes_all = ["read:a"] }'),
        'API_X.routes."DELETE /a".scopes_all: DELETE passes with "read:a", a scope to read',
      ],
      [
        'a choice of which one is to read',
        routes('"GET|PUT|PATCH /a" = { scopes_any = ["a:write", "a.read"] }'),
        'API_X.routes."GET|PUT|PATCH /a".scopes_any: PUT, PATCH pass with "a.read", a scope to read',
      ],
      [
        'in a table that extends the API',
        policyText({
          more: '[vars.API_MORE]\nextends = "API_X"\nroutes = { "PUT /a" = { scopes_all = ["read:a"] } }',
        }),
        'API_MORE.routes."PUT /a".scopes_all: PUT passes with "read:a", a scope to read',
      ],
      [
        'all methods',
        routes('"* /a" = { scopes_all = ["Files.Read.All"] }'),
        'API_X.routes."* /a".scopes_all: POST, PUT, PATCH, DELETE pass with "Files.Read.All", a scope to read',
      ],
    ],
    good: [
      ['a scope to write', routes('"POST /a" = { scopes_all = ["read:a", "write:a"] }')],
      ['a GET', routes('"GET /a" = { scopes_all = ["a:read"] }')],
      [
        'a search',
        routes(
          '"POST /a/search" = { scopes_all = ["read:a"] }',
          '"POST /graphql" = { scopes_all = ["read:b"] }',
        ),
      ],
      ['no scopes', routes('"POST /a" = {}')],
      ['a word that only begins so', routes('"POST /a" = { scopes_all = ["readings:create"] }')],
    ],
  },
  {
    rule: 'report-only',
    bad: [
      [
        'a route on trial',
        routes('"GET /a" = { report_only = true }'),
        'API_X.routes."GET /a".report_only: the route is open to anonymous requests',
      ],
    ],
    good: [['rules on trial', routes('"GET /a" = { report = { scopes_all = ["a"] } }')]],
  },
  {
    rule: 'trial',
    bad: [
      [
        'an API on trial, in one line',
        policyText({ api: 'origin = "service:X"\nreport_only = true' }),
        'API_X.report_only: API_X is open to anyone: it is on trial',
      ],
      [
        'one that the gateway’s table puts on trial, until a day',
        policyText({ more: '[vars.GATEWAY]\nreport_only = true\nreport_only_until = "2027-01-31"' }),
        'GATEWAY.report_only: API_X is open to anyone: it is on trial until 2027-01-31',
        { today: '2027-01-31' },
      ],
      [
        'a trial that is over, as an error',
        policyText({ api: `origin = "service:X"\n${ON_TRIAL}\nreport_only_until = "2027-01-31"` }),
        'API_X.report_only: API_X is open to anyone, and its trial ended on 2027-01-31',
        { today: '2027-02-01' },
      ],
      [
        'an API without a route yet',
        policyText({ api: `origin = "service:X"\n${ON_TRIAL}`, routes: '' }),
        'API_X.report_only: API_X is open to anyone: it is on trial',
      ],
      [
        'a route that is enforced already',
        policyText({
          api: `origin = "service:X"\n${ON_TRIAL}`,
          routes: `"GET /a" = { scopes_all = ["a"], report_only = false }\n"GET /b" = { scopes_all = ["a"] }`,
        }),
        'API_X.report_only: API_X is open to anyone, but for 1 route that is enforced: it is on trial; a path that can be read in two ways is refused, since something beside it is enforced',
      ],
      [
        'an enforced API at the same origin',
        policyText({
          top: routed('a.example/*', 'b.example/*'),
          api: 'origin = "https://o.example/a"\nhosts = ["a.example"]\nreport_only = true',
          more: OTHER_API.replace('"service:X"', '"https://o.example/b"\nhosts = ["b.example"]'),
        }),
        'API_X.report_only: API_X is open to anyone: it is on trial; API_Y has the same origin, and can be reached through it; a path that can be read in two ways is refused, since something beside it is enforced',
      ],
      [
        'what would be weak stays to be told when it is enforced',
        policyText({
          api: `origin = "service:X"\n${ON_TRIAL}`,
          routes: '"GET /a" = { scopes_all = ["a"] }\n"DELETE /a" = { scopes_all = ["a"] }',
        }),
        'API_X.report_only: API_X is open to anyone: it is on trial',
      ],
    ],
    good: [['one that is enforced', policyText({ api: 'origin = "service:X"\nreport_only = false' })]],
  },
  {
    rule: 'unknown-audience',
    bad: [
      [
        'a file that was named, and one issuer',
        policyText().replace('audience = "x"', 'audience = "xx"'),
        'API_X.audience: issuer.json has no API "xx"',
        NOBODYS,
      ],
      [
        'an audience that the issuer lacks',
        policyText().replace('audience = "x"', 'audience = ["x", "xx"]'),
        'API_X.audience[1]: issuer.json has no API "xx"',
        DECLARED,
      ],
    ],
    good: [
      ['one that it has', policyText(), DECLARED],
      [
        'a file that says nothing of who the issuer is, and two of them',
        policyText({ issuer: TWO_ISSUERS, api: 'origin = "service:X"\nissuer = ["main", "b"]' }).replace(
          'audience = "x"',
          'audience = "xx"',
        ),
        NOBODYS,
      ],
      [
        'one of another issuer',
        policyText().replace('audience = "x"', 'audience = "xx"').replace('issuer.example', 'other.example'),
        DECLARED,
      ],
    ],
  },
  {
    rule: 'undeclared-scope',
    bad: [
      [
        'a scope that the API lacks',
        routes('"GET /a" = { scopes_any = ["read:things", "admin"] }'),
        'API_X.routes."GET /a".scopes_any[1]: issuer.json has no scope "admin" for x',
        DECLARED,
      ],
    ],
    good: [['one that it has', policyText(), DECLARED]],
  },
  {
    rule: 'unknown-claim',
    bad: [
      [
        'a claim that the token lacks',
        policyText({ api: 'origin = "service:X"\nforward = { "/realm/roles" = "x-roles", org = "x-org" }' }),
        'API_X.forward."/realm/roles": the example token has no such claim',
        { token: { iss: 'https://issuer.example/', aud: 'x', org: 'a', realm: {} } },
      ],
      [
        'a claim that metadata does not list',
        policyText({ api: 'origin = "service:X"\nforward = { tenant = "x-tenant" }' }),
        "API_X.forward.tenant: the issuer's metadata does not list this claim",
        keys(['ES256'], ['sub']),
      ],
    ],
    good: [
      [
        'a claim that it lists, and one with a name space',
        policyText({
          api: 'origin = "service:X"\nforward = { sub = "x-sub", "https://e.example/t" = "x-t" }',
        }),
        keys(['ES256'], ['sub']),
      ],
      [
        'metadata that lists none',
        policyText({ api: 'origin = "service:X"\nforward = { tenant = "x-tenant" }' }),
        keys(['ES256']),
      ],
      [
        'a claim that another issuer may send',
        policyText({
          issuer: TWO_ISSUERS,
          api: 'origin = "service:X"\nissuer = ["main", "b"]\nforward = { tenant = "x-tenant" }',
        }),
        keys(['ES256'], ['sub']),
      ],
      [
        'a token for another API',
        policyText({ api: 'origin = "service:X"\nforward = { tenant = "x-tenant" }' }),
        { token: { iss: 'https://issuer.example/', aud: 'y' } },
      ],
    ],
  },
  {
    rule: 'http-origin',
    bad: [
      [
        'an http URL',
        policyText({ api: 'origin = "http://x.example"' }),
        'API_X.origin: claims travel to it unencrypted',
      ],
      [
        'with secrets: one finding',
        policyText({
          top: 'secrets.required = ["S"]',
          api: 'origin = "http://x.example"\norigin_headers = { x-s = "secret:S" }',
        }),
        'API_X.origin: claims and secrets travel to it unencrypted',
      ],
    ],
    good: [
      ['this machine', policyText({ api: 'origin = "http://localhost:3000"' })],
      ['https', policyText({ api: 'origin = "https://x.example"' })],
    ],
  },
  {
    rule: 'workers-dev-origin',
    bad: [
      [
        'a Worker by its address',
        policyText({ api: 'origin = "https://x.acme.workers.dev"' }),
        'API_X.origin: this origin is a Worker, with an address that anyone can call',
      ],
    ],
    good: [['another host', policyText({ api: 'origin = "https://workers.dev.example"' })]],
  },
  {
    rule: 'zone-gap',
    bad: [
      [
        'a route for one scheme',
        policyText({ top: routed('https://api.example.com/*'), api: ZONE }),
        'API_X.hosts[0]: the Worker has a route for https only: with http, requests go around it',
      ],
    ],
    good: [
      ['a route for both', policyText({ top: routed('api.example.com/*'), api: ZONE })],
      [
        'two routes',
        policyText({ top: routed('http://api.example.com/*', 'https://api.example.com/*'), api: ZONE }),
      ],
    ],
  },
  {
    rule: 'assets-first',
    bad: [
      [
        'files before the gateway',
        policyText({ more: '[assets]\nbinding = "FILES"', api: 'origin = "service:FILES"' }),
        'API_X.origin: files are served before the gateway runs, to anyone',
      ],
      [
        'patterns, which other spellings escape',
        policyText({
          more: '[assets]\nbinding = "FILES"\nrun_worker_first = ["/x"]',
          api: 'origin = "service:FILES"',
        }),
        'API_X.origin: a path in another spelling may match none of run_worker_first, and its file is served without a token',
      ],
    ],
    good: [
      [
        'the gateway first',
        policyText({
          more: '[assets]\nbinding = "FILES"\nrun_worker_first = true',
          api: 'origin = "service:FILES"',
        }),
      ],
      [
        'files for anyone',
        policyText({
          more: '[assets]\nbinding = "FILES"',
          api: 'origin = "service:FILES"',
          routes: '"GET /x" = { auth = "none" }',
        }),
      ],
      ['files beside an API', policyText({ more: '[assets]\ndirectory = "./public"\nbinding = "FILES"' })],
    ],
  },
  {
    rule: 'workers-dev',
    bad: [
      [
        'by default, without routes',
        policyText({ api: HOSTED }),
        'API_X.hosts: the Worker has an address under workers.dev too',
      ],
      [
        'on purpose, beside an API for all hosts',
        policyText({
          top: `workers_dev = true\n${routed('api.example.com/*')}`,
          api: HOSTED,
          more: OTHER_API,
        }),
        'workers_dev: the Worker has an address under workers.dev too, and APIs without hosts answer there',
      ],
    ],
    good: [
      ['off by default, with routes', policyText({ top: routed('api.example.com/*'), api: HOSTED })],
      ['off', policyText({ top: 'workers_dev = false', api: HOSTED })],
      ['no hosts', policyText({ top: 'workers_dev = true' })],
      ['a host there', policyText({ api: 'hosts = ["gateway.acme.workers.dev"]\norigin = "service:X"' })],
    ],
  },
  {
    rule: 'preview-urls',
    bad: [
      [
        'on',
        policyText({ top: 'workers_dev = false\npreview_urls = true', api: HOSTED }),
        'preview_urls: each version has an address of its own',
      ],
    ],
    good: [['left out', policyText({ top: 'workers_dev = false', api: HOSTED })]],
  },
  {
    rule: 'no-key-store',
    bad: [
      [
        'another binding',
        policyText().replace('"KEYS"', '"KEY"'),
        'ISSUERS.main: no KV namespace KEYS keeps the keys of the issuers',
      ],
    ],
    good: [['KEYS', policyText()]],
  },
  {
    rule: 'no-key-refresh',
    bad: [
      [
        'no cron',
        policyText().replace('["*/5 * * * *"]', '[]'),
        'ISSUERS.main: no cron trigger fetches the keys of the issuers ahead of time',
      ],
      [
        'no cron, and events to ask for',
        policyText({ issuer: AGED, more: POLLED }).replace('["*/5 * * * *"]', '[]'),
        'GATEWAY.signals.corp.poll_uri: no cron trigger asks for its events, nor fetches the keys of the issuers',
      ],
    ],
    good: [
      ['a cron', policyText()],
      ['a cron, and events to ask for', policyText({ issuer: AGED, more: POLLED })],
    ],
  },
  {
    rule: 'unused-issuer',
    bad: [
      [
        'an issuer of no API',
        policyText({
          issuer: '[vars.ISSUERS.old]\nissuer = "https://old.example/"',
          api: 'origin = "service:X"\nissuer = "main"',
        }),
        'ISSUERS.old: no API accepts this issuer',
      ],
    ],
    good: [
      [
        'an issuer of an API',
        policyText({
          issuer: '[vars.ISSUERS.b]\nissuer = "https://b.example/"',
          api: 'origin = "service:X"\nissuer = ["main", "b"]',
        }),
      ],
    ],
  },
  {
    rule: 'large-variable',
    bad: [
      [
        'four fifths',
        policyText({ top: `vars.TEXT = "${'x'.repeat(4000)}"` }),
        'TEXT: this is 4000 of 5000 bytes',
      ],
    ],
    good: [['less', policyText({ top: `vars.TEXT = "${'x'.repeat(3999)}"` })]],
  },
  {
    rule: 'idle-assertion',
    bad: [
      [
        'no API with one',
        policyText({ top: KEY_LISTED, more: ASSERTED }),
        'GATEWAY.assertion: no API asks for assertions',
      ],
    ],
    good: [['an API with one', policyText({ top: KEY_LISTED, api: PROVEN, more: ASSERTED })]],
  },
  {
    rule: 'foreign-assertion-issuer',
    bad: [
      [
        'another host',
        policyText({
          top: `workers_dev = false\n${KEY_LISTED}`,
          api: `hosts = ["b.example.com"]\n${PROVEN}`,
          more: ASSERTED,
        }),
        'GATEWAY.assertion.issuer: api.example.com is not a host of this policy, so that nobody finds the keys there',
      ],
    ],
    good: [
      [
        'a host of the policy',
        policyText({
          top: `workers_dev = false\n${KEY_LISTED}`,
          api: `hosts = ["api.example.com"]\n${PROVEN}`,
          more: ASSERTED,
        }),
      ],
      ['all hosts', policyText({ top: `workers_dev = false\n${KEY_LISTED}`, api: PROVEN, more: ASSERTED })],
    ],
  },
  {
    rule: 'twice-sent-claims',
    bad: [
      [
        'a list of any length',
        policyText({
          top: KEY_LISTED,
          api: `${PROVEN}\nforward = { groups = { header = "x-groups", as = "list" } }`,
          more: ASSERTED,
        }),
        'API_X.forward.groups: it travels in x-groups and in the assertion: 21163 bytes of headers at most, and Node.js takes 16384',
      ],
    ],
    good: [
      [
        'a limit',
        policyText({
          top: KEY_LISTED,
          api: `${PROVEN}\nmax_claims_bytes = 6000\nforward = { groups = { header = "x-groups", as = "list" } }`,
          more: ASSERTED,
        }),
      ],
      [
        'chosen values',
        policyText({
          top: KEY_LISTED,
          api: `${PROVEN}\nforward = { groups = { header = "x-groups", as = "list", only = ["a"] } }`,
          more: ASSERTED,
        }),
      ],
      [
        'text',
        policyText({ top: KEY_LISTED, api: `${PROVEN}\nforward = { org = "x-org" }`, more: ASSERTED }),
      ],
    ],
  },
  {
    rule: 'uncounted-signals',
    bad: [
      [
        'a path without a limit',
        policyText({ issuer: AGED, more: SIGNALS('', '') }),
        'GATEWAY.signals.corp: anyone can post to /.well-known/claimgate/signals/corp, as often as they like',
      ],
    ],
    good: [
      ['a limit', policyText({ top: LIMITED, issuer: AGED, more: SIGNALS() })],
      ['no path', policyText({ issuer: AGED, more: POLLED })],
    ],
  },
  {
    rule: 'unlisted-secret',
    bad: [
      [
        'a secret of a transmitter',
        policyText({ top: LIMITED, issuer: AGED, more: SIGNALS('authorization = "secret:A"') }),
        'GATEWAY.signals.corp.authorization: [secrets] required does not list A',
      ],
      [
        'a secret of a poll',
        policyText({
          issuer: AGED,
          more: SIGNALS('poll_uri = "https://signals.example/poll"\npoll_authorization = "secret:P"', ''),
        }),
        'GATEWAY.signals.corp.poll_authorization: [secrets] required does not list P',
      ],
      [
        'no key for assertions',
        policyText({ api: PROVEN, more: ASSERTED }),
        'GATEWAY.assertion: [secrets] required does not list ASSERTION_KEY',
      ],
      [
        'a secret for the origin, and no list',
        policyText({ api: SECRET }),
        'API_X.origin_headers.x-s: [secrets] required does not list S',
      ],
      [
        'a list without one of them',
        policyText({
          top: 'secrets.required = ["S"]',
          api: SECRET,
          more: '[vars.GATEWAY]\nlog_subject = "hash"',
        }),
        'GATEWAY.log_subject: [secrets] required does not list LOG_KEY',
      ],
      [
        'a list that is none',
        policyText({ top: 'secrets.required = "S"', api: SECRET }),
        'API_X.origin_headers.x-s: [secrets] required does not list S',
      ],
    ],
    good: [
      ['all are listed', policyText({ top: 'secrets.required = ["S"]', api: SECRET })],
      [
        'one of two keys for assertions',
        policyText({ top: 'secrets.required = ["ASSERTION_KEY_2"]', api: PROVEN, more: ASSERTED }),
      ],
      ["one more, for the Worker's own code", policyText({ top: 'secrets.required = ["KEYS_SECRET"]' })],
    ],
  },
  {
    rule: 'loopback',
    bad: [
      [
        'an issuer of this machine',
        policyText().replace('https://issuer.example/', 'http://localhost:8788/'),
        'ISSUERS.main.issuer: localhost:8788 is this machine, and the Worker runs elsewhere',
        { deployed: 'yes' },
      ],
      [
        'where its keys are',
        policyText({ issuer: 'jwks_uri = "http://127.0.0.1/keys"' }),
        'ISSUERS.main.jwks_uri: 127.0.0.1 is this machine, and the Worker runs elsewhere',
        { deployed: 'yes' },
      ],
      [
        'where its metadata is',
        policyText({ issuer: 'metadata_uri = "http://[::1]:1/m"' }),
        'ISSUERS.main.metadata_uri: [::1]:1 is this machine, and the Worker runs elsewhere',
        { deployed: 'yes' },
      ],
      [
        'an origin of this machine',
        policyText({ api: 'origin = "http://app.localhost:3000"' }),
        'API_X.origin: app.localhost:3000 is this machine, and the Worker runs elsewhere',
        { deployed: 'yes' },
      ],
      [
        'a resource of this machine',
        policyText({ api: 'origin = "service:X"\nresource = "http://localhost/x"' }),
        'API_X.resource: localhost is this machine, and the Worker runs elsewhere',
        { deployed: 'yes' },
      ],
      [
        'an audience that is the resource',
        policyText({
          api: 'origin = "service:X"\nhosts = ["localhost"]',
          top: 'workers_dev = false',
        }).replace('audience = "x"', 'audience = "http://localhost/x"'),
        'API_X.audience: localhost is this machine, and the Worker runs elsewhere',
        { deployed: 'yes' },
      ],
    ],
    good: [
      ['nothing is deployed', policyText({ api: 'origin = "http://localhost:3000"' })],
      ['the network', policyText(), { deployed: 'yes' }],
      [
        'a name that only looks so',
        policyText({ api: 'origin = "https://localhost.example"' }),
        { deployed: 'yes' },
      ],
    ],
  },
  {
    rule: 'issuer-keys',
    bad: [
      [
        'an issuer with another name',
        policyText(),
        'ISSUERS.main.issuer: the issuer calls itself by another name (issuer_mismatch)',
        faulty('issuer_mismatch'),
      ],
      [
        'an issuer whose metadata says which',
        policyText(),
        'ISSUERS.main.issuer: the issuer calls itself "https://issuer.example" (issuer_mismatch)',
        faulty('issuer_mismatch', { named: 'https://issuer.example' }),
      ],
    ],
    good: [['keys', policyText(), keys(['ES256'])]],
  },
  {
    rule: 'unsound-key',
    bad: [
      [
        'a key with its private half',
        policyText(),
        'ISSUERS.main.issuer: a key of the issuer is not used: kid a: it has its private half in it; tell the owner of the issuer, and do not trust it',
        keys(['ES256'], undefined, [{ kid: 'a', why: 'private' }]),
      ],
      [
        'two keys',
        policyText(),
        'ISSUERS.main.issuer: a key of the issuer is not used: a key without kid: an RSA key of under 2048 or over 8192 bits (and 1 more)',
        keys(['ES256'], undefined, [{ why: 'rsa_size' }, { kid: 'b', why: 'malformed' }]),
      ],
      [
        'a kid that is no kid',
        policyText(),
        'ISSUERS.main.issuer: a key of the issuer is not used: kid {"toString":1}: its kid is neither text nor a number',
        keys(['ES256'], undefined, [{ kid: { toString: 1 }, why: 'kid' }]),
      ],
    ],
    good: [
      [
        'a key for encryption',
        policyText(),
        keys(['ES256'], undefined, [{ kid: 'e', why: 'not_for_signatures' }]),
      ],
      ['a curve of another kind', policyText(), keys(['ES256'], undefined, [{ kid: 'e', why: 'kty' }])],
    ],
  },
  {
    rule: 'any-audience',
    bad: [
      [
        'the issuer itself',
        forIssuer({ issuer: 'audience_claim = "iss"' }),
        'ISSUERS.main.audience_claim: iss is the same in every token of this issuer, whatever API it was issued for',
      ],
      [
        'a pointer to it, and a claim that says what a token is',
        forIssuer({ issuer: 'audience_claim = "/iss"\nclaims = { token_use = "access" }' }),
        'ISSUERS.main.audience_claim: iss is the same in every token of this issuer, whatever API it was issued for',
      ],
      [
        'the tenant, and a route that asks for nothing beside one that does',
        forIssuer({
          issuer: 'audience_claim = "tid"',
          routes: '"GET /x" = { clients = ["a"] }\n"GET /y" = {}',
        }),
        'ISSUERS.main.audience_claim: tid is the same in every token of this issuer, whatever API it was issued for',
      ],
    ],
    good: [
      ['the client', forIssuer({ issuer: 'audience_claim = "azp"' })],
      ['a claim below it', forIssuer({ issuer: 'audience_claim = "/tid/app"' })],
      ['a claim of that name elsewhere', forIssuer({ issuer: 'audience_claim = "/app/iss"' })],
      [
        'claims that say whose',
        forIssuer({ issuer: 'audience_claim = "iss"\nclaims = { azp = "https://app.example" }' }),
      ],
      [
        'clients on every route',
        forIssuer({
          issuer: 'audience_claim = "iss"',
          routes: '"GET /x" = { clients = ["a"] }\n"GET /y" = { clients = ["b"] }',
        }),
      ],
    ],
  },
  {
    rule: 'issuer-as-audience',
    bad: [
      [
        'another audience',
        policyText({ issuer: 'audience_claim = "iss"\nclaims = { azp = "a" }' }),
        'ISSUERS.main.audience_claim: iss is always "https://issuer.example/", and no API has that as its audience',
      ],
    ],
    good: [
      ['the issuer', forIssuer({ issuer: 'audience_claim = "iss"\nclaims = { azp = "a" }' })],
      ['another claim', policyText({ issuer: 'audience_claim = "azp"' })],
    ],
  },
  {
    rule: 'own-list-host',
    bad: [
      [
        'an origin',
        policyText({
          api: 'origin = "https://orders.internal.example:8443"',
          issuer: LISTS_ON('orders.internal.example'),
        }),
        'ISSUERS.main.status_list_hosts[1]: orders.internal.example belongs to API_X: its paths can be asked for around the rules',
      ],
      [
        'a host of an API, at another port',
        policyText({ top: OWN, api: HOSTED, issuer: LISTS_ON('api.example.com:8443') }),
        'ISSUERS.main.status_list_hosts[1]: api.example.com:8443 belongs to API_X: its paths can be asked for around the rules',
      ],
      [
        'a host with a parameter',
        policyText({
          top: OWN,
          api: HOSTED.replace('api.', ':tenant.'),
          issuer: LISTS_ON('acme.example.com'),
        }),
        'ISSUERS.main.status_list_hosts[1]: acme.example.com belongs to API_X: its paths can be asked for around the rules',
      ],
    ],
    good: [
      ['a host of its own', policyText({ top: OWN, api: HOSTED, issuer: LISTS_ON('lists.example.net') })],
      ['a host below it', policyText({ top: OWN, api: HOSTED, issuer: LISTS_ON('status.api.example.com') })],
      ['that of the issuer', policyText({ top: OWN, api: HOSTED, issuer: 'status_list = "required"' })],
    ],
  },
  {
    rule: 'unused-algorithm',
    bad: [
      [
        'an algorithm without a key',
        policyText({ issuer: 'algorithms = ["ES256", "RS256"]' }),
        "ISSUERS.main.algorithms[1]: none of the issuer's keys is for RS256",
        keys(['ES256']),
      ],
      [
        'keys for no algorithm',
        policyText(),
        "ISSUERS.main.algorithms: none of the issuer's keys is for an algorithm that is accepted",
        keys(['ES512']),
      ],
    ],
    good: [
      ['the default', policyText(), keys(['ES256'])],
      ['those that it has', policyText({ issuer: 'algorithms = ["ES256"]' }), keys(['ES256', 'RS256'])],
    ],
  },
  {
    rule: 'origin-unreachable',
    bad: [
      [
        'a server error',
        policyText(),
        'API_X.origin: the origin answers 503',
        online(undefined, { kind: 'answer', status: 503 }),
      ],
      [
        'a time limit',
        policyText(),
        'API_X.origin: the origin did not answer within 5 s',
        online(undefined, { kind: 'unreachable', timedOut: true }),
      ],
    ],
    good: [
      ['a refusal', policyText(), online(undefined, { kind: 'answer', status: 401, guarded: 'GET /x' })],
    ],
  },
  {
    rule: 'open-origin',
    bad: [
      [
        'an answer to anyone',
        policyText(),
        'API_X.origin: the origin answers "GET /x" without a token (200)',
        online(undefined, { kind: 'answer', status: 200, guarded: 'GET /x' }),
      ],
    ],
    good: [
      ['a public path', policyText(), online(undefined, { kind: 'answer', status: 200 })],
      ['a redirect', policyText(), online(undefined, { kind: 'answer', status: 302, guarded: 'GET /x' })],
    ],
  },
];

describe.each(EXAMPLES)('$rule', ({ rule, bad, good }) => {
  it.each([...bad])('finds: %s', (_what, text, expected, facts) => {
    expect(found(rule, text, facts)).toEqual([expected]);
  });

  it.each([...good])('leaves alone: %s', (_what, text, facts) => {
    expect(check(text, facts)).toEqual([]);
  });

  it('can be accepted at its line, unless it is an error', () => {
    for (const [, text, , facts] of bad) {
      const [finding] = check(text, facts);
      const lines = text.split('\n');
      lines.splice((finding?.region.line ?? 1) - 1, 0, `# claimgate: allow ${rule} -- a test`);
      expect(check(lines.join('\n'), facts)).toHaveLength(finding?.severity === 'error' ? 1 : 0);
    }
  });
});

it('an issuer behind a service binding may be one that only the Worker reaches', () => {
  const text = policyText({ issuer: 'service = "X"' });
  const [finding] = check(text, faulty('network_error'));
  expect(finding).toMatchObject({ rule: 'issuer-keys', severity: 'warning' });
});

it('a URL of this machine is a warning where the environment that is deployed is not known', () => {
  const text = policyText({ api: 'origin = "http://localhost:3000"' });
  expect(check(text, { deployed: 'perhaps' })).toMatchObject([{ rule: 'loopback', severity: 'warning' }]);
});

it.each(
  [
    'localhost.',
    'LOCALHOST',
    'a.localhost.',
    'localhost.localdomain',
    '0.0.0.0',
    '0',
    '127.1',
    '2130706433',
  ].concat([
    '0x7f.1',
    '[::]',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::ffff:0.0.0.0]',
  ]),
)('%s is this machine, too', (host) => {
  const text = policyText({ api: `origin = "https://${host}/x"` });
  expect(check(text, { deployed: 'yes' }).map(({ rule }) => rule)).toEqual(['loopback']);
});

it.each(['localhost.example', '127.0.0.1.nip.example', '10.0.0.1', '[::ffff:10.0.0.1]', '[::2]'])(
  '%s is not',
  (host) => {
    const text = policyText({ api: `origin = "https://${host}/x"` });
    expect(check(text, { deployed: 'yes' })).toEqual([]);
  },
);

it('two environments that differ in case only are told of', () => {
  const text = `${policyText()}\n[env.Staging]\nname = "a"\n[env.staging]\nname = "b"`;
  expect(found('environment-case', text)).toEqual([
    'env.staging: [env.staging] and [env.Staging] differ in upper and lower case only',
  ]);
  expect(check(text.replace('env.Staging', 'env.stage'))).toEqual([]);
});

it('every lint has examples', () => {
  expect(EXAMPLES.map(({ rule }) => rule).sort()).toEqual(LINTS.map(({ name }) => name).sort());
  expect(new Set(RULES.map(({ name }) => name)).size).toBe(RULES.length);
});

describe('errors of the file', () => {
  it.each([
    ['variable-size', policyText({ top: `vars.TEXT = "${'x'.repeat(5001)}"` }), 'TEXT'],
    [
      'plain-secret',
      policyText({
        top: 'vars.S = "hidden"',
        api: 'origin = "https://x.example"\norigin_headers = { x-s = "secret:S" }',
      }),
      'API_X.origin_headers.x-s',
    ],
    ['plain-secret', policyText({ top: 'vars.LOG_KEY = "hidden"' }), 'LOG_KEY'],
    ['plain-secret', policyText({ top: 'secrets.required = ["S"]\nvars.S = "hidden"' }), 'S'],
    ['misplaced-policy', policyText({ top: 'GATEWAY = { log_sample = 1 }' }), 'GATEWAY'],
    ['cache-enabled', policyText({ top: 'cache = { enabled = true }' }), 'cache.enabled'],
  ])('%s', (rule, text, at) => {
    expect(check(text).map((one) => [one.rule, one.severity, one.at])).toEqual([[rule, 'error', at]]);
  });

  const AT_CLASS = 'durable_objects.bindings[0].class_name';
  const migrated = (text: string) =>
    revoking(['"GET /a" = {}'], 3_600, `[[migrations]]\ntag = "v1"\n${text}\n`);
  const exported = (text: string) => revoking(['"GET /a" = {}'], 3_600, `[exports.Revocations]\n${text}\n`);
  const LIVE = 'type = "durable-object"\nstorage = "sqlite"';

  it.each([
    ['no migration', revoking(['"GET /a" = {}'], 3_600, ''), 'no migration makes the class "Revocations"'],
    ['one of another class', migrated('new_sqlite_classes = ["Other"]'), 'no migration makes the class'],
    ['one without SQLite', migrated('new_classes = ["Revocations"]'), 'is made without SQLite'],
    [
      'one that is gone',
      migrated(
        'new_sqlite_classes = ["Revocations"]\n[[migrations]]\ntag = "v2"\ndeleted_classes = ["Revocations"]',
      ),
      'no migration makes the class',
    ],
    [
      'one with another name now',
      migrated(
        'new_sqlite_classes = ["Revocations"]\n[[migrations]]\ntag = "v2"\nrenamed_classes = [{ from = "Revocations", to = "Other" }]',
      ),
      'no migration makes the class',
    ],
    ['an export without SQLite', exported(LIVE.replace('sqlite', 'legacy-kv')), 'is made without SQLite'],
    ['an export that is gone', exported(`${LIVE}\nstate = "deleted"`), 'no migration makes the class'],
  ])('object-migration: %s', (_what, text, problem) => {
    const [finding, ...others] = check(text);
    expect(finding).toMatchObject({ rule: 'object-migration', severity: 'error', at: AT_CLASS });
    expect(finding?.problem).toContain(problem);
    expect(text.split('\n')[(finding?.region.line ?? 0) - 1]).toBe('class_name = "Revocations"');
    expect(others).toEqual([]);
  });

  it.each([
    ['made with SQLite', revoking(['"GET /a" = {}'])],
    [
      'renamed',
      migrated(
        'new_sqlite_classes = ["Old"]\n[[migrations]]\ntag = "v2"\nrenamed_classes = [{ from = "Old", to = "Revocations" }]',
      ),
    ],
    ['exported', exported(LIVE)],
    ['another Worker’s', revoking(['"GET /a" = {}'], 3_600, '', `${OBJECT}script_name = "other"\n`)],
    ['of no policy', policyText({ more: OBJECT })],
  ])('no object-migration: a class that is %s', (_what, text) => {
    expect(check(text)).toEqual([]);
  });

  it.each([
    [
      'the object',
      revoking(['"GET /a" = {}'], 3_600, MIGRATION, ''),
      'there is no Durable Object "REVOCATIONS"',
      'add [[durable_objects.bindings]] with name = "REVOCATIONS" and class_name = "Revocations" to wrangler.toml',
    ],
    [
      'an object of another name',
      revoking(['"GET /a" = {}']).replace('name = "REVOCATIONS"', 'name = "REVOCATION"'),
      'there is no Durable Object "REVOCATIONS"',
      'did you mean "REVOCATION"?',
    ],
    [
      'the KV namespace',
      revoking(['"GET /a" = {}']).replace('binding = "KEYS"', 'binding = "OTHER"'),
      'there is no KV namespace "KEYS"',
      'add [[kv_namespaces]] with binding = "KEYS" to wrangler.toml',
    ],
  ])('revocation without %s', (_what, text, problem, remedy) => {
    expect(check(text)).toMatchObject([{ rule: 'policy', at: 'GATEWAY.revocation', problem, remedy }]);
  });

  it('revocation needs its bindings in each environment, and inherits the migration', () => {
    const top = revoking(['"GET /a" = {}']);
    const own = top.slice(top.indexOf('[[kv')).replace(MIGRATION, '');
    const inEnvironment = (text: string) => text.replace(/\[\[?(?=\w)/g, (open) => `${open}env.p.`);
    const whole = parsePolicyFile('w', `${top}\n${inEnvironment(own)}`);
    expect(checkPolicy(whole).flatMap(({ faults }) => faults)).toEqual([]);
    const without = parsePolicyFile('w', `${top}\n${inEnvironment(own.replace(OBJECT, ''))}`);
    expect(checkPolicy(without).flatMap(({ faults }) => faults)).toMatchObject([
      {
        at: 'GATEWAY.revocation',
        remedy:
          'add [[env.p.durable_objects.bindings]] with name = "REVOCATIONS" and class_name = "Revocations" to wrangler.toml',
      },
    ]);
  });

  it('what an environment inherits is told of once, and found where only that is checked', () => {
    const text = policyText({ top: 'cache = { enabled = true }' });
    const file = parsePolicyFile(
      'w',
      `${text}\n${text.slice(text.indexOf('[[kv')).replace(/\[\[?(?=\w)/g, (open) => `${open}env.p.`)}`,
    );
    const all = checkPolicy(file).map(({ faults }) => faults.map(({ rule, region }) => [rule, region.line]));
    expect(all).toEqual([[['cache-enabled', 1]], []]);
    const [only] = checkPolicy(file, { environments: ['p'] });
    expect(only?.faults.map(({ rule, region }) => [rule, region.line])).toEqual([['cache-enabled', 1]]);
  });

  it('wrangler passes routes on to environments, and nothing else of what a policy names', () => {
    const zone = policyText({ api: ZONE });
    const own = zone.slice(zone.indexOf('[[kv')).replace(/\[\[?(?=\w)/g, (open) => `${open}env.p.`);
    const inherited = `${routed('api.example.com/*')}\n${zone}\n${own}`;
    expect(check(inherited)).toEqual([]);
    const without = inherited.replace('[[env.p.kv', '[env.p]\nroutes = []\n[[env.p.kv');
    expect(check(without).map(({ problem }) => problem)).toContain(
      'the Worker has no route "api.example.com/*", so that other paths go around it',
    );
    expect(
      check(inherited.replace('[[env.p.services]]\nbinding = "X"', '[[env.p.services]]\nbinding = "Y"')),
    ).toEqual([]);
  });

  it('knows the service bindings', () => {
    const text = policyText({ api: 'origin = "service:X"' }).replace('binding = "X"', 'binding = "Y"');
    expect(check(text).map(({ problem }) => problem)).toEqual(['there is no service binding "X"']);
  });

  it.each([
    ['[[vpc_services]]\nbinding = "Y"\nservice_id = "0"'],
    ['[[vpc_networks]]\nbinding = "Y"\ntunnel_id = "0"'],
    ['[assets]\ndirectory = "./public"\nbinding = "Y"\nrun_worker_first = true'],
    ['[[unsafe.bindings]]\nname = "Y"\ntype = "service"'],
  ])('knows other bindings that can fetch: %j', (more) => {
    expect(check(policyText({ api: 'origin = "service:Y"', more }))).toEqual([]);
    expect(check(policyText({ issuer: 'service = "Y"', more }))).toEqual([]);
  });

  it.each([
    ['[[dispatch_namespaces]]\nbinding = "Y"\nnamespace = "n"', 'dispatch namespace'],
    ['[[durable_objects.bindings]]\nname = "Y"\nclass_name = "C"', 'Durable Object namespace'],
  ])('refuses what leads to many: %j', (more, kind) => {
    expect(check(policyText({ api: 'origin = "service:Y"', more }))).toMatchObject([
      {
        at: 'API_X.origin',
        problem: `"Y" is a ${kind}: only what it leads to can be asked`,
        remedy: 'bind a Worker of your own that picks one, as a service: docs/origins.md',
      },
    ]);
  });

  it('names the environment that lacks a binding which another has', () => {
    const more = `[env.p]\n${policyText().replaceAll('[vars', '[env.p.vars').replace('[triggers]', '[env.p.triggers]').replace('[[kv_namespaces]]', '[[env.p.kv_namespaces]]').replace('[[services]]', '[[env.p.services]]').replace('binding = "X"', 'binding = "OTHER"')}`;
    expect(check(policyText({ more }))).toMatchObject([
      {
        at: 'API_X.origin',
        problem: 'there is no service binding "X"',
        remedy: 'add [[env.p.services]] with binding = "X" to wrangler.toml',
      },
    ]);
  });

  it('leaves to wrangler what is not a list', () => {
    const text = policyText({ top: 'ratelimits = "L"\nroutes = 5\npreview_urls = 1' })
      .replace('[[services]]\nbinding = "X"\nservice = "x"', '')
      .replace('[[kv_namespaces]]\nbinding = "KEYS"', '');
    expect(check(`services = {}\nkv_namespaces = {}\n${text}`).map(({ problem }) => problem)).toEqual([
      'there is no service binding "X"',
    ]);
  });
});

describe('a comment that accepts', () => {
  const trial = '"GET /x" = { report_only = true }';
  it.each([
    ['on the line', routes(`${trial} # claimgate: allow report-only`), 0],
    ['above', routes(`# claimgate: allow report-only\n${trial}`), 0],
    ['among comments above', routes(`# claimgate: allow no-key-store, report-only\n# why\n${trial}`), 0],
    ['further above', routes(`# claimgate: allow report-only\n\n${trial}`), 1],
    ['behind another line above', routes(`"GET /y" = {} # claimgate: allow report-only\n${trial}`), 1],
    ['something else', routes(`${trial} # claimgate: allow read-scope`), 1],
    ['below', routes(`${trial}\n# claimgate: allow report-only`), 1],
  ])('%s', (_where, text, count) => {
    expect(check(text)).toHaveLength(count);
  });

  it.each([
    ['report-olny', 'there is no warning "report-olny"', 'did you mean "report-only"?'],
    ['everything-at-all', 'there is no warning "everything-at-all"', 'docs/check.md has the names'],
    ['policy', "policy is an error, and can't be accepted", 'mend it, and remove the comment'],
    ['', 'this names no warning', 'write the name that the warning has in brackets'],
  ])('of %j is reported', (name, problem, remedy) => {
    const [finding, ...others] = check(routes(`# claimgate: allow ${name}`, '"GET /x" = {}'));
    expect(finding).toMatchObject({
      rule: 'unknown-allow',
      problem,
      remedy,
      severity: 'warning',
      region: { line: 16 },
    });
    expect(others).toEqual([]);
  });
});

describe('what the issuer is told', () => {
  it('is found beside the policy, with who the issuer is', async () => {
    const record = {
      identifier: 'x',
      name: 'X',
      scopes: [{ value: 'a' }],
      token_lifetime: 60,
      signing_alg: 'ES256',
      token_dialect: 'access_token',
    };
    const file = write('issuer.json', JSON.stringify({ apis: [record], clients: [] }));
    mkdirSync(join(dirname(file), 'issuer'));
    write(
      'issuer/wrangler.toml',
      '[vars]\nISSUER = "https://a.example/"\n[env.p.vars]\nISSUER = "https://b.example/"\n',
    );
    const expected = {
      file,
      issuers: ['https://a.example/', 'https://b.example/'],
      apis: [{ identifier: 'x', scopes: ['a'] }],
    };
    const policy = join(dirname(file), 'wrangler.toml');
    expect(await findDeclared(policy, undefined)).toEqual(expected);
    expect(await findDeclared(policy, file)).toEqual(expected);
    expect(await findDeclared('test/wrangler.toml', undefined)).toBeUndefined();
    write('issuer/wrangler.toml', '');
    expect(await findDeclared(policy, undefined), 'nobody knows whose it is').toBeUndefined();
    expect(await findDeclared(policy, file)).toMatchObject({ issuers: [] });
    write('issuer.json', '[]');
    expect(await findDeclared(policy, undefined), 'another file of that name').toBeUndefined();
  });
});

describe('policies of this repository', () => {
  const KEEPS_KEYS = '[[kv_namespaces]]\nbinding = "KEYS"\n[triggers]\ncrons = ["*/5 * * * *"]\n';
  const blocks = (page: string) =>
    [...readFileSync(page, 'utf8').matchAll(/```toml\n([\s\S]*?)```/g)]
      .map(([, toml = '']) => toml)
      .filter((toml) => toml.includes('[vars.ISSUERS') && toml.includes('[vars.API_'));

  it.each(['README.md', 'docs/policy.md'])('%s', (page) => {
    const [example = ''] = blocks(page);
    expect(check(`workers_dev = false\n${KEEPS_KEYS}${example}`)).toEqual([]);
  });
});
