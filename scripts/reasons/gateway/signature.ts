/** Reasons about the key of a token and its signature. */
import type { GatewayReasons } from '../explained.ts';

export const SIGNATURE = {
  key_unknown: {
    example: { code: 'key_unknown', kid: 'key-2026-11' },
    log: "is absent, since only the token says it: `unverified_kid` has the token's `kid`.",
    causes: [
      'The token is of another environment that has the same `iss`, such as a local Keycloak or a restored backup.',
      'The issuer began to sign with a key before it published it, or a cache in front of its key set is old.',
      '`jwks_uri` in the policy names the key set of another tenant.',
      "The key is published, and can't be used: RSA under 2048 bits, for encryption only, or for another algorithm. `dropped_keys` of the event `keys_refreshed` lists such keys, with `why`.",
      'The `kid` is made up. The gateway looks at the issuer for new keys at most once a minute in that case.',
    ],
    client: 'Ask for a new token. If that is refused too, tell the operator.',
    operator:
      'Look for `unverified_kid` in the key set of the issuer (`npx claimgate check --online` fetches it), and for `keys_refresh_failed` in the log: [keys](keys.md).',
  },
  key_ambiguous: {
    example: { code: 'key_ambiguous', kid: undefined },
    log: 'is absent. `unverified_kid` is absent too where the token names no key.',
    causes: [
      'The token has no `kid`, and the key set has more than four keys for its algorithm.',
      'More than four keys for its algorithm have the `kid` of the token.',
    ],
    client: 'Nothing. The issuer makes the token. Tell the operator the `request_id`.',
    operator: 'Let the issuer write a `kid` into its tokens, and give each key an id of its own.',
  },
  signature_invalid: {
    example: { code: 'signature_invalid' },
    causes: [
      'The token was changed after it was signed: a claim was edited, a character was lost at its end.',
      'The token is for Microsoft Graph: its header has a `nonce`, and no other API can verify it.',
      'Two environments use one `kid` for different keys, as where a test issuer was copied.',
      'The token has no `kid`, and none of the keys that fit (four at most) verifies it.',
      'Somebody tries a forged token.',
    ],
    client:
      'Send the token exactly as the issuer gave it. At Entra ID, ask for a scope of this API, not of Graph.',
    operator:
      'Compare `unverified_iss` and `unverified_kid` with the key set of the issuer. One client alone: its token. All of them: the key set.',
  },
  status_invalid: {
    example: { code: 'status_invalid', found: ['invalid', 'status.example.com'] },
    log: 'is what the status list says of the token (`invalid`: it was revoked; `suspended`; `status_3` and others, which nothing is known of; `out_of_range`: the list ends before its index), and the host of the list. `host_not_allowed`: the token names a list on a host that the policy does not.',
    causes: [
      'The issuer revoked or suspended the token: its user or client was locked, or somebody logged out.',
      'The issuer wrote the token and its list apart: the index is beyond the end of the list.',
      'The issuer moved its lists to another host, and `status_list_hosts` does not name it.',
    ],
    client: 'Ask the issuer for a new token. If that is refused too, ask the operator why.',
    operator:
      'Ask the owner of the issuer why it was revoked. `npx claimgate explain` with the token shows the list and the index: [status lists](status-list.md).',
  },
} as const satisfies Partial<GatewayReasons>;
