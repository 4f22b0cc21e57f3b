/** Puts running servers under load, round after round. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { BenchError } from './children.ts';
import type { LoadOrder, LoadResult } from './load.ts';
import { type RunningServer, readCpuMs } from './workerd.ts';

export type Load = Omit<LoadOrder, 'ports'>;

/** Rows under the same load, or loads on the same variant: what is compared. The first row is the base. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  /** Whether a goal is about it: those have all the rounds. */
  readonly isMain: boolean;
  readonly rows: readonly Row[];
  /** Makes the loads of a round, the first for all rows that name no other. */
  round(number: number): Promise<Readonly<Record<string, Load>>>;
  /** Share of a load that each row gets before, unmeasured. */
  readonly warmUp: number;
}

export interface Row {
  readonly name: string;
  readonly variant: string;
  /** Of the round's loads. Default: the first. */
  readonly load?: string;
}

/** What one row did in one round. */
export interface Sample {
  readonly requestsPerSecond: number;
  readonly cpuMicroseconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface ScenarioResult {
  readonly id: string;
  readonly title: string;
  /** By the name of the row; one sample a round. */
  readonly samples: Readonly<Record<string, readonly Sample[]>>;
}

export interface Rig {
  readonly servers: ReadonlyMap<string, RunningServer>;
  readonly load: ChildProcess;
  progress(text: string): void;
}

/** In each round every row once, in an order that is reversed from round to round. */
export async function measureScenario(rig: Rig, scenario: Scenario, rounds: number): Promise<ScenarioResult> {
  const { id, title, rows } = scenario;
  const samples: Record<string, Sample[]> = Object.fromEntries(rows.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    rig.progress(`${title}: round ${round + 1} of ${rounds}`);
    const loads = await scenario.round(round);
    const [first] = Object.values(loads);
    const apply = async ({ variant, load }: Row, share = 1) => {
      const server = rig.servers.get(variant);
      const own = load === undefined ? first : loads[load];
      if (server === undefined || own === undefined)
        throw new Error(`${title}: no ${variant}, or no ${load}`);
      return applyLoad(rig.load, server, { ...own, requests: Math.ceil(own.requests * share) });
    };
    if (round === 0 && scenario.warmUp > 0) for (const row of rows) await apply(row, scenario.warmUp);
    for (const row of round % 2 === 0 ? rows : rows.toReversed()) {
      samples[row.name]?.push(await apply(row));
    }
  }
  return { id, title, samples };
}

async function applyLoad(process: ChildProcess, server: RunningServer, load: Load): Promise<Sample> {
  const cpuBefore = readCpuMs(server);
  const { seconds, p50Ms, p99Ms } = await orderLoad(process, { ...load, ports: [server.port] }, server.name);
  const cpuMs = readCpuMs(server) - cpuBefore;
  return {
    requestsPerSecond: load.requests / seconds,
    cpuMicroseconds: (cpuMs * 1000) / load.requests,
    p50Ms,
    p99Ms,
  };
}

/** @param name of what is asked, for an error */
export async function orderLoad(process: ChildProcess, order: LoadOrder, name: string) {
  process.send(order);
  const [result] = (await once(process, 'message')) as [LoadResult];
  if ('failure' in result) throw new BenchError(`a request to ${name} failed: ${result.failure}`);
  return result;
}
