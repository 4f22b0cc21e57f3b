import { CompactSign } from 'jose';
import { type Api, type Client, isRfc9068 } from '../records.ts';
import type { SigningKey } from './keys.ts';

export interface TokenContent {
  readonly issuer: string;
  readonly client: Client;
  readonly api: Api;
  readonly scopes: readonly string[];
  /** Set by actions; restricted names can't be among them. */
  readonly customClaims: Readonly<Record<string, unknown>>;
  readonly issuedAtSeconds: number;
  /** Of the token, for the dialects that have one. */
  readonly jti: string;
}

/**
 * The claims of an access token in the dialect of its API: Auth0's, or the profile of RFC 9068. The audience is one
 * text: a token is for one API.
 */
function buildClaims(content: TokenContent): Record<string, unknown> {
  const { issuer, client, api, scopes, customClaims, issuedAtSeconds, jti } = content;
  const scope = scopes.join(' ');
  const claims = {
    iss: issuer,
    // The suffix keeps client ids apart from ids of users (RFC 9700 §4.15).
    sub: `${client.client_id}@clients`,
    aud: api.identifier,
    iat: issuedAtSeconds,
    exp: issuedAtSeconds + api.token_lifetime,
  };
  const profile = isRfc9068(api.token_dialect)
    ? { jti, client_id: client.client_id, ...(scope !== '' && { scope }) }
    : { scope, gty: 'client-credentials', azp: client.client_id };
  const permissions = api.token_dialect.endsWith('_authz') ? { permissions: [...scopes] } : {};
  const standard = { ...claims, ...profile, ...permissions };
  // Twice: they stand first, and win over what an action has set.
  return { ...standard, ...asData(customClaims), ...standard };
}

/** Throws where an action has set what is no data: a function named `toJSON` would write the whole token. */
const asData = (claims: TokenContent['customClaims']): object =>
  Object.keys(claims).length === 0 ? claims : structuredClone(claims);

export async function signToken(content: TokenContent, key: SigningKey): Promise<string> {
  const { api } = content;
  return new CompactSign(new TextEncoder().encode(JSON.stringify(buildClaims(content))))
    .setProtectedHeader({
      alg: api.signing_alg,
      typ: isRfc9068(api.token_dialect) ? 'at+jwt' : 'JWT',
      kid: key.kid,
    })
    .sign(key.privateKey);
}
