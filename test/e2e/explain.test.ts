/** What `claimgate explain` says of a request is what the Worker does with it, in the bare runtime. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExplainOptions, traceOf } from '../../cli/policy/explain/explain.ts';
import { asSent } from '../../cli/policy/what-if/simulate.ts';
import { compilePolicy } from '../../src/policy/compile/compile.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { type RecordingOrigin, startOrigin } from './support/origin.ts';
import { sendRaw } from './support/raw-http.ts';
import { makePolicy, makeTokens, SAMPLES, type Sample } from './support/requests.ts';
import { type RunningWorkerd, startGateway } from './support/workerd.ts';

let keys: Server;
let origin: RecordingOrigin;
let gateway: RunningWorkerd;
let policy: Policy;
let tokens: Awaited<ReturnType<typeof makeTokens>>;
const logs: Record<string, unknown>[] = [];

beforeAll(async () => {
  tokens = await makeTokens();
  keys = createServer((_, response) => response.end(JSON.stringify({ keys: tokens.keys })));
  await new Promise<void>((resolve) => keys.listen(0, '127.0.0.1', resolve));
  origin = await startOrigin();
  const tables = makePolicy(`http://127.0.0.1:${(keys.address() as AddressInfo).port}/keys`, origin.url);
  const compiled = compilePolicy(tables);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults));
  ({ policy } = compiled);
  gateway = await startGateway(tables, origin.url, (line) => {
    if (line.startsWith('{"time"')) logs.push(JSON.parse(line));
  });
});

afterAll(async () => {
  await gateway?.stop();
  await origin?.close();
  keys?.close();
});

/** What both sides do with a request, in the same words. */
interface Outcome {
  readonly decision: string;
  readonly reason: string | null;
  readonly wouldDeny: string | null;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly origin: { readonly target: string; readonly headers: Readonly<Record<string, string>> } | null;
}

/** Of the connection, or of the runtime: neither is the gateway's. */
const NOT_OURS = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'date',
  'x-raw-target',
]);
/** Headers of answers that the gateway writes, or lets pages read. */
const ANSWER =
  /^(www-authenticate|allow|retry-after|content-type|cache-control|x-request-id|vary|access-control-.*)$/;

const pick = (entries: Iterable<readonly [string, string]>, takes: (name: string) => boolean) =>
  Object.fromEntries([...entries].filter(([name]) => takes(name)).sort(([a], [b]) => (a < b ? -1 : 1)));

let count = 0;

async function linesOf(sample: Sample, requestId: string): Promise<string[]> {
  const token = sample.claims === undefined ? [] : [`Authorization: Bearer ${await tokens.sign(sample)}`];
  const host = sample.host ?? `127.0.0.1:${gateway.port}`;
  return [`Host: ${host}`, `X-Request-Id: ${requestId}`, ...(sample.headers ?? []), ...token];
}

async function inWorkerd(
  { method, target }: Sample,
  lines: readonly string[],
  requestId: string,
): Promise<Outcome> {
  origin.requests.length = 0;
  const answer = await sendRaw(gateway.port, method, target, lines);
  const isOwn = origin.requests.length === 0;
  const headers = answer.head
    .split('\r\n')
    .slice(1)
    .map((line): [string, string] => {
      const at = line.indexOf(':');
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
    });
  const [asked] = origin.requests;
  const bound = origin.header(asked, 'x-raw-target');
  const find = () => logs.find(({ client_request_id }) => client_request_id === requestId);
  const isRefusal = headers.some(([, value]) => value.startsWith('application/problem+json'));
  const isLogged = isRefusal || asked !== undefined;
  if (isLogged) await expect.poll(find).toBeDefined();
  const log = find();
  const id = String(log?.['request_id'] ?? headers.find(([name]) => name === 'x-request-id')?.[1]);
  const outcome = {
    decision: String(log?.['decision'] ?? 'self'),
    reason: (log?.['reason'] as string | undefined) ?? null,
    wouldDeny: (log?.['would_deny'] as string | undefined) ?? null,
    status: answer.status,
    headers: pick(headers, (name) => ANSWER.test(name)),
    body: isOwn ? answer.body : null,
    origin:
      (asked && {
        target: bound ?? asked.target,
        headers: pick(asked.headers, (name) => !NOT_OURS.has(name)),
      }) ||
      null,
  };
  // The gateway makes one for each request, and explain none.
  return JSON.parse(JSON.stringify(outcome).replaceAll(id, '(a new id)')) as typeof outcome;
}

async function explained(
  { method, target, host }: Sample,
  lines: readonly string[],
  options: Pick<ExplainOptions, 'signature'> = { signature: 'verified' },
): Promise<Outcome & { steps: number }> {
  const headers = new Headers();
  for (const line of lines)
    headers.append(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2));
  const url = `http://${host ?? `127.0.0.1:${gateway.port}`}${target}`;
  const { simulated, steps } = await traceOf(
    { method, url, headers },
    { policy, nowMs: Date.now(), ...options },
  );
  const { kind, decision, reason, answer, outbound } = simulated;
  return {
    steps: steps.length,
    decision: kind,
    reason: reason?.code ?? null,
    wouldDeny: (decision?.kind === 'allow' && reason === undefined && decision.wouldDeny?.code) || null,
    status: answer.status,
    headers: pick(answer.headers, (name) => ANSWER.test(name)),
    body: kind === 'allow' ? null : method === 'HEAD' ? '' : await answer.text(),
    origin:
      outbound === undefined
        ? null
        : {
            target: outbound.url.replace(/^[a-z]+:\/\/[^/]*/, ''),
            headers: pick(asSent(simulated) ?? new Headers(), (name) => !NOT_OURS.has(name)),
          },
  };
}

const nextId = () => `request-${++count}`;

describe('explain and the Worker agree', () => {
  it.each(SAMPLES.map((sample) => [`${sample.method} ${sample.target}: ${sample.what}`, sample] as const))(
    '%s',
    async (_, sample) => {
      const requestId = nextId();
      const lines = await linesOf(sample, requestId);
      const real = await inWorkerd(sample, lines, requestId);
      const { steps, ...told } = await explained(sample, lines);
      if (sample.target === '/up') return expect([told.decision, told.status]).toEqual(['self', real.status]);
      expect(told).toEqual(real);
      expect(steps).toBeGreaterThan(0);
    },
  );

  it('without keys explain says the same, but where keys decide', async () => {
    const ofKeys = ['key_unknown', 'signature_invalid', 'keys_unavailable'];
    let compared = 0;
    for (const sample of SAMPLES) {
      const lines = await linesOf(sample, 'request-offline');
      const verified = await explained(sample, lines);
      const offline = await explained(sample, lines, { signature: 'offline' });
      if (ofKeys.includes(verified.reason ?? '')) expect(offline.decision).toBe('allow');
      else {
        expect(offline).toEqual(verified);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(70);
  });

  it('and the samples take every turn that needs no outage and no missing binding', () => {
    const reasons = new Set(logs.map(({ reason, would_deny }) => reason ?? would_deny ?? 'allow'));
    expect([...reasons].sort()).toMatchInlineSnapshot(`
      [
        "allow",
        "alternatives_unmet",
        "audience_mismatch",
        "authorization_malformed",
        "claim_mismatch",
        "claims_malformed",
        "claims_too_large",
        "client_blocked",
        "client_not_allowed",
        "critical_header_unsupported",
        "issuer_claim_mismatch",
        "issuer_not_allowed",
        "key_blocked",
        "key_unknown",
        "keys_unavailable",
        "method_not_allowed",
        "path_ambiguous",
        "route_unknown",
        "scopes_missing",
        "sender_constrained",
        "signature_invalid",
        "token_expired",
        "token_malformed",
        "token_missing",
        "token_not_yet_valid",
        "token_too_large",
        "token_too_old",
        "token_type_not_allowed",
      ]
    `);
  });
});
