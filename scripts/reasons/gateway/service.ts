/** Reasons that are not the client's fault. */
import type {
  AuthorizationFault,
  DestinationFault,
  FormFault,
  KeysFault,
  PathFault,
  SentInstead,
  StatusFault,
} from '../../../src/decision.ts';
import type { GatewayReasons } from '../explained.ts';

export const SERVICE = {
  keys_unavailable: {
    example: { code: 'keys_unavailable', cause: 'timeout', retryAfterSeconds: 1 },
    log: 'says why the keys could not be fetched; the table below has every value.',
    causes: [
      'The issuer is down, and neither memory nor KV has keys of the last 24 hours.',
      'The issuer was entered a moment ago, and its metadata is not where the gateway looks.',
      '`issuer` in the policy differs from `issuer` in the metadata, as with `common` of Entra ID.',
      'A firewall or bot protection in front of the issuer answers the gateway with a page.',
    ],
    client: 'Keep the token: it may be good. Wait as long as `Retry-After` says, then repeat the request.',
    operator:
      'Run `npx claimgate check --online`: it fetches what the gateway fetches, and says what is wrong. `health_path` shows every issuer: [keys](keys.md#when-something-fails).',
  },
  status_unavailable: {
    example: { code: 'status_unavailable', cause: 'timeout', retryAfterSeconds: 1 },
    log: 'says why the status list could not be had; the table below has every value.',
    causes: [
      'The server of the list is down, and this isolate has no list that is still good: its `exp` has passed, or it was fetched over an hour ago.',
      'The list is signed with a key that the issuer does not publish, or with an algorithm that the policy does not accept.',
      'The list is no status list token: another `typ`, another `sub` than the URI in tokens, a `status_list` that is malformed.',
    ],
    client: 'Keep the token: it may be good. Wait as long as `Retry-After` says, then repeat the request.',
    operator:
      'Look for the event `status_list_failed`: it names the list and the fault. Mend the list or its server; the gateway recovers by itself: [status lists](status-list.md#when-something-fails).',
  },
  policy_invalid: {
    example: { code: 'policy_invalid' },
    unlogged: 'the event `policy_invalid` lists every fault with its remedy.',
    causes: [
      'Variables were edited in the dashboard, or deployed without the check.',
      'A secret that the policy needs is missing or empty: `LOG_KEY`, or one that `origin_headers` names.',
      'A binding that the policy names is missing in this environment: wrangler passes none on to `[env.…]`.',
    ],
    client: 'Wait as long as `Retry-After` says. If it lasts, tell the operator.',
    operator:
      'Bring back the version before with `npx wrangler rollback`. Then run `npx claimgate check` for this environment, and read the event `policy_invalid`.',
  },
  binding_missing: {
    example: { code: 'binding_missing', binding: 'ORDERS' },
    log: 'names the binding.',
    causes: [
      'A Worker of your own passes an `env` to `createGateway` that lacks the binding by the time of the request. A binding that is missing from the start is [policy invalid](#policy-invalid).',
    ],
    client: 'Wait as long as `Retry-After` says. If it lasts, tell the operator.',
    operator: 'Bind it in `wrangler.toml` under this name, for this environment, and deploy.',
  },
  body_taken: {
    example: { code: 'body_taken' },
    causes: [
      'Middleware in front of the gateway read the body (`c.req.json()`, `request.text()`, a validator), or holds a reader of it: there is nothing left to send to the origin.',
    ],
    client: 'Tell the operator.',
    operator:
      'Let that middleware run behind the gateway, or read a copy: `await c.req.raw.clone().json()`. An API with `origin = "next"` needs neither: its handlers share what was read.',
  },
  origin_unreachable: {
    example: { code: 'origin_unreachable' },
    causes: [
      'The server is down, refuses connections, or its name does not resolve.',
      'The certificate of the origin has expired, or is for another name.',
      "The tunnel to the origin is down (530), or Cloudflare can't reach the server (520, 521, 523, 525, 526).",
      'The Worker behind a service binding throws.',
    ],
    client: 'Repeat the request later, if it may be sent twice: it may have reached the service.',
    operator:
      'Ask the origin without the gateway. `npx claimgate logs` shows whether one API is affected or all.',
  },
  origin_timeout: {
    example: { code: 'origin_timeout' },
    causes: [
      'The origin takes longer than `timeout_ms` until it begins to answer (15 s by default).',
      'An upload takes longer than `upload_timeout_ms` (5 min by default).',
      'Cloudflare gave up on the origin: 522 or 524.',
    ],
    client: 'Repeat the request later, if it may be sent twice: the service may still be at work on it.',
    operator:
      'Look at `origin_ms` of the lines of this route. Let the origin answer at once and work behind the answer, or raise `timeout_ms`.',
  },
  loop: {
    example: { code: 'loop' },
    causes: [
      'The API has `origin = "zone"`, and the gateway is on a custom domain: nothing lies behind that but the gateway itself.',
      "A DNS record or another Worker sends the origin's host back to the gateway.",
    ],
    client: 'Tell the operator.',
    operator:
      'Give the gateway a route (`example.com/*`) in place of a custom domain, or write the URL of the origin.',
  },
  body_too_large: {
    example: { code: 'body_too_large' },
    causes: [
      'The API signs bodies (`bind = "body"` of its `assertion`), and this one has more bytes than `max_body`.',
    ],
    client: 'Send less at once, or ask the operator where larger bodies go.',
    operator:
      'Raise `max_body` (1 MiB at most: bodies are held in memory), or take the routes with large bodies into an API that binds requests only.',
  },
  target_too_long: {
    example: { code: 'target_too_long' },
    causes: [
      'The assertion of the API names path and query, and with these it is longer than the 16,384 characters that verifiers take: from about 11,000 on.',
    ],
    client: 'Send what is long in a body.',
    operator:
      'Let the API take long queries by POST, or bind nothing: `bind = "none"`. Most servers refuse shorter ones: [how large it gets](assertion.md#how-large-it-gets).',
  },
  assertion_failed: {
    example: { code: 'assertion_failed', cause: 'no_key' },
    log: 'says why: `no_key`, no key signs yet; `signing`, the key that signs is broken.',
    causes: [
      'The only key of the gateway signs from a later time on: it was made by `rotate`, and the other secret was deleted.',
      'The secret has a private half that does not belong to its public one.',
    ],
    client: 'Try again later. The token is good.',
    operator:
      'Look at the keys with `npx claimgate assertion keys list`; `npx claimgate assertion keys init --replace` makes one that signs at once.',
  },
  internal_error: {
    example: { code: 'internal_error' },
    causes: [
      'The gateway has a bug. It refuses in that case: no request passes by an exception.',
      "A binding fails, such as a rate limit that can't be reached.",
    ],
    client: 'Repeat the request once. If it fails again, tell the operator the `request_id`.',
    operator:
      'Find the event `error` at the same time: it has the name of the error and its place, without values. Report it.',
  },
} as const satisfies Partial<GatewayReasons>;

/** The values of `reason_detail` of `path_ambiguous`. */
export const PATH_FAULTS: Readonly<Record<PathFault, string>> = {
  authority: "The host is missing, or has a character that a host can't have.",
  control_character: 'A control character, encoded or not.',
  dot_segment:
    'A segment `.` or `..`, also encoded, with `;parameters` or trailing dots and blanks; `(S(…))` of ASP.NET.',
  double_encoding: 'A `%` with two hex digits is left after decoding.',
  empty_segment: 'Two slashes in a row.',
  fragment: 'A `#` in the URL.',
  invalid_encoding: 'A `%` without two hex digits, or bytes that are no UTF-8.',
  separator: 'An encoded `/`, `\\`, `?` or `#` in a segment, or a bare `\\`.',
};

/** The values of `reason_detail` of `authorization_malformed`. */
export const AUTHORIZATION_FAULTS: Readonly<Record<AuthorizationFault, string>> = {
  empty: '`Bearer` alone: often a variable that is empty.',
  form: 'Anything else: several words, or characters that no token has.',
  quoted: 'The token is in quotes.',
  several: 'There is a comma: two headers, or two values in one.',
  twice: '`Bearer Bearer`: a library adds the scheme by itself.',
};

/** The values of `reason_detail` of `token_missing`. */
export const SENT_INSTEAD: Readonly<Record<SentInstead, string>> = {
  bare_token: 'A JWT without the word `Bearer` before it.',
  basic: 'The scheme `Basic`, with a name and a password.',
  other_scheme: 'Another scheme, or text that is none.',
};

/** The values of `reason_detail` of `form_unread`. */
export const FORM_FAULTS: Readonly<Record<FormFault, string>> = {
  encoded: 'It is compressed, or in a charset that is neither UTF-8 nor a part of it.',
  late: 'It names a method behind its first 64 KB, or in a way that is not certain.',
  too_large: 'It has no parts, and more than 1 MB.',
};

/** The values of `reason_detail` of `destination_invalid`. */
export const DESTINATION_FAULTS: Readonly<Record<DestinationFault, string>> = {
  form: 'Neither an http(s) URL nor an absolute path, or with characters that must be percent-encoded.',
  host: 'Another host or port than the one that was asked.',
  missing: 'There is none.',
  path: 'Its path can be read in two ways, as in `path_ambiguous`.',
  query: 'It has a query or a fragment.',
  several: 'There is more than one.',
};

/** The values of `reason_detail` of `status_unavailable`, and of `fault` of `status_list_failed`. */
export const STATUS_FAULTS: Readonly<Record<StatusFault, string>> = {
  timeout: 'The server of the list did not answer within five seconds.',
  network_error: 'The connection failed: no address, no TLS, or it broke off.',
  http_status: 'The answer was no 2xx.',
  redirect: 'The answer was a redirect, which is not followed: tokens must name where it leads to.',
  too_large: 'The answer has more than 4 MB.',
  insecure_uri: 'The URI has no https.',
  binding_missing: 'The issuer has `service`, and there is no such binding.',
  no_list: 'The answer is no JWT with `typ` `statuslist+jwt` and an `iat`: often a page for people, or CBOR.',
  keys_unavailable: "The issuer's keys could not be had, so the list can't be verified.",
  signature: 'No key of the issuer verifies the list, the key is blocked, or its algorithm is not accepted.',
  issuer_mismatch: 'The list has an `iss`, and it is another issuer.',
  subject_mismatch: '`sub` of the list is not the URI that the token names: it is another list.',
  not_yet_valid: '`iat` or `nbf` of the list lies in the future.',
  expired: '`exp` of the list has passed.',
  older: 'The list was issued before the one at hand: a server lags behind the others.',
  list_malformed: '`bits` is not 1, 2, 4 or 8, or `lst` is not one zlib stream in base64url.',
  list_too_large: 'The list has more than 4 MB once it is inflated.',
};

/** The values of `reason_detail` of `keys_unavailable`, and of `fault` and `cause` of the events of keys. */
export const KEYS_FAULTS: Readonly<Record<KeysFault, string>> = {
  timeout: 'The issuer did not answer within five seconds.',
  network_error: 'The connection failed: no address, no TLS, or it broke off.',
  http_status: 'The answer was no 2xx.',
  redirect: 'The answer was a redirect, which is not followed: write the address that it leads to.',
  too_large: 'The document has more than 256 KB.',
  not_json: 'The answer is not JSON, or no key set: often a page for people.',
  metadata_invalid: 'The metadata has no `jwks_uri`.',
  issuer_mismatch: 'The metadata has another `issuer` than the policy.',
  insecure_uri: 'The metadata names a key set without https.',
  no_usable_key: 'The key set has no key that can be used.',
  binding_missing: 'The issuer has `service`, and there is no such binding.',
  stale_limit: 'The last keys are over 24 hours old.',
};
