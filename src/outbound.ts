/** The request that an origin gets: its URL and headers. Tools that show it to people use the same function. */
import type { Decision } from './decide.ts';
import type { Reason } from './decision.ts';
import { isForPreflights } from './http/preflight.ts';
import { clientRequestId } from './http/request-id.ts';
import type { RawTarget } from './http/target.ts';
import { setClaimHeaders } from './origin/claim-headers.ts';
import { LOOP_HEADER } from './origin/forward.ts';
import { createStripper, isRefusedUsually, OWN, sourceIn, stripClaimed } from './origin/strip.ts';
import { isNeverPassed, normaliseHeaderName } from './policy/headers.ts';
import type { Api, ForwardedClaim, Policy } from './policy/policy.ts';
import { isOnTrial } from './policy/trial.ts';
import { isLoopbackHost } from './policy/uri.ts';
import { keepToken, stripToken } from './token/places.ts';

export type Allowed = Extract<Decision, { kind: 'allow' }>;

/** Written once for a policy: nothing of it changes between requests. */
export interface OutboundOptions {
  /** Headers from secrets that an API's origin gets. */
  originHeaders(api: Api): readonly (readonly [name: string, value: string])[];
  /** Told of claims that are present, but of a type that the policy didn't declare. */
  skipped(api: Api, claim: ForwardedClaim): void;
}

export interface Outbound {
  readonly url: string;
  readonly headers: Headers;
  /** Why the claims of an API on trial were left out. */
  readonly wouldDeny?: Reason | undefined;
}

export type Prepare = (inbound: Headers, decision: Allowed, requestId: string) => Outbound | Reason;

/** A request to the zone's origin that came back to the gateway: sent on, it would go round in circles. */
export const isLoop = ({ origin }: Api, inbound: Headers): boolean =>
  origin.kind === 'zone' && inbound.has(LOOP_HEADER);

/** Whether a shared cache may answer, as before there was a gateway: on trial, unless claims make it one caller's. */
export const mayBeShared = ({ route, principal }: Allowed): boolean =>
  isOnTrial(route) && principal === undefined;

/** Makes the origin's request out of the client's headers and what was decided. A reason where the claims don't fit. */
export function createOutbound(policy: Policy, { originHeaders, skipped }: OutboundOptions): Prepare {
  const stripUsual = createStripper(policy.ownHeaders);
  const parts = new Map<Api, Part>(
    policy.apis.map((api) => [
      api,
      {
        secrets: originHeaders(api),
        skipped: (claim: ForwardedClaim) => skipped(api, claim),
        strip:
          api.dropped.size === 0
            ? stripUsual
            : createStripper(policy.ownHeaders, isRefusedUsually, new Set([...OWN, ...api.dropped])),
        stripOnTrial: createStripper(policy.ownHeaders, isNeverPassed, new Set(namesOfSecrets(api))),
      },
    ]),
  );
  return (inbound, decision, requestId) => {
    const { route, target, sent, sentDestination, principal, forwardAuthorization } = decision;
    const { api } = route;
    const isTried = isOnTrial(route);
    const isPreflight = isForPreflights(route);
    if (api.origin.kind === 'next') return forNext(inbound, decision, policy.ownHeaders, isPreflight);
    const part = parts.get(api) as Part;
    const isUntouched = isTried && api.trial?.isAlone === true;
    let source = isUntouched ? sourceIn(inbound) : undefined;
    const stripped = isUntouched
      ? part.stripOnTrial(inbound, forwardAuthorization)
      : part.strip(inbound, forwardAuthorization, (name) => {
          source = name;
        });
    let wouldDeny: Reason | undefined =
      source === undefined ? undefined : { code: 'source_header', header: normaliseHeaderName(source) };
    // Without the header, the request would write an empty resource in place of a copy.
    if (wouldDeny !== undefined && !isUntouched) return wouldDeny;
    const headers = isPreflight ? withoutCaller(stripped) : stripped;
    if (decision.keepsToken) keepToken(inbound, headers, api);
    else stripToken(headers, api);
    if (sentDestination !== undefined) {
      headers.set('destination', baseOf(api, target) + sentDestination);
      keepJudged(headers, inbound);
    }
    if (principal !== undefined) {
      const unsent = setClaimHeaders(headers, principal, api, part.skipped);
      if (unsent !== undefined && !isTried) return unsent;
      wouldDeny ??= unsent;
    }
    for (const [name, value] of part.secrets) headers.set(name, value);
    const address = inbound.get('cf-connecting-ip');
    if (address !== null) headers.set('x-forwarded-for', address);
    headers.set('x-forwarded-host', target.authority);
    headers.set('x-forwarded-proto', target.scheme);
    if (!isUntouched) setPrefix(headers, api);
    setIds(headers, inbound, requestId, isUntouched);
    if (api.origin.kind === 'zone') headers.set(LOOP_HEADER, '1');
    // Nothing travels there that the client has not sent: its scheme and port are its own.
    const isAsItCame = isTried && api.originHeaders.length === 0 && principal === undefined;
    return { url: (isAsItCame ? rawBaseOf : baseOf)(api, target) + sent, headers, wouldDeny };
  };
}

interface Part {
  readonly secrets: readonly (readonly [name: string, value: string])[];
  readonly skipped: (claim: ForwardedClaim) => void;
  readonly strip: ReturnType<typeof createStripper>;
  readonly stripOnTrial: ReturnType<typeof createStripper>;
}

const namesOfSecrets = ({ originHeaders }: Api) =>
  originHeaders.map(({ header }) => normaliseHeaderName(header));

/** What a COPY or MOVE was judged by is what the origin gets, whatever `Connection` lists. */
function keepJudged(headers: Headers, inbound: Headers): void {
  for (const name of ['depth', 'overwrite']) {
    const value = inbound.get(name);
    if (value !== null) headers.set(name, value);
  }
}

/** A preflight is for nobody: browsers send neither credentials nor a body with it, and no one else has to. */
function withoutCaller(inbound: Headers): Headers {
  const headers = new Headers(inbound);
  for (const name of ['authorization', 'cookie', 'content-length', 'content-type']) headers.delete(name);
  return headers;
}

/** Servers build links by it. The client's own was dropped. */
function setPrefix(headers: Headers, { prefix }: Api): void {
  if (prefix.length > 0) headers.set('x-forwarded-prefix', `/${prefix.join('/')}`);
}

/** @param isUntouched what the client sent is what arrives, as it did before there was a gateway */
function setIds(headers: Headers, inbound: Headers, requestId: string, isUntouched: boolean): void {
  if (isUntouched && headers.has('x-request-id')) return;
  headers.set('x-request-id', requestId);
  const given = isUntouched ? undefined : clientRequestId(inbound);
  if (given !== undefined) headers.set('x-client-request-id', given);
}

/** For handlers of the same Worker: as it came, but for what would pass for the gateway's own, or was written anew. */
function forNext(
  inbound: Headers,
  { route, target, sent, sentDestination }: Allowed,
  ownHeaders: ReadonlySet<string>,
  isPreflight: boolean,
): Outbound | Reason {
  const { api } = route;
  let source: string | undefined;
  const options = { ownHeaders, dropped: api.dropped, isTried: isOnTrial(route) };
  const stripped = stripClaimed(inbound, options, (name) => {
    source = name;
  });
  if (source !== undefined) return { code: 'source_header', header: source };
  let headers = isPreflight ? withoutCaller(stripped) : stripped;
  const base = baseOf(api, target);
  const destination = sentDestination && base + sentDestination;
  const isWritten = destination !== undefined && destination !== inbound.get('destination');
  const isOffered = api.tokenFrom.kind === 'websocket' && inbound.has('sec-websocket-protocol');
  if (headers === inbound && (isWritten || isOffered)) headers = new Headers(inbound);
  if (isWritten) headers.set('destination', destination);
  // A handler that takes the last protocol offered would answer with the token.
  if (isOffered) stripToken(headers, api);
  return { url: base + sent, headers };
}

const rawBaseOf = (api: Api, target: RawTarget): string =>
  api.origin.kind === 'zone' ? `${target.scheme}://${target.authority}` : baseOf(api, target);

/** A service binding's Worker sees the public URL as its own, and so do handlers of the same Worker. */
function baseOf({ origin }: Api, target: RawTarget): string {
  switch (origin.kind) {
    case 'url':
      return origin.base;
    case 'service':
    case 'next':
      return `${target.scheme}://${target.authority}`;
    case 'zone':
      return zoneBase(target);
  }
}

/**
 * The zone's origin is asked over TLS and on its usual port, whatever the client chose: secrets and claims travel
 * there. A host of this machine is what it is.
 */
function zoneBase({ scheme, authority, host }: RawTarget): string {
  return isLoopbackHost(host) ? `${scheme}://${authority}` : `https://${host}`;
}
