/**
 * What each field of the policy means, with an example: for docs/policy.md and for editors. Apart from the schema, so
 * that a Worker doesn't carry it. `npm run docs` joins them.
 */
import { DEFAULT_CLAIMS } from '../claims.ts';
import { DEFAULT_MAX_CLAIMS_BYTES, DEFAULT_TIMEOUT_MS, DEFAULT_UPLOAD_TIMEOUT_MS } from './apis.ts';
import { DEFAULT_LIFETIME_SECONDS, DEFAULT_MAX_BODY_BYTES } from './assertion.ts';
import { DEFAULT_HEADERS, DEFAULT_MAX_AGE_SECONDS } from './cors.ts';
import { DEFAULT_ALGORITHMS, DEFAULT_CLOCK_TOLERANCE_SECONDS, DEFAULT_TOKEN_TYPES } from './issuers.ts';
import type {
  AlternativeConfig,
  ApiConfig,
  AssertionConfig,
  AssertionSettingsConfig,
  CorsConfig,
  ExtensionConfig,
  FixedWantConfig,
  ForwardConfig,
  IssuerConfig,
  LimitConfig,
  PrefixConfig,
  RouteConfig,
  RulesConfig,
  SettingsConfig,
  WantConfig,
} from './schema.ts';

export const listed = (names: readonly string[]) =>
  `[${names.map((name) => JSON.stringify(name)).join(', ')}]`;
const inTurn = (names: readonly string[]) => names.join(', else ');

export type Texts<Config> = { readonly [Field in keyof Required<Config>]: string };

const RATE_LIMIT =
  'The rate limit that requests count against, a binding of the platform: for each subject, else client, else address. A table says otherwise: { binding = "PER_ORG", by = { claim = "org_id" } }. A route counts for itself, an API over all its routes that have none of their own. Example: "PER_USER".';

/** The rules that alternatives can have. */
export const ALTERNATIVE_TEXTS: Texts<AlternativeConfig> = {
  scopes_all: 'Scopes that the token must all have. Example: ["read:timesheets"].',
  scopes_any: 'Scopes of which the token must have at least one. Example: ["approve:timesheets", "admin"].',
  clients: 'Client ids that may call this route. Example: ["backoffice"].',
  claims:
    'What claims must say: a name, or a JSON Pointer that begins with /, and a value, a list (any of), { param = "org" } for the value of :org in the path, or a table with all, present or not. Example: { org_id = { param = "org" } }.',
};

export const RULE_TEXTS: Texts<RulesConfig> = {
  ...ALTERNATIVE_TEXTS,
  any_of:
    'Alternatives, of which one must hold as a whole: tables with the rules above. Example: [{ scopes_any = ["approve:timesheets"] }, { claims = { roles = "admin" } }].',
  audience:
    'Narrows the API\'s audience for this route; a list means any of. Example: "https://api.example.com/approvals".',
  issuer: 'Narrows the API\'s issuers for this route; a list means any of. Example: "auth0".',
};

export const ROUTE_TEXTS: Texts<RouteConfig> = {
  ...RULE_TEXTS,
  auth: 'Who may come without a token. "required" (default): nobody. "optional": no token passes, without claims; a bad one is refused. "none": no token is read. Example: "none".',
  forward_authorization:
    'Whether the origin gets the Authorization header. Default: true where auth is "none" or the route is report_only, else false. Example: true.',
  rate_limit: RATE_LIMIT,
  report:
    'Rules that are tried on live traffic: whoever they would refuse is let through, and logged (`would_deny`). Example: { scopes_all = ["write:timesheets"] }.',
  revocation:
    'Where it is "strict", what is revoked and switched is asked for where it is written down, on every request: docs/revocation.md. Default: each isolate remembers it for 30 s. Example: "strict".',
  report_only:
    'Tries the whole route: whoever its token or rules would refuse is let through, without claims unless the token is good, and logged. The route is then open to anyone. Example: true.',
};

export const CORS_TEXTS: Texts<CorsConfig> = {
  origins:
    'Web origins whose pages may call, as browsers send them; "https://*.example.com" for one label in place of the star, "http://localhost:*" for any port of this machine, own schemes such as "capacitor://localhost", "null" for sandboxed pages; ["*"]: all. Example: ["https://app.example.com"].',
  headers: `Request headers that pages may send. Default: ${listed(DEFAULT_HEADERS)}. Example: ["authorization", "x-trace"].`,
  expose:
    'Answer headers that pages may read, in addition to those of browsers and WWW-Authenticate, Retry-After, X-Request-Id. Example: ["x-total-count"].',
  max_age: `Seconds that browsers may remember a preflight. Default: ${DEFAULT_MAX_AGE_SECONDS}. Example: 3600.`,
  credentials: 'Whether pages may send cookies. Not with the origin "*". Default: false. Example: true.',
};

export const ASSERTION_TEXTS: Texts<AssertionConfig> = {
  audience:
    'The origin, by a name that it knows itself by; no other origin has it. Example: "orders.internal.example".',
  bind: 'What an assertion is good for. "request" (default): one method, path and query. "body": also one body. "none": all requests of a token, until the assertion ends. Example: "body".',
  max_body: `With bind = "body": how large a body may be, in bytes; more is answered with 413, since it is held in memory. Default: ${DEFAULT_MAX_BODY_BYTES}. Example: 262144.`,
};

export const ASSERTION_SETTINGS_TEXTS: Texts<AssertionSettingsConfig> = {
  issuer: 'What assertions have as iss: the public URL of the gateway. Example: "https://api.example.com".',
  lifetime: `Seconds for which an assertion is good. Default: ${DEFAULT_LIFETIME_SECONDS}. Example: 60.`,
};

export const API_TEXTS: Texts<ApiConfig> = {
  hosts:
    'Hosts that this API answers on. Without: every host that no other API names. A parameter may stand for the first label: ":tenant.api.example.com". Example: ["api.example.com"].',
  origin:
    'Where requests go: an http(s) URL, with a path if wanted; "service:BINDING" for a binding that can fetch (a service, static assets, a private network); "zone" for what lies behind the Worker\'s own route; or "next" for handlers in the same Worker (docs/hono.md). Example: "https://timesheets.internal.example".',
  origin_headers:
    'Headers that the origin gets from secrets of the Worker: so that it can tell that a request came through the gateway, or as a credential of its own (authorization, cf-access-client-id, apikey). The secret is the whole value, "Bearer " included. Example: { x-origin-secret = "secret:ORIGIN_SECRET" }.',
  mtls: 'Presents this client certificate to the origin, a binding of the platform. Example: "ORIGIN_CERT".',
  zone_unprotected:
    'With origin = "zone": the origin can\'t be reached around the Worker, and so needs no origin_headers. Example: true.',
  strip_prefix:
    'Segments at the start of the path that are not sent on; the origin gets them as X-Forwarded-Prefix. Routes have them: their paths are the public ones. Example: "/api".',
  issuer:
    'Which issuers may speak for callers, by their names under [vars.ISSUERS]. May be left out where there is only one. Example: "auth0".',
  audience:
    'The audience that tokens must have for this API; a list means any of. A token for another API of the same issuer never passes. Example: "https://api.example.com/timesheets".',
  token_from:
    'The one place that tokens are read from: "authorization" (default), "header:NAME", "cookie:NAME", "websocket" (behind `bearer` among the protocols that are offered) or "access" (Cloudflare Access). It is not sent on. Example: "cookie:__Host-session".',
  form_methods:
    'Whether the origin takes the method of a POST from a field such as `_method` of its form. "read": the gateway reads forms of POST requests, and asks the rules of that method as well. "none": it does not, which silences the check. Example: "none".',
  resource:
    'RFC 9728 resource identifier, an https URL on one of its hosts. The API\'s metadata is published under it. Default: the audience, if it is such a URL, else the host, where the API names one and has it for itself. Example: "https://api.example.com/timesheets".',
  scope_prefix:
    'What clients put before the names of scopes when they ask for them, where tokens have them without (Entra ID): metadata, challenges and refusals name scopes so. Rules do not. Example: "api://6e74172b-be56-4843-9ff4-e66a39bb12e3/".',
  scopes_supported:
    'What the metadata lists, in full, in place of the scopes of the routes. Those that ask something of the issuer (openid, profile, email, address, phone, offline_access) are named in challenges too. Example: ["mcp.access", "offline_access"].',
  tell_audience:
    'Whether refusals tell strangers the audience that tokens must have. Default: only where it is an https URL. Example: true.',
  forward:
    'Claims that the origin gets as headers, in addition to the four it always gets: a name, or a JSON Pointer that begins with /, and the header. Example: { "https://example.com/tenant" = "x-tenant", "/realm_access/roles" = { header = "x-roles", as = "list" } }.',
  forward_authorization: 'Default for the routes of this API. Example: true.',
  max_claims_bytes: `How large all claim headers together may be, names and values; more is answered with 431. Default: ${DEFAULT_MAX_CLAIMS_BYTES}. Example: 6000.`,
  assertion:
    'The origin gets a signed assertion with each request: who calls, and that the gateway said so of this request (docs/assertion.md). Needs assertion of GATEWAY. Not on trial. Example: { audience = "orders.internal.example" }.',
  drop_headers:
    'Client headers that the origin does not get, in no spelling, besides those of docs/origins.md: such as names that only an older gateway may set. Not on trial. Example: ["x-user-id"].',
  rewrite_location:
    "Whether a Location on the origin's own host is written as clients see it. Default: true. Example: false.",
  cors: 'Which web pages may call from browsers; "origin": the API speaks CORS itself, and gets preflights without a token. Example: { origins = ["https://app.example.com"] }.',
  rate_limit: RATE_LIMIT,
  timeout_ms: `How long the gateway waits for the head of the answer, in milliseconds. Default: ${DEFAULT_TIMEOUT_MS}. Example: 5000.`,
  upload_timeout_ms: `The same where the request has a body, which must be sent first. Default: ${DEFAULT_UPLOAD_TIMEOUT_MS}. Example: 60000.`,
  report_only:
    'Tries the whole API: nothing is refused that its origin can be asked for, each request goes on as it came, and what would have been refused is logged (`would_deny`). The API is then open to anyone, and may have no routes yet. One with report_only = false is enforced. CORS and metadata are left to the origin. Example: true.',
  report_only_until:
    'The last day of the trial, as a string: after it the check fails. Requests do not look at it. Example: "2027-01-31".',
  routes:
    'Routes: the key says for which requests, the value who gets in. Example: { "GET|PUT /approvals/:id" = { scopes_any = ["approve:timesheets", "admin"] } }.',
};

export const EXTENSION_TEXTS: Texts<ExtensionConfig> = {
  extends: 'The API that the routes belong to. Example: "API_TIMESHEETS".',
  routes: API_TEXTS.routes,
};

export const ISSUER_TEXTS: Texts<IssuerConfig> = {
  issuer:
    'The issuer identifier, compared literally with the iss of tokens: a trailing slash counts. Example: "https://example.eu.auth0.com/".',
  algorithms: `Signature algorithms to accept. Default: ${listed(DEFAULT_ALGORITHMS)}. Example: ["RS256"].`,
  metadata_uri:
    'Where the metadata document is, if not under the issuer. Example: "https://login.example.com/tenant/openid-configuration".',
  jwks_uri:
    'Where the key set is; no metadata is read then. Example: "https://login.example.com/tenant/keys".',
  service:
    'Fetches metadata, keys and status lists through this binding: a service, or a private network. Example: "ISSUER".',
  status_list:
    'Whether tokens are looked up in the status list that their claim status.status_list names, which tells revoked and suspended ones (docs/status-list.md). "required": a token without the claim is refused. "optional": it passes. Default: the claim is not looked at. Example: "required".',
  status_list_hosts:
    'Hosts that status lists may be on, besides that of the issuer; a port is named if it is not the usual one. Example: ["status.example.com"].',
  token_types: `Accepted typ headers; case and "application/" do not matter, an absent typ counts as "jwt". Default: ${listed(DEFAULT_TOKEN_TYPES)}. With ["at+jwt"] ID tokens never pass (RFC 9068). Example: ["at+jwt"].`,
  clock_tolerance: `Seconds by which clocks may differ. Default: ${DEFAULT_CLOCK_TOLERANCE_SECONDS}. Example: 10.`,
  max_token_age: 'Seconds after iat at which a token is refused, whatever its exp says. Example: 3600.',
  not_before: 'A date as a string: tokens issued before it are refused. Example: "2026-11-24T12:00:00Z".',
  remember_tokens:
    'Whether a verified token is remembered until it expires, so that its signature is checked once. Its rules are checked on each request either way. Default: true. Example: false.',
  scope_claim: `Where scopes are. Default: ${inTurn(DEFAULT_CLAIMS.scope)}. Example: "permissions".`,
  client_claim: `Where the client id is. Default: ${inTurn(DEFAULT_CLAIMS.client)}. Example: "client_id".`,
  audience_claim:
    'Where the audience is, for issuers that send no aud (Amazon Cognito, Clerk). With "iss", every token of the issuer passes. Example: "client_id".',
  claims:
    'What every token of this issuer must say: values as in the rules of routes, without parameters. Example: { token_use = "access" }.',
};

export const SETTINGS_TEXTS: Texts<SettingsConfig> = {
  log_subject:
    'Whether logs name the sub of tokens. Default: "none". "hash" needs the secret LOG_KEY. Example: "hash".',
  log_sample:
    'Share of allowed requests that are logged, 0 to 1. Denials always are. Default: 1. Example: 0.1.',
  log_requests:
    'Which lines of the log have the fields that trace a request: host, path, names of query parameters, address, country, user agent. "denied" (default): refused requests, and those that a rule on trial would refuse. Addresses are personal data in many countries. Example: "none".',
  blocked_clients: 'Blocklist: tokens of these clients are refused. Example: ["backoffice"].',
  revocation:
    'Tokens, subjects, sessions and clients can be revoked, and routes closed, without a deployment: docs/revocation.md. The name of the Durable Object binding that writes it down. Every issuer needs max_token_age. Example: "REVOCATIONS".',
  assertion:
    'Who signs the assertions that APIs ask for: the public URL of the gateway. The keys are the secrets ASSERTION_KEY and ASSERTION_KEY_2, which `claimgate assertion keys` makes. Example: { issuer = "https://api.example.com" }.',
  signals:
    'Who may say that tokens are to be refused, by security events: one table for each transmitter, under a name of your choice (docs/signals.md). Example: { corp = { issuer = "https://id.example.com/realms/prod", audience = "https://api.example.com/signals", revokes = "corp" } }.',
  drop_headers: 'For all APIs: see drop_headers there. Example: ["x-user-id"].',
  blocked_kids: 'Blocklist: tokens signed with these keys are refused. Example: ["key-2026-11"].',
  report_only: 'Default for all APIs: see report_only there. Example: true.',
  report_only_until: 'Default for all APIs on trial: see report_only_until there. Example: "2027-01-31".',
  health_path:
    'Where the gateway tells that it is up and how good the keys of each issuer are, on every host. Default: nowhere. Example: "/.well-known/claimgate/health".',
  problem_base:
    'A page with a heading for each reason, such as a copy of docs/reasons.md: the type of a refusal is its URL with the reason as fragment (#token-expired). An https URL without query. Default: the type is a URN. Example: "https://docs.example.com/reasons".',
};

/** The value of a claim rule that says more than values. */
export const FIXED_WANT_TEXTS: Texts<FixedWantConfig> = {
  present: 'The claim must be there, and not null. Example: true.',
  all: 'Values that the claim must all have. Example: ["staff", "finance"].',
  not: 'Values of which the claim must have none; it must be there. Letter case and type do not matter. Example: "guest".',
};

export const WANT_TEXTS: Texts<WantConfig> = {
  param: 'The :param of the path whose value the claim must have. Example: "org".',
  ...FIXED_WANT_TEXTS,
};

/** The value of `rate_limit` where it says who is counted. */
export const LIMIT_TEXTS: Texts<LimitConfig> = {
  binding: 'The rate limit, a binding of the platform. Example: "PER_ORG".',
  by: 'Whose requests are counted together: "subject", "client", "address", or { claim = "org_id" }. Requests without it are counted by subject, else client, else address. Example: "client".',
};

/** Values of a list that begin so. */
export const PREFIX_TEXTS: Texts<PrefixConfig> = {
  prefix: 'How the values begin. Example: "app-".',
};

/** The value of `forward` where a claim is not sent as text. */
export const FORWARD_TEXTS: Texts<ForwardConfig> = {
  header: 'The header that carries the claim. Example: "x-roles".',
  as: 'How the claim is written. "text" (default) is for strings only. Example: "list".',
  only: 'The values of a list that are sent on, and no others; a table for all that begin so. Example: ["admins", { prefix = "app-" }].',
};
