/**
 * The one description of the policy: validation, types, the JSON Schema for editors and `docs/policy.md` come from
 * here. What a schema can't say (that a name exists, that two rules agree) is in `compile.ts`.
 */
import * as z from 'zod/mini';

/** Asymmetric algorithms (RFC 7518 §3.1, RFC 8037, RFC 9864). Nothing else can be configured. */
export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

// Each message says what is wanted: it becomes the remedy of the fault.
const text = (want: string) => z.string().check(z.minLength(1, want));
const list = <T extends z.core.$ZodType>(item: T, want: string) => z.array(item).check(z.minLength(1, want));
const oneOrMore = <T extends z.core.$ZodType>(item: T, want: string) => z.union([item, list(item, want)]);
const field = <T extends z.ZodMiniType>(schema: T, description: string) =>
  z.optional(schema.check(z.describe(description)));

const scope = z
  .string()
  .check(
    z.regex(
      /^[\x21\x23-\x5b\x5d-\x7e]+$/,
      'one scope each: no spaces, quotes or backslashes (RFC 6749 §3.3)',
    ),
  );
const scopes = list(scope, 'name at least one scope, or leave the field out');
const claimValue = z.union([z.string(), z.number(), z.boolean()]);
const claimWant = z.union([
  claimValue,
  list(claimValue, 'give at least one value'),
  z.strictObject({ param: text('the name of a :param of this route') }),
]);
const issuerNames = oneOrMore(text('the name of a table under [vars.ISSUERS]'), 'name at least one issuer');
const audiences = oneOrMore(text('the audience as it stands in tokens'), 'name at least one audience');

const rules = {
  scopes_all: field(scopes, 'Scopes that the token must all have. Example: ["read:timesheets"].'),
  scopes_any: field(
    scopes,
    'Scopes of which the token must have at least one. Example: ["approve:timesheets", "admin"].',
  ),
  clients: field(
    list(text('a client id'), 'name at least one client id, or leave the field out'),
    'Client ids that may call this route. Example: ["backoffice"].',
  ),
  claims: field(
    z.record(z.string(), claimWant),
    'What claims must say: a name, or a JSON Pointer that begins with /, and a value, a list (any of), or { param = "org" } for the value of :org in the path. Example: { org_id = { param = "org" } }.',
  ),
  audience: field(audiences, "Narrows the API's audience for this route; a list means any of."),
  issuer: field(issuerNames, "Narrows the API's issuers for this route; a list means any of."),
};

const rateLimit = field(
  text('the name of a rate limit binding'),
  'The rate limit that requests count against, a binding of the platform: for each client, else subject, else address. A route counts for itself, an API over all its routes that have none of their own. Example: "PER_CLIENT".',
);

/** Rules that are tried, and only logged. */
export const reportSchema = z.strictObject(rules);

export const routeSchema = z.strictObject({
  auth: field(
    z.enum(['required', 'optional', 'none']),
    'Who may come without a token. "required" (default): nobody. "optional": no token passes, without claims; a bad one is refused. "none": no token is read.',
  ),
  ...rules,
  forward_authorization: field(
    z.boolean(),
    'Whether the origin gets the Authorization header. Default: true where auth is "none", else false.',
  ),
  rate_limit: rateLimit,
  report: field(
    reportSchema,
    'Rules that are tried on live traffic: whoever they would refuse is let through, and logged (`would_deny`). Example: { scopes_all = ["write:timesheets"] }.',
  ),
  report_only: field(
    z.boolean(),
    'Tries the whole route: whoever its token or rules would refuse is let through, without claims unless the token is good, and logged. The route is then open to anyone.',
  ),
});

export const corsSchema = z.strictObject({
  origins: list(text('an origin'), 'name at least one origin').check(
    z.describe(
      'Web origins whose pages may call, exactly as browsers send them; ["*"]: all. Example: ["https://app.example.com"].',
    ),
  ),
  headers: field(
    z.array(text('a header name')),
    'Request headers that pages may send. Default: ["authorization", "content-type"].',
  ),
  expose: field(
    z.array(text('a header name')),
    'Answer headers that pages may read, besides those of browsers and WWW-Authenticate, Retry-After, X-Request-Id.',
  ),
  max_age: field(
    z.int().check(z.minimum(0), z.maximum(86_400)),
    'Seconds that browsers may remember a preflight. Default: 600.',
  ),
  credentials: field(z.boolean(), 'Whether pages may send cookies. Not with the origin "*". Default: false.'),
});

export const apiSchema = z.strictObject({
  hosts: field(
    list(
      z
        .string()
        .check(
          z.regex(
            /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
            'a host name in lower case, without scheme, port and trailing dot',
          ),
        ),
      'name at least one host, or leave the field out for all hosts',
    ),
    'Hosts that this API answers on. Without: every host that no other API names. Example: ["api.example.com"].',
  ),
  origin: text('an http(s) URL, "service:BINDING" or "zone"').check(
    z.describe(
      'Where requests go: an http(s) URL, with a path if wanted; "service:BINDING" for a service binding; or "zone" for what lies behind the Worker\'s own route. Example: "https://timesheets.internal.example".',
    ),
  ),
  origin_headers: field(
    z.record(z.string(), z.string()),
    'Headers that the origin gets from secrets of the Worker, so that it can tell that a request came through the gateway. Example: { x-origin-secret = "secret:ORIGIN_SECRET" }.',
  ),
  mtls: field(
    text('the name of an mTLS certificate binding'),
    'Presents this client certificate to the origin, a binding of the platform. Example: "ORIGIN_CERT".',
  ),
  zone_unprotected: field(
    z.boolean(),
    'With origin = "zone": the origin can\'t be reached around the Worker, and so needs no origin_headers.',
  ),
  strip_prefix: field(
    z.string().check(z.regex(/^(\/[A-Za-z0-9._~-]+)+$/, 'a path such as "/api", without a slash at its end')),
    'Segments at the start of the path that are not sent on. Routes have them: their paths are the public ones. Example: "/api".',
  ),
  issuer: field(
    issuerNames,
    'Which issuers may speak for callers, by their names under [vars.ISSUERS]. May be left out where there is only one. Example: "auth0".',
  ),
  audience: audiences.check(
    z.describe(
      'The audience that tokens must have for this API; a list means any of. A token for another API of the same issuer never passes. Example: "https://api.example.com/timesheets".',
    ),
  ),
  resource: field(
    z.string(),
    "RFC 9728 resource identifier, an https URL, if it is not the audience. The API's metadata is published under it.",
  ),
  forward: field(
    z.record(
      z.string(),
      z.union([
        z.string(),
        z.strictObject({ header: z.string(), as: z.optional(z.enum(['text', 'list', 'json'])) }),
      ]),
    ),
    'Claims that the origin gets as headers, besides the four it always gets: a name, or a JSON Pointer that begins with /, and the header. Example: { "https://example.com/tenant" = "x-tenant", "/realm_access/roles" = { header = "x-roles", as = "list" } }.',
  ),
  forward_authorization: field(z.boolean(), 'Default for the routes of this API.'),
  cors: field(
    corsSchema,
    'Which web pages may call from browsers. Example: { origins = ["https://app.example.com"] }.',
  ),
  rate_limit: rateLimit,
  timeout_ms: field(
    z.int().check(z.positive(), z.maximum(600_000)),
    'How long the gateway waits for the head of the answer, in milliseconds. Default: 15000.',
  ),
  upload_timeout_ms: field(
    z.int().check(z.positive(), z.maximum(3_600_000)),
    'The same where the request has a body, which must be sent first. Default: 300000.',
  ),
  routes: z
    .record(z.string(), routeSchema)
    .check(
      z.describe(
        'Routes: the key says for which requests ("GET|PUT /approvals/:id"), the value who gets in.',
      ),
    ),
});

/** More routes of an API, whose table would be too large for one variable. */
export const extensionSchema = z.strictObject({
  extends: text('the name of an API table').check(
    z.describe('The API that the routes belong to. Example: "API_TIMESHEETS".'),
  ),
  routes: apiSchema.shape.routes,
});

export const issuerSchema = z.strictObject({
  issuer: text('the issuer identifier, as it stands in iss').check(
    z.describe(
      'The issuer identifier, compared literally with the iss of tokens: a trailing slash counts. Example: "https://example.eu.auth0.com/".',
    ),
  ),
  algorithms: field(
    list(z.enum(ALGORITHMS), 'name at least one algorithm'),
    'Signature algorithms to accept. Default: ["RS256", "ES256", "EdDSA"].',
  ),
  metadata_uri: field(z.string(), 'Where the metadata document is, if not under the issuer.'),
  jwks_uri: field(z.string(), 'Where the key set is; no metadata is read then.'),
  service: field(
    text('the name of a service binding'),
    'Fetches metadata and keys through this service binding. Example: "ISSUER".',
  ),
  token_types: field(
    list(text('a typ such as "at+jwt"'), 'name at least one type'),
    'Accepted typ headers; case and "application/" do not matter, an absent typ counts as "jwt". Default: ["at+jwt", "jwt"]. With ["at+jwt"] ID tokens never pass (RFC 9068).',
  ),
  clock_tolerance: field(
    z.int().check(z.minimum(0), z.maximum(300)),
    'Seconds by which clocks may differ. Default: 30.',
  ),
  max_token_age: field(
    z.int().check(z.positive()),
    'Seconds after iat at which a token is refused, whatever its exp says.',
  ),
  not_before: field(
    z.string(),
    'A date as a string: tokens issued before it are refused. Example: "2026-11-24T12:00:00Z".',
  ),
  remember_tokens: field(
    z.boolean(),
    'Whether a verified token is remembered until it expires, so that its signature is checked once. Its rules are checked on each request either way. Default: true.',
  ),
  scope_claim: field(
    text('the name of a claim'),
    'Where scopes are. Default: scope, else scp, else permissions.',
  ),
  client_claim: field(
    text('the name of a claim'),
    'Where the client id is. Default: azp, else client_id, else cid, else appid.',
  ),
  audience_claim: field(
    text('the name of a claim'),
    'Where the audience is, for issuers that send no aud. Example: "client_id" (Amazon Cognito).',
  ),
  claims: field(
    z.record(z.string(), z.union([claimValue, list(claimValue, 'give at least one value')])),
    'What every token of this issuer must say. Example: { token_use = "access" }.',
  ),
});

export const settingsSchema = z.strictObject({
  log_subject: field(
    z.enum(['none', 'hash', 'plain']),
    'Whether logs name the sub of tokens. Default: "none". "hash" needs the secret LOG_KEY.',
  ),
  log_sample: field(
    z.number().check(z.minimum(0), z.maximum(1)),
    'Share of allowed requests that are logged, 0 to 1. Denials always are. Default: 1.',
  ),
  blocked_clients: field(
    z.array(text('a client id')),
    'Emergency brake: tokens of these clients are refused.',
  ),
  blocked_kids: field(
    z.array(text('a key id')),
    'Emergency brake: tokens signed with these keys are refused.',
  ),
  health_path: field(
    z.string().check(z.regex(/^(\/[A-Za-z0-9._~-]+)+$/, 'a path such as "/.well-known/claimgate/health"')),
    'Where the gateway tells that it is up and how good the keys of each issuer are, on every host. Default: nowhere. Example: "/.well-known/claimgate/health".',
  ),
});

export type RulesConfig = z.infer<typeof reportSchema>;
export type CorsConfig = z.infer<typeof corsSchema>;
export type RouteConfig = z.infer<typeof routeSchema>;
export type ApiConfig = z.infer<typeof apiSchema>;
export type IssuerConfig = z.infer<typeof issuerSchema>;
export type SettingsConfig = z.infer<typeof settingsSchema>;
