/** The one description of a file of cases, `policy.test.toml`: its fields, and what they mean. */
import * as z from 'zod/mini';
import { REVOCATION_KINDS } from '../../../src/revocation/revocation.ts';

const text = (want: string) => z.string().check(z.minLength(1, want));

const request = z
  .string()
  .check(z.regex(/^\S+\s+(\/|https?:\/\/)\S*$/, 'a method and a URL or path, like "GET /orders"'));

const time = z.union([z.string(), z.number()]);

/** A kind alone is about the case's own token. */
const revoked = z.union([
  z.enum(REVOCATION_KINDS),
  z.strictObject({
    kind: z.enum(REVOCATION_KINDS),
    id: z.optional(text('the id that is revoked')),
    issuer: z.optional(text('the issuer of the tokens, as their iss says it')),
    before: z.optional(time),
  }),
]);

const CLOSED = 'an API such as "API_ORDERS", or a route such as "API_ORDERS GET /orders"';
const closed = z.union([
  text(CLOSED),
  z.strictObject({ target: text(CLOSED), status: z.union([z.literal(403), z.literal(503)]) }),
]);

export const caseSchema = z.strictObject({
  name: z.optional(text('what the case shows, or leave the field out')),
  request: z.union([request, z.array(request).check(z.minLength(1, 'name at least one request'))]),
  claims: z.optional(z.record(z.string(), z.unknown())),
  without: z.optional(z.array(text('the name of a claim'))),
  token: z.optional(text('a token as a client sends it')),
  headers: z.optional(z.record(z.string(), z.string())),
  now: z.optional(time),
  revoked: z.optional(z.array(revoked)),
  closed: z.optional(z.array(closed)),
  expect: z.union([z.enum(['allow', 'deny']), z.int().check(z.minimum(100), z.maximum(599))]),
  reason: z.optional(text('a reason such as "scopes_missing"')),
  would_deny: z.optional(z.union([text('a reason such as "scopes_missing"'), z.literal(false)])),
  strict: z.optional(z.boolean()),
  route: z.optional(text('the key of a route, like "GET /orders/:id"')),
  origin: z.optional(z.record(z.string(), z.union([z.string(), z.boolean()]))),
  origin_url: z.optional(text('the URL that the origin is asked')),
});

export type CaseConfig = z.infer<typeof caseSchema>;

export const CASE_FIELDS = Object.keys(caseSchema.shape);
