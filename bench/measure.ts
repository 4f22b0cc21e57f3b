/** Measures running Workers: rounds of load, and start-up. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { BenchError, endChild } from './children.ts';
import { ALGORITHMS, type Algorithm, type Issuer } from './issuer.ts';
import type { LoadOrder, LoadResult } from './load.ts';
import { PATH, PUBLIC_PATH } from './variants.ts';
import { type RunningWorker, readCpuMs, start, type Variant } from './workerd.ts';

export const CONNECTIONS = 32;

export interface Amounts {
  readonly rounds: number;
  /** Requests a round and variant, all with one token. */
  readonly repeated: number;
  /** Requests a round and variant, each with a token that the Worker hasn't seen. */
  readonly firstSight: number;
  readonly startUps: number;
}

export interface Scenario {
  readonly alg: Algorithm;
  readonly tokens: 'repeated' | 'first sight';
}

/** What one variant did in one round. */
export interface Sample {
  readonly requestsPerSecond: number;
  readonly cpuMicroseconds: number;
}

export interface ScenarioResult extends Scenario {
  /** By the name of the variant; one sample a round. */
  readonly samples: Readonly<Record<string, readonly Sample[]>>;
}

export interface Rig {
  readonly workers: readonly RunningWorker[];
  readonly load: ChildProcess;
  readonly issuer: Issuer;
  readonly amounts: Amounts;
  progress(text: string): void;
}

/** Each scenario in turn; repeated tokens first, while no Worker remembers thousands of others. */
export const SCENARIOS: readonly Scenario[] = (['repeated', 'first sight'] as const).flatMap((tokens) =>
  ALGORITHMS.map((alg) => ({ alg, tokens })),
);

export async function warmUp(rig: Rig): Promise<void> {
  const { workers, issuer, amounts } = rig;
  for (const alg of ALGORITHMS) {
    const tokens = await issuer.makeTokens(alg, Math.ceil(amounts.firstSight / 2));
    for (const worker of workers) {
      await applyLoad(rig, worker, tokens, tokens.length);
      await applyLoad(rig, worker, tokens.slice(0, 1), amounts.repeated / 2);
    }
  }
}

/** In each round every variant once, in an order that is reversed from round to round. */
export async function measureScenario(rig: Rig, { alg, tokens }: Scenario): Promise<ScenarioResult> {
  const { workers, issuer, amounts, progress } = rig;
  const isRepeated = tokens === 'repeated';
  const requests = isRepeated ? amounts.repeated : amounts.firstSight;
  const samples: Record<string, Sample[]> = {};
  for (const { name } of workers) samples[name] = [];
  for (let round = 0; round < amounts.rounds; round++) {
    progress(`${alg}, ${tokens}: round ${round + 1} of ${amounts.rounds}`);
    // All variants get the same tokens: no two of them share a process.
    const sent = await issuer.makeTokens(alg, isRepeated ? 1 : requests);
    for (const worker of round % 2 === 0 ? workers : workers.toReversed()) {
      samples[worker.name]?.push(await applyLoad(rig, worker, sent, requests));
    }
  }
  return { alg, tokens, samples };
}

async function applyLoad(
  { load }: Rig,
  worker: RunningWorker,
  tokens: readonly string[],
  requests: number,
): Promise<Sample> {
  const order: LoadOrder = { port: worker.port, path: PATH, connections: CONNECTIONS, requests, tokens };
  const cpuBefore = readCpuMs(worker);
  load.send(order);
  const [result] = (await once(load, 'message')) as [LoadResult];
  if ('failure' in result) throw new BenchError(`a request to ${worker.name} failed: ${result.failure}`);
  const cpuMs = readCpuMs(worker) - cpuBefore;
  return { requestsPerSecond: requests / result.seconds, cpuMicroseconds: (cpuMs * 1000) / requests };
}

/** Milliseconds from spawning workerd to its first answer, again and again, the variants in turn. */
export async function measureStartUps(
  variants: readonly Variant[],
  times: number,
): Promise<Record<string, number[]>> {
  const results: Record<string, number[]> = {};
  for (const { name } of variants) results[name] = [];
  for (let i = 0; i < times; i++) {
    for (const variant of variants) results[variant.name]?.push(await measureStartUp(variant));
  }
  return results;
}

async function measureStartUp(variant: Variant): Promise<number> {
  const before = performance.now();
  const worker = await start(variant);
  const request = get({ host: '127.0.0.1', port: worker.port, path: PUBLIC_PATH, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const milliseconds = performance.now() - before;
  response.resume();
  await once(response, 'end');
  endChild(worker.process);
  if (response.statusCode !== 200) {
    throw new BenchError(`the first answer of ${variant.name} is ${response.statusCode}, not 200`);
  }
  return milliseconds;
}
