/** What the object publishes, and isolates read. Times are in seconds since 1970, but for `publishedAtMs`. */
import { REVOCATION_KINDS, type RevocationKind } from './revocation.ts';

/** The revocations of one kind and issuer, as columns: a hundred thousand are read in some ten milliseconds. */
export interface RevokedGroup {
  readonly kind: RevocationKind;
  readonly issuer: string;
  readonly ids: readonly string[];
  readonly before: readonly number[];
  /** The numbers by which the list has them. */
  readonly numbers: readonly number[];
}

/** What ops have switched: an API or a route that is closed, a client or a key that is blocked. */
export const SWITCH_KINDS = ['api', 'route', 'client', 'key'] as const;

export type SwitchKind = (typeof SWITCH_KINDS)[number];

export interface Switch {
  readonly number: number;
  readonly kind: SwitchKind;
  /** The name of an API, a route as `API_ORDERS GET /orders`, a client id or a key id. */
  readonly target: string;
  /** What those are answered who ask for what is closed. */
  readonly status: 403 | 503;
  /** When it ends by itself. */
  readonly until?: number | undefined;
  readonly why: string;
}

export interface Content {
  /** Grows with each change. Milliseconds since 1970, where changes are that far apart. */
  readonly version: number;
  readonly publishedAtMs: number;
  readonly groups: readonly RevokedGroup[];
  readonly switches: readonly Switch[];
}

/** The entry that isolates read: with the content, or with the name of the entry that has the rest of it. */
export type Head = Pick<Content, 'version' | 'publishedAtMs'> &
  (Pick<Content, 'groups' | 'switches'> | { readonly body: string });

/** A head up to this length has its content in it. */
const MAX_INLINE_LENGTH = 100_000;

/** Tells the content as entries of KV. @param bodyName where the content goes if it is large */
export function writeContent(
  { version, publishedAtMs, ...rest }: Content,
  bodyName: string,
): { readonly head: string; readonly body?: string } {
  const body = JSON.stringify(rest);
  if (body.length <= MAX_INLINE_LENGTH) return { head: JSON.stringify({ version, publishedAtMs, ...rest }) };
  return { head: JSON.stringify({ version, publishedAtMs, body: bodyName }), body };
}

/** @returns `undefined` for what is no head of this format */
export function readHead(text: string): Head | undefined {
  const { version, publishedAtMs, body, groups, switches } = parseObject(text);
  if (!isCount(version) || !isCount(publishedAtMs)) return undefined;
  if (typeof body === 'string') return { version, publishedAtMs, body };
  return areGroups(groups) && areSwitches(switches)
    ? { version, publishedAtMs, groups, switches }
    : undefined;
}

/** @returns `undefined` for what is no body of this format */
export function readBody(text: string): Pick<Content, 'groups' | 'switches'> | undefined {
  const { groups, switches } = parseObject(text);
  return areGroups(groups) && areSwitches(switches) ? { groups, switches } : undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const isListOf = <T>(value: unknown, is: (one: unknown) => one is T): value is readonly T[] =>
  Array.isArray(value) && value.every(is);

const isText = (value: unknown): value is string => typeof value === 'string';

/** What could not be read whole must not be taken for less: one bad group, and the content is none. */
const areGroups = (value: unknown): value is readonly RevokedGroup[] =>
  isListOf(value, (one): one is RevokedGroup => {
    const { kind, issuer, ids, before, numbers } = Object(one) as Partial<RevokedGroup>;
    return (
      REVOCATION_KINDS.includes(kind as RevocationKind) &&
      isText(issuer) &&
      isListOf(ids, isText) &&
      isListOf(before, isCount) &&
      isListOf(numbers, isCount) &&
      before.length === ids.length &&
      numbers.length === ids.length
    );
  });

const areSwitches = (value: unknown): value is readonly Switch[] =>
  isListOf(value, (one): one is Switch => {
    const { number, kind, target, status, until, why } = Object(one) as Partial<Switch>;
    return (
      isCount(number) &&
      SWITCH_KINDS.includes(kind as SwitchKind) &&
      isText(target) &&
      (status === 403 || status === 503) &&
      (until === undefined || isCount(until)) &&
      isText(why)
    );
  });
