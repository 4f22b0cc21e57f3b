/** Asks issuers and origins of a policy, as the gateway would, and tells what they answered. */
import type { KeysFault } from '../../../src/decision.ts';
import type { Fetch } from '../../../src/keys/discovery.ts';
import type { Api, Policy, Route } from '../../../src/policy/policy.ts';
import { askIssuer, type IssuerAnswers } from '../what-if/ask-issuer.ts';
import { patternOf } from '../words.ts';

export type IssuerFacts =
  | {
      readonly kind: 'keys';
      /** Those that some key of the issuer can sign with. */
      readonly algorithms: ReadonlySet<string>;
      /** The claims that its metadata lists; `undefined` if it lists none. */
      readonly claims: readonly string[] | undefined;
    }
  | {
      readonly kind: 'fault';
      readonly fault: KeysFault;
      /** What its metadata calls it, where that is another name. */
      readonly named?: string | undefined;
    };

export type OriginFacts =
  | { readonly kind: 'unreachable'; readonly timedOut: boolean; readonly url: string }
  | {
      readonly kind: 'answer';
      readonly url: string;
      readonly status: number;
      /** The key of the route that was asked for, if it is one that demands a token. */
      readonly guarded: string | undefined;
    };

export interface OnlineFacts {
  /** Issuers by their name in the policy. */
  readonly issuers: ReadonlyMap<string, IssuerFacts>;
  /** Origins by the API's name. Only those with URLs: nothing else can be asked from here. */
  readonly origins: ReadonlyMap<string, OriginFacts>;
  /** All that issuers answered, for people. */
  readonly answers: ReadonlyMap<string, IssuerAnswers>;
}

const ORIGIN_TIMEOUT_MS = 5_000;

/** Never throws. Takes seconds at most. @param ask how requests are made */
export async function goOnline(policy: Policy, ask: Fetch = fetch): Promise<OnlineFacts> {
  const [answers, origins] = await Promise.all([
    Promise.all(policy.issuers.map(async (issuer) => [issuer.name, await askIssuer(issuer, ask)] as const)),
    Promise.all(policy.apis.map(async (api) => [api.name, await askOrigin(api, ask)] as const)),
  ]);
  return {
    issuers: new Map(answers.map(([name, one]) => [name, factsOf(one)])),
    answers: new Map(answers),
    origins: new Map(origins.filter((entry): entry is [string, OriginFacts] => entry[1] !== undefined)),
  };
}

function factsOf({ fault, named, keys, claims }: IssuerAnswers): IssuerFacts {
  if (fault !== undefined) return { kind: 'fault', fault, named };
  return { kind: 'keys', algorithms: new Set(keys.flatMap(({ algorithms }) => algorithms)), claims };
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
    return { kind: 'answer', url, status, guarded: guarded?.key };
  } catch {
    return { kind: 'unreachable', url, timedOut: signal.aborted };
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
