/** A request, in the forms in which servers have it. */
import { refuse } from './refusal.ts';

/** `Headers`, an object as Node has it, or pairs. Names are compared without case. */
export type HeadersLike =
  | Headers
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | Iterable<readonly [name: string, value: string]>;

export interface OriginRequest {
  /** As it came: `GET`. */
  readonly method: string;
  /** Path and query as they came, neither decoded nor written anew: `/orders?id=1`. */
  readonly target: string;
  readonly headers: HeadersLike;
  /** Read with `bind: 'body'` only, and only once all else is right. Absent: no bytes. */
  readonly body?: Uint8Array | string | (() => Uint8Array | string | Promise<Uint8Array | string>);
  /** Of a Worker's context: keeps a fetch of keys going behind the answer. */
  readonly waitUntil?: (work: Promise<unknown>) => void;
}

/** Who calls, as the gateway verified it. Users are keyed by issuer and subject: `userKey`. */
export interface OriginCaller {
  /** The issuer of the caller's token, not the gateway. */
  readonly issuer: string;
  readonly subject: string | undefined;
  readonly client: string | undefined;
  /** With an assertion, those that the route demands. With a secret, all that the token has. */
  readonly scopes: readonly string[];
  /** The claims that the policy forwards. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The values of one header, each time it stands there. */
export function valuesOf(headers: HeadersLike, name: string): string[] {
  if (isHeaders(headers)) {
    const value = headers.get(name);
    return value === null ? [] : [value];
  }
  const pairs = isIterable(headers) ? headers : Object.entries(headers);
  const values: string[] = [];
  for (const [key, value] of pairs) {
    if (key.toLowerCase() !== name) continue;
    if (typeof value === 'string') values.push(value);
    else if (value !== undefined) values.push(...value);
  }
  return values;
}

const isHeaders = (headers: HeadersLike): headers is Headers =>
  typeof (headers as { get?: unknown }).get === 'function' &&
  typeof (headers as Headers).append === 'function';

const isIterable = (headers: object): headers is Iterable<readonly [string, string]> =>
  Symbol.iterator in headers;

/** Path and query of a URL, as they stand there: an empty query keeps its `?`. */
export function targetOf(url: string): string {
  const [, target = ''] = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^#]*)/i.exec(url) ?? [];
  return target.startsWith('/') ? target : `/${target}`;
}

/** One name for a user. Subjects of two issuers may be equal. @throws where the caller has no subject */
export function userKey({ issuer, subject }: OriginCaller): string {
  if (subject === undefined) throw new TypeError('the caller has no subject: it is no user');
  return JSON.stringify([issuer, subject]);
}

/** The one value of a header. */
export function oneValue(headers: HeadersLike, name: string): string {
  const values = valuesOf(headers, name);
  if (values.length > 1) refuse('several', `The request has ${values.length} headers ${name}.`);
  const [value = ''] = values;
  if (value === '') refuse('missing', `The request has no header ${name}.`);
  return value;
}
