/**
 * `npm run bench:revocation`: from a revocation to the first refusal, in several isolates that are asked all the while.
 * KV of this machine has no cache and no way to go: what is measured is the memory of isolates, and the object.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { bundle, readPorts, renderWorker, WORKERD } from '../scripts/workerd.ts';
import { endAllChildren, startProgram } from './children.ts';
import { startKv } from './kv.ts';

const ISOLATES = 4;
const TRIALS = 200;
/** The revocations come at moments that are spread over this time. */
const SPREAD_MS = 90_000;
const ASK_EVERY_MS = 500;
const PROMISE_MS = 30_000;
const ISSUER = 'https://issuer.example/';

const { publicKey, privateKey } = await generateKeyPair('ES256');
const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one' }] };
const nowSeconds = () => Math.floor(Date.now() / 1000);
const tokenOf = (sub: string) =>
  new SignJWT({ sub, client_id: 'bench', aud: 'bench' })
    .setProtectedHeader({ alg: 'ES256', kid: 'one', typ: 'at+jwt' })
    .setIssuer(ISSUER)
    .setIssuedAt(nowSeconds() - 60)
    .setExpirationTime('1h')
    .sign(privateKey);

const folder = mkdtempSync(join(tmpdir(), 'claimgate-revocation-'));
mkdirSync(join(folder, 'disk'));
writeFileSync(join(folder, 'gateway.js'), await bundle('src/index.ts'));
writeFileSync(
  join(folder, 'outside.js'),
  `export default { fetch: ({ url }) => url.startsWith(${JSON.stringify(ISSUER)}) ? Response.json(${JSON.stringify(jwks)}) : new Response('origin') };`,
);
writeFileSync(join(folder, 'config.capnp'), renderConfig(await startKv()));
const workerd = startProgram('workerd', WORKERD, ['serve', join(folder, 'config.capnp'), '--control-fd=3'], {
  stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
});
process.once('exit', () => {
  endAllChildren();
  rmSync(folder, { recursive: true, force: true });
});
const ports = await readPorts(workerd.stdio[3] as Readable, ISOLATES + 1);
const [adminPort] = ports.slice(-1);

/** Several Workers with one object: each is an isolate of its own. */
function renderConfig(kvPort: number): string {
  const policy = {
    GATEWAY: { revocation: 'REVOCATIONS', log_sample: 0, log_requests: 'none' },
    ISSUERS: { main: { issuer: ISSUER, jwks_uri: `${ISSUER}keys`, max_token_age: 3600 } },
    API_BENCH: { origin: 'https://origin.example', audience: 'bench', routes: { 'GET /bench': {} } },
  };
  const worker = renderWorker('gateway.js', policy, {}, { KEYS: 'kv' })
    .replace(
      'bindings = [',
      'bindings = [(name = "REVOCATIONS", durableObjectNamespace = (className = "Revocations", serviceName = "gateway0")), ',
    )
    .replace('globalOutbound = "internet"', 'globalOutbound = "outside"');
  const owner = worker.replace(
    /\)\s*$/,
    'durableObjectNamespaces = [(className = "Revocations", uniqueKey = "revocations", enableSql = true)], durableObjectStorage = (localDisk = "disk"))',
  );
  const names = Array.from({ length: ISOLATES }, (_, i) => `gateway${i}`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ${names.map((name) => `(name = "${name}", worker = .${name})`).join(', ')},
    (name = "outside", worker = .outside),
    (name = "disk", disk = (path = ${JSON.stringify(join(folder, 'disk'))}, writable = true)),
    (name = "kv", external = (address = "127.0.0.1:${kvPort}", http = ())),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [
    ${names.map((name, i) => `(name = "${i}", address = "127.0.0.1:0", http = (), service = "${name}")`).join(', ')},
    (name = "${ISOLATES}", address = "127.0.0.1:0", http = (), service = (name = "gateway0", entrypoint = "RevocationAdmin")),
  ],
);
const outside :Workerd.Worker = ${renderWorker('outside.js', {})};
${names.map((name, i) => `const ${name} :Workerd.Worker = ${i === 0 ? owner : worker};`).join('\n')}
`;
}

async function apply(input: object): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${adminPort}/`, {
    method: 'POST',
    body: JSON.stringify({ object: 'REVOCATIONS', call: 'apply', input }),
  });
  const { result, error } = (await response.json()) as { result?: { published: boolean }; error?: string };
  if (!result?.published) throw new Error(error ?? 'KV did not take it');
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const ask = async (i: number, token: string): Promise<number> => {
  const answer = await fetch(`http://127.0.0.1:${ports[i]}/bench`, {
    headers: { authorization: `Bearer ${token}` },
  });
  await answer.text();
  return answer.status;
};

/** @returns milliseconds until each isolate refused, and until the command was answered */
async function trial(
  n: number,
): Promise<{ readonly storedMs: number; readonly refusedMs: readonly number[] }> {
  await wait(Math.random() * SPREAD_MS);
  const token = await tokenOf(`user-${n}`);
  for (let i = 0; i < ISOLATES; i++)
    if ((await ask(i, token)) !== 200) throw new Error('a good token was refused');
  const startedAt = performance.now();
  const revoked = { kind: 'subject', issuer: ISSUER, id: `user-${n}` };
  await apply({ action: 'revoke', revoked, livesSeconds: 7200, by: 'bench', why: 'bench' });
  const storedAt = performance.now();
  const refusedMs = await Promise.all(
    Array.from({ length: ISOLATES }, async (_, i) => {
      while ((await ask(i, token)) !== 401) await wait(ASK_EVERY_MS);
      return performance.now() - storedAt;
    }),
  );
  return { storedMs: storedAt - startedAt, refusedMs };
}

const results = await Promise.all(Array.from({ length: TRIALS }, (_, n) => trial(n)));
const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const refused = results.flatMap(({ refusedMs }) => refusedMs);
const stored = results.map(({ storedMs }) => storedMs);
console.log(`${TRIALS} revocations, ${ISOLATES} isolates, each asked every ${ASK_EVERY_MS} ms`);
console.log(
  `the command is answered   median ${seconds(median(stored))}, worst ${seconds(Math.max(...stored))}`,
);
console.log(
  `from then to the refusal  median ${seconds(median(refused))}, worst ${seconds(Math.max(...refused))}`,
);
console.log(`promised, without KV's cache and way  ${seconds(PROMISE_MS)}`);
process.exitCode = Math.max(...refused) > PROMISE_MS + ASK_EVERY_MS ? 1 : 0;
process.exit();
