/** Reasons about the path, the route and the Authorization header. */
import type { GatewayReasons } from '../explained.ts';

export const REQUEST = {
  path_ambiguous: {
    example: { code: 'path_ambiguous', fault: 'dot_segment' },
    log: 'names what is ambiguous in the path; the table below has every value.',
    causes: [
      'An id in the path has an encoded `/`, `\\`, `?` or `#` (such as `%2F`), or is `..`.',
      'The client joins a base URL that ends with a slash to a path that begins with one: `//orders`.',
      'The client encodes the path twice: `%2520` in place of `%20`.',
      'A scanner looks for path traversal. Then many such lines come at once.',
    ],
    client:
      "Encode each segment once (`encodeURIComponent`), and don't join segments with two slashes. An id that holds `/`, `\\`, `?` or `#` can't stand in a path: send it in the query.",
    operator:
      'Nothing, if scanners send it. An API that has such ids in its paths needs another encoding of them, such as base64url: [one form of a path](policy.md#one-form-of-a-path).',
  },
  route_unknown: {
    example: { code: 'route_unknown' },
    log: 'is the route that the path misses by its case or a slash at its end; the body has it as `near`. `near_miss` names the route that a lax origin would have read the path as.',
    causes: [
      'The path has another case, a slash at its end, or a suffix such as `.json`: paths are compared exactly.',
      'The API is served on other `hosts`, or the request came by the `workers.dev` host.',
      'The API has a new endpoint that nobody has given a route.',
      '`/files/*` is meant to match `/files` or `/files/`: it matches neither.',
    ],
    client:
      'Write the path as `near` of the body has it. Without `near`, compare host and path with the documentation of the API, character by character.',
    operator:
      'Run `npx claimgate explain GET https://…` with the URL that was asked: it names the routes that are near. Add a route, or write the path as the policy has it.',
  },
  method_not_allowed: {
    example: { code: 'method_not_allowed', allow: ['GET', 'HEAD', 'POST'] },
    log: 'lists the methods that the path has.',
    causes: [
      'The client sends PUT where the API has PATCH, or the other way round.',
      'The client follows a redirect, which turned its POST into a GET.',
      'A browser sends OPTIONS, and the API has no `cors`. A route `OPTIONS /*` does not serve paths that have routes of their own.',
      'A more specific path has the request: with `GET /orders/:id` and `DELETE /orders/*`, a DELETE of `/orders/1` is refused.',
    ],
    client: 'Use a method of the `Allow` header.',
    operator:
      'Add the method to the route with this path, or `cors` for browsers: a table, or `cors = "origin"` where the API speaks CORS itself ([browsers](policy.md#browsers)).',
  },
  destination_invalid: {
    example: { code: 'destination_invalid', fault: 'host' },
    log: 'names what is wrong with the `Destination`; the table below has every value.',
    causes: [
      'A WebDAV client knows the server by another name or port than the one it asks, and writes that into `Destination`.',
      'COPY or MOVE without `Destination`, or with `../x`.',
      'The name of the new file is not percent-encoded.',
    ],
    client:
      'Send one `Destination`, with the URL of the target on the same host, percent-encoded like the path of a request.',
    operator:
      'If clients know the host by another name, let them ask under that name. A copy to another server is not served: [second targets](policy.md#second-targets).',
  },
  form_unread: {
    example: { code: 'form_unread', fault: 'late' },
    log: 'says why; the table below has every value.',
    causes: [
      'The API has `form_methods = "read"`, and a field `_method` comes behind a file in the form.',
      'A form without files has more than 1 MB.',
      'The form is compressed, or in a charset such as UTF-16.',
      'The part with `_method` is written in a way that servers read differently: encoded, with bare line feeds in its head, or with text beside the method.',
    ],
    client:
      'Write `_method` as the first field, or send the method itself. Send large data as `multipart/form-data`.',
    operator:
      'Let the origin take no methods from forms, and write `form_methods = "none"`: [methods in forms](origins.md#methods-in-forms).',
  },
  source_header: {
    example: { code: 'source_header', header: 'x-amz-copy-source' },
    log: 'is the name of the header.',
    causes: [
      'A client of an object store copies on the server: S3 `CopyObject`, Azure `Copy Blob`, Swift `X-Copy-From`.',
      'Someone tries to read another object by a copy.',
    ],
    client: 'Read the object and write it again: the gateway judges both requests.',
    operator:
      'Nothing lets such a request through: the rules of what it copies could not be asked. See [second targets](policy.md#second-targets).',
  },
  authorization_malformed: {
    example: { code: 'authorization_malformed', fault: 'form' },
    log: 'says how; the table below has every value. The answer has a sentence of its own for each.',
    causes: [
      'The scheme is there twice: `Bearer Bearer eyJ…`. Some libraries add it by themselves.',
      'The variable with the token is empty, so that the header is `Bearer` alone.',
      'The token is in quotes, or other text follows it.',
      'The request has two `Authorization` headers, such as one from the client and one from a proxy.',
    ],
    client:
      'Print the header without the token: it must be one `Authorization`, with `Bearer`, a space and the token.',
    operator: 'Look for a proxy in front of the gateway that adds an `Authorization` header of its own.',
  },
  credential_malformed: {
    example: { code: 'credential_malformed', place: 'cookie' },
    log: 'is the kind of place: `header`, `cookie`, `websocket` or `access`.',
    causes: [
      'The header or the cookie is there twice, such as a cookie for two paths or domains.',
      'The place holds something else than a token: a session id, JSON, quotes.',
      "`new WebSocket(url, ['bearer'])` without the token behind it.",
    ],
    client: 'Send exactly one token in the place that `token_from` of the policy names.',
    operator:
      'A cookie that is there twice was set for two paths or domains: a name that begins with `__Host-` can be set for one only.',
  },
  cross_site: {
    example: { code: 'cross_site' },
    causes: [
      'A page of another site sent the request, and the browser added the cookie (cross-site request forgery).',
      'A page of another host of yours calls, and `cors.origins` does not name its origin.',
      'The client is no browser, and sends neither `Sec-Fetch-Site` nor `Origin`.',
    ],
    client:
      "A program that is no browser sends `Sec-Fetch-Site: same-origin`. A page must be of the API's own origin, or of one that the API names.",
    operator:
      "Name the origins of your pages in `cors.origins`. Many such lines from one address are somebody's attempt.",
  },
  token_missing: {
    example: { code: 'token_missing' },
    log: 'says what `Authorization` has in place of a Bearer token; the table below has every value. The answer has a sentence of its own for each.',
    causes: [
      'The client sends no token: it has not asked for one, or it sends it in a cookie, in the query or in the body, which are never read.',
      'The header has another scheme: `Basic`, `DPoP`, `Token`. Or it has the token without a scheme.',
      'The client followed a redirect to another host, and its library dropped `Authorization` on the way.',
      'A proxy or a load balancer in front of the gateway drops `Authorization`.',
      'Cloudflare Access is in front, and the API lacks `token_from = "access"` ([issuers](issuers.md#cloudflare-access)).',
      'The API reads tokens from another place (`token_from`): the `detail` of the answer names it.',
    ],
    client: 'Send `Authorization: Bearer` and an access token for this API.',
    operator:
      'If all clients are refused since a change, look at what stands in front of the gateway. A route for everybody says so with `auth = "none"`.',
  },
} as const satisfies Partial<GatewayReasons>;
