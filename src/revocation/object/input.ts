/** What the commands ask of the object. It is checked here: whoever may bind to the Worker may send anything. */
import * as z from 'zod/mini';
import { SWITCH_KINDS } from '../content.ts';
import { MAX_EVENT_ID_LENGTH, MAX_ID_LENGTH, MAX_SAID_LENGTH, REVOCATION_KINDS } from '../revocation.ts';

/** @throws Error with a sentence for people, who see it where they typed a command */
export function readInput<T>(schema: z.ZodMiniType<T>, input: unknown): T {
  const read = z.safeParse(schema, input);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const field = issue?.path.join('.') || 'the change';
  throw new Error(
    issue?.code === 'too_big' && issue.origin === 'string'
      ? `${field} has more than ${issue.maximum} characters`
      : `this version of the gateway does not take ${field} (${issue?.code}); deploy the version that the command is of`,
  );
}

const seconds = z.int().check(z.minimum(0));
const id = z.string().check(z.maxLength(MAX_ID_LENGTH));
const issuer = z.string().check(z.minLength(1), z.maxLength(MAX_ID_LENGTH));
const said = z.string().check(z.maxLength(MAX_SAID_LENGTH));

const revokedSchema = z.strictObject({ kind: z.enum(REVOCATION_KINDS), issuer, id });
const revocationSchema = z.strictObject({
  kind: z.enum(REVOCATION_KINDS),
  issuer,
  id,
  beforeSeconds: seconds,
  untilSeconds: seconds,
});
const target = z.string().check(z.minLength(1), z.maxLength(2048));

/** Who did it and why, for the record. */
const record = { by: said, why: said };

export const changeSchema = z.discriminatedUnion('action', [
  z.strictObject({
    action: z.literal('revoke'),
    revoked: revokedSchema,
    /** How long a token can live from then on: the entry ends with it. */
    livesSeconds: seconds,
    /** Also tokens that are issued within this time from now on. Now is by the clock of the object. */
    andNextSeconds: z.optional(seconds),
    ...record,
  }),
  z.strictObject({ action: z.literal('unrevoke'), revoked: revokedSchema, ...record }),
  z.strictObject({
    action: z.literal('close'),
    kind: z.enum(SWITCH_KINDS),
    target,
    status: z.union([z.literal(403), z.literal(503)]),
    /** Until it is opened, where that is not said. */
    forSeconds: z.optional(seconds),
    ...record,
  }),
  z.strictObject({ action: z.literal('open'), kind: z.enum(SWITCH_KINDS), target, ...record }),
]);

/** A change that somebody asks for. */
export type Change = z.infer<typeof changeSchema>;

export const pageSchema = z.strictObject({
  list: z.enum(['entries', 'record']),
  /** The number after which the page begins: entries and records are listed from the latest on. */
  before: z.optional(seconds),
  limit: z.optional(z.int().check(z.minimum(1), z.maximum(1000))),
});

/** A page of what there is, or of who did what. */
export type PageQuestion = z.infer<typeof pageSchema>;

export const eventSchema = z.strictObject({
  from: z.string().check(z.minLength(1), z.maxLength(200)),
  id: z.string().check(z.minLength(1), z.maxLength(MAX_EVENT_ID_LENGTH)),
  rememberSeconds: seconds,
  /** A token of 16 KB has no more, for a dozen issuers. */
  revoke: z.array(revocationSchema).check(z.maxLength(10_000)),
  why: said,
});
