/** The request that an origin gets: its URL and headers. Tools that show it to people use the same function. */
import type { Decision } from './decide.ts';
import type { Reason } from './decision.ts';
import type { RawTarget } from './http/target.ts';
import { setClaimHeaders } from './origin/claim-headers.ts';
import { LOOP_HEADER } from './origin/forward.ts';
import { createStripper, sourceIn, stripClaimed } from './origin/strip.ts';
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

/** Makes the origin's request out of the client's headers and what was decided. A reason where the claims don't fit. */
export function createOutbound(policy: Policy, { originHeaders, skipped }: OutboundOptions): Prepare {
  const stripUsual = createStripper(policy.ownHeaders);
  const stripOnTrial = createStripper(policy.ownHeaders, isNeverPassed);
  const parts = new Map(
    policy.apis.map((api) => [
      api,
      { secrets: originHeaders(api), skipped: (claim: ForwardedClaim) => skipped(api, claim) },
    ]),
  );
  return (inbound, decision, requestId) => {
    const { route, target, sent, sentDestination, principal, forwardAuthorization } = decision;
    const { api } = route;
    if (api.origin.kind === 'next') return forNext(inbound, decision, policy.ownHeaders);
    const part = parts.get(api);
    const isTried = isOnTrial(route);
    const isAlone = isTried && api.trial?.isAlone === true;
    let source = isAlone ? sourceIn(inbound) : undefined;
    const headers = isAlone
      ? stripOnTrial(inbound, forwardAuthorization)
      : stripUsual(inbound, forwardAuthorization, (name) => {
          source = name;
        });
    let wouldDeny: Reason | undefined =
      source === undefined ? undefined : { code: 'source_header', header: normaliseHeaderName(source) };
    // Without the header, the request would write an empty resource in place of a copy.
    if (wouldDeny !== undefined && !isAlone) return wouldDeny;
    if (decision.keepsToken) keepToken(inbound, headers, api);
    else stripToken(headers, api);
    if (sentDestination !== undefined) headers.set('destination', baseOf(api, target) + sentDestination);
    if (principal !== undefined) {
      const tooLarge = setClaimHeaders(headers, principal, api.forward, part?.skipped ?? (() => {}));
      if (tooLarge !== undefined && !isTried) return tooLarge;
      wouldDeny ??= tooLarge;
    }
    for (const [name, value] of part?.secrets ?? []) headers.set(name, value);
    const address = inbound.get('cf-connecting-ip');
    if (address !== null) headers.set('x-forwarded-for', address);
    headers.set('x-forwarded-host', target.authority);
    headers.set('x-forwarded-proto', target.scheme);
    headers.set('x-request-id', requestId);
    if (api.origin.kind === 'zone') headers.set(LOOP_HEADER, '1');
    // Nothing travels there that the client has not sent: its scheme and port are its own.
    const isAsItCame = isTried && api.originHeaders.length === 0 && principal === undefined;
    return { url: (isAsItCame ? rawBaseOf : baseOf)(api, target) + sent, headers, wouldDeny };
  };
}

/** For handlers of the same Worker: as it came, but for what would pass for the gateway's own, or was written anew. */
function forNext(
  inbound: Headers,
  { route: { api }, target, sent, sentDestination }: Allowed,
  ownHeaders: ReadonlySet<string>,
): Outbound {
  let headers = stripClaimed(inbound, ownHeaders);
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
