/** For APIs without assertion: the secret of `origin_headers`, and the caller out of claim headers. */
import { toScopes } from './claims.ts';
import { refuse } from './refusal.ts';
import { type HeadersLike, type OriginCaller, oneValue, valuesOf } from './request.ts';
import type { OriginVerifier } from './verifier.ts';

/** How a claim is encoded: `as` of the policy's `forward`. */
type ForwardedClaim = string | { readonly header: string; readonly as?: 'text' | 'list' | 'json' };

export interface SecretVerifierOptions {
  /** One secret, or two during a rotation. Each has 16 characters or more; one that is not set ends the start. */
  readonly secrets: readonly (string | undefined)[];
  /** Its name in `origin_headers`: `x-origin-secret`. */
  readonly header: string;
  /** `forward` of the API, as the policy has it. Default: none, and the caller has no `claims`. */
  readonly forward?: Readonly<Record<string, ForwardedClaim>>;
}

const MIN_LENGTH = 16;
/** What a header can hold and every server hands over unchanged. */
const SECRET = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/**
 * A secret proves that a request came by way of the gateway, and binds it to nothing: whoever has read one can send
 * any request.
 *
 * @throws TypeError where a secret is absent, empty, short, or can't be sent in a header
 */
export function createSecretVerifier({
  secrets,
  header,
  forward = {},
}: SecretVerifierOptions): OriginVerifier {
  if (!Array.isArray(secrets) || secrets.length < 1 || secrets.length > 2)
    throw new TypeError('secrets: write one secret, or two during a rotation');
  for (const [index, secret] of secrets.entries()) demandSecret(`secrets[${index}]`, secret);
  if (typeof header !== 'string' || !HEADER_NAME.test(header))
    throw new TypeError('header: write the name of the header that has the secret');
  const name = header.toLowerCase();
  const fields = Object.entries(forward).map(([claim, field]) => {
    const { header: from, as = 'text' } = typeof field === 'string' ? { header: field } : field;
    if (typeof from !== 'string' || !HEADER_NAME.test(from) || !Object.hasOwn(READ, as))
      throw new TypeError(`forward.${claim}: write it as the policy has it`);
    return { claim, from: from.toLowerCase(), as };
  });
  const expected = Promise.all(secrets.map((secret) => digest(secret as string)));
  return {
    bind: 'none',
    async verify({ headers }) {
      const given = await digest(oneValue(headers, name));
      // All are compared, whichever fits.
      const fits = (await expected).map((one) => isEqual(given, one));
      if (!fits.includes(true)) refuse('secret_mismatch', `The secret in ${name} is another one.`);
      const claims: [string, unknown][] = [];
      for (const { claim, from, as } of fields) {
        const value = readOne(headers, from);
        if (value !== undefined) claims.push([claim, READ[as](value, from)]);
      }
      const caller = readCaller(headers, Object.fromEntries(claims));
      return { caller, requestId: readOne(headers, 'x-request-id'), id: undefined, expiresAt: undefined };
    },
  };
}

function demandSecret(name: string, secret: unknown): void {
  if (typeof secret !== 'string' || secret.trim() === '')
    throw new TypeError(
      `${name}: the verifier needs it; it is ${secret === undefined ? 'not set' : 'empty'}`,
    );
  if (!SECRET.test(secret))
    throw new TypeError(`${name}: it has blanks at an end, line breaks or characters beyond ASCII`);
  if (secret.length < MIN_LENGTH) throw new TypeError(`${name}: it has less than ${MIN_LENGTH} characters`);
}

/** Digests have one length, and how far two are equal tells nothing of the secret. */
const digest = async (text: string) =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  let difference = 0;
  for (const [index, byte] of left.entries()) difference |= byte ^ (right[index] as number);
  return difference === 0;
}

function readCaller(headers: HeadersLike, claims: Record<string, unknown>): OriginCaller | undefined {
  const text = (name: string) => {
    const value = readOne(headers, name);
    return value === undefined ? undefined : decodeText(value, name);
  };
  const issuer = text('x-claim-iss');
  const subject = text('x-claim-sub');
  const client = text('x-claim-client-id');
  const scopes = toScopes(readOne(headers, 'x-claim-scope'));
  return issuer === undefined ? undefined : { issuer, subject, client, scopes, claims };
}

function readOne(headers: HeadersLike, name: string): string | undefined {
  const [value, ...others] = valuesOf(headers, name);
  if (others.length > 0) malformed(name);
  return value === '' ? undefined : value;
}

/** The encodings of docs/origins.md. */
const READ = {
  text: decodeText,
  list: (value: string, name: string) => value.split(',').map((item) => decodeText(item, name)),
  json: (value: string, name: string): unknown => {
    try {
      return JSON.parse(value);
    } catch {
      return malformed(name);
    }
  },
} as const;

/** The gateway encodes commas: one that stands there joins two headers. */
function decodeText(value: string, name: string): string {
  if (value.includes(',') || /[^\x20-\x7e]/.test(value)) malformed(name);
  try {
    return decodeURIComponent(value);
  } catch {
    return malformed(name);
  }
}

function malformed(name: string): never {
  return refuse('claims_malformed', `The header ${name} is not as the gateway writes it.`);
}
