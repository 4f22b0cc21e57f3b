/**
 * A single slip anywhere in the policy stops a deployment, and the gateway answers 503, with a message that points at
 * it. `test/e2e/deploy.test.ts` has one go through `wrangler deploy`; here each is tried on the check that it runs,
 * and on the gateway.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { afterAll, describe, expect, it } from 'vitest';
import { checkPolicy } from '../../../../cli/policy/check/check.ts';
import { readPolicyFile } from '../../../../cli/policy/file/config.ts';
import { compilePolicy } from '../../../../src/policy/compile/compile.ts';

const folder = mkdtempSync(join(tmpdir(), 'claimgate-typos-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const POLICY = `name = "gateway"
main = "src/index.ts"
compatibility_date = "2026-10-01"
routes = [{ pattern = "zone.example.com/*", zone_name = "example.com" }]

[[services]]
binding = "ISSUER"
service = "issuer"

[[ratelimits]]
name = "PER_CLIENT"
namespace_id = "1"
simple = { limit = 10, period = 60 }

[[mtls_certificates]]
binding = "CERT"
certificate_id = "1"

[vars]
PLAIN = "text is no policy"
API_KEY = "text is no policy, whatever its name"

[vars.GATEWAY]
log_subject = "none"
log_sample = 0.5
blocked_clients = ["client"]
health_path = "/health"
problem_base = "https://docs.example.com/reasons"

[vars.ISSUERS.main]
issuer = "https://issuer.example/"
algorithms = ["ES256"]
token_types = ["at+jwt"]
clock_tolerance = 10
not_before = "2026-11-24T12:00:00Z"
service = "ISSUER"
claims = { token_use = "access" }

[vars.ISSUERS.other]
issuer = "https://other.example/"
jwks_uri = "https://keys.example/jwks"

[vars.API_ORDERS]
hosts = ["api.example.com"]
origin = "https://orders.example/base"
issuer = ["main", "other"]
audience = "https://api.example.com/orders"
forward = { tenant = "x-claim-tenant", "/realm_access/roles" = { header = "x-roles", as = "list" } }
mtls = "CERT"
rate_limit = "PER_CLIENT"
timeout_ms = 1000
cors = { origins = ["https://app.example.com"], max_age = 60 }

[vars.API_ORDERS.routes]
"GET /orders" = { scopes_all = ["read:orders"], report = { clients = ["backoffice"] } }
"GET|PUT /orgs/:org/orders" = { scopes_any = ["a", "b"], claims = { org_id = { param = "org" } }, issuer = "main" }
"GET /public/*" = { auth = "none" }

[vars.API_MORE]
extends = "API_ORDERS"

[vars.API_MORE.routes]
"GET /more" = { scopes_all = ["read:more"] }

[vars.API_ZONE]
hosts = ["zone.example.com"]
origin = "zone"
origin_headers = { x-origin-secret = "secret:ORIGIN_SECRET" }
issuer = "main"
audience = "https://zone.example.com/"
strip_prefix = "/v1"

[vars.API_ZONE.routes]
"GET /v1/x" = {}
`;

/** What a hand may slip on, and the place that the message names. `file`: only the check sees the whole file. */
const SLIPS: readonly [slip: string, written: string, at: string, where?: 'file'][] = [
  ['[vars.GATEWAY]', '[vars.GATEWYA]', 'GATEWYA'],
  ['[vars.ISSUERS.main]', '[vars.ISSUER.main]', 'ISSUER'],
  ['[vars.API_MORE]\n', '[vars.API-MORE]\n', 'API-MORE'],
  ['[vars.API_ZONE]\n', '[API_ZONE]\n', 'API_ZONE', 'file'],
  ['[vars.GATEWAY]', '[GATEWAY]', 'GATEWAY', 'file'],
  ['log_subject = "none"', 'log_subjects = "none"', 'GATEWAY.log_subjects'],
  ['log_subject = "none"', 'log_subject = "nobody"', 'GATEWAY.log_subject'],
  ['log_sample = 0.5', 'log_sample = 50', 'GATEWAY.log_sample'],
  ['blocked_clients = ["client"]', 'blocked_client = ["client"]', 'GATEWAY.blocked_client'],
  ['blocked_clients = ["client"]', 'blocked_clients = "client"', 'GATEWAY.blocked_clients'],
  ['health_path = "/health"', 'health_path = "health"', 'GATEWAY.health_path'],
  [
    'problem_base = "https://docs.example.com/reasons"',
    'problem_base = "https://docs.example.com/reasons#"',
    'GATEWAY.problem_base',
  ],
  ['issuer = "https://issuer.example/"', 'isuer = "https://issuer.example/"', 'ISSUERS.main.isuer'],
  ['issuer = "https://issuer.example/"', 'issuer = "http://issuer.example/"', 'ISSUERS.main.issuer'],
  ['issuer = "https://other.example/"', 'issuer = "https://issuer.example/"', 'ISSUERS.other.issuer'],
  ['algorithms = ["ES256"]', 'algorithms = ["HS256"]', 'ISSUERS.main.algorithms[0]'],
  ['algorithms = ["ES256"]', 'algorithms = []', 'ISSUERS.main.algorithms'],
  ['token_types = ["at+jwt"]', 'token_type = ["at+jwt"]', 'ISSUERS.main.token_type'],
  ['clock_tolerance = 10', 'clock_tolerance = "10"', 'ISSUERS.main.clock_tolerance'],
  ['clock_tolerance = 10', 'clock_tolerance = 10000', 'ISSUERS.main.clock_tolerance'],
  ['not_before = "2026-11-24T12:00:00Z"', 'not_before = "yesterday"', 'ISSUERS.main.not_before'],
  ['service = "ISSUER"', 'service = "ISSUR"', 'ISSUERS.main.service'],
  ['claims = { token_use = "access" }', 'claims = {}', 'ISSUERS.main.claims'],
  ['claims = { token_use = "access" }', 'claim = { token_use = "access" }', 'ISSUERS.main.claim'],
  [
    'jwks_uri = "https://keys.example/jwks"',
    'jwks_uri = "http://keys.example/jwks"',
    'ISSUERS.other.jwks_uri',
  ],
  ['[vars.ISSUERS.other]', '[vars.ISSUERS.othr]', 'API_ORDERS.issuer'],
  ['hosts = ["api.example.com"]', 'hosts = ["https://api.example.com"]', 'API_ORDERS.hosts[0]'],
  ['hosts = ["api.example.com"]', 'host = ["api.example.com"]', 'API_ORDERS.host'],
  ['hosts = ["api.example.com"]', 'hosts = ["API.example.com"]', 'API_ORDERS.hosts[0]'],
  ['origin = "https://orders.example/base"', 'origin = "orders.example/base"', 'API_ORDERS.origin'],
  ['origin = "https://orders.example/base"', 'orign = "https://orders.example/base"', 'API_ORDERS.orign'],
  ['origin = "https://orders.example/base"', 'origin = "service:ORDERS"', 'API_ORDERS.origin'],
  ['issuer = ["main", "other"]', 'issuer = ["mian", "other"]', 'API_ORDERS.issuer'],
  ['audience = "https://api.example.com/orders"', 'audience = ""', 'API_ORDERS.audience'],
  [
    'audience = "https://api.example.com/orders"',
    'audiences = "https://api.example.com/orders"',
    'API_ORDERS.audiences',
  ],
  ['tenant = "x-claim-tenant"', 'tenant = "claim-tenant"', 'API_ORDERS.forward.tenant'],
  ['tenant = "x-claim-tenant"', 'tenant = "x-claim-sub"', 'API_ORDERS.forward.tenant'],
  ['as = "list"', 'as = "lst"', 'API_ORDERS.forward."/realm_access/roles".as'],
  ['mtls = "CERT"', 'mtls = "CRET"', 'API_ORDERS.mtls'],
  ['rate_limit = "PER_CLIENT"', 'rate_limit = "PER_CLINT"', 'API_ORDERS.rate_limit'],
  ['rate_limit = "PER_CLIENT"', 'rate_limits = "PER_CLIENT"', 'API_ORDERS.rate_limits'],
  ['timeout_ms = 1000', 'timeout = 1000', 'API_ORDERS.timeout'],
  ['timeout_ms = 1000', 'timeout_ms = -1', 'API_ORDERS.timeout_ms'],
  [
    'origins = ["https://app.example.com"]',
    'origins = ["https://app.example.com/"]',
    'API_ORDERS.cors.origins[0]',
  ],
  ['max_age = 60', 'max-age = 60', 'API_ORDERS.cors.max-age'],
  ['"GET /orders" =', '"GTE orders" =', 'API_ORDERS.routes."GTE orders"'],
  ['"GET /orders" =', '"get /orders" =', 'API_ORDERS.routes."get /orders"'],
  ['"GET /public/*"', '"GET /public/*/x"', 'API_ORDERS.routes."GET /public/*/x"'],
  [
    'scopes_all = ["read:orders"]',
    'scope_all = ["read:orders"]',
    'API_ORDERS.routes."GET /orders".scope_all',
  ],
  [
    'scopes_all = ["read:orders"]',
    'scopes_all = "read:orders"',
    'API_ORDERS.routes."GET /orders".scopes_all',
  ],
  [
    'scopes_all = ["read:orders"]',
    'scopes_all = ["read orders"]',
    'API_ORDERS.routes."GET /orders".scopes_all[0]',
  ],
  ['scopes_all = ["read:orders"]', 'scopes_all = []', 'API_ORDERS.routes."GET /orders".scopes_all'],
  ['clients = ["backoffice"]', 'client = ["backoffice"]', 'API_ORDERS.routes."GET /orders".report.client'],
  ['param = "org"', 'param = "orgs"', 'API_ORDERS.routes."GET|PUT /orgs/:org/orders".claims.org_id.param'],
  ['param = "org"', 'parm = "org"', 'API_ORDERS.routes."GET|PUT /orgs/:org/orders".claims.org_id.parm'],
  ['issuer = "main" }', 'issuer = "mian" }', 'API_ORDERS.routes."GET|PUT /orgs/:org/orders".issuer'],
  ['auth = "none"', 'auth = "public"', 'API_ORDERS.routes."GET /public/*".auth'],
  ['auth = "none"', 'auth = "none", scopes_all = ["a"]', 'API_ORDERS.routes."GET /public/*".scopes_all'],
  ['auth = "none"', 'auth = false', 'API_ORDERS.routes."GET /public/*".auth'],
  ['extends = "API_ORDERS"', 'extends = "API_ORDRES"', 'API_MORE.extends'],
  ['extends = "API_ORDERS"', 'extend = "API_ORDERS"', 'API_MORE.extend'],
  ['"GET /more"', '"GET /orders"', 'API_MORE.routes."GET /orders"'],
  ['hosts = ["zone.example.com"]', 'hosts = ["zone.example.org"]', 'API_ZONE.hosts', 'file'],
  ['"secret:ORIGIN_SECRET"', '"ORIGIN_SECRET"', 'API_ZONE.origin_headers.x-origin-secret'],
  ['"secret:ORIGIN_SECRET"', '"secret:ORIGIN_SECRT"', 'API_ZONE.origin_headers.x-origin-secret'],
  ['x-origin-secret =', 'X-Origin-Secret =', 'API_ZONE.origin_headers.X-Origin-Secret'],
  ['strip_prefix = "/v1"', 'strip_prefix = "v1"', 'API_ZONE.strip_prefix'],
  ['strip_prefix = "/v1"', 'strip_prefix = "/v2"', 'API_ZONE.routes."GET /v1/x"'],
  ['compatibility_date', 'cache = { enabled = true }\ncompatibility_date', 'cache.enabled', 'file'],
];

function placesInFile(text: string): string[] {
  const file = join(folder, 'wrangler.toml');
  writeFileSync(file, text);
  return checkPolicy(readPolicyFile(file)).flatMap(({ faults }) => faults.map(({ at }) => at));
}

/** As the gateway compiles it, with all that the policy may name: with a fault, it answers nothing but 503. */
function placesAtGateway(text: string): string[] {
  const { vars } = parse(text) as { vars: Record<string, unknown> };
  const compiled = compilePolicy(JSON.parse(JSON.stringify(vars)), {
    services: ['ISSUER'],
    certificates: ['CERT'],
    rateLimits: ['PER_CLIENT'],
    secrets: ['ORIGIN_SECRET'],
  });
  return compiled.ok ? [] : compiled.faults.map(({ at }) => at);
}

describe('the policy without a slip', () => {
  it('is fine to the check, and to the gateway', () => {
    expect(placesInFile(POLICY)).toEqual([]);
    expect(placesAtGateway(POLICY)).toEqual([]);
  });
});

describe('a slip', () => {
  it.each(SLIPS)('%s → %s', (right, wrong, at, where) => {
    expect(POLICY).toContain(right);
    const text = POLICY.replace(right, () => wrong);
    // A secret that is not set, only the running gateway can miss.
    if (!wrong.includes('secret:ORIGIN_SECRT')) expect(placesInFile(text)).toContain(at);
    if (where !== 'file') expect(placesAtGateway(text)).toContain(at);
  });

  it('in an environment is found too, and one of its tables beside [vars]', () => {
    expect(placesInFile(`${POLICY}\n[env.staging]\nname = "x"\nISSUERS = {}\n`)).toContain('ISSUERS');
    const staging = POLICY.slice(POLICY.indexOf('[vars.GATEWAY]')).replaceAll('[vars.', '[env.staging.vars.');
    expect(placesInFile(`${POLICY}\n[env.staging]\n${staging.replace('scopes_all', 'scope_all')}`)).toContain(
      'API_ORDERS.routes."GET /orders".scope_all',
    );
  });

  it('of size: a variable that holds more than the platform takes', () => {
    const routes = Array.from(
      { length: 120 },
      (_, i) => `"GET /route-number-${i}" = { scopes_all = ["read:orders"] }`,
    );
    expect(placesInFile(POLICY.replace('"GET /more"', () => `${routes.join('\n')}\n"GET /more"`))).toEqual([
      'API_MORE',
    ]);
  });
});
