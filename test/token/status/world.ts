/** An issuer with keys and status lists behind a gateway whose clock stands still. All servers are functions. */
import type { JWK } from 'jose';
import { createGateway, type LogLine } from '../../../src/gateway.ts';
import type { RequestLine } from '../../../src/log.ts';
import { base64url, makeKey, NOW_SECONDS, type SigningKey, sign, usualClaims } from '../../support/issuer.ts';
import { checkedLines } from '../../support/log-lines.ts';
import { ISSUER, vars } from '../../support/policy.ts';

export const [key, stranger] = await Promise.all([makeKey(), makeKey()]);

/** The draft's words: the first status stands in the lowest bits of the first byte. */
export function packed(statuses: readonly number[], bits: number): Uint8Array {
  const digits = statuses.flatMap((status) => [...status.toString(2).padStart(bits, '0')].reverse());
  const bytes: number[] = [];
  for (let at = 0; at < digits.length; at += 8)
    bytes.push(
      Number.parseInt(
        digits
          .slice(at, at + 8)
          .join('')
          .padEnd(8, '0')
          .split('')
          .reverse()
          .join(''),
        2,
      ),
    );
  return new Uint8Array(bytes);
}

export async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  return new Uint8Array(
    await new Response(stream.pipeThrough(new CompressionStream('deflate'))).arrayBuffer(),
  );
}

export const LIST = `${ISSUER}statuslists/1`;

/** The claim of a list with these statuses. */
export const listClaim = async (statuses: readonly number[], bits = 2) => ({
  bits,
  lst: base64url(await deflate(packed(statuses, bits))),
});

/** Claims of a status list token that is good; give `undefined` to leave one out. */
export function listClaims(more: Record<string, unknown>): Record<string, unknown> {
  const claims = { sub: LIST, iat: NOW_SECONDS - 10, exp: NOW_SECONDS + 86_400, ttl: 60, ...more };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

export const signList = (
  claims: Record<string, unknown>,
  header: Record<string, unknown> = {},
  by: SigningKey = key,
) => sign(by, listClaims(claims), { typ: 'statuslist+jwt', ...header });

/** A token with a place in the list. */
export const tokenAt = (idx: unknown, uri: unknown = LIST, more: Record<string, unknown> = {}) =>
  sign(
    key,
    usualClaims({
      exp: NOW_SECONDS + 90_000,
      jti: crypto.randomUUID(),
      status: { status_list: { idx, uri } },
      ...more,
    }),
  );

type Answer = (request: Request) => Response | Promise<Response>;

export function world(
  issuer: Record<string, unknown> = {},
  policy: Record<string, unknown> = {},
  env: Record<string, unknown> = {},
) {
  const state = {
    nowMs: NOW_SECONDS * 1000,
    keys: [key.publicJwk] as JWK[],
    keysAnswer: undefined as Answer | undefined,
    /** By list, in place of the signed list of `statuses`. */
    answer: undefined as Answer | undefined,
    statuses: [0, 1, 2, 3] as readonly number[],
    listClaims: {} as Record<string, unknown>,
    /** What was asked for, besides keys and origins. */
    asked: [] as Request[],
    reached: 0,
  };
  const logs: LogLine[] = [];
  const behind: Promise<unknown>[] = [];

  async function fetchAnything(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input as RequestInfo, init);
    if (request.url === `${ISSUER}keys`)
      return (await state.keysAnswer?.(request)) ?? Response.json({ keys: state.keys });
    if (request.url.startsWith('https://orders.internal.example/')) {
      state.reached++;
      return new Response('from the origin');
    }
    state.asked.push(request);
    if (state.answer !== undefined) return state.answer(request);
    const iat = Math.floor(state.nowMs / 1000) - 10;
    const status_list = await listClaim(state.statuses);
    return new Response(await signList({ sub: request.url, iat, status_list, ...state.listClaims }));
  }

  const isolate = () =>
    createGateway({
      env,
      policy: vars(
        { 'GET /x': {}, 'GET /tried': { report_only: true }, 'GET /maybe': { auth: 'optional' } },
        {},
        {
          ISSUERS: {
            main: { issuer: ISSUER, jwks_uri: `${ISSUER}keys`, status_list: 'required', ...issuer },
          },
          ...policy,
        },
      ),
      log: checkedLines('gateway', (line) => logs.push(line)),
      now: () => state.nowMs,
      fetch: fetchAnything as typeof fetch,
    });
  const context = {
    waitUntil: (promise: Promise<unknown>) => void behind.push(promise),
    passThroughOnException() {},
  } as unknown as ExecutionContext;
  let app = isolate();

  /** `200`, or status and reason. */
  async function call(token: string, path = '/x'): Promise<string> {
    const headers = { authorization: `Bearer ${token}` };
    const request = new Request(`https://api.example.com${path}`, { headers });
    const response = await app.fetch(request, {}, context);
    if (response.ok) return String(response.status);
    const { reason } = (await response.json()) as { reason: string };
    const retry = response.headers.get('retry-after');
    return `${response.status} ${reason}${retry === null ? '' : ` ${retry} s`}`;
  }

  return {
    state,
    logs,
    call,
    /** A new isolate, which remembers nothing. */
    restart: () => {
      app = isolate();
    },
    settle: async () => {
      while (behind.length > 0) await behind.pop();
    },
    later(seconds: number) {
      state.nowMs += seconds * 1000;
    },
    lastLine: () => logs.findLast((line): line is RequestLine => 'decision' in line),
    events: () => logs.filter((line) => 'event' in line && line.event.startsWith('status_')),
  };
}
