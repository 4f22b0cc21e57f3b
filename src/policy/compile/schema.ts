/**
 * The one description of the policy: validation, types, the JSON Schema for editors and `docs/policy.md` come from
 * here. The rules of routes are in `../rules/`, what fields mean is in `texts.ts`; what a schema can't say (that a name
 * exists, that two rules agree), in `compile.ts`.
 */
import * as z from 'zod/mini';
import { ALGORITHMS } from '../algorithms.ts';
import type { RuleName } from '../policy.ts';
import type { alternativeSchema } from '../rules/any-of.ts';
import { type fixedWantSchema, issuerClaimsSchema, type wantSchema } from '../rules/claims.ts';
import { list, oneOrMore, text } from '../rules/fields.ts';
import { RULE_NAMES, RULES } from '../rules/rules.ts';
import { scopeSchema } from '../rules/scopes.ts';

// Each field has a schema of its own, to which its text is tied.
const issuersField = () =>
  oneOrMore(text('the name of a table under [vars.ISSUERS]'), 'name at least one issuer');
const audiencesField = () =>
  oneOrMore(text('the audience as it stands in tokens'), 'name at least one audience');
const issuerNames = issuersField();
const audiences = audiencesField();

type RuleFields = { [Name in RuleName]: z.ZodMiniOptional<(typeof RULES)[Name]['schema']> };

const rules = {
  ...(Object.fromEntries(RULE_NAMES.map((name) => [name, z.optional(RULES[name].schema)])) as RuleFields),
  audience: z.optional(audiences),
  issuer: z.optional(issuerNames),
};

/** A limit with a say in who is counted. */
export const limitSchema = z.strictObject({
  binding: text('the name of a rate limit binding'),
  by: z.optional(
    z.union([
      z.strictObject({ claim: text('the name of a claim') }),
      z.enum(['subject', 'client', 'address']),
    ]),
  ),
});

const rateLimit = z.optional(z.union([text('the name of a rate limit binding'), limitSchema]));

/** Rules that are tried, and only logged. */
export const reportSchema = z.strictObject(rules);

const reportOnlyUntil = z.optional(
  z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}$/, 'a day as a string, such as "2027-01-31"')),
);

export const routeSchema = z.strictObject({
  auth: z.optional(z.enum(['required', 'optional', 'none'])),
  ...rules,
  forward_authorization: z.optional(z.boolean()),
  rate_limit: rateLimit,
  report: z.optional(reportSchema),
  report_only: z.optional(z.boolean()),
  revocation: z.optional(z.literal('strict')),
});

export const corsSchema = z.strictObject({
  origins: list(text('an origin'), 'name at least one origin'),
  headers: z.optional(z.array(text('a header name'))),
  expose: z.optional(z.array(text('a header name'))),
  max_age: z.optional(z.int().check(z.minimum(0), z.maximum(86_400))),
  credentials: z.optional(z.boolean()),
});

/** Values that begin so. */
export const prefixSchema = z.strictObject({ prefix: text('how the values begin') });

/** How a claim is sent, where not as text. */
export const forwardSchema = z.strictObject({
  header: z.string(),
  as: z.optional(z.enum(['text', 'list', 'json'])),
  only: z.optional(
    list(z.union([text('a value'), prefixSchema]), 'name at least one value, or leave the field out for all'),
  ),
});

/** The signed assertion of an API. */
export const assertionSchema = z.strictObject({
  audience: text('the audience of assertions'),
  bind: z.optional(z.enum(['request', 'body', 'none'])),
  max_body: z.optional(z.int().check(z.minimum(0), z.maximum(1_048_576))),
});

/** The same for the gateway. */
export const assertionSettingsSchema = z.strictObject({
  issuer: text('the issuer of assertions'),
  lifetime: z.optional(z.int().check(z.minimum(5), z.maximum(120))),
});

const namedBy = () => z.optional(z.enum(['sub', 'sid', 'jti', 'client_id']));

/** What subjects of events are to tokens. */
export const subjectsSchema = z.strictObject({
  opaque: namedBy(),
  email: namedBy(),
  phone_number: namedBy(),
  account: namedBy(),
  did: namedBy(),
  uri: namedBy(),
  session: namedBy(),
  application: namedBy(),
});

const ownPath = (example: string, more = '') =>
  z.string().check(z.regex(/^(\/[A-Za-z0-9._~-]+)+$/, `a path such as "${example}"${more}`));
const secretName = () => z.string().check(z.regex(/^secret:[A-Za-z_][A-Za-z0-9_]*$/, '"secret:NAME"'));

/** Who sends security events. */
export const signalSchema = z.strictObject({
  issuer: text('the issuer identifier, as it stands in iss'),
  audience: audiencesField(),
  revokes: issuersField(),
  subjects: z.optional(subjectsSchema),
  logout_tokens: z.optional(z.enum(['typed', 'any'])),
  path: z.optional(ownPath('/signals')),
  authorization: z.optional(secretName()),
  rate_limit: z.optional(text('the name of a rate limit binding')),
  poll_uri: z.optional(z.string()),
  poll_authorization: z.optional(secretName()),
  algorithms: z.optional(list(z.enum(ALGORITHMS), 'name at least one algorithm')),
  metadata_uri: z.optional(z.string()),
  jwks_uri: z.optional(z.string()),
  service: z.optional(text('the name of a service binding')),
});

const dropHeaders = z.optional(
  z.array(z.string().check(z.regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'the name of a header'))),
);

export const apiSchema = z.strictObject({
  hosts: z.optional(
    list(
      z
        .string()
        .check(
          z.regex(
            /^(:[A-Za-z_][A-Za-z0-9_]*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
            'a host name in lower case, without scheme, port and trailing dot; its first label may be a parameter, ":tenant.example.com"',
          ),
        ),
      'name at least one host, or leave the field out for all hosts',
    ),
  ),
  origin: text('an http(s) URL, "service:BINDING", "zone" or "next"'),
  origin_headers: z.optional(z.record(z.string(), z.string())),
  mtls: z.optional(text('the name of an mTLS certificate binding')),
  zone_unprotected: z.optional(z.boolean()),
  strip_prefix: z.optional(ownPath('/api', ', without a slash at its end')),
  issuer: z.optional(issuerNames),
  audience: audiences,
  token_from: z.optional(
    z.string('one place: "authorization", "header:NAME", "cookie:NAME", "websocket" or "access"'),
  ),
  form_methods: z.optional(z.enum(['read', 'none'])),
  resource: z.optional(z.string()),
  scope_prefix: z.optional(scopeSchema),
  scopes_supported: z.optional(
    list(scopeSchema, 'name at least one scope, or leave the field out for those of the routes'),
  ),
  tell_audience: z.optional(z.boolean()),
  forward: z.optional(z.record(z.string(), z.union([z.string(), forwardSchema]))),
  forward_authorization: z.optional(z.boolean()),
  max_claims_bytes: z.optional(z.int().check(z.minimum(1_024), z.maximum(65_536))),
  assertion: z.optional(assertionSchema),
  drop_headers: dropHeaders,
  rewrite_location: z.optional(z.boolean()),
  cors: z.optional(z.union([corsSchema, z.literal('origin')])),
  rate_limit: rateLimit,
  timeout_ms: z.optional(z.int().check(z.positive(), z.maximum(600_000))),
  upload_timeout_ms: z.optional(z.int().check(z.positive(), z.maximum(3_600_000))),
  report_only: z.optional(z.boolean()),
  report_only_until: reportOnlyUntil,
  // An API on trial may have none yet.
  routes: z.optional(z.record(z.string(), routeSchema)),
});

/** More routes of an API, whose table would be too large for one variable. */
export const extensionSchema = z.strictObject({
  extends: text('the name of an API table'),
  routes: z.record(z.string(), routeSchema),
});

export const issuerSchema = z.strictObject({
  issuer: text('the issuer identifier, as it stands in iss'),
  algorithms: z.optional(list(z.enum(ALGORITHMS), 'name at least one algorithm')),
  metadata_uri: z.optional(z.string()),
  jwks_uri: z.optional(z.string()),
  service: z.optional(text('the name of a service binding')),
  status_list: z.optional(z.enum(['required', 'optional'])),
  status_list_hosts: z.optional(
    list(text('a host such as "status.example.com"'), 'name at least one host, or leave the field out'),
  ),
  token_types: z.optional(list(text('a typ such as "at+jwt"'), 'name at least one type')),
  clock_tolerance: z.optional(z.int().check(z.minimum(0), z.maximum(300))),
  max_token_age: z.optional(z.int().check(z.positive())),
  not_before: z.optional(z.string()),
  remember_tokens: z.optional(z.boolean()),
  scope_claim: z.optional(text('the name of a claim')),
  client_claim: z.optional(text('the name of a claim')),
  audience_claim: z.optional(text('the name of a claim')),
  claims: z.optional(issuerClaimsSchema),
});

export const settingsSchema = z.strictObject({
  log_subject: z.optional(z.enum(['none', 'hash', 'plain'])),
  log_sample: z.optional(z.number().check(z.minimum(0), z.maximum(1))),
  log_requests: z.optional(z.enum(['denied', 'all', 'none'])),
  blocked_clients: z.optional(z.array(text('a client id'))),
  blocked_kids: z.optional(z.array(text('a key id'))),
  drop_headers: dropHeaders,
  revocation: z.optional(text('the name of a Durable Object binding')),
  report_only: z.optional(z.boolean()),
  report_only_until: reportOnlyUntil,
  health_path: z.optional(ownPath('/.well-known/claimgate/health')),
  // A fragment is appended to it: the result must be one URI that people can look up (RFC 9457 §3.1.1).
  assertion: z.optional(assertionSettingsSchema),
  signals: z.optional(z.record(z.string(), signalSchema)),
  problem_base: z.optional(
    z
      .string()
      .check(
        z.regex(
          /^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1\])(?![^:/]))[^\s?#\\@]+$/,
          'an https URL without user name, query and fragment (http for loopback hosts)',
        ),
      ),
  ),
});

export type WantConfig = z.infer<typeof wantSchema>;
export type FixedWantConfig = z.infer<typeof fixedWantSchema>;
export type AlternativeConfig = z.infer<typeof alternativeSchema>;
export type LimitConfig = z.infer<typeof limitSchema>;
export type PrefixConfig = z.infer<typeof prefixSchema>;
export type ForwardConfig = z.infer<typeof forwardSchema>;
export type RulesConfig = z.infer<typeof reportSchema>;
export type ExtensionConfig = z.infer<typeof extensionSchema>;
export type CorsConfig = z.infer<typeof corsSchema>;
export type RouteConfig = z.infer<typeof routeSchema>;
export type ApiConfig = z.infer<typeof apiSchema>;
export type AssertionConfig = z.infer<typeof assertionSchema>;
export type AssertionSettingsConfig = z.infer<typeof assertionSettingsSchema>;
export type SignalConfig = z.infer<typeof signalSchema>;
export type SubjectsConfig = z.infer<typeof subjectsSchema>;
export type IssuerConfig = z.infer<typeof issuerSchema>;
export type SettingsConfig = z.infer<typeof settingsSchema>;
