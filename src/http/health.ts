import type { KeyState } from '../keys/source.ts';

/** `health_path` by its exact spelling, on any host. No header of the client takes part. */
export function isHealthRequest(
  request: Pick<Request, 'url' | 'method'>,
  healthPath: string | undefined,
): boolean {
  if (healthPath === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return false;
  const { url } = request;
  const path = url.slice(url.indexOf('/', url.indexOf('://') + 3));
  return path === healthPath || path.startsWith(`${healthPath}?`);
}

/**
 * The gateway is up, and its policy compiles: a broken one answers everything with 503. An issuer without usable keys
 * makes the gateway `degraded`, not down: the status stays 200, so that one issuer's outage takes no other's requests.
 *
 * @param states by the issuer's name in the policy
 * @param nowMs milliseconds since 1970
 */
export function renderHealth(
  states: readonly (readonly [name: string, KeyState])[],
  nowMs: number,
): Response {
  const degraded = states.some(([, { freshness }]) => freshness === 'unusable');
  const issuers = Object.fromEntries(states.map(([name, state]) => [name, describe(state, nowMs)]));
  const health = { status: degraded ? 'degraded' : 'ok', issuers };
  return Response.json(health, { headers: { 'cache-control': 'no-store' } });
}

function describe({ freshness, keys, checkedAtMs, lastFailure }: KeyState, nowMs: number) {
  return {
    freshness,
    keys,
    checked_at: checkedAtMs === undefined ? null : toIso(checkedAtMs),
    age_s: checkedAtMs === undefined ? null : Math.round((nowMs - checkedAtMs) / 1000),
    last_failure:
      lastFailure === undefined ? null : { at: toIso(lastFailure.atMs), cause: lastFailure.fault },
  };
}

const toIso = (ms: number) => new Date(ms).toISOString();
