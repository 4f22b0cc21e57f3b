/** Reasons about the rules of a route: the token is good, and does not permit this request. */
import type { GatewayReasons } from '../explained.ts';

export const ROUTE = {
  scopes_missing: {
    example: { code: 'scopes_missing', needed: ['read:orders'] },
    log: 'lists the scopes of the route: those of `scopes_all`, then those of `scopes_any`.',
    causes: [
      'The client asked for a token without this scope, or the issuer has not granted it and left it out.',
      'Auth0 assigns permissions to users (RBAC): they are in `permissions`, which counts only where the token has no `scope`. Then the issuer needs `scope_claim = "permissions"`.',
      'Entra ID writes `scp` for users only. Tokens of programs have `roles`, which a route demands with `claims`.',
      'The path is another spelling of a stricter route, whose rules must hold as well: `near_miss` names it.',
    ],
    client:
      'Ask for a token with the scopes of the `scope` parameter in `WWW-Authenticate`: they are enough, and no more than that. The body has them as `scopes_needed`, and as `scopes_any` lists of which one each is enough.',
    operator:
      'Grant the scope at the issuer. `npx claimgate explain` shows which scopes a token has and where they were found.',
  },
  client_not_allowed: {
    example: { code: 'client_not_allowed' },
    causes: [
      'The client is not in `clients` of the route.',
      'The token names its client in another claim than `azp`, `client_id`, `cid` or `appid`: the issuer needs `client_claim`.',
      '`clients` has the name of the client, and the token has its id.',
    ],
    client: 'Ask the operator to permit your client id. Another token of the same client changes nothing.',
    operator:
      'Compare `client` of the log line with `clients` of the route. No `client` there: set `client_claim`.',
  },
  claim_mismatch: {
    example: { code: 'claim_mismatch', claim: 'org_id' },
    log: 'names the claim of the rule that does not hold. The body has it as `claim`.',
    causes: [
      "The path has another value than the token: a request for one organisation with another one's token.",
      'The claim is missing: the issuer writes it for some users or clients only.',
      'The type differs: the number `1` is not the text `"1"`.',
      'Entra ID or Keycloak has not assigned the role, or it is a role of another client.',
    ],
    client: 'Compare the path with the claims of your token. Ask the operator for access if they fit.',
    operator:
      'Run `npx claimgate explain` with such claims: it shows the value that the rule wants and the one that the token has.',
  },
  alternatives_unmet: {
    example: { code: 'alternatives_unmet' },
    causes: [
      'The route has `any_of`, and the token meets none of its alternatives as a whole: it has a part of one and a part of another.',
      'No alternative is about scopes alone; else the reason is `scopes_missing`, with the scopes of that one.',
    ],
    client: 'Ask the operator what permits this request: another token of the same caller changes nothing.',
    operator:
      'Run `npx claimgate explain` with such claims: it shows the alternatives, and the scopes, client and claims of the token.',
  },
  rate_limited: {
    example: { code: 'rate_limited' },
    causes: [
      'The client sends more requests than the binding of `rate_limit` permits in its period.',
      'Several programs share one client id, and so one count. Without a token the address counts, which an office may share.',
      'The limit of the API counts all its routes together.',
    ],
    client: 'Wait as long as `Retry-After` says, then send fewer requests at once.',
    operator:
      'Compare the `client` of the lines with the limit under `[[ratelimits]]`. A busy route may have a limit of its own: [rate limits](policy.md#rate-limits).',
  },
  claims_too_large: {
    example: { code: 'claims_too_large', claim: 'groups' },
    log: 'names the claim that does not fit. The body of the answer has it as `claim`.',
    causes: [
      'All claim headers together have more bytes than `max_claims_bytes`, 8,192 by default: such as the groups of a user who is in hundreds.',
      'Text in other scripts grows when it is encoded: a character can take twelve.',
      'A claim is nested too deeply to be written as JSON.',
    ],
    client:
      'Ask for fewer scopes, if scopes bring claims with them. Otherwise tell the operator which claim it is.',
    operator:
      'Forward less: `only = ["admins", { prefix = "app-" }]` chooses among the values of a list. Or set `max_claims_bytes` to what the origin’s server takes: [limits](origins.md#how-values-are-encoded).',
  },
} as const satisfies Partial<GatewayReasons>;
