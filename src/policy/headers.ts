/**
 * Which request headers belong to the gateway: clients can't send them, and the policy can't set them except for
 * the claim headers that it names.
 */
import { ASSERTION_HEADER } from './assertion.ts';
import { TARGET_HEADERS } from './second-target.ts';

/** Servers that pass headers as variables (CGI, WSGI) can't tell `_` and other characters from `-`. */
export function normaliseHeaderName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-');
}

/** Families of headers that origins trust or that rewrite the request there. */
const RESERVED_PREFIXES = [
  'x-claim-',
  'x-forwarded-',
  'x-original-',
  'x-rewrite-',
  'x-http-method',
  'proxy-',
] as const;

const RESERVED = new Set([
  'forwarded',
  'x-forwarded',
  'x-method-override',
  'x-real-ip',
  'true-client-ip',
  'client-ip',
  'fastly-client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-envoy-external-address',
  'expect',
  ASSERTION_HEADER,
  ...TARGET_HEADERS,
]);

const TARGETS: ReadonlySet<string> = new Set([...TARGET_HEADERS, 'x-method-override']);

/** Names another path, host or method. @param normalised a name as `normaliseHeaderName` gives it */
export const namesTarget = (normalised: string): boolean =>
  TARGETS.has(normalised) || /^x-(original-|rewrite-|http-method)/.test(normalised);

/** RFC 9110 §7.6.1; `Connection` lists more of them. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

/** Headers that the gateway sets on every forwarded request. */
export const IDENTITY_HEADERS = ['x-claim-iss', 'x-claim-sub', 'x-claim-client-id', 'x-claim-scope'] as const;

/** @param normalised a name as `normaliseHeaderName` gives it */
export function isReserved(normalised: string): boolean {
  return (
    RESERVED.has(normalised) ||
    HOP_BY_HOP.has(normalised) ||
    RESERVED_PREFIXES.some((prefix) => normalised.startsWith(prefix))
  );
}

/** Set by the gateway on every request, besides claims. */
export const OWN_IDS = ['x-request-id', 'x-client-request-id'] as const;

/** What says who calls: the gateway's word alone, on every route of every API. */
export const tellsCaller = (normalised: string): boolean =>
  normalised.startsWith('x-claim-') || normalised === ASSERTION_HEADER;

/** Of those, what no origin gets from a client, whatever it is asked for: claims, and what is for one hop. */
export const isNeverPassed = (normalised: string): boolean =>
  tellsCaller(normalised) || HOP_BY_HOP.has(normalised);

const isOwnId = (name: string) => (OWN_IDS as readonly string[]).includes(normaliseHeaderName(name));

/** Names that may carry a claim at all: none that clients have a use for. */
const isOwnName = (name: string) => /^x-[a-z0-9-]+$/.test(name) && !isOwnId(name);

/** Whether the policy may put a claim into this header: `x-…`, or `x-claim-…` besides the four identity headers. */
export function mayCarryClaim(name: string): boolean {
  const isClaimHeader =
    name.startsWith('x-claim-') && !(IDENTITY_HEADERS as readonly string[]).includes(name);
  return isOwnName(name) && (isClaimHeader || !isReserved(name));
}

/** Whether the policy may put a secret into this header: any that is neither the gateway's nor about the message. */
export function maySetHeader(name: string): boolean {
  const normalised = normaliseHeaderName(name);
  return (
    /^[a-z0-9]+([_.-]+[a-z0-9]+)*$/.test(name) &&
    !isReserved(normalised) &&
    !isOwnId(name) &&
    !NOT_CREDENTIALS.test(normalised) &&
    (!normalised.startsWith('cf-') || ACCESS.test(name))
  );
}

/** How the message is read and routed; a cookie would take the place of the caller's own. */
const NOT_CREDENTIALS =
  /^(host|date|via|origin|cookie2?|set-cookie|cache-control|pragma|(content|sec|access-control)-.*)$/;
/** The service tokens of Cloudflare Access. All other names of the family are Cloudflare's own. */
const ACCESS = /^cf-access-client-(id|secret)$/;
