/** Asks issuers and origins of a policy, as the gateway would, and tells what they answered. */
import type { KeysFault } from '../../../src/decision.ts';
import { type Fetch, fetchKeys } from '../../../src/keys/discovery.ts';
import { importKeySet } from '../../../src/keys/jwks.ts';
import { ALGORITHMS } from '../../../src/policy/algorithms.ts';
import type { Api, Issuer, Policy, Route } from '../../../src/policy/policy.ts';
import { parseJson } from '../../text/json.ts';
import { patternOf } from '../words.ts';

export type IssuerFacts =
  | {
      readonly kind: 'keys';
      /** Those that some key of the issuer can sign with. */
      readonly algorithms: ReadonlySet<string>;
      /** The claims that its metadata lists; `undefined` if it lists none. */
      readonly claims: readonly string[] | undefined;
    }
  | { readonly kind: 'fault'; readonly fault: KeysFault };

export type OriginFacts =
  | { readonly kind: 'unreachable'; readonly timedOut: boolean }
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** The key of the route that was asked for, if it is one that demands a token. */
      readonly guarded: string | undefined;
    };

export interface OnlineFacts {
  /** Issuers by their name in the policy. */
  readonly issuers: ReadonlyMap<string, IssuerFacts>;
  /** Origins by the API's name. Only those with URLs: nothing else can be asked from here. */
  readonly origins: ReadonlyMap<string, OriginFacts>;
}

const ORIGIN_TIMEOUT_MS = 5_000;

/** Never throws. Takes seconds at most. @param ask how requests are made */
export async function goOnline(policy: Policy, ask: Fetch = fetch): Promise<OnlineFacts> {
  const [issuers, origins] = await Promise.all([
    Promise.all(policy.issuers.map(async (issuer) => [issuer.name, await askIssuer(issuer, ask)] as const)),
    Promise.all(policy.apis.map(async (api) => [api.name, await askOrigin(api, ask)] as const)),
  ]);
  return {
    issuers: new Map(issuers),
    origins: new Map(origins.filter((entry): entry is [string, OriginFacts] => entry[1] !== undefined)),
  };
}

async function askIssuer(issuer: Issuer, ask: Fetch): Promise<IssuerFacts> {
  let claims: readonly string[] | undefined;
  const fetched = await fetchKeys(issuer, async (url, init) => {
    const response = await ask(url, init);
    if (response.status !== 200) return response;
    const text = await response.text();
    claims ??= claimsIn(text);
    return new Response(text, { headers: response.headers });
  });
  if (fetched.kind === 'fault') return fetched;
  const set = await importKeySet(fetched.keys);
  if (set === undefined) return { kind: 'fault', fault: 'no_usable_key' };
  const algorithms = ALGORITHMS.filter((alg) => set.keys.some((key) => key.fits(alg)));
  return { kind: 'keys', algorithms: new Set(algorithms), claims };
}

function claimsIn(document: string): readonly string[] | undefined {
  // The keys' own reader says what is wrong with a document that is no JSON.
  const { claims_supported: claims } = (parseJson(document) ?? {}) as { claims_supported?: unknown };
  return Array.isArray(claims) ? claims.filter((claim) => typeof claim === 'string') : undefined;
}

/** Without a token, and without the gateway's secrets: as anyone could who knows the address. */
async function askOrigin(api: Api, ask: Fetch): Promise<OriginFacts | undefined> {
  if (api.origin.kind !== 'url') return undefined;
  const guarded = api.routes.find(isAskable);
  const url = `${api.origin.base}${guarded === undefined ? '/' : pathAtOrigin(api, guarded)}`;
  const signal = AbortSignal.timeout(ORIGIN_TIMEOUT_MS);
  try {
    let status = 0;
    for (const method of ['HEAD', 'GET']) {
      const response = await ask(url, { method, redirect: 'manual', signal });
      await response.body?.cancel();
      status = response.status;
      if (status !== 405 && status !== 501) break; // it does not know HEAD
    }
    return { kind: 'answer', status, guarded: guarded?.key };
  } catch {
    return { kind: 'unreachable', timedOut: signal.aborted };
  }
}

/** A route with rules, whose path is known. */
const isAskable = ({ key, auth, reportOnly }: Route) =>
  auth === 'required' && !reportOnly && /^(GET(\|\S*)?|\*)\s/.test(key) && !/\/:|\/\*$/.test(key);

function pathAtOrigin({ prefix }: Api, route: Route): string {
  return `/${patternOf(route)
    .split('/')
    .slice(1 + prefix.length)
    .join('/')}`;
}
