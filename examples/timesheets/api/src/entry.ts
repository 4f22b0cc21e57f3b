import * as z from 'zod/mini';
import { type FieldError, fail, ok, type Problem, type Read } from './problem.ts';

/** What a client says of an entry. */
export interface NewEntry {
  readonly user_id: string;
  /** UTC, with milliseconds: text order is time order. */
  readonly date: string;
  readonly project: string;
  readonly hours: number;
}

const instant = z.pipe(
  z.iso.datetime({ offset: true }),
  z.transform((text: string) => new Date(text).toISOString()),
);

const ownEntry = z.strictObject({
  // An offset can push the first and the last day of the calendar into years that sort wrongly.
  date: instant.check(z.length(24)),
  project: z.string().check(z.regex(/^(?=.*\S)[^\p{Cc}\p{Cs}]{1,80}$/u)),
  hours: z.number().check(z.positive(), z.lte(24)),
});

const uploadedEntry = z.extend(ownEntry, { user_id: z.string().check(z.regex(/^[A-Za-z0-9._@-]{1,64}$/)) });

/** What each field must be, for whoever got it wrong. */
const WANTED: Readonly<Record<string, string>> = {
  user_id: '1 to 64 characters out of A-Z a-z 0-9 . _ @ -',
  date: 'an instant in ISO 8601 with seconds and offset, like "2017-05-10T17:40:20.095Z"',
  project: '1 to 80 characters, not only blanks, no control characters',
  hours: 'a number greater than 0 and at most 24',
};

/** Reads the body of an upload: an entry for anyone. */
export function readUploadedEntry(body: unknown): Read<NewEntry> {
  return read(uploadedEntry, body, () => 'No such field.');
}

/** Reads the body of an entry of the caller's own. */
export function readOwnEntry(body: unknown, owner: string): Read<NewEntry> {
  const entry = read(ownEntry, body, (field) =>
    field === 'user_id'
      ? 'Not here: the entry will be yours. To enter hours of others, use POST /timesheets/upload.'
      : 'No such field.',
  );
  return entry.ok ? ok({ user_id: owner, ...entry.value }) : entry;
}

function read<T>(schema: z.ZodMiniType<T>, body: unknown, unknownField: (name: string) => string): Read<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return ok(parsed.data);
  const given = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : undefined;
  if (given === undefined) return fail(faulty('Send one JSON object.', []));
  const errors = parsed.error.issues.flatMap((issue): FieldError[] => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ pointer: pointTo(key), detail: unknownField(key) }));
    const field = String(issue.path[0]);
    const detail = `${Object.hasOwn(given, field) ? 'Must be' : 'Missing:'} ${WANTED[field]}.`;
    return [{ pointer: pointTo(field), detail }];
  });
  // One field can break several rules; its sentence says them all.
  const first = new Map(errors.toReversed().map((error) => [error.pointer, error]));
  return fail(faulty('The entry has errors: see `errors`.', [...first.values()].toReversed()));
}

const faulty = (detail: string, errors: readonly FieldError[]): Problem => ({
  status: 400,
  title: 'Invalid timesheet',
  detail,
  errors,
});

const pointTo = (field: string) =>
  `#/${encodeURIComponent(field.toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1'))}`;
