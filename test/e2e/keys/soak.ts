/**
 * `npm run soak`: the tests of floods, rotations and remembered tokens, at length. Ends by itself, after some 15 min on
 * two cores, with exit code 1 where a promise of docs/keys.md did not hold. Needs Linux: memory is read from /proc.
 */
import { readCost, readTable, withinCost } from './support/docs.ts';
import { FLOODS, flood, withSite } from './support/floods.ts';
import { type KvStorage, startKvStorage } from './support/kv.ts';
import { SAMPLE_EVERY, sendManyTokens } from './support/many-tokens.ts';
import { type Rotation, rotateForHours } from './support/rotation.ts';

const FLOOD_REQUESTS = 50_000;
const ROTATION_HOURS = 6;
const TOKENS = 1_000_000;
/** Little above what the gateway takes with 10,000 tokens: some bytes too many a token, and the process ends. */
const HEAP_MEGABYTES = 24;
/**
 * How much more the whole process may take in the last third than in the second. In the first, and at times later, what
 * the runtime keeps outside the heap grows in leaps.
 */
const MAX_GROWTH = 1.15;
const NOISE_MEGABYTES = 16;
/** Far more than it takes: nothing here may run for ever. */
const LIMIT_MS = 90 * 60_000;

const failures: string[] = [];

function report(what: string, isKept: boolean): void {
  console.log(`${isKept ? 'ok  ' : 'FAIL'} ${what}`);
  if (!isKept) failures.push(what);
}

async function soakFloods(storage: KvStorage): Promise<void> {
  console.log(`\nFloods of ${FLOOD_REQUESTS} requests: fetches · reads of KV · writes of KV`);
  for (const [column, processes] of [
    ['one isolate', 1] as const,
    ['four isolates with one KV', 4] as const,
  ]) {
    for (const row of readTable('requests')) {
      const name = row['requests'] ?? '';
      const one = FLOODS[name];
      if (one === undefined) throw new Error(`docs/keys.md names a flood that is none: ${name}`);
      const cost = await withSite({ storage, processes }, (site) =>
        flood(site, one, one.atOnce ? 1_000 : FLOOD_REQUESTS),
      );
      const wanted = row[column] ?? '';
      const measured = `${cost.fetches} · ${cost.reads} · ${cost.writes}`;
      report(`${column}: ${name}: ${measured} (at most ${wanted})`, withinCost(cost, readCost(wanted)));
    }
  }
}

async function soakRotations(storage: KvStorage): Promise<void> {
  console.log(`\nRotations in ${ROTATION_HOURS} h of the gateway's clock, every other one unannounced`);
  const onRotation = ({ number, isAnnounced, requests, problems }: Rotation) => {
    const kind = isAnnounced ? 'announced' : 'unannounced';
    const ending = problems.map((one) => `; ${one}`).join('');
    report(`rotation ${number}, ${kind}: ${requests} requests${ending}`, problems.length === 0);
  };
  await withSite({ storage, processes: 2 }, (site) => rotateForHours(site, ROTATION_HOURS, onRotation));
}

async function soakMemory(storage: KvStorage): Promise<void> {
  console.log(`\n${TOKENS} distinct tokens through one process with a heap of ${HEAP_MEGABYTES} MB`);
  const samples: number[] = [];
  const options = { storage, processes: 1, logSample: 0, heapMegabytes: HEAP_MEGABYTES };
  await withSite(options, (site) =>
    sendManyTokens(site, TOKENS, (sent, megabytes) => {
      samples.push(megabytes);
      if (sent % (5 * SAMPLE_EVERY) === 0) console.log(`     ${sent} tokens: ${megabytes} MB`);
    }),
  );
  const third = Math.floor(samples.length / 3);
  const second = Math.max(...samples.slice(third, 2 * third));
  const last = Math.max(...samples.slice(2 * third));
  const limit = Math.round(second * MAX_GROWTH + NOISE_MEGABYTES);
  report(
    `${last} MB at most in the last third, ${second} MB in the second; the limit is ${limit} MB`,
    last <= limit,
  );
}

setTimeout(() => {
  console.error(`stopped after ${LIMIT_MS / 60_000} min`);
  process.exit(1);
}, LIMIT_MS).unref();

const storage = await startKvStorage();
const start = performance.now();
for (const soak of [soakFloods, soakRotations, soakMemory]) {
  await soak(storage).catch((error: Error) => report(`${soak.name} ended early: ${error.message}`, false));
}
await storage.close();
const minutes = ((performance.now() - start) / 60_000).toFixed(1);
const result = failures.length === 0 ? 'All promises were kept' : `${failures.length} not kept`;
console.log(`\n${result}, ${minutes} min`);
process.exit(failures.length === 0 ? 0 : 1);
