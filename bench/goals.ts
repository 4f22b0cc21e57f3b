/** What claimgate promises to cost, against what was measured. */
import type { Amounts } from './amounts.ts';
import { ALGORITHMS, type Algorithm } from './issuer.ts';
import type { KeyFetches } from './key-fetches.ts';
import type { Sample, ScenarioResult } from './measure.ts';
import { ALLOWED_ROW, DENIED_ID, firstSightId, ROUTES_ID, repeatedId, routesRow } from './scenarios.ts';
import { ratios, type Spread, spread } from './statistics.ts';
import { count, kilobytes, milliseconds, ratioText } from './text.ts';
import { BARE, CLAIMGATE, HONO_JOSE, HONO_JWK } from './variants.ts';

export interface Goal {
  readonly name: string;
  /** As people read it: "≤ 1.15". */
  readonly goal: string;
  readonly measured: string;
  readonly met: boolean;
}

export interface Judged {
  readonly amounts: Amounts;
  readonly scenarios: readonly ScenarioResult[];
  readonly keyFetches: KeyFetches;
  /** Milliseconds, for a policy of 2,000 routes. */
  readonly compilations: readonly number[];
  /** Bytes of src/index.ts, bundled and minified. */
  readonly bundle: { readonly raw: number; readonly gzip: number };
}

const CPU: keyof Sample = 'cpuMicroseconds';
const THROUGHPUT: keyof Sample = 'requestsPerSecond';

/** Goals about tokens are judged by the algorithm that is furthest from them. */
export function judge({ amounts, scenarios, keyFetches, compilations, bundle }: Judged): Goal[] {
  const compare = (id: string, row: string, base: string, figure: keyof Sample): Spread => {
    const samples = scenarios.find((scenario) => scenario.id === id)?.samples;
    const series = (name: string) => (samples?.[name] ?? []).map((sample) => sample[figure]);
    return ratios(series(row), series(base));
  };
  const overAlgorithms = (id: (alg: Algorithm) => string, base: string, figure: keyof Sample) =>
    ALGORITHMS.map((alg) => ({ alg, ratio: compare(id(alg), CLAIMGATE, base, figure) }));
  const { onRequestPath, unknownKeys } = keyFetches;
  const compiled = spread(compilations);
  const flood = `${count(amounts.unknownKeys)} made-up key ids in ${amounts.unknownKeySeconds} s`;

  return [
    worst('repeated token: CPU over a bare proxy', overAlgorithms(repeatedId, BARE, CPU), atMost(1.15)),
    worst(
      'repeated token: throughput over a bare proxy',
      overAlgorithms(repeatedId, BARE, THROUGHPUT),
      atLeast(0.93),
    ),
    worst(`new tokens: CPU over ${HONO_JOSE}`, overAlgorithms(firstSightId, HONO_JOSE, CPU), atMost(1)),
    worst(
      `repeated token: throughput over ${HONO_JWK}`,
      overAlgorithms(repeatedId, HONO_JWK, THROUGHPUT),
      atLeast(1.5),
    ),
    of(
      '2,000 routes: CPU over 10 routes',
      compare(ROUTES_ID, routesRow(2_000), routesRow(10), CPU),
      atMost(1.03),
    ),
    {
      name: 'compiling a policy of 2,000 routes at start',
      goal: '≤ 30 ms',
      measured: `${milliseconds(compiled.median)} (${milliseconds(compiled.min)} – ${milliseconds(compiled.max)})`,
      met: compiled.median <= 30,
    },
    of(
      'a bad signature: CPU over a new good token',
      compare(DENIED_ID, CLAIMGATE, ALLOWED_ROW, CPU),
      atMost(1),
    ),
    {
      name: `key fetches that requests wait for, cron and KV (cold start, ${count(onRequestPath.requests)} tokens)`,
      goal: '0',
      measured: count(onRequestPath.fetches),
      met: onRequestPath.fetches === 0,
    },
    ...unknownKeys.map(({ isolates, fetches }): Goal => {
      const limit = isolates === 1 ? 2 : 4;
      const whose = isolates === 1 ? 'one isolate' : `${isolates} isolates that share KV`;
      return {
        name: `key fetches for ${flood}, ${whose}`,
        goal: `≤ ${limit}`,
        measured: count(fetches),
        met: fetches <= limit,
      };
    }),
    {
      name: 'bundle, minified, gzip',
      goal: '≤ 52.0 KB',
      measured: kilobytes(bundle.gzip),
      met: bundle.gzip <= 52_000,
    },
  ];
}

interface Bound {
  readonly text: string;
  holds(value: number): boolean;
  /** Whether one value is further from the goal than another. */
  isWorse(one: number, other: number): boolean;
}

const atMost = (limit: number): Bound => ({
  text: `≤ ${limit.toFixed(2)}`,
  holds: (value) => value <= limit,
  isWorse: (one, other) => one > other,
});
const atLeast = (limit: number): Bound => ({
  text: `≥ ${limit.toFixed(2)}`,
  holds: (value) => value >= limit,
  isWorse: (one, other) => one < other,
});

function of(name: string, ratio: Spread, bound: Bound): Goal {
  return { name, goal: bound.text, measured: ratioText(ratio), met: bound.holds(ratio.median) };
}

function worst(
  name: string,
  measured: readonly { readonly alg: Algorithm; readonly ratio: Spread }[],
  bound: Bound,
): Goal {
  const [first, ...others] = measured;
  if (first === undefined) throw new Error('no algorithm was measured');
  const { alg, ratio } = others.reduce(
    (one, other) => (bound.isWorse(other.ratio.median, one.ratio.median) ? other : one),
    first,
  );
  return of(`${name} (of three algorithms the worst: ${alg})`, ratio, bound);
}
