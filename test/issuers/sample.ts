import { SignJWT } from 'jose';
import { makeKey, NOW_SECONDS, type SigningKey, sign } from '../support/issuer.ts';

type Tables = Record<string, unknown>;

/** What an issuer publishes, by URL. */
export type Documents = Readonly<Record<string, unknown>>;

/** A token, and the request that it comes with. */
export interface Sample {
  readonly request: string;
  readonly token: string;
  /** Where the token is, if not in `Authorization`. */
  readonly header?: string;
  /** Changes the policy of the page. */
  readonly policy?: (vars: Tables) => Tables;
  /** What the issuer publishes besides, or instead. */
  readonly documents?: Documents;
  /** A field of the issuer's table that is the only thing in the way of this token. */
  readonly passesWithout?: string;
}

export interface Passing extends Sample {
  /** Headers that the origin gets; `null` where it must get none. */
  readonly forwarded: Readonly<Record<string, string | null>>;
  /** The URLs that are asked for the keys, in order. */
  readonly asked: readonly string[];
}

/** An issuer: its section of docs/issuers.md, what it publishes, and tokens of its shape, by name. */
export interface IssuerCase {
  readonly section: string;
  readonly documents: Documents;
  readonly env?: Tables;
  readonly passes: Readonly<Record<string, Passing>>;
  readonly refused: Readonly<Record<string, Sample>>;
}

export const IAT = NOW_SECONDS - 60;
export const EXP = NOW_SECONDS + 3_540;

/**
 * All tokens of a case are signed with the issuer's own key, those of other tenants too: nothing but the check that
 * the page names can refuse them.
 */
export async function rsaKey(kid: string): Promise<SigningKey> {
  return makeKey('RS256', kid);
}

/** A key as it is published: `members` are what the issuer writes beside its material. */
export function jwk({ publicJwk }: SigningKey, members: Tables): Tables {
  return { ...publicJwk, ...members };
}

/** A certificate chain, which the gateway never looks at. */
export const X5C = ['MIIDExampleExampleExampleExample'];

/** Signs the claims, with a header of the given members beside `alg` and `kid`. */
export function tokenWith(key: SigningKey, claims: Tables, header: Tables = {}): Promise<string> {
  return sign(key, claims, { typ: undefined, ...header });
}

/** A token that is signed with a secret, as issuers do for themselves. */
export function tokenWithSecret(alg: string, claims: Tables, header: Tables): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg, ...header }).sign(new Uint8Array(64).fill(7));
}

/** Metadata with the members that OpenID Connect Discovery demands. */
export function metadata(issuer: string, jwksUri: string, more: Tables = {}): Tables {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: jwksUri,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    ...more,
  };
}
