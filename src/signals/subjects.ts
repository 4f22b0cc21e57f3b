/** What the subject of an event is to tokens: RFC 9493, and complex subjects of the Shared Signals Framework §3. */
import type { Issuer, Transmitter } from '../policy/policy.ts';
import type { NamedBy, SubjectKind } from '../policy/signals.ts';
import { MAX_ID_LENGTH, type RevocationKind } from '../revocation/revocation.ts';
import type { Effect } from './events.ts';

/** What tokens are refused by. */
export interface Named {
  readonly kind: RevocationKind;
  readonly issuer: Issuer;
  readonly id: string;
}

/** Why a subject can't be found in tokens. */
export type Unmapped =
  /** There is none. */
  | 'missing'
  | 'malformed'
  /** Nobody here knows its format, or a complex one has neither user, session nor application. */
  | 'format'
  /** It is of an issuer that `revokes` does not name. */
  | 'issuer'
  /** `subjects` does not say what it is to tokens. */
  | 'undeclared'
  /** The event itself is not known. */
  | 'event';

const KINDS: Readonly<Record<NamedBy, RevocationKind>> = {
  sub: 'subject',
  sid: 'session',
  jti: 'token',
  client_id: 'client',
};

/** Formats without an issuer, and the member that has the id (RFC 9493 §3.2). */
const FORMATS: Readonly<Record<string, readonly [kind: SubjectKind, member: string]>> = {
  opaque: ['opaque', 'id'],
  email: ['email', 'email'],
  phone_number: ['phone_number', 'phone_number'],
  account: ['account', 'uri'],
  did: ['did', 'url'],
  uri: ['uri', 'uri'],
};

/** Members of complex subjects, the narrowest first. Others only narrow it further: more is refused then, not less. */
const MEMBERS = {
  session: ['session', 'user', 'application'],
  caller: ['user', 'session', 'application'],
  account: ['user', 'session', 'application'],
} as const;
const OTHER_MEMBERS = ['device', 'tenant', 'org_unit', 'group'];

const MAX_ALIASES = 16;

type Fields = Readonly<Record<string, unknown>>;

/** @returns all that is to be refused; never an empty list */
export function findNamed(
  subject: unknown,
  effect: Exclude<Effect, 'none'>,
  transmitter: Transmitter,
): readonly Named[] | Unmapped {
  if (subject == null) return 'missing';
  if (!isObject(subject)) return 'malformed';
  return isComplex(subject)
    ? readComplex(subject, MEMBERS[effect], transmitter)
    : readSimple(subject, transmitter);
}

export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Drafts of CAEP have complex subjects without a format. */
function isComplex(subject: Fields): boolean {
  const format = formatOf(subject);
  if (format !== undefined) return format === 'complex';
  return [...MEMBERS.session, ...OTHER_MEMBERS].some((name) => isObject(subject[name]));
}

/** The oldest drafts call it `subject_type`, and write hyphens. */
function formatOf({ format, subject_type: older }: Fields): string | undefined {
  const name = format ?? older;
  return typeof name === 'string' ? name.replaceAll('-', '_') : undefined;
}

function readComplex(
  subject: Fields,
  members: readonly ('user' | 'session' | 'application')[],
  transmitter: Transmitter,
): readonly Named[] | Unmapped {
  let why: Unmapped = 'format';
  for (const name of members) {
    const member = subject[name];
    if (member === undefined) continue;
    const as = name === 'user' ? undefined : (transmitter.subjects[name] ?? 'undeclared');
    const found =
      as === 'undeclared' ? as : isObject(member) ? readSimple(member, transmitter, as) : 'malformed';
    if (typeof found !== 'string') return found;
    if (why === 'format') why = found;
  }
  return why;
}

/** @param as the claim that has its id, where the subject's place says that, not its format */
function readSimple(subject: Fields, transmitter: Transmitter, as?: NamedBy): readonly Named[] | Unmapped {
  const format = formatOf(subject);
  if (format === 'aliases') return readAliases(subject, transmitter, as);
  if (format === 'iss_sub') return ofIssuer(subject, 'sub', KINDS[as ?? 'sub'], transmitter);
  if (format === 'jwt_id') return ofIssuer(subject, 'jti', 'token', transmitter);
  const [kind, member] = (format !== undefined && Object.hasOwn(FORMATS, format) && FORMATS[format]) || [];
  if (kind === undefined || member === undefined) return 'format';
  const claim = as ?? transmitter.subjects[kind];
  if (claim === undefined) return 'undeclared';
  const id = readId(subject[member]);
  if (id === undefined) return 'malformed';
  return transmitter.revokes.map((issuer) => ({ kind: KINDS[claim], issuer, id }));
}

function ofIssuer(
  subject: Fields,
  member: 'sub' | 'jti',
  kind: RevocationKind,
  { revokes }: Transmitter,
): readonly Named[] | Unmapped {
  const id = readId(subject[member]);
  if (id === undefined || typeof subject['iss'] !== 'string') return 'malformed';
  const issuer = revokes.find((one) => one.issuer === subject['iss']);
  return issuer === undefined ? 'issuer' : [{ kind, issuer, id }];
}

/** Several names of one subject (RFC 9493 §3.2.8): each that can be found is. */
function readAliases(subject: Fields, transmitter: Transmitter, as?: NamedBy): readonly Named[] | Unmapped {
  const { identifiers } = subject;
  if (!Array.isArray(identifiers) || identifiers.length === 0 || identifiers.length > MAX_ALIASES)
    return 'malformed';
  const each = identifiers.map((one: unknown) =>
    // They must not be nested.
    isObject(one) && formatOf(one) !== 'aliases' ? readSimple(one, transmitter, as) : 'malformed',
  );
  const found = each.flatMap((one) => (typeof one === 'string' ? [] : one));
  const [why = 'malformed'] = each.filter((one) => typeof one === 'string');
  return found.length > 0 ? found : why;
}

/** A longer one could not be stored: whoever sent it would send it for ever. */
export const readId = (value: unknown, maxLength = MAX_ID_LENGTH): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= maxLength && value.isWellFormed()
    ? value
    : undefined;
