/** `npm run bench`: what claimgate costs, against a bare proxy and against Hono with jose. */
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { startScript } from './children.ts';
import { startIssuer } from './issuer.ts';
import { describeMachine } from './machine.ts';
import {
  type Amounts,
  measureScenario,
  measureStartUps,
  SCENARIOS,
  type ScenarioResult,
  warmUp,
} from './measure.ts';
import { progress, runProgram } from './program.ts';
import { type Measured, renderText, summarise } from './report.ts';
import { BARE, CLAIMGATE, prepareVariants } from './variants.ts';
import { start, type Variant } from './workerd.ts';

const FULL: Amounts = { rounds: 7, repeated: 12_000, firstSight: 5_000, startUps: 5 };
const QUICK: Amounts = { rounds: 2, repeated: 4_000, firstSight: 2_000, startUps: 3 };

const HELP = `npm run bench [-- --quick] [-- --rounds N] [-- --json]

Measures what claimgate costs: Workers in raw workerd processes on this machine, under load over 127.0.0.1. Takes
some minutes; let the machine do nothing else meanwhile. Linux only: CPU time is read from /proc.

  --quick      under a minute: ${QUICK.rounds} rounds and fewer requests; for a first look only
  --rounds N   rounds of each scenario (default: ${FULL.rounds})
  --json       prints JSON, with the figures of every round
`;

await runProgram({
  help: HELP,
  full: FULL,
  quick: QUICK,
  measure: async (amounts, folder) => summarise(await measure(amounts, folder)),
  render: renderText,
});

async function measure(amounts: Amounts, folder: string): Promise<Measured> {
  progress('starting the Workers, the origin and the issuer');
  const issuer = await startIssuer();
  const [originPort] = (await once(startScript('the origin', './origin.ts'), 'message')) as [number];
  const variants = await prepareVariants(`http://127.0.0.1:${originPort}`, issuer.jwksUri, folder);
  const load = startScript('the load', './load.ts');
  const workers = await Promise.all(variants.map(start));
  const rig = { workers, load, issuer, amounts, progress };

  progress('warming up');
  await warmUp(rig);
  const scenarios: ScenarioResult[] = [];
  for (const scenario of SCENARIOS) scenarios.push(await measureScenario(rig, scenario));

  progress('start-up');
  const compared = variants.filter(({ name }) => name === BARE || name === CLAIMGATE);
  const startUps = await measureStartUps(compared, amounts.startUps);
  return { machine: describeMachine(), amounts, scenarios, bundle: measureBundle(variants), startUps };
}

function measureBundle(variants: readonly Variant[]): Measured['bundle'] {
  const script = Buffer.from(variants.find(({ name }) => name === CLAIMGATE)?.script ?? '');
  return { raw: script.length, gzip: gzipSync(script).length };
}
