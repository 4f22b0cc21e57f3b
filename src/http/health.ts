import type { KeyState } from '../keys/source.ts';
import type { RevocationState } from '../revocation/source.ts';
import { type IssuerHealth, PAGE_CSP, type RevocationHealth, renderHealthPage } from './health-html.ts';

/**
 * How an issuer fares. `failing`: its tokens are checked still, but the last fetch of its keys failed. `unusable`,
 * `never_fetched`: its tokens are answered with 503. `waiting`: there are no keys, and nobody has tried to fetch them.
 * docs/keys.md says what to do about each.
 */
type IssuerStatus = 'ok' | 'waiting' | 'stale' | 'failing' | 'unusable' | 'never_fetched';

/**
 * The gateway is up, and its policy compiles: a broken one answers everything with 503. An issuer without usable keys
 * makes the gateway `degraded`, not down: the status stays 200, so that one issuer's outage takes no other's requests.
 *
 * @param states by the issuer's name in the policy
 * @param nowMs milliseconds since 1970
 * @param revocation where the policy has it
 * @param accept the request's `Accept`: a browser gets a page with the same facts
 */
export function renderHealth(
  states: readonly (readonly [name: string, KeyState])[],
  nowMs: number,
  accept: string | null = null,
  revocation?: RevocationState,
): Response {
  const has = (...statuses: readonly IssuerStatus[]) =>
    states.some(([, state]) => statuses.includes(statusOf(state)));
  const isDown = has('unusable', 'never_fetched') || revocation?.status === 'unusable';
  const isFailing = has('failing') || revocation?.status === 'failing';
  const status = isDown ? 'degraded' : isFailing ? 'failing' : 'ok';
  const snapshot = revocation && describeRevocation(revocation, nowMs);
  const issuers = Object.fromEntries(states.map(([name, state]) => [name, describe(state, nowMs)]));
  const headers = { 'cache-control': 'no-store', vary: 'Accept' };
  if (!/(^|,)\s*text\/html\s*(,|;|$)/i.test(accept ?? ''))
    return Response.json({ status, issuers, ...snapshot }, { headers });
  return new Response(renderHealthPage({ status, issuers, ...snapshot }), {
    headers: { ...headers, 'content-type': 'text/html; charset=utf-8', 'content-security-policy': PAGE_CSP },
  });
}

function statusOf({ freshness, checkedAtMs, lastFailure }: KeyState): IssuerStatus {
  const isFailing = lastFailure !== undefined && lastFailure.atMs > (checkedAtMs ?? 0);
  if (!isFailing) return freshness === 'fresh' ? 'ok' : freshness === 'stale' ? freshness : 'waiting';
  if (freshness !== 'unusable') return 'failing';
  return checkedAtMs === undefined ? 'never_fetched' : freshness;
}

function describe(state: KeyState, nowMs: number): IssuerHealth {
  const { freshness, keys, checkedAtMs, lastFailure } = state;
  return {
    status: statusOf(state),
    freshness,
    keys,
    checked_at: checkedAtMs === undefined ? null : toIso(checkedAtMs),
    age_s: checkedAtMs === undefined ? null : Math.round((nowMs - checkedAtMs) / 1000),
    last_failure:
      lastFailure === undefined
        ? null
        : { at: toIso(lastFailure.atMs), cause: lastFailure.fault, http_status: lastFailure.status },
  };
}

/** The age of what this isolate knows. Nothing of what is revoked. */
function describeRevocation(
  state: RevocationState,
  nowMs: number,
): { readonly revocation: RevocationHealth } {
  const { status, version, entries, switches, publishedAtMs, readAtMs } = state;
  return {
    revocation: {
      status,
      version: version ?? null,
      entries,
      switches,
      published_at: publishedAtMs === undefined ? null : toIso(publishedAtMs),
      age_s: readAtMs === undefined ? null : Math.round((nowMs - readAtMs) / 1000),
    },
  };
}

const toIso = (ms: number) => new Date(ms).toISOString();
