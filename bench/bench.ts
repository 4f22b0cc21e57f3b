/** `npm run bench`: what claimgate costs, against a bare proxy and against Hono with jose. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { BenchError, childFailure, endAllChildren, startScript } from './children.ts';
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

const folder = mkdtempSync(join(tmpdir(), 'claimgate-bench-'));
process.once('exit', () => {
  endAllChildren();
  rmSync(folder, { recursive: true, force: true });
});
process.once('SIGHUP', () => process.exit(129));
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

try {
  await Promise.race([main(), childFailure]);
  process.exit(0);
} catch (error) {
  if (!(error instanceof BenchError)) throw error;
  process.stderr.write(`error  ${error.message}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  const { amounts, json } = readOptions();
  if (!existsSync('/proc/self/stat'))
    throw new BenchError('CPU time is read from /proc, which only Linux has');
  const summary = summarise(await measure(amounts));
  process.stdout.write(json ? `${JSON.stringify(summary, null, 2)}\n` : renderText(summary));
}

function readOptions(): { amounts: Amounts; json: boolean } {
  const options = {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    throw new BenchError(`${(error as Error).message}\n\n${HELP}`);
  }
  if (values.help) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  const amounts = values.quick ? QUICK : FULL;
  const rounds = values.rounds === undefined ? amounts.rounds : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) {
    throw new BenchError(`--rounds ${values.rounds}: write a number from 1 to 100`);
  }
  return { amounts: { ...amounts, rounds }, json: values.json };
}

async function measure(amounts: Amounts): Promise<Measured> {
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

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
