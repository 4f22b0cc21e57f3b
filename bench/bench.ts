/** `npm run bench`: what claimgate costs, against other ways to do the same, and against its goals. */
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { bundleAgainst } from './against.ts';
import { type Amounts, FULL, QUICK } from './amounts.ts';
import { checkVariant } from './check-variants.ts';
import { startScript } from './children.ts';
import { measureCompilations } from './compilations.ts';
import { type Issuer, startIssuer } from './issuer.ts';
import { FETCH_KEYS, measureRequestPath, measureUnknownKeys, runCron } from './key-fetches.ts';
import { startKv } from './kv.ts';
import { KV_KEYS, measureKvTraffic } from './kv-traffic.ts';
import { describeMachine, describeSource, warnIfBusy } from './machine.ts';
import { measureScenario, type Scenario, type ScenarioResult } from './measure.ts';
import { FLAGS, planOutputs, RESULTS } from './outputs.ts';
import { progress, runProgram } from './program.ts';
import { type Measured, renderText, summarise } from './report.ts';
import { makeScenarios } from './scenarios.ts';
import {
  type Choice,
  COMPILE_ID,
  KEY_FETCHES_ID,
  KV_ID,
  PART_NAMES,
  readChoice,
  START_UP_ID,
} from './selection.ts';
import { measureStartUps, START_KEYS } from './start-ups.ts';
import {
  bundleAll,
  HAPROXY,
  LOAD_KEYS,
  makeAssertionKeys,
  makeVariants,
  NGINX,
  otherVariants,
  type Variant,
  variantMaker,
} from './variants.ts';
import type { RunningServer } from './workerd.ts';

const HELP = `npm run bench -- [--quick] [--rounds N] [--only LIST] [--against REV] [--json] [--docs] [--chart FILE] [--from FILE]

Measures what claimgate costs: Workers in raw workerd processes on this machine, and HAProxy and nginx where they are
installed, under load over 127.0.0.1. Takes a quarter of an hour; let the machine do nothing else meanwhile. Linux
only: CPU time is read from /proc. Every run writes ${RESULTS}.

  --quick        a minute: ${QUICK.rounds} round and fewer requests; for a first look only
  --rounds N     rounds of the scenarios that goals are about (default: ${FULL.rounds}); the others have half as many
  --only LIST    only these parts, with commas between:
                 ${PART_NAMES}
  --against REV  measures another commit beside this one, in the same rounds
  --json         prints JSON, with the figures of every round
  --docs         writes the figures and the chart of docs/performance.md
  --chart FILE   writes the chart, as SVG
  --from FILES   measures nothing: takes the figures of earlier runs, with commas between
`;

await runProgram({
  help: HELP,
  full: FULL,
  quick: QUICK,
  flags: FLAGS,
  plan: planOutputs,
  measure: async (amounts, folder, flags) => summarise(await measure(amounts, folder, readChoice(flags))),
  render: renderText,
});

async function measure(amounts: Amounts, folder: string, choice: Choice): Promise<Measured> {
  const { selection, rev } = choice;
  const startedAt = performance.now();
  warnIfBusy();
  progress('starting everything');
  const issuer = await startIssuer();
  const [originPort] = (await once(startScript('the origin', './origin.ts'), 'message')) as [number];
  const source = describeSource();
  const scripts = await bundleAll();
  const other = rev === undefined ? undefined : await bundleAgainst(rev, folder);
  const kv = await startKv();
  const surroundings = { originPort, issuer, kvPort: kv.port, folder };
  const make = variantMaker(surroundings, scripts, issuer.jwksUri);
  const makeSlow = variantMaker(surroundings, scripts, issuer.slowJwksUri);
  const runCrons = async () => {
    await runCron(make, [LOAD_KEYS, KV_KEYS, ...FETCH_KEYS]);
    await runCron(makeSlow, [START_KEYS]);
    return performance.now();
  };
  let cronAt = await runCrons();
  const load = startScript('the load', './load.ts');
  const keys = await makeAssertionKeys();
  const variants = makeVariants(make, keys);
  if (other !== undefined) {
    const makeOther = variantMaker(surroundings, { ...scripts, claimgate: other.claimgate }, issuer.jwksUri);
    variants.push(...otherVariants(makeOther, keys, other.rev));
  }
  const scenarios = makeScenarios(variants, issuer, amounts, rev).filter(({ id }) => selection.has(id));
  const { servers, checked } = await launch(variants, scenarios, issuer);

  const results: ScenarioResult[] = [];
  for (const scenario of scenarios) {
    const rounds = scenario.isMain ? amounts.rounds : Math.ceil(amounts.rounds / 2);
    results.push(await measureScenario({ servers, load, progress }, scenario, rounds));
  }

  // As on the platform, where it runs every five minutes.
  if (performance.now() - cronAt > 5 * 60_000) cronAt = await runCrons();
  const part = async <T>(id: string, work: () => Promise<T>): Promise<T | undefined> => {
    if (!selection.has(id)) return undefined;
    progress(`${id}: measuring`);
    return work();
  };
  const token = await issuer.makeToken('RS256');
  const startUps = await part(START_UP_ID, () => measureStartUps(makeSlow, token, amounts.startUps));
  const compilations = await part(COMPILE_ID, () =>
    measureCompilations(
      { '': scripts.compile, ...(other && { [other.rev]: other.compile }) },
      amounts,
      folder,
    ),
  );
  const kvTraffic = await part(KV_ID, () => measureKvTraffic(make, issuer, load, kv, amounts.kvSeconds));
  const keyFetches = await part(KEY_FETCHES_ID, async () => {
    const flood = { requests: amounts.unknownKeys, seconds: amounts.unknownKeySeconds };
    return {
      onRequestPath: await measureRequestPath(make, issuer, load, amounts.firstSight),
      unknownKeys: await measureUnknownKeys(make, issuer, flood, cronAt),
    };
  });

  const script = Buffer.from(scripts.claimgate);
  return {
    machine: describeMachine(),
    source,
    rev,
    only: selection.only,
    amounts,
    scenarios: results,
    startUps: startUps ?? {},
    compilations: compilations ?? {},
    keyFetches,
    kvTraffic,
    bundle: { raw: script.length, gzip: gzipSync(script).length },
    skipped: [HAPROXY, NGINX].filter((name) => !checked.has(name)).map((name) => `${name}: not installed`),
    seconds: (performance.now() - startedAt) / 1000,
  };
}

/** Starts what the scenarios need, and checks that all do what they are compared for. */
async function launch(variants: readonly Variant[], scenarios: readonly Scenario[], issuer: Issuer) {
  const needed = new Set(scenarios.flatMap(({ rows }) => rows.map(({ variant }) => variant)));
  const servers = new Map<string, RunningServer>();
  for (const variant of variants.filter(({ name }) => needed.has(name))) {
    const server = await variant.launch();
    servers.set(variant.name, server);
    await checkVariant(variant, server, issuer);
  }
  return { servers, checked: new Set(variants.map(({ name }) => name)) };
}
