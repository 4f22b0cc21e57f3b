/** Failures about what a client that has authenticated may have, and about hooks and keys. */
import type { IssuerReasons } from '../explained.ts';

const AUDIENCE_LOG = 'holds the audience that was asked for, cut at 128 characters.';

export const GRANT = {
  client_without_grants: {
    example: { code: 'client_without_grants' },
    causes: ['The client was made, and nobody has granted it an API yet.'],
    client: 'Ask the operator for a grant.',
    operator: '`npx claimgate client grant` permits an API. It takes effect within a minute.',
  },
  audience_missing: {
    example: { code: 'audience_missing' },
    causes: [
      'The client names no API, and has no `default_audience`.',
      'The library has no field for it: `audience` is a parameter of Auth0, `resource` one of RFC 8707.',
    ],
    client: 'Send `audience` or `resource` with the identifier of the API.',
    operator: 'A client that can send neither gets a `default_audience`.',
  },
  audience_conflict: {
    example: { code: 'audience_conflict' },
    causes: [
      'A library fills in `resource` by itself, as the MCP SDK does, and the client adds another `audience`.',
    ],
    client: 'Send one of the two, or the same in both.',
    operator: 'Nothing.',
  },
  resource_several: {
    example: { code: 'resource_several' },
    causes: ['The client wants one token for several APIs (RFC 8707 §2). A token is for one.'],
    client: 'Ask for one token for each API.',
    operator: 'Nothing.',
  },
  api_unknown: {
    example: { code: 'api_unknown', audience: 'https://api.example.com/orders' },
    log: AUDIENCE_LOG,
    causes: [
      'The identifier is spelled differently: it is compared exactly, slash at the end included.',
      'The API is of another environment, or was made less than a minute ago.',
    ],
    client: "Compare `audience` with the API's identifier, character by character.",
    operator: 'Compare `reason_detail` with `npx claimgate api list --remote`.',
  },
  api_disabled: {
    example: { code: 'api_disabled', audience: 'https://api.example.com/orders' },
    log: AUDIENCE_LOG,
    causes: ['Somebody has disabled the API: nobody gets tokens for it.'],
    client: 'Ask the operator why.',
    operator: 'If it was not meant: `npx claimgate api update … --enable`.',
  },
  grant_missing: {
    example: { code: 'grant_missing', audience: 'https://api.example.com/orders' },
    log: AUDIENCE_LOG,
    causes: ['The client was granted other APIs, and not this one.'],
    client: 'Ask the operator for a grant.',
    operator: '`npx claimgate client grant` permits the API. It takes effect within a minute.',
  },
  scope_malformed: {
    example: { code: 'scope_malformed' },
    causes: ['The scopes are separated by commas and quotes, or are a list as JSON: `["read:orders"]`.'],
    client: 'Send the scopes as one text with blanks between.',
    operator: 'Nothing.',
  },
  scope_not_granted: {
    example: { code: 'scope_not_granted', scopes: ['write:orders'] },
    log: 'holds the scopes that were not granted, with blanks between, cut at 128 characters.',
    causes: [
      'The client asks for more than its grant has. Nothing is dropped silently.',
      'The scopes are separated by commas: `read:orders,write:orders` is one scope.',
      'The scope was removed from the API, and the grant still names it.',
    ],
    client: 'Ask for what was granted, or leave `scope` out: then you get all of it.',
    operator: 'Extend the grant (`npx claimgate client grant`), or add the scope to the API.',
  },
  action_denied: {
    example: { code: 'action_denied', error: 'invalid_request', reason: 'The client belongs to no tenant.' },
    log: 'holds the code that the hook gave: `invalid_scope`, `invalid_request` or `server_error`.',
    causes: ['A hook called `api.access.deny`. The sentence that the client reads is the one of the hook.'],
    client: 'Do what the description says.',
    operator: 'Read the hook: `issuer/src/hooks.ts` lists them ([hooks](hooks.md)).',
  },
  action_failed: {
    example: { code: 'action_failed', cause: 'timeout' },
    log: 'holds `timeout`, `claims_too_large`, `scope_malformed` or `scopes_too_large`, or else the name of the exception, such as `TypeError`.',
    causes: [
      'A hook throws: it reads metadata that this client does not have.',
      'The hooks of a request take more than five seconds together, waiting for another service.',
      'The claims that hooks set take more than 4 KB.',
    ],
    client: 'Ask again once. If it fails again, tell the operator the time.',
    operator:
      'Run the hook in a test with the metadata of this `client_id`: messages of exceptions are not logged.',
  },
  signing_key_missing: {
    example: { code: 'signing_key_missing', algorithm: 'RS256' },
    log: 'names the algorithm.',
    causes: ["The API's `signing_alg` was changed, and there is no secret with keys for it."],
    client: 'Tell the operator.',
    operator:
      '`npx claimgate issuer init --alg ALGORITHM` makes keys where there are none. `npx claimgate doctor` finds this before clients do.',
  },
  internal_error: {
    example: { code: 'internal_error' },
    causes: ['The issuer has a bug, or a binding fails. No token is issued by an exception.'],
    client: 'Ask again once. If it fails again, tell the operator the time and the `X-Request-Id`.',
    operator:
      'Find the event `error` at the same time: it has the name of the error and its place. Report it.',
  },
} as const satisfies Partial<IssuerReasons>;
