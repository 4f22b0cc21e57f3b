/** `npm run bench:tokens`: what a token costs, against oidc-provider. */
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { atRev, bundleAgainst, findCommit } from './against.ts';
import { BenchError, startScript } from './children.ts';
import { describeMachine } from './machine.ts';
import { orderLoad } from './measure.ts';
import { type Flags, progress, runProgram } from './program.ts';
import { ratios, spread } from './statistics.ts';
import { align, count, kilobytes, ratioText } from './text.ts';
import { CLAIMGATE, startTokenIssuer } from './token-issuer.ts';
import { SCOPE, TOKEN_ALGORITHMS, type TokenAlgorithm, targetOf, tokenRequest } from './token-target.ts';
import { type RunningServer, readCpuMs } from './workerd.ts';

const FULL = { rounds: 7, tokens: 2_000 };
const QUICK = { rounds: 2, tokens: 600 };
const CONNECTIONS = 8;
const OIDC_PROVIDER = 'oidc-provider';

const HELP = `npm run bench:tokens -- [--quick] [--rounds N] [--against REV] [--json]

Measures what an access token of the issuer costs: the Worker in a raw workerd process, against oidc-provider in a
Node process, on this machine, over 127.0.0.1. Takes some minutes; let the machine do nothing else meanwhile. Linux
only: CPU time is read from /proc.

  --quick        under a minute: ${QUICK.rounds} rounds and fewer tokens; for a first look only
  --rounds N     rounds (default: ${FULL.rounds})
  --against REV  measures another commit beside this one, in the same rounds
  --json         prints JSON, with the figures of every round
`;

interface Endpoint extends RunningServer {
  readonly tokenPath: string;
  readonly jwksPath: string;
}

/** What one endpoint did in one round. */
interface Sample {
  readonly tokensPerSecond: number;
  readonly cpuMicroseconds: number;
}

await runProgram({
  help: HELP,
  full: FULL,
  quick: QUICK,
  flags: { against: { type: 'string' } },
  measure,
  render: renderText,
});

async function measure(amounts: typeof FULL, folder: string, { against }: Flags) {
  const rev = typeof against === 'string' ? findCommit(against) : undefined;
  progress('starting the issuer and oidc-provider');
  const paths = { tokenPath: '/oauth/token', jwksPath: '/.well-known/jwks.json' };
  const { script, ...issuer } = await startTokenIssuer(folder);
  const endpoints: Endpoint[] = [{ ...issuer, ...paths }, await startProvider()];
  if (rev !== undefined) {
    const other = await bundleAgainst(rev, folder);
    endpoints.push({ ...(await startTokenIssuer(folder, atRev(CLAIMGATE, rev), other.issuer)), ...paths });
  }
  const load = startScript('the load', './load.ts');
  const applyLoad = async (endpoint: Endpoint, alg: TokenAlgorithm, requests: number): Promise<Sample> => {
    const { name, port, tokenPath } = endpoint;
    const order = {
      ports: [port],
      paths: [tokenPath],
      connections: CONNECTIONS,
      requests,
      status: 200,
      post: tokenRequest(alg),
    };
    const cpuBefore = readCpuMs(endpoint);
    const result = await orderLoad(load, order, name);
    const cpuMs = readCpuMs(endpoint) - cpuBefore;
    return { tokensPerSecond: requests / result.seconds, cpuMicroseconds: (cpuMs * 1000) / requests };
  };

  progress('warming up');
  for (const alg of TOKEN_ALGORITHMS) {
    for (const endpoint of endpoints) {
      await checkToken(endpoint, alg);
      await applyLoad(endpoint, alg, amounts.tokens);
    }
  }
  const rounds = TOKEN_ALGORITHMS.map((alg) => ({ alg, samples: new Map<string, Sample[]>() }));
  for (let round = 0; round < amounts.rounds; round++) {
    progress(`round ${round + 1} of ${amounts.rounds}`);
    for (const { alg, samples } of rounds) {
      for (const endpoint of round % 2 === 0 ? endpoints : endpoints.toReversed()) {
        const sample = await applyLoad(endpoint, alg, amounts.tokens);
        samples.set(endpoint.name, [...(samples.get(endpoint.name) ?? []), sample]);
      }
    }
  }

  const algorithms = rounds.map(({ alg, samples }) => {
    const series = (name: string, figure: keyof Sample) =>
      (samples.get(name) ?? []).map((sample) => sample[figure]);
    return {
      alg,
      endpoints: endpoints.map(({ name }) => ({
        name,
        tokensPerSecond: spread(series(name, 'tokensPerSecond')),
        tokensToProvider: ratios(series(name, 'tokensPerSecond'), series(OIDC_PROVIDER, 'tokensPerSecond')),
        cpuMicroseconds: spread(series(name, 'cpuMicroseconds')),
        cpuToProvider: ratios(series(name, 'cpuMicroseconds'), series(OIDC_PROVIDER, 'cpuMicroseconds')),
        rounds: samples.get(name) ?? [],
      })),
    };
  });
  const bytes = Buffer.from(script);
  const bundle = { raw: bytes.length, gzip: gzipSync(bytes).length };
  return { machine: describeMachine(), connections: CONNECTIONS, amounts, algorithms, bundle };
}

async function startProvider(): Promise<Endpoint> {
  const child = startScript(OIDC_PROVIDER, './token-provider.ts');
  const [port] = (await once(child, 'message')) as [number];
  return { name: OIDC_PROVIDER, port, process: child, tokenPath: '/token', jwksPath: '/jwks' };
}

/** That both issue what they are compared by: a token of that kind, for that API. */
async function checkToken({ name, port, tokenPath, jwksPath }: Endpoint, alg: TokenAlgorithm): Promise<void> {
  const url = `http://127.0.0.1:${port}`;
  const response = await fetch(`${url}${tokenPath}`, { method: 'POST', ...tokenRequest(alg) });
  const text = await response.text();
  if (response.status !== 200) throw new BenchError(`${name} issues no token: ${response.status} ${text}`);
  const { access_token: token } = JSON.parse(text) as { access_token: string };
  const keys = (await (await fetch(`${url}${jwksPath}`)).json()) as JSONWebKeySet;
  const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
    algorithms: [alg],
    audience: targetOf(alg),
    typ: 'at+jwt',
  });
  if (payload['scope'] !== SCOPE) throw new BenchError(`${name} issues a token without the scope`);
}

function renderText({ machine, amounts, algorithms, bundle }: Awaited<ReturnType<typeof measure>>): string {
  const header = ['', 'tokens/s', `to ${OIDC_PROVIDER}`, 'CPU µs/token', `to ${OIDC_PROVIDER}`];
  const rows = algorithms.flatMap(({ alg, endpoints }) => [
    [alg],
    ...endpoints.map((endpoint) => [
      `  ${endpoint.name}`,
      count(endpoint.tokensPerSecond.median),
      ratioText(endpoint.tokensToProvider),
      count(endpoint.cpuMicroseconds.median),
      ratioText(endpoint.cpuToProvider),
    ]),
  ]);
  return [
    `${machine.cpu}, ${machine.cores} cores; ${machine.workerd}; node ${machine.node}`,
    `${amounts.rounds} rounds, both in each; ${CONNECTIONS} keep-alive connections; ${count(amounts.tokens)} tokens a round and algorithm.`,
    'Client credentials by HTTP Basic, JWT access tokens (RFC 9068). Medians over rounds; ratios are taken within a',
    `round: median ± half of its 95 % interval. CPU is user and system time of the process: for ${CLAIMGATE} it includes a stand-in`,
    'for KV, and its log line for each token; it has no limits and no replay protection bound.',
    '',
    ...align([header, ...rows]),
    '',
    `Bundle of issuer/src/index.ts, minified: ${kilobytes(bundle.raw)}, gzip ${kilobytes(bundle.gzip)} (1 KB = 1,000 bytes)`,
    '',
  ].join('\n');
}
