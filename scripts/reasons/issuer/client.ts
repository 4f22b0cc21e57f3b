/** Failures to authenticate a client. Its answer never says which of them it was. */
import type { IssuerReasons } from '../explained.ts';

export const CLIENT = {
  credentials_missing: {
    example: { code: 'credentials_missing' },
    causes: [
      'A variable with the id or the secret is not set.',
      'The client sends `client_assertion_type` without `client_assertion`, or a secret without `client_id`.',
    ],
    client: 'Send the id and the secret, by HTTP Basic or in the body, or an assertion.',
    operator: 'Ask the client which of the two it sends: the log has neither.',
  },
  credentials_malformed: {
    example: { code: 'credentials_malformed' },
    causes: [
      'The `Authorization` header has another scheme than Basic, such as an old Bearer token.',
      'The text behind `Basic` is not base64 of the id, a colon and the secret.',
    ],
    client: 'Let a library write the header, or use `curl -u ID:SECRET`.',
    operator: 'Nothing.',
  },
  client_unknown: {
    example: { code: 'client_unknown' },
    causes: [
      'The id is of another environment, or of the tenant at Auth0 that clients moved from.',
      'The client was deleted, or it was made less than a minute ago: KV takes that long everywhere.',
      "The record can't be read: the event `record_invalid` names it.",
    ],
    client: 'Compare the id with the one that you were given, and the address of the issuer.',
    operator:
      'Look for `unverified_client_id` in `npx claimgate client list --remote`. The member is absent where the text could be a secret.',
  },
  client_disabled: {
    example: { code: 'client_disabled' },
    causes: ['Somebody has disabled the client, and its credentials are right.'],
    client: 'Ask the operator why.',
    operator: 'If it was not meant: `npx claimgate client enable`. It takes effect within a minute.',
  },
  secret_wrong: {
    example: { code: 'secret_wrong' },
    causes: [
      'The secret was rotated, and one machine still has the old one. A secret that has expired counts as wrong.',
      'The secret has a line end from a file, or a shell has replaced its `$`.',
      'Somebody guesses: then the `ip` is unknown, and `rate_limited` follows.',
    ],
    client: 'Compare the last four characters with those that the operator sees.',
    operator:
      '`npx claimgate client show` has the last four characters of each secret and when it expires. Add a new one, move the client, remove the old one.',
  },
  assertion_malformed: {
    example: { code: 'assertion_malformed' },
    causes: [
      '`client_assertion_type` is missing or misspelt: `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.',
      '`iss` and `sub` of the assertion differ, or are empty: both are the client id.',
      'The assertion is signed with HS256, ES384 or another algorithm that is not accepted.',
      'The assertion has more than 2,048 characters, as with a certificate chain in its header.',
    ],
    client: 'Sign with RS256, PS256, ES256 or EdDSA, and set the claims of [a request](issuer.md#a-request).',
    operator: 'Nothing. `auth_method` is absent, since the client could not be read.',
  },
  assertion_key_unknown: {
    example: { code: 'assertion_key_unknown' },
    causes: [
      'The client rotated its key, and the new one is not registered. Keys are never fetched.',
      'The `kid` in the header is not that of the registered key. It may be left out.',
      'The registered key has expired, or is for another algorithm than `alg`.',
    ],
    client: 'Send your public key to the operator before you sign with it.',
    operator: '`npx claimgate client key add` registers a key. A client can have two, so that it can rotate.',
  },
  assertion_signature_invalid: {
    example: { code: 'assertion_signature_invalid' },
    causes: [
      'The private key is not the one whose public half is registered, though the `kid` is the same.',
      'The registered key is damaged: Web Crypto does not take it.',
    ],
    client: 'Derive the public key from the private one anew, and compare it with the registered one.',
    operator: 'Register the key anew (`npx claimgate client key add`).',
  },
  assertion_claims_invalid: {
    example: { code: 'assertion_claims_invalid', claim: 'aud' },
    log: 'names the claim: `iss`, `sub`, `aud`, `exp`, `nbf`, `iat` or `jti`.',
    causes: [
      '`aud` is the URL of the token endpoint, as older libraries have it: it must be the issuer, slash included, as one text.',
      '`exp` is more than five minutes ahead, or over: the clock of the client is off by more than ten seconds.',
      '`jti` is missing, or has more than 64 characters.',
    ],
    client:
      'Set the claims as [a request](issuer.md#a-request) has them. In most libraries `aud` can be configured.',
    operator: 'Tell the client which claim it is: its answer does not.',
  },
  assertion_replayed: {
    example: { code: 'assertion_replayed' },
    causes: [
      'The client makes one assertion and sends it for each token, or a library repeats a request with it.',
      'Somebody has recorded an assertion: then the `ip` of the two lines differs.',
    ],
    client: 'Make a new assertion, with a new `jti`, for each request and each repetition.',
    operator: 'Compare the `ip` of the lines with the one before that succeeded.',
  },
  rate_limited: {
    example: { code: 'rate_limited', retryAfterSeconds: 60 },
    log: 'is absent.',
    causes: [
      'The client asks for a token before each call, and is over `CLIENT_LIMIT`.',
      'The client failed too often to authenticate, and is over `FAILURE_LIMIT`: its right secret is not heard for a minute either.',
    ],
    client: 'Keep a token for as long as `expires_in` says. Wait as long as `Retry-After` says.',
    operator:
      'A line with `client_id` is over `CLIENT_LIMIT`, one with `unverified_client_id` over `FAILURE_LIMIT`.',
  },
  store_unavailable: {
    example: { code: 'store_unavailable', store: 'records' },
    log: 'names the store: `records` is the KV namespace, `assertions` the Durable Objects.',
    causes: ['KV or Durable Objects have an outage, or the account is over its limits.'],
    client: 'Wait as long as `Retry-After` says, then ask again. Use the token that you have until then.',
    operator: 'Look at cloudflarestatus.com and at the limits of the account.',
  },
} as const satisfies Partial<IssuerReasons>;
