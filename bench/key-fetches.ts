/** How often the issuer's key server is asked, with the cron and KV as a deployment has them. */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError, endChild, startScript } from './children.ts';
import { ALGORITHMS, type Issuer, makeUnknownKeyTokens } from './issuer.ts';
import { orderLoad } from './measure.ts';
import { PATH } from './policies.ts';
import type { VariantMaker } from './variants.ts';

/** Keys that were checked a moment ago are not asked for again, whatever a token says: the worst case comes later. */
const FRESH_MS = 31_000;
const CONNECTIONS = 8;

/** The isolates that share a KV namespace, each a process. */
export const ISOLATES = [1, 4] as const;
const floodKeys = (isolates: number) => `flood-${isolates}`;
const COLD_KEYS = 'cold';

/** The key sets whose keys the cron has to put into KV before. */
export const FETCH_KEYS = [COLD_KEYS, ...ISOLATES.map(floodKeys)];

export interface KeyFetches {
  /** On the way of requests, from a cold start on, with keys in KV. */
  readonly onRequestPath: { readonly requests: number; readonly fetches: number };
  /** While tokens with made-up key ids come. */
  readonly unknownKeys: readonly { readonly isolates: number; readonly fetches: number }[];
}

/** Runs the cron's part, as the platform would. */
export async function runCron(make: VariantMaker, keysNames: readonly string[]): Promise<void> {
  for (const keysName of keysNames) {
    const server = await make.claimgate(`cron of ${keysName}`, keysName, { isCron: true }).launch();
    const { status } = await fetch(`http://127.0.0.1:${server.port}/`);
    endChild(server.process);
    if (status !== 200) throw new BenchError(`the cron of ${keysName} failed`);
  }
}

/** A cold start, and then tokens that are all new to it. */
export async function measureRequestPath(
  make: VariantMaker,
  issuer: Issuer,
  load: ChildProcess,
  requests: number,
): Promise<KeyFetches['onRequestPath']> {
  const each = Math.ceil(requests / ALGORITHMS.length);
  const tokens = (await Promise.all(ALGORITHMS.map((alg) => issuer.makeTokens(alg, each)))).flat();
  const before = issuer.fetches(COLD_KEYS);
  const server = await make.claimgate('claimgate, started cold', COLD_KEYS).launch();
  const order = { connections: CONNECTIONS, paths: [PATH], status: 200, requests: tokens.length, tokens };
  await orderLoad(load, { ...order, ports: [server.port] }, server.name);
  endChild(server.process);
  return { requests: tokens.length, fetches: issuer.fetches(COLD_KEYS) - before };
}

/** @param cronAt when the cron last ran, by `performance.now` */
export async function measureUnknownKeys(
  make: VariantMaker,
  issuer: Issuer,
  { requests, seconds }: { readonly requests: number; readonly seconds: number },
  cronAt: number,
): Promise<KeyFetches['unknownKeys']> {
  const tokens = makeUnknownKeyTokens(await issuer.makeToken('RS256'), requests);
  await sleep(Math.max(0, cronAt + FRESH_MS - performance.now()));
  const flood = async (isolates: number) => {
    const keysName = floodKeys(isolates);
    const name = `claimgate, ${isolates} of them`;
    const launches = Array.from({ length: isolates }, () => make.claimgate(name, keysName).launch());
    const servers = await Promise.all(launches);
    const load = startScript('the load of made-up keys', './load.ts');
    const before = issuer.fetches(keysName);
    const order = { connections: CONNECTIONS, paths: [PATH], status: 401, requests, tokens };
    const ports = servers.map(({ port }) => port);
    await orderLoad(load, { ...order, ports, overSeconds: seconds }, name);
    for (const child of [load, ...servers.map((server) => server.process)]) endChild(child);
    return { isolates, fetches: issuer.fetches(keysName) - before };
  };
  return Promise.all(ISOLATES.map(flood));
}
