/** Reasons about the token itself. */
import type { GatewayReasons } from '../explained.ts';
import { CLAIMS } from './claims.ts';
import { SIGNATURE } from './signature.ts';

export const TOKEN = {
  token_too_large: {
    example: { code: 'token_too_large' },
    causes: [
      'The token has more than 16,384 characters: the issuer writes all groups or roles of a user into it.',
      'Keycloak writes the roles of every client into a token while "Full scope allowed" is on.',
      'A hook or a mapper adds a large object as a claim.',
    ],
    client: 'Ask for fewer scopes, if scopes bring claims with them. Otherwise tell the operator.',
    operator: 'Let the issuer write fewer claims: only the roles of this API, and ids in place of objects.',
  },
  token_malformed: {
    example: { code: 'token_malformed' },
    causes: [
      "The token is opaque. Auth0 gives such a token to a client that names no `audience`, and Google's access tokens (`ya29.…`) always are.",
      'The token is encrypted (five parts in place of three).',
      'The client sends the text `undefined` or `null`: its variable was not set.',
      'The token was cut, by a column of a database or by a copy from a terminal.',
    ],
    client:
      'A token for this gateway begins with `eyJ` and has three parts with dots between. Name the API when you ask for a token (`audience`, `resource` or a scope of it).',
    operator: 'Tell clients the audience to ask for. Opaque tokens are not supported.',
  },
  critical_header_unsupported: {
    example: { code: 'critical_header_unsupported' },
    causes: [
      'The header of the token has `crit` or `b64`: it demands an extension, and the gateway knows none (RFC 7515 §4.1.11).',
      'Somebody tries out how the gateway treats odd tokens.',
    ],
    client: 'Send an access token as the issuer gave it. A signed document of another kind is no token.',
    operator: 'Configure the issuer to sign tokens without such headers.',
  },
  issuer_not_allowed: {
    example: { code: 'issuer_not_allowed', iss: 'https://auth.example.com' },
    log: "is absent, since only the token says it: `unverified_iss` has the token's `iss`.",
    causes: [
      'A slash at the end differs. Auth0 has one (`https://example.eu.auth0.com/`), Okta and Cognito have none.',
      'Entra ID sends a v1 token (`https://sts.windows.net/…/`) where the policy has the v2 issuer, or the other way round.',
      'Auth0 has a custom domain: `iss` is the domain by which the client asked for the token.',
      'Keycloak has no fixed hostname: `iss` is the host that the client used, such as an internal one.',
      'The token is of another tenant or environment, or the route accepts fewer issuers than the API.',
    ],
    client:
      'Ask the issuer that the API names: its metadata (`resource_metadata` in the challenge) lists it.',
    operator:
      'Compare `unverified_iss` with `issuer` in the policy, character by character. Copy the value from a token, not from a console: [issuers](issuers.md).',
  },
  algorithm_not_allowed: {
    example: { code: 'algorithm_not_allowed', alg: 'HS256' },
    log: "is absent, since only the token says it: `unverified_alg` has the token's `alg`.",
    causes: [
      'The API is set to HS256 at Auth0: its tokens can only be checked with a shared secret.',
      'The issuer signs with another algorithm than `algorithms` lists (by default RS256, ES256 and EdDSA), such as PS256 or ES384.',
      'The client sends a refresh token: Keycloak signs those with HS512.',
      'The key that `kid` names is of another kind than `alg`, or the token is a forgery with `none`.',
    ],
    client: 'Send the access token, not the refresh token.',
    operator:
      "Switch the API to RS256 at the issuer, or list the algorithm in `algorithms`. Symmetric algorithms can't be listed.",
  },
  token_type_not_allowed: {
    example: { code: 'token_type_not_allowed', typ: 'logout+jwt' },
    log: "is absent, since only the token says it: `unverified_typ` has the token's `typ`.",
    causes: [
      '`token_types = ["at+jwt"]` is set, and the issuer writes `JWT` or no `typ`: most do.',
      'The client sends an ID token, a logout token or a DPoP proof in place of the access token.',
      "The token is one of Okta's org authorization server, which is for Okta itself.",
    ],
    client: 'Send the access token (`access_token` of the answer, not `id_token`).',
    operator:
      'Compare `unverified_typ` with `token_types`. At Auth0, tokens have `at+jwt` with the profile RFC 9068 only.',
  },
  ...CLAIMS,
  ...SIGNATURE,
} as const satisfies Partial<GatewayReasons>;
