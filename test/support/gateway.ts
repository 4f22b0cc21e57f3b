import type { JWK } from 'jose';
import { createGateway, type GatewayOptions, type LogLine } from '../../src/gateway.ts';
import type { RequestLine } from '../../src/log.ts';
import { NOW_SECONDS } from './issuer.ts';
import { checkedLines } from './log-lines.ts';
import { ISSUER, vars } from './policy.ts';

type Tables = Record<string, unknown>;

export interface RigOptions {
  readonly routes: Tables;
  readonly api?: Tables;
  readonly more?: Tables;
  /** Keys that the issuer publishes; may be changed on the rig. */
  readonly keys?: JWK[];
  /** Answers for the origin. */
  readonly origin?: (request: Request) => Response | Promise<Response>;
  readonly env?: Tables;
  readonly options?: Partial<GatewayOptions>;
}

/**
 * A gateway with a clock that stands still until it is moved, in front of an origin that records what it gets. The
 * issuer and the origin are functions here; the end-to-end tests have real ones.
 */
export function makeRig({
  routes,
  api = {},
  more = {},
  keys = [],
  origin,
  env = {},
  options = {},
}: RigOptions) {
  const received: Request[] = [];
  const logs: LogLine[] = [];
  const state = {
    nowMs: NOW_SECONDS * 1000,
    keys,
    keyFetches: 0,
    keyAnswer: undefined as (() => Response | Promise<Response>) | undefined,
  };

  async function fetchAnything(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input as RequestInfo, init);
    if (request.url.startsWith(ISSUER)) {
      state.keyFetches++;
      return state.keyAnswer?.() ?? Response.json({ keys: state.keys });
    }
    received.push(request.clone() as Request);
    return origin?.(request) ?? new Response('from the origin');
  }

  const issuers = { ISSUERS: { main: { issuer: ISSUER, jwks_uri: `${ISSUER}keys` } } };
  const app = createGateway({
    env,
    policy: vars(routes, api, { ...issuers, ...more }),
    log: checkedLines('gateway', (line) => logs.push(line)),
    now: () => state.nowMs,
    fetch: fetchAnything as typeof fetch,
    ...options,
  });

  /** Asks the gateway; the target is taken as it is, not folded. */
  async function ask(request: string, headers: HeadersInit = {}, init: RequestInit = {}): Promise<Response> {
    const [method = '', target = ''] = request.split(' ');
    const asked = new Request('https://api.example.com/', { ...init, method, headers });
    // The platform hands over targets as they came; `new Request()` would fold them.
    const url = target.startsWith('/') ? `https://api.example.com${target}` : target;
    Object.defineProperty(asked, 'url', { value: url });
    return app.fetch(asked);
  }

  return {
    app,
    state,
    received,
    logs,
    ask,
    /** The same with a token. */
    call: (request: string, token: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
      ask(request, { ...headers, authorization: `Bearer ${token}` }, init),
    lastLog(): RequestLine {
      const line = logs.findLast((one): one is RequestLine => 'decision' in one);
      if (line === undefined) throw new Error('nothing was logged');
      return line;
    },
    lastReceived(): Request {
      const request = received.at(-1);
      if (request === undefined) throw new Error('nothing reached the origin');
      return request;
    },
  };
}
