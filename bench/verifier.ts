/**
 * What an origin's check of a request costs in Node: `node bench/verifier.ts`. The variants take turns, so that a busy
 * machine is unfair to none. jose alone is there to compare: it checks signature, issuer, audience and times.
 */
import { importJWK, type JWK, jwtVerify } from 'jose';
import {
  createReplayMemory,
  createSecretVerifier,
  createVerifier,
  type VerifierOptions,
} from '../origin/src/index.ts';
import {
  AUDIENCE,
  assertion,
  CLAIMS,
  claims,
  ISSUER,
  KEY_SET,
  KEYS,
  NOW,
  TARGET,
} from '../scripts/vectors/vector.ts';
import { spread } from './statistics.ts';

const ROUNDS = 15;
const CALLS = 400;

const now = () => NOW * 1000;
const options: VerifierOptions = { issuer: ISSUER, audience: AUDIENCE, keys: KEY_SET, now };
const verifier = createVerifier(options);
const remembering = createVerifier({ ...options, replay: createReplayMemory({ now }) });
const withBody = createVerifier({ ...options, bind: 'body' });
const bySecret = createSecretVerifier({ secrets: ['a secret of some length'], header: 'x-origin-secret' });

const headersOf = (token: string) => ({ host: AUDIENCE, accept: '*/*', 'txn-token': token });
const request = (token: string) => ({ method: 'GET', target: TARGET, headers: headersOf(token) });
const [es, ed] = [KEYS.es, KEYS.ed].map((key) => request(assertion(CLAIMS, {}, key)));
if (es === undefined || ed === undefined) throw new Error('no assertions');
const fresh = Array.from({ length: (ROUNDS + 1) * CALLS }, (_, index) =>
  request(assertion(claims({ jti: `${index}` }))),
);
const body = new Uint8Array(10_000);
const digest = Buffer.from(await crypto.subtle.digest('SHA-256', body)).toString('base64');
const bound = claims({ req: { method: 'GET', target: TARGET, digest: `sha-256=:${digest}:` } });
const sent = { ...request(assertion(bound)), body };
const secret = {
  ...request(''),
  headers: { 'x-origin-secret': 'a secret of some length', 'x-claim-iss': 'i', 'x-claim-sub': 's' },
};
const joseKey = await importJWK(KEY_SET.keys[0] as JWK, 'ES256');
const joseOptions = { issuer: ISSUER, audience: AUDIENCE, typ: 'txntoken+jwt', currentDate: new Date(now()) };

const VARIANTS: Readonly<Record<string, () => Promise<unknown>>> = {
  'assertion, ES256': () => verifier.verify(es),
  'assertion, Ed25519': () => verifier.verify(ed),
  'ES256, ids remembered': () => remembering.verify(fresh.pop() ?? es),
  'ES256, body of 10 kB': () => withBody.verify(sent),
  'ES256, jose alone': () => jwtVerify(es.headers['txn-token'], joseKey, joseOptions),
  secret: () => bySecret.verify(secret),
};

const samples = new Map(Object.keys(VARIANTS).map((name) => [name, [] as number[]]));
for (let round = 0; round <= ROUNDS; round++) {
  const order = Object.entries(VARIANTS);
  for (const [name, verify] of round % 2 === 0 ? order : order.reverse()) {
    const startedAt = process.hrtime.bigint();
    for (let call = 0; call < CALLS; call++) await verify();
    const microseconds = Number(process.hrtime.bigint() - startedAt) / 1000 / CALLS;
    if (round > 0) samples.get(name)?.push(microseconds); // the first one warms up
  }
}
for (const [name, times] of samples) {
  const { median, min, max } = spread(times);
  console.log(
    `${name.padEnd(24)} ${median.toFixed(0).padStart(5)} µs  (${min.toFixed(0)} to ${max.toFixed(0)})`,
  );
}
