/**
 * Whatever makes a request act on another resource than its own path and method, and what is done about each: one
 * table, which docs/policy.md and docs/origins.md list. Only the words are here; `http/second-target.ts` reads them.
 */

/**
 * How a method is judged.
 *
 * - `plain`: by its own path.
 * - `destination`: by its path and by that of `Destination` (RFC 4918 §9.8, §9.9).
 * - `named`: its second resource is in the body or in a header of its own, where nobody looks. `*` does not stand for
 *   it: a route must name it.
 * - `never`: it can't be sent on.
 */
export type MethodKind = 'plain' | 'destination' | 'named' | 'never';

/** The IANA registry of HTTP methods, and the batch methods of Exchange, whose targets are in the body. */
export const METHODS: Readonly<Record<string, MethodKind>> = {
  // RFC 9110 §9.3, RFC 5789, RFC 9113 §3.4, and the query method of the HTTP working group
  ...kinds('plain', 'GET HEAD POST PUT DELETE OPTIONS PATCH QUERY'),
  ...kinds('never', 'CONNECT TRACE TRACK PRI'),
  // RFC 4918 §9: LOCK and UNLOCK name a lock, PROPPATCH properties, all of the target
  ...kinds('plain', 'PROPFIND PROPPATCH MKCOL LOCK UNLOCK'),
  ...kinds('destination', 'COPY MOVE'),
  // RFC 3744 §8.1, RFC 4791 §5.3.1, RFC 3253: these make or mark the target
  ...kinds('plain', 'ACL MKCALENDAR CHECKIN CHECKOUT UNCHECKOUT MKACTIVITY MKWORKSPACE'),
  // RFC 3253: versions, sources and baselines are in the body, the label's version in `Label`
  ...kinds('named', 'VERSION-CONTROL REPORT UPDATE LABEL MERGE BASELINE-CONTROL'),
  // RFC 5842, RFC 2068 §19.6.1.2 (`Link`), RFC 4437, RFC 3648, RFC 5323: in the body or a header
  ...kinds('named', 'BIND REBIND UNBIND LINK UNLINK MKREDIRECTREF UPDATEREDIRECTREF ORDERPATCH SEARCH'),
  ...kinds('named', 'BCOPY BMOVE BDELETE BPROPFIND BPROPPATCH'),
};

function kinds<Kind extends MethodKind>(kind: Kind, names: string): Record<string, Kind> {
  return Object.fromEntries(names.split(' ').map((name) => [name, kind]));
}

/** A Worker's `fetch` can't send these, and no origin should get them (RFC 9110 §9.3.6, §9.3.8). */
export const UNROUTABLE_METHODS: ReadonlySet<string> = new Set(
  Object.keys(METHODS).filter((method) => METHODS[method] === 'never'),
);

/** @param method upper case */
export const methodKind = (method: string): MethodKind =>
  Object.hasOwn(METHODS, method) ? (METHODS[method] as MethodKind) : 'plain';

/** Whether a route for `*` serves the method. @param method upper case */
export function isInStar(method: string): boolean {
  const kind = methodKind(method);
  return kind === 'plain' || kind === 'destination';
}

/**
 * Parameters that frameworks take the method from (Rails, Laravel, Symfony, Express, Hono, Google's APIs), in small
 * letters and digits alone. Those of the second list are ordinary words, and count only behind another character:
 * `_method`, `$httpMethod`. A plain `method` is what logs and payments are filtered by.
 */
export const OVERRIDE_PARAMETERS: ReadonlySet<string> = new Set([
  'xhttpmethod',
  'xhttpmethodoverride',
  'xmethodoverride',
  'httpmethodoverride',
  'methodoverride',
]);
export const MARKED_OVERRIDE_PARAMETERS: ReadonlySet<string> = new Set([
  'method',
  'httpmethod',
  'requestmethod',
]);

/**
 * Headers that turn a plain request into a copy or a rename of what they name, by the beginning of their names, as
 * `normaliseHeaderName` gives it. Without the header the same request would write an empty resource: it is refused.
 */
export const SOURCE_HEADERS: readonly string[] = [
  'x-amz-copy-source', // S3 CopyObject, UploadPartCopy, and those that speak S3
  'x-amz-rename-source', // S3 RenameObject
  'x-ms-copy-source', // Azure Storage: Copy Blob, Put Block From URL
  'x-ms-rename-source', // Azure Data Lake Storage
  'x-ms-source-', // the conditions beside them
  'x-goog-copy-source', // Google Cloud Storage, XML API
  'x-copy-from', // OpenStack Swift
  'x-object-manifest', // Swift: the object is what those of this prefix hold
  'x-symlink-target', // Swift
  'x-oss-copy-source', // Alibaba Cloud
  'x-oss-symlink-target',
  'x-cos-copy-source', // Tencent Cloud
  'x-obs-copy-source', // Huawei Cloud
  'x-bce-copy-source', // Baidu
  'x-tos-copy-source', // Volcengine
];

/** @param normalised a name as `normaliseHeaderName` gives it */
export const namesSource = (normalised: string): boolean =>
  SOURCE_HEADERS.some((start) => normalised.startsWith(start));

/**
 * Headers that some origins take their path, host or script from, besides the families of `headers.ts`: dropped, since
 * the request is good without.
 */
export const TARGET_HEADERS: readonly string[] = [
  'base-url',
  'destination-url',
  'http-host-override',
  'http-url',
  'path-info',
  'path-override',
  'redirect-url',
  'request-uri',
  'request-url',
  'script-name',
  'uri',
  'x-accel-mapping', // Rack::Sendfile, CVE-2025-61780
  'x-astro-path', // CVE-2026-33768
  'x-base-url',
  'x-envoy-original-host',
  'x-envoy-original-path',
  'x-envoy-original-url',
  'x-host',
  'x-host-override',
  'x-http-destinationurl',
  'x-http-host-override',
  'x-http-path-override',
  'x-invoke-path', // Next.js
  'x-matched-path',
  'x-middleware-subrequest', // CVE-2025-29927
  'x-override-url',
  'x-path-info',
  'x-proxy-url',
  'x-real-uri',
  'x-real-url',
  'x-replaced-path',
  'x-request-uri',
  'x-request-url',
  'x-script-name',
  'x-sendfile-type',
  'x-waws-unencoded-url',
];
