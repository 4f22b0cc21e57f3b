import { remember } from '../memory.ts';
import { isReserved, namesTarget, normaliseHeaderName, OWN_IDS, tellsCaller } from '../policy/headers.ts';
import { tellsIdentity } from '../policy/identity-headers.ts';
import { namesSource } from '../policy/second-target.ts';

/** Headers that the gateway sets on every request, besides the claim headers. */
export const OWN: ReadonlySet<string> = new Set(OWN_IDS);

/** What no origin gets from clients, unless it is on trial. */
export const isRefusedUsually = (normalised: string): boolean =>
  isReserved(normalised) || tellsIdentity(normalised) || namesSource(normalised);

/**
 * The headers for handlers of the same Worker: as they came, without any that would pass for the gateway's own, for
 * those of another gateway, or that name another target.
 *
 * @param isTried other gateways may still be there
 * @param onSource told of a header without which the request would be another one: it must be refused
 * @returns the same object where there is none
 */
export function stripClaimed(
  inbound: Headers,
  { ownHeaders, dropped, isTried }: { ownHeaders: Names; dropped: Names; isTried: boolean },
  onSource: (name: string) => void = () => {},
): Headers {
  const forged = [...inbound.keys()].filter((name) => {
    const normalised = normaliseHeaderName(name);
    if (tellsCaller(normalised) || ownHeaders.has(normalised)) return true;
    if (isTried) return false;
    if (namesSource(normalised)) onSource(normalised);
    return dropped.has(normalised) || tellsIdentity(normalised) || namesTarget(normalised);
  });
  if (forged.length === 0) return inbound;
  const headers = new Headers(inbound);
  for (const name of forged) headers.delete(name);
  return headers;
}

type Names = ReadonlySet<string>;

/** A header that would make the request a copy of something else (`SOURCE_HEADERS`), if there is one. */
export function sourceIn(headers: Headers): string | undefined {
  return [...headers.keys()].find((name) => namesSource(normaliseHeaderName(name)));
}

/** What becomes of a client's header. `source`: it is not passed on, and without it the request must be refused. */
type Fate = 'passed' | 'dropped' | 'source';

/**
 * Decides for each request header whether it is passed on. Built once for a policy: the answer for a name never
 * changes, so that names are judged once.
 *
 * @param ownHeaders normalised names of the headers that some API sets: gone on all routes of all APIs
 * @param isRefused which others are not passed on, by their normalised names
 * @param dropped further ones
 */
export function createStripper(ownHeaders: Names, isRefused = isRefusedUsually, dropped: Names = OWN) {
  // Names are the client's choice: the memory must not grow with them.
  const fateOf = remember(judge, { maxEntries: 1_000, maxLength: 64 });

  function judge(name: string): Fate {
    const normalised = normaliseHeaderName(name);
    const isDropped = isRefused(normalised) || ownHeaders.has(normalised) || dropped.has(normalised);
    if (isDropped) return namesSource(normalised) ? 'source' : 'dropped';
    // Of `cf-…` only what Cloudflare sets on every request, in its spelling: the rest would be the client's word.
    return !normalised.startsWith('cf-') || FROM_CLOUDFLARE.has(name) ? 'passed' : 'dropped';
  }

  /**
   * Copies the headers that an origin may get: none of the gateway's own, none for one hop only (RFC 9110 §7.6.1).
   *
   * @param keepAuthorization whether the origin gets the client's credentials
   * @param onSource told of a header without which the request would be another one: it must be refused
   */
  return function strip(
    inbound: Headers,
    keepAuthorization: boolean,
    onSource: (name: string) => void = () => {},
  ): Headers {
    const outbound = new Headers(inbound);
    // Each step of the runtime's iterator costs more than the array, and so does asking for a header that isn't there.
    const names = [...inbound.keys()];
    for (const name of names) {
      const fate = fateOf(name);
      if (fate === 'passed') continue;
      outbound.delete(name);
      if (fate === 'source') onSource(name);
    }
    if (names.includes('connection')) {
      const listed = listedNames(inbound.get('connection') ?? '');
      for (const name of names) if (listed.has(name) && !isOfBody(name)) outbound.delete(name);
    }
    if (!keepAuthorization) outbound.delete('authorization');
    if (names.includes('upgrade') && inbound.get('upgrade')?.toLowerCase() === 'websocket') {
      outbound.set('upgrade', 'websocket');
    }
    return outbound;
  };
}

/** How the body is read, which was judged: without its type, JSON is a form to Rack. None is for one hop. */
const isOfBody = (name: string) => name.startsWith('content-');

const FROM_CLOUDFLARE = new Set([
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'cf-ipcountry',
  'cf-ray',
  'cf-visitor',
  'cf-worker',
]);

function listedNames(connection: string): ReadonlySet<string> {
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
}
