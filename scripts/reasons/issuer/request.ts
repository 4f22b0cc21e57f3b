/** Failures about the form of a token request. */
import type { IssuerReasons } from '../explained.ts';

export const REQUEST = {
  method_not_allowed: {
    example: { code: 'method_not_allowed' },
    causes: ['Somebody opened the token endpoint in a browser, or a redirect turned the POST into a GET.'],
    client: 'Send a POST, to the `token_endpoint` of the metadata, without a redirect on the way.',
    operator: 'Nothing.',
  },
  parameter_in_query: {
    example: { code: 'parameter_in_query' },
    causes: [
      'The client sends its parameters in the URL. A secret in a URL ends up in logs on the way.',
      'A tool for trying out requests puts the fields into the query instead of the body.',
    ],
    client: 'Send the parameters in the body. Replace the secret, if it was in the URL.',
    operator: 'Give the client a new secret, if it was in the URL: `npx claimgate client secret add`.',
  },
  content_type_unsupported: {
    example: { code: 'content_type_unsupported' },
    causes: [
      'The `Content-Type` is missing: curl sets one with `-d`, `fetch` does with `URLSearchParams` as the body.',
      'The client sends `multipart/form-data` (`FormData`, `curl -F`) or `text/plain`.',
    ],
    client: 'Send `application/x-www-form-urlencoded`, as every OAuth library does.',
    operator: 'Nothing.',
  },
  body_too_large: {
    example: { code: 'body_too_large' },
    causes: ['The client sends something else than a token request, such as the request for the API.'],
    client: 'Send the parameters of the token request alone: they need less than 16 KB.',
    operator: 'Nothing.',
  },
  body_malformed: {
    example: { code: 'body_malformed' },
    causes: [
      'The body says that it is JSON, and is a form, or the other way round.',
      'A value of the JSON is not text: a list of scopes, a number, `null`.',
      'The bytes are no UTF-8.',
    ],
    client: 'Send each parameter as text. `scope` is one text with blanks between, also in JSON.',
    operator: 'Nothing.',
  },
  parameter_repeated: {
    example: { code: 'parameter_repeated', name: 'scope' },
    log: 'names the parameter, cut at 128 characters.',
    causes: [
      'The client repeats `scope` or `audience` for each value.',
      'The client adds parameters to a library that sends them already.',
    ],
    client: 'Send each parameter once. Scopes are one text with blanks between.',
    operator: 'Nothing.',
  },
  grant_type_missing: {
    example: { code: 'grant_type_missing' },
    causes: [
      'The body is empty, as after a redirect.',
      'The client sends JSON as a form, so that all of it is the name of one parameter.',
    ],
    client: 'Send `grant_type=client_credentials` in the body.',
    operator: 'Nothing.',
  },
  grant_type_unsupported: {
    example: { code: 'grant_type_unsupported' },
    causes: [
      'The client is made for users: it sends `authorization_code`, `password` or `refresh_token`.',
      'The client wants a refresh token: there are none, since it can always ask again.',
    ],
    client: 'Use the client credentials grant (RFC 6749 §4.4).',
    operator: 'Use another issuer for users: the gateway trusts several ([issuers](issuers.md)).',
  },
  parameter_unsupported: {
    example: { code: 'parameter_unsupported', name: 'organization' },
    log: 'names the parameter.',
    causes: ['The client comes from Auth0 and asks for a token of one `organization`. There are none here.'],
    client: 'Leave the parameter out.',
    operator:
      "Put the tenant into the client's metadata, and write it into the token with a hook ([hooks](hooks.md)).",
  },
  credentials_several: {
    example: { code: 'credentials_several' },
    causes: [
      'The library sends HTTP Basic, and the client adds `client_secret` to the body.',
      'The client moved to `private_key_jwt` and still sends its secret.',
    ],
    client: 'Authenticate in one way (RFC 6749 §2.3).',
    operator: 'Nothing.',
  },
  client_id_conflict: {
    example: { code: 'client_id_conflict' },
    causes: ['`client_id` in the body is of another environment than the credentials.'],
    client: 'Leave `client_id` out of the body, where HTTP Basic or an assertion says it.',
    operator: 'Nothing.',
  },
} as const satisfies Partial<IssuerReasons>;
