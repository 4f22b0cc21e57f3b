/** Asks issuers and origins of a policy, as the gateway would, and tells what they answered. */
import type { KeysFault } from '../../../src/decision.ts';
import type { Fetch } from '../../../src/keys/document.ts';
import type { Api, Issuer, Policy, Route } from '../../../src/policy/policy.ts';
import { signersOf } from '../../../src/policy/signals.ts';
import { USER_AGENT } from '../../../src/version.ts';
import { askIssuer, type IssuerAnswers } from '../what-if/ask-issuer.ts';
import { fetchPlainly } from '../what-if/plain-fetch.ts';
import { patternOf } from '../words.ts';

export type IssuerFacts =
  | {
      readonly kind: 'keys';
      /** Those that some key of the issuer can sign with. */
      readonly algorithms: ReadonlySet<string>;
      /** The claims that its metadata lists; `undefined` if it lists none. */
      readonly claims: readonly string[] | undefined;
      readonly dropped: IssuerAnswers['dropped'];
    }
  | {
      readonly kind: 'fault';
      readonly fault: KeysFault;
      /** The document that was asked for. */
      readonly url: string | undefined;
      /** The status of its answer, where that is the fault. */
      readonly status: number | undefined;
      readonly dropped: IssuerAnswers['dropped'];
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
export async function goOnline(policy: Policy, ask: Fetch = fetchPlainly): Promise<OnlineFacts> {
  const [answers, origins] = await Promise.all([
    Promise.all(
      signersOf<Issuer>(policy).map(async (issuer) => [issuer.name, await askIssuer(issuer, ask)] as const),
    ),
    Promise.all(policy.apis.map(async (api) => [api.name, await askOrigin(api, ask)] as const)),
  ]);
  return {
    issuers: new Map(answers.map(([name, one]) => [name, factsOf(one)])),
    answers: new Map(answers),
    origins: new Map(origins.filter((entry): entry is [string, OriginFacts] => entry[1] !== undefined)),
  };
}

function factsOf({ fault, url, status, named, keys, claims, dropped }: IssuerAnswers): IssuerFacts {
  if (fault !== undefined) return { kind: 'fault', fault, url, status, named, dropped };
  const algorithms = new Set(keys.flatMap((key) => key.algorithms));
  return { kind: 'keys', algorithms, claims, dropped };
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
      const headers = { 'user-agent': USER_AGENT };
      const response = await ask(url, { method, headers, redirect: 'manual', signal });
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
