/** A transmitter with real keys, a gateway that receives from it, and a writer in memory that can fail. */
import type { JWK } from 'jose';
import type { LogLine } from '../../src/gateway.ts';
import { createKeyRefresh } from '../../src/gateway.ts';
import type { EventWriter, ReceivedEvent, Revocation } from '../../src/revocation/revocation.ts';
import { makeRig } from '../support/gateway.ts';
import { makeKey, NOW_SECONDS, type SigningKey, sign } from '../support/issuer.ts';
import { checkedLines } from '../support/log-lines.ts';
import { ISSUER, vars } from '../support/policy.ts';

export const TRANSMITTER = 'https://signals.example/';
export const RECEIVER = 'https://api.example.com/signals';
export const PATH = '/.well-known/claimgate/signals/corp';
export const POLL_URI = 'https://signals.example/poll';
export const MAX_AGE_SECONDS = 3600;
export const TOLERANCE_SECONDS = 30;

const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/';
export const SESSION_REVOKED = `${CAEP}session-revoked`;
export const CREDENTIAL_CHANGE = `${CAEP}credential-change`;
export const CLAIMS_CHANGE = `${CAEP}token-claims-change`;
export const risc = (name: string) => `https://schemas.openid.net/secevent/risc/event-type/${name}`;
export const LOGOUT = 'http://schemas.openid.net/event/backchannel-logout';

type Fields = Record<string, unknown>;

export const USER = { format: 'iss_sub', iss: ISSUER, sub: 'jane' };

/** Writes down what it is told, each event once: what the store of revocations promises. */
export function memoryWriter() {
  const seen = new Set<string>();
  const events: ReceivedEvent[] = [];
  const state = { fails: false, hangs: false, calls: 0 };
  const writer: EventWriter = {
    async receive(event) {
      state.calls++;
      if (state.fails) throw new Error('the store is away');
      if (state.hangs) return new Promise(() => {});
      const name = JSON.stringify([event.from, event.id]);
      if (seen.has(name)) return 'repeated';
      seen.add(name);
      events.push(event);
      return 'stored';
    },
  };
  return { writer, events, state, entries: (): Revocation[] => events.flatMap(({ revoke }) => revoke) };
}

/** The bindings of revocation: a writer in memory, and a KV that has nothing. */
function surroundings(writer: EventWriter): Fields {
  const object = {
    receive: (event: ReceivedEvent) => writer.receive(event),
    content: () => ({ version: 0, publishedAtMs: NOW_SECONDS * 1000, groups: [], switches: [] }),
    beat() {},
  };
  return {
    REVOCATIONS: { idFromName: () => 'one', get: () => object },
    KEYS: { get: async () => null, put: async () => {} },
  };
}

export interface WorldOptions {
  /** Fields of the transmitter. */
  readonly signal?: Fields;
  readonly issuer?: Fields;
  /** Besides `main`. */
  readonly issuers?: Fields;
  readonly settings?: Fields;
  readonly api?: Fields;
  readonly env?: Fields;
  readonly keys?: JWK[];
  /** Answers polls. */
  readonly poll?: (body: Fields, request: Request) => Response | Promise<Response>;
}

export const transmitterKey: SigningKey = await makeKey('ES256', 'signals-1');
export const issuerKey: SigningKey = await makeKey('ES256', 'issuer-1');

export function makeWorld({
  signal = {},
  issuer = {},
  issuers = {},
  settings = {},
  api = {},
  env = {},
  keys = [transmitterKey.publicJwk],
  poll,
}: WorldOptions = {}) {
  const memory = memoryWriter();
  const state = { keys, keyFetches: 0, keysDown: false, bodies: [] as Fields[], redirects: [] as string[] };
  const fetchAnything = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input as RequestInfo, init);
    if (request.url === POLL_URI) {
      const body = (await request.json()) as Fields;
      state.bodies.push(body);
      state.redirects.push(request.redirect);
      return poll?.(body, request) ?? Response.json({ sets: {} });
    }
    if (request.url.startsWith(ISSUER)) return Response.json({ keys: [issuerKey.publicJwk] });
    if (!request.url.startsWith(TRANSMITTER)) return new Response('from the origin');
    state.keyFetches++;
    return state.keysDown ? new Response('down', { status: 500 }) : Response.json({ keys: state.keys });
  };
  const more = {
    GATEWAY: {
      revocation: 'REVOCATIONS',
      signals: {
        corp: {
          issuer: TRANSMITTER,
          audience: RECEIVER,
          jwks_uri: `${TRANSMITTER}keys`,
          revokes: 'main',
          ...signal,
        },
      },
      ...settings,
    },
    ISSUERS: {
      main: { issuer: ISSUER, jwks_uri: `${ISSUER}keys`, max_token_age: MAX_AGE_SECONDS, ...issuer },
      ...issuers,
    },
  };
  const routes = { 'GET /orders': {} };
  const bound = { ...surroundings(memory.writer), ...env };
  const rig = makeRig({
    routes,
    api,
    more,
    env: bound,
    options: { fetch: fetchAnything as typeof fetch },
  });
  const cronLogs: LogLine[] = [];
  const runCron = createKeyRefresh({
    env: bound,
    policy: vars(routes, api, more),
    now: () => rig.state.nowMs,
    log: checkedLines('gateway', (line: LogLine) => cronLogs.push(line)),
    fetch: fetchAnything as typeof fetch,
  });

  async function send(
    body: BodyInit,
    headers: Record<string, string> = {},
    request = `POST ${PATH}`,
  ): Promise<Response> {
    return rig.ask(request, { 'content-type': 'application/secevent+jwt', ...headers }, { body });
  }
  return {
    ...rig,
    memory,
    signals: state,
    cronLogs,
    runCron,
    send,
    /** Sends an event with these claims. */
    push: async (claims: Fields = {}, header: Fields = {}, key = transmitterKey) =>
      send(await makeSet(claims, header, key)),
    logout: async (token: string, more: Fields = {}) =>
      send(new URLSearchParams({ logout_token: token, ...(more as Record<string, string>) }).toString(), {
        'content-type': 'application/x-www-form-urlencoded',
      }),
    /** The lines about events, without what each has. */
    lines: (logs: readonly LogLine[] = rig.logs) =>
      logs.flatMap((line) => {
        if (!('event' in line) || !line.event.startsWith('signal_')) return [];
        const { request_id: _, ...rest } = JSON.parse(JSON.stringify(line));
        return [rest as Fields];
      }),
  };
}

/** Claims of an event that is good: `undefined` leaves one out. */
export function setClaims(more: Fields = {}): Fields {
  const claims: Fields = {
    iss: TRANSMITTER,
    aud: RECEIVER,
    iat: NOW_SECONDS - 5,
    jti: crypto.randomUUID(),
    sub_id: USER,
    events: { [SESSION_REVOKED]: { event_timestamp: NOW_SECONDS - 10 } },
    ...more,
  };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

export const makeSet = (
  more: Fields = {},
  header: Fields = {},
  key: SigningKey = transmitterKey,
): Promise<string> => sign(key, setClaims(more), { typ: 'secevent+jwt', ...header });

/** A logout token (Back-Channel Logout 1.0 §2.4) that is good. */
export const makeLogout = (
  more: Fields = {},
  header: Fields = {},
  key: SigningKey = transmitterKey,
): Promise<string> =>
  sign(
    key,
    setClaims({
      sub_id: undefined,
      sid: 'session-1',
      exp: NOW_SECONDS + 120,
      events: { [LOGOUT]: {} },
      ...more,
    }),
    { typ: 'logout+jwt', ...header },
  );
