/**
 * `npm run bench:revocation`: how long a revocation takes in several isolates that are asked all the while, and what a
 * request costs with it. KV of this machine has no cache and no way to go: the time is that of isolates and the object.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { endAllChildren, endChild, startScript } from './children.ts';
import { startKv } from './kv.ts';
import { measureScenario } from './measure.ts';
import { progress } from './program.ts';
import { AUDIENCE, ISSUER, PATH, type Revoking, startRevoking } from './revoking-workers.ts';
import { ratios, spread } from './statistics.ts';

const ISOLATES = 4;
const TRIALS = 200;
/** The revocations come at moments that are spread over this time. */
const SPREAD_MS = 90_000;
const ASK_EVERY_MS = 500;
const PROMISE_MS = 30_000;
const ENTRIES = 100_000;
const ROUNDS = 20;
const REQUESTS = 4_000;

const folder = mkdtempSync(join(tmpdir(), 'claimgate-bench-'));
process.once('exit', () => {
  endAllChildren();
  rmSync(folder, { recursive: true, force: true });
});
const { publicKey, privateKey } = await generateKeyPair('ES256');
const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one' }] };
const tokenOf = (sub: string) =>
  new SignJWT({ sub, client_id: 'bench', aud: AUDIENCE })
    .setProtectedHeader({ alg: 'ES256', kid: 'one', typ: 'at+jwt' })
    .setIssuer(ISSUER)
    .setIssuedAt(Math.floor(Date.now() / 1000) - 60)
    .setExpirationTime('1h')
    .sign(privateKey);
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

if (!process.argv.includes('--cost')) await measureTime();
if (!process.argv.includes('--time')) await measureCost();
process.exit();

async function measureTime(): Promise<void> {
  const { port: kvPort } = await startKv();
  const gateways = await startRevoking({
    ...{ name: 'gateways', isolates: ISOLATES, hasRevocation: true, kvPort, jwks, folder },
  });
  progress(`${TRIALS} revocations, over ${seconds(SPREAD_MS)}`);
  const results = await Promise.all(Array.from({ length: TRIALS }, (_, n) => trial(gateways, n)));
  endChild(gateways.process);
  const refused = spread(results.flatMap(({ refusedMs }) => refusedMs));
  const stored = spread(results.map(({ storedMs }) => storedMs));
  console.log(`${TRIALS} revocations, ${ISOLATES} isolates, each asked every ${ASK_EVERY_MS} ms`);
  console.log(`  the command is answered   median ${seconds(stored.median)}, worst ${seconds(stored.max)}`);
  console.log(`  from then to the refusal  median ${seconds(refused.median)}, worst ${seconds(refused.max)}`);
  console.log(`  promised, without KV's cache and way  ${seconds(PROMISE_MS)}`);
}

async function ask(port: number, token: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}${PATH}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  await answer.text();
  return answer.status;
}

/** @returns milliseconds until each isolate refused, and until the command was answered */
async function trial(
  { ports, apply }: Revoking,
  n: number,
): Promise<{ readonly storedMs: number; readonly refusedMs: readonly number[] }> {
  await wait(Math.random() * SPREAD_MS);
  const token = await tokenOf(`user-${n}`);
  for (const port of ports) if ((await ask(port, token)) !== 200) throw new Error('a good token was refused');
  const startedAt = performance.now();
  const revoked = { kind: 'subject', issuer: ISSUER, id: `user-${n}` };
  await apply({ action: 'revoke', revoked, livesSeconds: 7200, by: 'bench', why: 'bench' });
  const storedAt = performance.now();
  const refusedMs = await Promise.all(
    ports.map(async (port) => {
      while ((await ask(port, token)) !== 401) await wait(ASK_EVERY_MS);
      return performance.now() - storedAt;
    }),
  );
  return { storedMs: storedAt - startedAt, refusedMs };
}

/** What isolates read in place of what the object would publish. */
function contentOf(entries: number): string {
  const ids = Array.from({ length: entries }, (_, i) => `auth0|${i.toString(16).padStart(24, '0')}`);
  const column = (value: number) => ids.map(() => value);
  const group = { kind: 'subject', issuer: ISSUER, ids, before: column(2_000_000_000), numbers: column(1) };
  const groups = entries === 0 ? [] : [group];
  return JSON.stringify({ version: 1, publishedAtMs: Date.now(), groups, switches: [] });
}

async function measureCost(): Promise<void> {
  const rows = [
    ['no revocation', false, 0],
    ['revocation, nothing revoked', true, 0],
    [`revocation, ${ENTRIES.toLocaleString('en')} revoked`, true, ENTRIES],
  ] as const;
  const token = await tokenOf('somebody');
  const servers = new Map();
  for (const [name, hasRevocation, entries] of rows) {
    const content = contentOf(entries);
    const { port: kvPort } = await startKv((key) =>
      key.includes('claimgate-revocations') ? content : undefined,
    );
    const one = await startRevoking({ name, isolates: 1, hasRevocation, kvPort, jwks, folder });
    const [port = 0] = one.ports;
    if ((await ask(port, token)) !== 200) throw new Error('a good token was refused');
    servers.set(name, { name, port, process: one.process });
  }
  const load = startScript('the load', './load.ts');
  const result = await measureScenario(
    { servers, load, progress },
    {
      ...{ id: 'revocation', title: 'a repeated token', isMain: true, warmUp: 1 },
      rows: rows.map(([name]) => ({ name, variant: name })),
      round: async () => ({
        load: { connections: 32, requests: REQUESTS, paths: [PATH], tokens: [token], status: 200 },
      }),
    },
    ROUNDS,
  );
  const cpu = (name: string) => (result.samples[name] ?? []).map((sample) => sample.cpuMicroseconds);
  const base = cpu(rows[0][0]);
  console.log(`CPU of a request with a repeated token, ${ROUNDS} interleaved rounds of ${REQUESTS}`);
  for (const [name] of rows) {
    const ratio = ratios(cpu(name), base);
    const memory = /VmRSS:\s+(\d+)/.exec(
      readFileSync(`/proc/${servers.get(name).process.pid}/status`, 'latin1'),
    );
    console.log(
      `  ${name.padEnd(32)} ${spread(cpu(name)).median.toFixed(0)} µs, ratio ${ratio.median.toFixed(3)}, process ${(Number(memory?.[1]) / 1024).toFixed(0)} MB`,
    );
  }
}
