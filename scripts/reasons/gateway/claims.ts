/** Reasons about what a token claims. */
import type { GatewayReasons } from '../explained.ts';

export const CLAIMS = {
  sender_constrained: {
    example: { code: 'sender_constrained' },
    causes: [
      "The token has the claim `cnf`: it is bound to a key of the client (DPoP, RFC 9449, or mTLS, RFC 8705). The gateway checks no such proof, and refuses what it can't check.",
      'The application at the issuer demands DPoP: a switch of the application at Okta and Auth0, of the client at Keycloak.',
    ],
    client: 'Ask for a plain Bearer token: without a `DPoP` header, and without a client certificate.',
    operator: 'Turn the binding off for clients of this API at the issuer.',
  },
  claims_malformed: {
    example: { code: 'claims_malformed', claim: 'exp' },
    log: 'names the claim: `exp`, `nbf`, `iat`, `aud`, or one that the policy names in `scope_claim`, `client_claim`, `audience_claim` or `forward`.',
    causes: [
      '`exp` is missing, or a date is text (`"1700000000"`) in place of a number.',
      '`iat` is missing or no number, and the issuer has `max_token_age` or `not_before` in the policy.',
      '`scope_claim`, `client_claim` or `audience_claim` names a claim of another kind: a number, an object, a list with something else than text.',
      'A claim in `forward` has half a character in it (a lone surrogate), as where a display name was cut in the middle of an emoji.',
    ],
    client:
      'Nothing. The issuer makes the token; `claim` in the body is the name of the claim. Tell the operator the `request_id`.',
    operator:
      'Look at the claim in a token (`npx claimgate explain … --token -` shows what the gateway reads in one), and correct the mapper at the issuer or the claim that the policy names. A claim that the policy does not use refuses no token, and `null` counts as absent.',
  },
  issuer_claim_mismatch: {
    example: { code: 'issuer_claim_mismatch', claim: 'token_use' },
    log: 'names the claim that the policy demands of every token of the issuer. The body has it as `claim`.',
    causes: [
      'The client sends an ID token: Cognito has `token_use`, Entra ID `azpacr`, Keycloak `typ` to tell them apart.',
      'The token is good, but belongs to somebody else: another account at Google, another owner at GitHub.',
    ],
    client: 'Send the access token (`access_token` of the answer, not `id_token`).',
    operator:
      'Compare the claim with `claims` of the issuer: [issuers](issuers.md) has what to demand from each vendor.',
  },
  client_blocked: {
    example: { code: 'client_blocked', client: 'backoffice' },
    log: 'names the client, as the policy or the switch blocks it. `entry` has the number of the switch.',
    causes: [
      'The client is listed in `blocked_clients` of the policy.',
      'Ops blocked it with `claimgate close --client`, without a deployment: the line then has `entry`.',
    ],
    client: 'Ask the operator why. New tokens of the same client are refused too.',
    operator:
      'Give the client new credentials, wait until the tokens of the old ones have expired, then take it off the list, or run `npx claimgate open --client ID` where the line has `entry` (`npx claimgate switches` says who blocked it, when and why): [a client is in the wrong hands](operations.md#a-key-or-a-client-is-in-the-wrong-hands).',
  },
  key_blocked: {
    example: { code: 'key_blocked' },
    causes: [
      'The key that signed the token is listed in `blocked_kids` of the policy.',
      'Ops blocked it with `claimgate close --key`, without a deployment: the line then has `entry`.',
      'The issuer still signs with that key.',
    ],
    client: 'Ask the issuer for a new token, and use that.',
    operator:
      'Rotate the keys at the issuer, so that new tokens have another `kid`. When no token of the old key is alive, take it off the list, or run `npx claimgate open --key KID` where the line has `entry`.',
  },
  token_expired: {
    example: { code: 'token_expired', exp: 1_700_000_000 },
    log: "holds the token's `exp`, in seconds since 1970.",
    causes: [
      'The client keeps its token and ignores `expires_in`.',
      'A job asks for one token when it starts, and runs for longer than that lives.',
      'A request waited in a queue, or was sent again with its old token.',
      'The clock of the issuer is behind by more than `clock_tolerance` (30 s by default).',
    ],
    client:
      'Ask for a new token shortly before the old one expires, and once more after this answer. Then repeat the request.',
    operator:
      'Compare `reason_detail` with `time`. A few seconds: raise `clock_tolerance`, or correct the clock. Hours: a client that keeps tokens.',
  },
  token_not_yet_valid: {
    example: { code: 'token_not_yet_valid', nbf: 1_700_000_000 },
    log: "holds the token's `nbf`, in seconds since 1970; with `max_token_age`, also an `iat` that lies in the future.",
    causes: [
      'The clock of the issuer is ahead by more than `clock_tolerance` (30 s by default), as on a virtual machine that was paused.',
      'The issuer writes `nbf` on purpose, for tokens that are valid later.',
    ],
    client: 'Wait a minute and try again with the same token.',
    operator: "Compare `reason_detail` with `time`, and correct the issuer's clock (NTP).",
  },
  token_too_old: {
    example: { code: 'token_too_old', iat: 1_700_000_000 },
    log: "holds the token's `iat`, in seconds since 1970.",
    causes: [
      '`max_token_age` is shorter than the lifetime that the issuer gives, so that clients use tokens whose `exp` is still to come.',
      'The issuer has `not_before` in the policy, as after an incident, and the token was issued before that.',
    ],
    client: 'Ask for a new token, even if the old one has not expired.',
    operator:
      'Let the issuer give tokens a lifetime of at most `max_token_age`: clients then know when to ask for a new one.',
  },
  audience_mismatch: {
    example: { code: 'audience_mismatch' },
    causes: [
      'The client asked for a token of another API of the same issuer, or named none.',
      'The client sends an ID token: its audience is the client.',
      'Keycloak has no audience mapper: `aud` is `account`.',
      'Entra ID writes the application id in v2 tokens, `api://…` or the id in v1 tokens.',
      'Cognito sends no `aud` in access tokens: the issuer needs `audience_claim = "client_id"`.',
    ],
    client:
      "Ask for a token with the API's audience, which the body has as `audience` where the API tells it: it is the `audience`, the `resource` or part of the scope.",
    operator:
      'Show a token that is refused to `npx claimgate explain … --token -`, and compare its `aud` with `audience` of the API and of the route: [issuers](issuers.md).',
  },
} as const satisfies Partial<GatewayReasons>;
