/**
 * The log of gateway and issuer as JSON Schemas: docs/log.schema.json, docs/issuer-log.schema.json. The compiler holds
 * the shapes here equal to the types of the lines; the tests hold every line that they cause to the documents.
 */
import * as z from 'zod';
import { FAILURES, type FailureCode } from '../issuer/src/failure.ts';
import type { IssuerLogLine, TokenLine } from '../issuer/src/log.ts';
import { dataPoint } from '../src/analytics.ts';
import type { KeysFault, ReasonCode, StatusFault } from '../src/decision.ts';
import { PROBLEMS } from '../src/http/problem.ts';
import type { DroppedKey } from '../src/keys/jwk.ts';
import type { EventLine, RequestLine } from '../src/log.ts';
import { SIGNAL_EVENTS } from './log-schema/signals.ts';

const text = (description: string) => z.string().describe(description);
const texts = (description: string) => z.array(z.string()).readonly().describe(description);
const time = z.iso.datetime().describe('When it was answered, in UTC.');
const status = z.int().min(100).max(599).describe('What the client got.');
const milliseconds = (description: string) => z.number().min(0).describe(description);
const reason = (description: string) =>
  z.enum(Object.keys(PROBLEMS) as [ReasonCode, ...ReasonCode[]]).describe(description);
const count = (description: string) => z.int().min(0).describe(description);
const detail = (description: string) =>
  z.union([z.string(), z.number(), z.array(z.string())]).describe(description);
const unverified = (of: string) =>
  z.string().max(128).describe(`${of} of a refused token, cut at 128 characters: anybody can write that.`);

/** The lines of requests. Their fields are columns of Analytics Engine too: docs/operations.md lists those. */
export const REQUEST = {
  time,
  request_id: text('The gateway’s own. The client got it as `X-Request-Id`, and so did the origin.'),
  client_request_id: z
    .string()
    .max(64)
    .describe('The client’s own `X-Request-Id`, which the origin got as `X-Client-Request-Id`.')
    .optional(),
  ray: text('Cloudflare’s id of the request.').optional(),
  method: text('The method of the request.'),
  route: text('API and key of the route, as the policy has them.').optional(),
  near_miss: texts('Other routes whose rules had to hold too.').optional(),
  preflight: z
    .string()
    .max(128)
    .describe('Of a preflight that the origin answers: the method that the browser asks about.')
    .optional(),
  decision: z.enum(['allow', 'deny']).describe('Whether the request was let through.'),
  reason: reason('Why it was refused: docs/reasons.md.').optional(),
  reason_detail: detail(
    'What the policy wanted, what is wrong with the request, or a date of the token.',
  ).optional(),
  entry: count('The number of the revocation or switch that refused it.').optional(),
  would_deny: reason('Why a rule on trial would refuse it.').optional(),
  would_deny_detail: detail('What the rule on trial wanted.').optional(),
  status,
  trace_id: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .describe('Of the request’s `traceparent`.')
    .optional(),
  issuer: text('The name in the policy of the issuer of the verified token.').optional(),
  client: text('The client of the verified token.').optional(),
  subject: text('The subject of the verified token, as `log_subject` allows.').optional(),
  kid: text('The id of the key that the verified token is signed with.').optional(),
  scopes: texts('Scopes of the verified token, the first 32, on lines that have `path`.').optional(),
  audiences: texts('Audiences of the verified token, the first 32, on lines that have `path`.').optional(),
  keys_from: z
    .enum(['memory', 'kv', 'network', 'stale'])
    .describe('Where the keys came from: docs/keys.md.')
    .optional(),
  key_wait_ms: milliseconds('How long the request waited for keys.').optional(),
  origin_ms: milliseconds('How long the origin took to answer, if it was asked.').optional(),
  assertion_kid: text('The id of the key that signed the origin’s assertion.').optional(),
  assertion_id: text('The `jti` of the origin’s assertion.').optional(),
  host: text('The host that was asked.').optional(),
  path: text('The path, escaped and cut.').optional(),
  query: texts('The names of the query’s parameters.').optional(),
  address: text('The client’s address.').optional(),
  country: text('The client’s country, as Cloudflare sees it.').optional(),
  user_agent: text('The client’s `User-Agent`, cut.').optional(),
  worker_version: text('The id of the deployed Worker.').optional(),
  policy_version: z
    .string()
    .regex(/^[0-9a-f]{8}$/)
    .describe('A hash of the policy.')
    .optional(),
  unverified_iss: unverified('`iss`').optional(),
  unverified_aud: unverified('`aud`').optional(),
  unverified_client: unverified('The client').optional(),
  unverified_scope: unverified('`scope`').optional(),
  unverified_kid: unverified('`kid`').optional(),
  unverified_alg: unverified('`alg`').optional(),
  unverified_typ: unverified('`typ`').optional(),
};

const KEYS_FAULTS = {
  timeout: 0,
  network_error: 0,
  http_status: 0,
  redirect: 0,
  too_large: 0,
  not_json: 0,
  metadata_invalid: 0,
  issuer_mismatch: 0,
  insecure_uri: 0,
  no_usable_key: 0,
  binding_missing: 0,
  stale_limit: 0,
} as const satisfies Record<KeysFault, 0>;
const keysFault = z
  .enum(Object.keys(KEYS_FAULTS) as [KeysFault, ...KeysFault[]])
  .describe('Why the keys could not be had: docs/keys.md.');

const STATUS_FAULTS = {
  timeout: 0,
  network_error: 0,
  http_status: 0,
  redirect: 0,
  too_large: 0,
  insecure_uri: 0,
  binding_missing: 0,
  no_list: 0,
  keys_unavailable: 0,
  signature: 0,
  issuer_mismatch: 0,
  subject_mismatch: 0,
  not_yet_valid: 0,
  expired: 0,
  older: 0,
  list_malformed: 0,
  list_too_large: 0,
} as const satisfies Record<StatusFault, 0>;
const statusFault = z
  .enum(Object.keys(STATUS_FAULTS) as [StatusFault, ...StatusFault[]])
  .describe('Why the status list could not be had: docs/status-list.md.');

const issuer = text('The issuer’s name in the policy.');
const WHY_DROPPED = {
  not_an_object: 0,
  private: 0,
  not_for_signatures: 0,
  kty: 0,
  alg: 0,
  kid: 0,
  malformed: 0,
  rsa_size: 0,
  too_many: 0,
} as const satisfies Record<DroppedKey['why'], 0>;
const droppedKeys = z
  .array(
    z.strictObject({
      kid: text('The key’s id, if it has one.').optional(),
      why: z
        .enum(Object.keys(WHY_DROPPED) as [DroppedKey['why'], ...DroppedKey['why'][]])
        .describe('Why the key is not used: docs/keys.md.'),
    }),
  )
  .readonly()
  .describe('Keys that are not used, the first eight.')
  .optional();
const keyChange = { issuer, kid: text('The key’s id, if it has one.').optional() };
const condition = { issuer, cause: keysFault.optional() };
const fault = z.strictObject({
  at: text('The place in the policy.'),
  problem: text('What is wrong.'),
  remedy: text('What to write instead.'),
});
const faults = z.array(fault).readonly().describe('All that is wrong.');
const error = {
  name: text('The kind of the error. Its message is left out: it may quote what must not be logged.'),
  frames: texts('Where it was thrown.'),
};

/** All other lines, by their `event`. */
export const EVENTS = {
  keys_refreshed: {
    issuer,
    keys: count('How many keys are used.'),
    dropped: count('How many are not.'),
    dropped_keys: droppedKeys,
  },
  keys_refresh_failed: {
    issuer,
    fault: keysFault,
    url: text('The document that was asked for, without its query.').optional(),
    http_status: z.int().describe('The status of its answer, where that is the fault.').optional(),
    dropped_keys: droppedKeys,
  },
  keys_store_failed: { issuer, operation: z.enum(['read', 'write']).describe('What KV failed at.') },
  key_added: keyChange,
  key_removed: keyChange,
  keys_stale: condition,
  keys_unusable: condition,
  keys_recovered: {
    issuer,
    was: z.enum(['fresh', 'stale', 'unusable']).describe('How the keys were before.'),
  },
  refetch_suppressed: { issuer },
  status_list_failed: {
    issuer,
    fault: statusFault,
    url: text('The list that was asked for, without its query.'),
    http_status: z.int().describe('The status of its answer, where that is the fault.').optional(),
  },
  status_list_recovered: { issuer, url: text('The list, without its query.') },
  policy_invalid: { faults },
  preflight_refused: {
    api: text('The API that was asked for.'),
    cause: z.enum(['origin', 'headers']).describe('What `cors` lacks.'),
    origin: text('The page’s origin, as the browser says it.'),
    method: text('The method that the browser asks for.'),
    request_id: text('The browser got it as `X-Request-Id`.'),
    missing: texts('The headers that `cors` does not allow, the first 16.').optional(),
    add: text('What of `cors` would allow it, such as `origins = ["https://app.example.com"]`.').optional(),
  },
  claim_skipped: {
    api: text('The API whose origin does not get it.'),
    claim: text('The claim that has another type than `forward` says.'),
    as: text('The header that is left out.'),
  },
  revocations_read_failed: {
    from: z.enum(['kv', 'object']).describe('Who did not say what is revoked: KV, or the Durable Object.'),
    message: text('What went wrong, in the words of the platform.'),
  },
  revocations_recovered: { from: z.enum(['kv', 'object']).describe('Who says it now.') },
  ...SIGNAL_EVENTS,
  error,
};

const code = z.enum(Object.keys(FAILURES) as [FailureCode, ...FailureCode[]]);

/** The issuer's lines of token requests. */
export const TOKEN = {
  time,
  type: z.enum(['seccft', 'feccft']).describe('Success or failure, by Auth0’s codes.'),
  request_id: text('The client got it as `X-Request-Id`.'),
  ray: text('Cloudflare’s id of the request.').optional(),
  ip: text('The client’s address.'),
  country: text('The client’s country, as Cloudflare sees it.').optional(),
  status,
  error: text('What the client was told (RFC 6749 §5.2).').optional(),
  reason: code.describe('What it was exactly: docs/reasons.md.').optional(),
  reason_detail: text('A value of the request, without secrets.').optional(),
  auth_method: text('How the client authenticated.').optional(),
  client_id: text('The client that authenticated.').optional(),
  credential: text('The id of its secret or key.').optional(),
  audience: text('The audience of the token.').optional(),
  scope: text('The scopes of the token.').optional(),
  kid: text('The id of the key that signed the token.').optional(),
  jti: text('The id of the token.').optional(),
  ignored_claims: texts('Claims that actions set, and that the token does not have.').optional(),
  dropped_scopes: texts('Scopes that actions added, and that the token does not have.').optional(),
  unverified_client_id: text('What a client said that did not authenticate.').optional(),
};

export const ISSUER_EVENTS = {
  issuer_misconfigured: { faults },
  record_invalid: { key: text('The name of the entry in KV that is no valid record.') },
  error,
};

/** The document's schema: a line is of just one kind. */
function lines(title: string, main: z.ZodRawShape, events: Readonly<Record<string, z.ZodRawShape>>): string {
  const schema = z.union([
    z.strictObject(main).describe('One request.'),
    ...Object.entries(events).map(([event, shape]) => z.strictObject({ event: z.literal(event), ...shape })),
  ]);
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-7',
    // Lists can't be changed in TypeScript; a schema's `readOnly` is about requests.
    override: ({ jsonSchema }) => void delete jsonSchema.readOnly,
  });
  return `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`;
}

/** Fields that are columns, by the names that SQL has for them. */
function columns(): ReadonlyMap<string, string> {
  const named = Object.fromEntries(Object.keys(REQUEST).map((name) => [name, name]));
  const { blobs, doubles } = dataPoint(named as unknown as RequestLine);
  const listed = (kind: string, names: readonly unknown[]) =>
    names.map((name, i) => [String(name), `${kind}${i + 1}`] as const);
  return new Map([...listed('blob', blobs), ...listed('double', doubles)]);
}

export function renderLogSchema(): string {
  const request = Object.entries(REQUEST).map(([name, field]) => {
    const column = columns().get(name);
    if (column === undefined) return [name, field];
    const { description } = field instanceof z.ZodOptional ? field.unwrap() : field;
    return [name, (field as z.ZodType).describe(`${description} Analytics Engine: \`${column}\`.`)];
  });
  return lines('claimgate: a line of the gateway’s log', Object.fromEntries(request), EVENTS);
}

export const renderIssuerLogSchema = (): string =>
  lines('claimgate: a line of the issuer’s log', TOKEN, ISSUER_EVENTS);

type Shape = Readonly<Record<string, z.ZodType>>;
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
/** JSON has no `undefined`: a field that can be that is one that can be missing. */
type Missing<T> = {
  [K in keyof T]-?: undefined extends T[K] ? K : object extends Pick<T, K> ? K : never;
}[keyof T];
type Defined<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };
/** The line of an event, without its name; also where several events have one type. */
type LineOf<Line, Event> = Line extends { readonly event: infer E }
  ? Event extends E
    ? Omit<Line, 'event'>
    : never
  : never;
type NamesOf<Line> = Line extends { readonly event: infer E extends string } ? E : never;
/** What is `unknown` or just an object in a type is more exact here. */
type Loose = 'reason_detail' | 'would_deny_detail' | 'faults';
type SameFields<S extends Shape, Line> = SameObjects<z.infer<z.ZodObject<S>>, Line>;
type SameObjects<A, B> =
  Same<keyof A, keyof B> extends true
    ? Same<Missing<A>, Missing<B>> extends true
      ? Same<Omit<Defined<A>, Loose>, Omit<Defined<B>, Loose>>
      : false
    : false;

/** A field or an event that is there on one side only is an error here. */
export const EQUAL: {
  request: SameFields<typeof REQUEST, RequestLine>;
  token: SameFields<typeof TOKEN, TokenLine>;
  events: { [E in NamesOf<EventLine>]: SameFields<(typeof EVENTS)[E], LineOf<EventLine, E>> };
  issuerEvents: {
    [E in NamesOf<IssuerLogLine>]: SameFields<(typeof ISSUER_EVENTS)[E], LineOf<IssuerLogLine, E>>;
  };
} = {
  request: true,
  token: true,
  events: all(EVENTS),
  issuerEvents: all(ISSUER_EVENTS),
};

function all<K extends string>(table: Readonly<Record<K, unknown>>): Record<K, true> {
  return Object.fromEntries(Object.keys(table).map((name) => [name, true])) as Record<K, true>;
}
