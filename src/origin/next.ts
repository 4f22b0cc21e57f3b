/** `origin = "next"`: the Worker's own handlers answer, in the same isolate. They get the caller as an object. */
import type { Principal } from '../policy/policy.ts';
import { isBodyTaken } from './forward.ts';

/** Who calls, as a verified token says. Nothing of it can be changed: the token is remembered for later requests. */
export interface Caller {
  /** The token's `iss`. `undefined`: nobody was verified, as on routes with `auth = "none"`. */
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
  readonly client: string | undefined;
  readonly scopes: readonly string[];
  readonly audiences: readonly string[];
  /** All claims of the token. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Answers a request that the policy lets in. */
export type Next = (request: Request, caller: Caller) => Response | Promise<Response>;

const NONE = Object.freeze([]);
const NOBODY: Caller = Object.freeze({
  issuer: undefined,
  subject: undefined,
  client: undefined,
  scopes: NONE,
  audiences: NONE,
  claims: Object.freeze({}),
});

const callers = new WeakMap<Principal, Caller>();

/** @param principal `undefined` where no token was verified */
export function callerOf(principal: Principal | undefined): Caller {
  if (principal === undefined) return NOBODY;
  let caller = callers.get(principal);
  if (caller === undefined) {
    const { issuer, subject, client, scopes, audiences, claims } = principal;
    caller = Object.freeze({
      issuer: issuer.issuer,
      subject,
      client,
      scopes: Object.freeze([...scopes]),
      audiences: Object.freeze([...audiences]),
      claims: deepFrozen(claims),
    });
    callers.set(principal, caller);
  }
  return caller;
}

/** One list, not a recursion: a token may be nested as deeply as it likes. */
function deepFrozen<T extends object>(value: T): T {
  const open: object[] = [value];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    Object.freeze(one);
    for (const member of Object.values(one))
      if (typeof member === 'object' && member !== null) open.push(member);
  }
  return value;
}

/**
 * The request as the handlers get it: the client's own, unless it has another spelling of the path, or a header that
 * would pass for one of the gateway's. A body that was read before is left out: whoever read it has it.
 */
export function requestFor(inbound: Request, url: string, headers: Headers): Request {
  if (url === inbound.url && headers === inbound.headers) return inbound;
  if (!isBodyTaken(inbound)) return new Request(new Request(url, inbound), { headers });
  const { method, cf, signal, redirect } = inbound;
  return new Request(url, { method, headers, signal, redirect, ...(cf && { cf }) } as RequestInit);
}

/** A preflight has no content. What a client sends with one is not sent on. */
export function withoutBody({ url, method, headers, cf, signal }: Request): Request {
  return new Request(url, { method, headers, signal, redirect: 'manual', ...(cf && { cf }) } as RequestInit);
}
