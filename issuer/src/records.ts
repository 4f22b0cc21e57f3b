/**
 * What the issuer knows of APIs and clients: one KV entry each, written by the command line and read here. The one
 * description of both, shared by Worker, command line and `issuer.json`.
 */
import * as z from 'zod/mini';

/** Algorithms for access tokens. No HS256: whoever verifies such a token could also make one. */
export const SIGNING_ALGORITHMS = ['RS256', 'ES256', 'PS256', 'EdDSA'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** Auth0's names. `rfc9068_profile` follows RFC 9068; `_authz` adds the scopes as the list `permissions`. */
export const TOKEN_DIALECTS = [
  'access_token',
  'access_token_authz',
  'rfc9068_profile',
  'rfc9068_profile_authz',
] as const;
export type TokenDialect = (typeof TOKEN_DIALECTS)[number];

/** Whether tokens follow RFC 9068. */
export const isRfc9068 = (dialect: TokenDialect) => dialect.startsWith('rfc9068_profile');

export const DEFAULT_TOKEN_LIFETIME_SECONDS = 86_400;
export const MAX_TOKEN_LIFETIME_SECONDS = 2_592_000;
/** All scopes of a token, with blanks between. */
export const MAX_SCOPE_LENGTH = 4_000;
/** Two, so that a client can change to the new one while the old one still works. */
export const MAX_CREDENTIALS = 2;

/** A KV key holds 512 bytes; the prefix takes a few. */
const MAX_IDENTIFIER_BYTES = 500;
const utf8 = new TextEncoder();

export function isIdentifier(text: string): boolean {
  return text !== '' && text.isWellFormed() && utf8.encode(text).length <= MAX_IDENTIFIER_BYTES;
}

/** Characters that HTTP Basic carries the same whether a client form-encodes them or not (RFC 6749 §2.3.1). */
export function isClientId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text);
}

/** RFC 6749 §3.3. */
export function isScopeToken(text: string): boolean {
  return /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text);
}

const scopeToken = z
  .string()
  .check(z.refine(isScopeToken, 'one scope each: no spaces, quotes or backslashes (RFC 6749 §3.3)'));
const seconds = z.int().check(z.nonnegative('seconds since 1970'));
/** For people: no control characters, which would forge lines in a terminal. */
const text = (maxLength: number) =>
  z.string().check(
    z.minLength(1),
    z.maxLength(maxLength),
    z.refine((value) => !/[\x00-\x1f\x7f-\x9f]/.test(value), 'text without control characters'),
  );

export const apiSchema = z.strictObject({
  /** The audience of its tokens, compared exactly. */
  identifier: z.string().check(z.refine(isIdentifier, '1 to 500 bytes of text')),
  name: text(200),
  scopes: z
    .array(z.strictObject({ value: scopeToken, description: z.optional(z.string().check(z.maxLength(280))) }))
    .check(
      z.refine(
        (scopes) => new Set(scopes.map(({ value }) => value)).size === scopes.length,
        'each scope once',
      ),
      z.refine(
        (scopes) => scopes.map(({ value }) => value).join(' ').length <= MAX_SCOPE_LENGTH,
        `scopes of ${MAX_SCOPE_LENGTH} characters together: a token has to fit into a header`,
      ),
    ),
  token_lifetime: z.int().check(z.gte(1), z.lte(MAX_TOKEN_LIFETIME_SECONDS)),
  signing_alg: z.enum(SIGNING_ALGORITHMS),
  token_dialect: z.enum(TOKEN_DIALECTS),
  disabled: z.optional(z.literal(true)),
});
export type Api = z.infer<typeof apiSchema>;

const secretSchema = z.strictObject({
  id: text(32),
  /** Of the whole secret, in hex. Enough for secrets of 256 random bits; a slow hash would protect nothing more. */
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/, '64 hex digits in lower case')),
  last4: z.string().check(z.maxLength(4)),
  created_at: seconds,
  expires_at: z.optional(seconds),
});
export type ClientSecret = z.infer<typeof secretSchema>;

/** RFC 7518 §6: members that only private and symmetric keys have. */
export const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth'];

const clientKeySchema = z.strictObject({
  id: text(64),
  jwk: z
    .record(z.string(), z.unknown())
    .check(
      z.refine(
        (jwk) => !PRIVATE_MEMBERS.some((name) => name in jwk),
        'a public key: this one has private members',
      ),
    ),
  created_at: seconds,
  expires_at: z.optional(seconds),
});
export type ClientKey = z.infer<typeof clientKeySchema>;

export const clientSchema = z.strictObject({
  client_id: z.string().check(z.refine(isClientId, '1 to 64 of A-Z a-z 0-9 _ -')),
  name: text(200),
  metadata: z.record(z.string(), z.string()),
  disabled: z.optional(z.literal(true)),
  /** Used where a request names no audience. */
  default_audience: z.optional(z.string()),
  secrets: z.array(secretSchema).check(z.maxLength(MAX_CREDENTIALS, `at most ${MAX_CREDENTIALS} secrets`)),
  jwks: z.array(clientKeySchema).check(z.maxLength(MAX_CREDENTIALS, `at most ${MAX_CREDENTIALS} keys`)),
  /** By audience: the scopes that its tokens may have at most; "*": all that the API has. */
  grants: z.record(z.string(), z.strictObject({ scope: z.union([z.literal('*'), z.array(scopeToken)]) })),
});
export type Client = z.infer<typeof clientSchema>;

export const API_PREFIX = 'api:';
export const CLIENT_PREFIX = 'client:';
export const apiKey = (identifier: string) => `${API_PREFIX}${identifier}`;
export const clientKey = (clientId: string) => `${CLIENT_PREFIX}${clientId}`;

/** Whether a credential is in use at that time. Both kinds may have an end. */
export function isLive(
  credential: { readonly expires_at?: number | undefined },
  nowSeconds: number,
): boolean {
  return credential.expires_at === undefined || credential.expires_at > nowSeconds;
}
