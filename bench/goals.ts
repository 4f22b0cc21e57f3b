/** What claimgate promises to cost, against what was measured. */
import type { Amounts } from './amounts.ts';
import { ALGORITHMS } from './issuer.ts';
import type { KeyFetches } from './key-fetches.ts';
import type { KvTraffic } from './kv-traffic.ts';
import type { Sample, ScenarioResult } from './measure.ts';
import { ALLOWED_ROW } from './scenarios.ts';
import { DENIED_ID, firstSightId, PUBLIC_ID, ROUTES_ID, repeatedId } from './selection.ts';
import { WITH_KV } from './start-ups.ts';
import { ratios, type Spread, spread } from './statistics.ts';
import { count, kilobytes, milliseconds, ratioText } from './text.ts';
import { BARE, CLAIMGATE, FLOOR, HONO_JOSE, HONO_JWK, routesRow } from './variants.ts';

export interface Goal {
  readonly name: string;
  /** As people read it: "≤ 1.15". */
  readonly goal: string;
  readonly measured: string;
  readonly met: boolean;
}

export interface Judged {
  readonly amounts: Amounts;
  /** The parts that were measured. `undefined`: all. */
  readonly only?: readonly string[] | undefined;
  readonly scenarios: readonly ScenarioResult[];
  readonly keyFetches?: KeyFetches | undefined;
  readonly kvTraffic?: KvTraffic | undefined;
  /** Milliseconds, by what was started. */
  readonly startUps: Readonly<Record<string, readonly number[]>>;
  /** Milliseconds, for a policy of 2,000 routes: this commit has no name, the other one its own. */
  readonly compilations: Readonly<Record<string, readonly number[]>>;
  /** Bytes of src/index.ts, bundled and minified. */
  readonly bundle: { readonly raw: number; readonly gzip: number };
}

const CPU: keyof Sample = 'cpuMicroseconds';
const THROUGHPUT: keyof Sample = 'requestsPerSecond';
const REPEATED = repeatedId('RS256');

/** In a full run, a goal that nothing was measured for is missed; in one of some parts it is left out. */
export function judge(judged: Judged): Goal[] {
  const { only, scenarios, compilations, startUps, bundle } = judged;
  const compare = (id: string, row: string, base: string, figure: keyof Sample): Spread => {
    const samples = scenarios.find((scenario) => scenario.id === id)?.samples;
    const series = (name: string) => (samples?.[name] ?? []).map((sample) => sample[figure]);
    return ratios(series(row), series(base));
  };
  const own = (id: string, base: string, figure = CPU) => compare(id, CLAIMGATE, base, figure);
  const size = (isFlat: boolean) => compare(ROUTES_ID, routesRow(2_000, isFlat), routesRow(10), CPU);
  const compiled = spread(compilations[''] ?? []);
  const started = ratios(startUps[WITH_KV] ?? [], startUps[BARE] ?? []);
  const goals = [
    of('repeated token: CPU over the floor', own(REPEATED, FLOOR), atMost(1.1)),
    of('repeated token: CPU over a bare proxy', own(REPEATED, BARE), atMost(1.25)),
    of(`repeated token: throughput over ${HONO_JWK}`, own(REPEATED, HONO_JWK, THROUGHPUT), atLeast(1.5)),
    ...ALGORITHMS.map((alg) =>
      of(`new tokens, ${alg}: CPU over ${HONO_JOSE}`, own(firstSightId(alg), HONO_JOSE), atMost(1)),
    ),
    of('public route: CPU over the floor', own(PUBLIC_ID, FLOOR), atMost(1.05)),
    of('2,000 routes: CPU over 10 routes', size(false), atMost(1.03)),
    of('2,000 routes, all first segments differ: CPU over 10 routes', size(true), atMost(1.03)),
    {
      name: 'compiling a policy of 2,000 routes at start',
      goal: '≤ 30 ms',
      measured: `${milliseconds(compiled.median)} (${milliseconds(compiled.min)} – ${milliseconds(compiled.max)})`,
      met: compiled.median <= 30,
      isMeasured: !Number.isNaN(compiled.median),
    },
    of('cold start to a verified token, keys in KV: time over a bare proxy', started, atMost(1.5)),
    of(
      'a bad signature: CPU over a new good token',
      compare(DENIED_ID, CLAIMGATE, ALLOWED_ROW, CPU),
      atMost(1),
    ),
    ...keyGoals(judged),
    {
      name: 'bundle, minified, gzip',
      goal: '≤ 48.0 KB',
      measured: kilobytes(bundle.gzip),
      met: bundle.gzip <= 48_000,
    },
  ];
  return goals.flatMap(({ isMeasured = true, ...goal }) => (only === undefined || isMeasured ? [goal] : []));
}

type Measurable = Goal & { readonly isMeasured?: boolean };

function keyGoals({ amounts, keyFetches, kvTraffic }: Judged): Measurable[] {
  const flood = `${count(amounts.unknownKeys)} made-up key ids in ${amounts.unknownKeySeconds} s`;
  const counted = (name: string, limit: number, value: number | undefined): Measurable => ({
    name,
    goal: limit === 0 ? '0' : `≤ ${limit}`,
    measured: value === undefined ? '–' : count(value),
    met: value !== undefined && value <= limit,
    isMeasured: value !== undefined,
  });
  const onPath = keyFetches?.onRequestPath;
  const ofFlood = (isolates: number) =>
    keyFetches?.unknownKeys.find((one) => one.isolates === isolates)?.fetches;
  return [
    counted('KV reads of an idle isolate', 0, kvTraffic?.idle.reads),
    counted(
      `key fetches that requests wait for, cron and KV (cold start, ${count(onPath?.requests ?? 0)} tokens)`,
      0,
      onPath?.fetches,
    ),
    counted(`key fetches for ${flood}, one isolate`, 2, ofFlood(1)),
    counted(`key fetches for ${flood}, 4 isolates that share KV`, 4, ofFlood(4)),
  ];
}

interface Bound {
  readonly text: string;
  holds(value: number): boolean;
}

const atMost = (limit: number): Bound => ({
  text: `≤ ${limit.toFixed(2)}`,
  holds: (value) => value <= limit,
});
const atLeast = (limit: number): Bound => ({
  text: `≥ ${limit.toFixed(2)}`,
  holds: (value) => value >= limit,
});

function of(name: string, ratio: Spread, bound: Bound): Measurable {
  const { median } = ratio;
  const isMeasured = !Number.isNaN(median);
  return { name, goal: bound.text, measured: ratioText(ratio), met: bound.holds(median), isMeasured };
}
