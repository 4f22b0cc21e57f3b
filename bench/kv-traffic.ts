/** How often an isolate reads and writes KV: what polling would cost, if there were any. */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { endChild } from './children.ts';
import type { Issuer } from './issuer.ts';
import { runCron } from './key-fetches.ts';
import type { Kv } from './kv.ts';
import { orderLoad } from './measure.ts';
import { PATH } from './policies.ts';
import type { VariantMaker } from './variants.ts';

/** The key set of this part alone, so that no other isolate's reads are counted. */
export const KV_KEYS = 'kv';
const CONNECTIONS = 4;
const REQUESTS_PER_SECOND = 20;

export interface Operations {
  readonly reads: number;
  readonly writes: number;
}

export interface KvTraffic {
  /** Of the idle time, and of the busy one. */
  readonly seconds: number;
  readonly firstRequest: Operations;
  readonly idle: Operations;
  readonly busy: Operations;
  /** A run of the cron that finds the same keys. */
  readonly cron: Operations;
}

/** One isolate with one issuer: its first request, then idle, then busy; and a run of the cron. */
export async function measureKvTraffic(
  make: VariantMaker,
  issuer: Issuer,
  load: ChildProcess,
  { counts }: Kv,
  seconds: number,
): Promise<KvTraffic> {
  const during = async (work: () => Promise<unknown>): Promise<Operations> => {
    const before = { ...counts };
    await work();
    return { reads: counts.reads - before.reads, writes: counts.writes - before.writes };
  };
  const server = await make.claimgate('claimgate, counted', KV_KEYS).launch();
  const tokens = await issuer.makeTokens('RS256', 1);
  const order = { connections: CONNECTIONS, paths: [PATH], status: 200, tokens, ports: [server.port] };
  const ask = (requests: number, overSeconds = 0) =>
    orderLoad(load, { ...order, requests, overSeconds }, server.name);
  const result = {
    seconds,
    firstRequest: await during(() => ask(1)),
    idle: await during(() => sleep(seconds * 1000)),
    busy: await during(() => ask(seconds * REQUESTS_PER_SECOND, seconds)),
    cron: await during(() => runCron(make, [KV_KEYS])),
  };
  endChild(server.process);
  return result;
}
