/** `npm run bench`: what claimgate costs, against other ways to do the same, and against its goals. */
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { type Amounts, FULL, QUICK } from './amounts.ts';
import { checkVariant } from './check-variants.ts';
import { startScript } from './children.ts';
import { measureCompilations } from './compilations.ts';
import { startIssuer } from './issuer.ts';
import { FETCH_KEYS, measureRequestPath, measureUnknownKeys, runCron } from './key-fetches.ts';
import { startKv } from './kv.ts';
import { describeMachine, describeSource, warnIfBusy } from './machine.ts';
import { measureScenario, type ScenarioResult } from './measure.ts';
import { FLAGS, planOutputs, RESULTS } from './outputs.ts';
import { progress, runProgram } from './program.ts';
import { type Measured, renderText, summarise } from './report.ts';
import { makeScenarios } from './scenarios.ts';
import { measureStartUps, START_KEYS } from './start-ups.ts';
import {
  bundleAll,
  HAPROXY,
  LOAD_KEYS,
  makeAssertionKeys,
  makeVariants,
  NGINX,
  variantMaker,
} from './variants.ts';
import type { RunningServer } from './workerd.ts';

const HELP = `npm run bench -- [--quick] [--rounds N] [--json] [--docs] [--chart FILE] [--from FILE]

Measures what claimgate costs: Workers in raw workerd processes on this machine, and HAProxy and nginx where they are
installed, under load over 127.0.0.1. Takes a quarter of an hour; let the machine do nothing else meanwhile. Linux
only: CPU time is read from /proc. Every run writes ${RESULTS}.

  --quick       under a minute: ${QUICK.rounds} round and fewer requests; for a first look only
  --rounds N    rounds of the scenarios that goals are about (default: ${FULL.rounds}); the others have half as many
  --json        prints JSON, with the figures of every round
  --docs        writes the figures and the chart of docs/performance.md
  --chart FILE  writes the chart, as SVG
  --from FILE   measures nothing: takes the figures of an earlier run
`;

await runProgram({
  help: HELP,
  full: FULL,
  quick: QUICK,
  flags: FLAGS,
  plan: planOutputs,
  measure: async (amounts, folder) => summarise(await measure(amounts, folder)),
  render: renderText,
});

async function measure(amounts: Amounts, folder: string): Promise<Measured> {
  const startedAt = performance.now();
  warnIfBusy();
  progress('starting everything');
  const issuer = await startIssuer();
  const [originPort] = (await once(startScript('the origin', './origin.ts'), 'message')) as [number];
  const source = describeSource();
  const scripts = await bundleAll();
  const surroundings = { originPort, issuer, kvPort: await startKv(), folder };
  const make = variantMaker(surroundings, scripts, issuer.jwksUri);
  const makeSlow = variantMaker(surroundings, scripts, issuer.slowJwksUri);
  const runCrons = async () => {
    await runCron(make, [LOAD_KEYS, ...FETCH_KEYS]);
    await runCron(makeSlow, [START_KEYS]);
    return performance.now();
  };
  let cronAt = await runCrons();
  const load = startScript('the load', './load.ts');
  const variants = makeVariants(make, await makeAssertionKeys());
  const servers = new Map<string, RunningServer>();
  for (const variant of variants) servers.set(variant.name, await variant.launch());

  progress('checking that all do what they are compared for');
  for (const variant of variants) {
    await checkVariant(variant, servers.get(variant.name) as RunningServer, issuer);
  }
  const rig = { servers, load, progress };
  const scenarios: ScenarioResult[] = [];
  for (const scenario of makeScenarios(variants, issuer, amounts)) {
    const rounds = scenario.isMain ? amounts.rounds : Math.ceil(amounts.rounds / 2);
    scenarios.push(await measureScenario(rig, scenario, rounds));
  }

  // As on the platform, where it runs every five minutes.
  if (performance.now() - cronAt > 5 * 60_000) cronAt = await runCrons();
  progress('start-up');
  const token = await issuer.makeToken('RS256');
  const startUps = await measureStartUps(makeSlow, token, amounts.startUps);
  progress('compiling a policy of 2,000 routes');
  const compilations = await measureCompilations(scripts.compile, 2_000, amounts.compilations, folder);
  progress('key fetches: a cold start');
  const onRequestPath = await measureRequestPath(make, issuer, load, amounts.firstSight);
  progress(`key fetches: made-up key ids, for ${amounts.unknownKeySeconds} s`);
  const flood = { requests: amounts.unknownKeys, seconds: amounts.unknownKeySeconds };
  const unknownKeys = await measureUnknownKeys(make, issuer, flood, cronAt);

  const script = Buffer.from(scripts.claimgate);
  return {
    machine: describeMachine(),
    source,
    amounts,
    scenarios,
    startUps,
    compilations,
    keyFetches: { onRequestPath, unknownKeys },
    bundle: { raw: script.length, gzip: gzipSync(script).length },
    skipped: [HAPROXY, NGINX].filter((name) => !servers.has(name)).map((name) => `${name}: not installed`),
    seconds: (performance.now() - startedAt) / 1000,
  };
}
