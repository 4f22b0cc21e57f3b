/** The bench without its load: what it judges, renders and refuses. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundleAgainst } from '../../bench/against.ts';
import { QUICK } from '../../bench/amounts.ts';
import { renderChart } from '../../bench/chart.ts';
import { fillPage, PAGE } from '../../bench/docs.ts';
import { type Issuer, spoil } from '../../bench/issuer.ts';
import type { Sample } from '../../bench/measure.ts';
import { makePolicy, routePaths } from '../../bench/policies.ts';
import { type Measured, mergeSummaries, renderText, summarise } from '../../bench/report.ts';
import { makeScenarios } from '../../bench/scenarios.ts';
import { firstSightId, PUBLIC_ID, repeatedId, SCENARIO_IDS, select } from '../../bench/selection.ts';
import { spread } from '../../bench/statistics.ts';
import { ratioText } from '../../bench/text.ts';
import { BARE, CLAIMGATE, FLOOR, HONO_JOSE, HONO_JWK, type Variant } from '../../bench/variants.ts';
import { compilePolicy } from '../../src/policy/compile/compile.ts';
import { match } from '../../src/policy/match.ts';
import { parsePath } from '../../src/policy/path.ts';

/** A round that took so much. */
const sample = (cpuMicroseconds: number): Sample => ({
  cpuMicroseconds,
  requestsPerSecond: 1e6 / cpuMicroseconds,
  p50Ms: 1,
  p99Ms: 2,
});

/** A run in which claimgate took these times, where a bare proxy took 100 µs: a repeated token, and new ones. */
function makeMeasured(own: { readonly repeated: number; readonly new: number }): Measured {
  const algorithms = ['RS256', 'ES256', 'EdDSA'] as const;
  const samples = (cpu: number) => ({
    [BARE]: [sample(100), sample(200)],
    [FLOOR]: [sample(110), sample(220)],
    [CLAIMGATE]: [sample(cpu), sample(2 * cpu)],
    [HONO_JOSE]: [sample(200), sample(400)],
    [HONO_JWK]: [sample(300), sample(600)],
  });
  return {
    machine: { cpu: 'a CPU <of tests>', cores: 2, workerd: 'workerd', node: '24' },
    source: { commit: 'abc1234', isEdited: true },
    amounts: QUICK,
    seconds: 1,
    skipped: ['HAProxy jwt_verify: not installed'],
    scenarios: [
      { id: repeatedId('RS256'), title: 'repeated', samples: samples(own.repeated) },
      ...algorithms.map((alg) => ({ id: firstSightId(alg), title: 'new', samples: samples(own.new) })),
    ],
    startUps: { [BARE]: [10, 30, 20] },
    compilations: { '': [31, 29, 40] },
    kvTraffic: {
      seconds: 2,
      firstRequest: { reads: 1, writes: 0 },
      idle: { reads: 0, writes: 0 },
      busy: { reads: 1, writes: 0 },
      cron: { reads: 1, writes: 1 },
    },
    keyFetches: {
      onRequestPath: { requests: 9, fetches: 0 },
      unknownKeys: [
        { isolates: 1, fetches: 2 },
        { isolates: 4, fetches: 5 },
      ],
    },
    bundle: { raw: 100_000, gzip: 52_001 },
  };
}

const goalsOf = (measured: Measured) =>
  summarise(measured).goals.map(({ name, measured: figure, met }) => [name, figure, met]);

describe('goals', () => {
  it('are judged on the ratios within a round', () => {
    const goals = goalsOf(makeMeasured({ repeated: 132, new: 220 }));
    expect(goals).toContainEqual(['repeated token: CPU over the floor', '1.20 ± 0.00', false]);
    expect(goals).toContainEqual(['repeated token: CPU over a bare proxy', '1.32 ± 0.00', false]);
    expect(goals).toContainEqual(['new tokens, EdDSA: CPU over Hono + jose', '1.10 ± 0.00', false]);
  });

  it('are met at the limit, and missed above', () => {
    const { goals } = summarise(makeMeasured({ repeated: 121, new: 200 }));
    const met = (name: string) => goals.find((goal) => goal.name.startsWith(name))?.met;
    expect(met('repeated token: CPU over the floor')).toBe(true);
    expect(met('new tokens')).toBe(true);
    expect(met('compiling')).toBe(false);
    expect(met('KV reads')).toBe(true);
    expect(met('key fetches for 800 made-up key ids in 5 s, one')).toBe(true);
    expect(met('key fetches for 800 made-up key ids in 5 s, 4')).toBe(false);
    expect(met('bundle')).toBe(false);
  });

  it('that nothing was measured for are missed, unless only parts were wanted', () => {
    const measured = { ...makeMeasured({ repeated: 1, new: 1 }), scenarios: [], keyFetches: undefined };
    const isThere = (name: string, { goals } = summarise(measured)) =>
      goals.filter((goal) => goal.name.startsWith(name)).map(({ met }) => met);
    expect(isThere('2,000 routes: CPU')).toEqual([false]);
    const some = summarise({ ...measured, only: [PUBLIC_ID] });
    expect(isThere('2,000 routes', some)).toEqual([]);
    expect(isThere('key fetches', some)).toEqual([]);
    expect(isThere('compiling', some)).toEqual([false]);
  });
});

describe('noise', () => {
  it('is half the 95 % interval of a median, and unknown of one value', () => {
    // Deviations from 3: 2, 1, 0, 1, 2, of which the median is 1.
    expect(spread([1, 2, 3, 4, 5]).noise).toBeCloseTo((1.96 * 1.2533 * 1.4826) / Math.sqrt(5));
    expect(spread([7, 7, 7])).toEqual({ median: 7, min: 7, max: 7, noise: 0 });
    expect(ratioText(spread([1.234]))).toBe('1.23');
  });
});

describe('another commit', () => {
  const measured = makeMeasured({ repeated: 120, new: 200 });
  const [repeated] = measured.scenarios;
  const withOther = {
    ...measured,
    rev: 'abc',
    scenarios: [
      {
        id: 'public',
        title: 'public',
        samples: { ...repeated?.samples, [`${CLAIMGATE} at abc`]: [sample(150), sample(300)] },
      },
    ],
  };

  it('is compared row by row', () => {
    expect(renderText(summarise(withOther))).toMatch(/public: claimgate +0\.80 ± 0\.00 +1\.25 ± 0\.00/);
    expect(renderText(summarise(measured))).not.toContain('This commit over');
  });

  it('is bundled from a work tree that is gone afterwards', { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'claimgate-test-'));
    try {
      const { claimgate, compile, issuer } = await bundleAgainst('HEAD', folder);
      for (const script of [claimgate, compile, issuer]) expect(script).toContain('export{');
      expect(readdirSync(folder)).toEqual([]);
      const { stdout } = spawnSync('git', ['worktree', 'list'], { encoding: 'utf8' });
      expect(stdout).not.toContain(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('has a row behind each of the same variant', () => {
    const variant = (name: string, rev?: string): Variant => ({
      name,
      verifies: [],
      launch: () => Promise.reject(new Error('not here')),
      ...(rev !== undefined && { rev }),
    });
    const variants = [variant(BARE), variant(CLAIMGATE), variant(`${CLAIMGATE} at abc`, 'abc')];
    const scenarios = makeScenarios(variants, {} as Issuer, QUICK, 'abc');
    const rows = scenarios.find(({ id }) => id === PUBLIC_ID)?.rows.map(({ name }) => name);
    expect(rows).toEqual([BARE, CLAIMGATE, `${CLAIMGATE} at abc`]);
  });
});

describe('the parts of a run', () => {
  it('are all scenarios, by their ids', () => {
    const ids = makeScenarios([], {} as Issuer, QUICK).map(({ id }) => id);
    expect([...ids].sort()).toEqual([...SCENARIO_IDS].sort());
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('are chosen by their first words', () => {
    const { has } = select('first-sight,public');
    expect(SCENARIO_IDS.filter(has)).toEqual([
      'public',
      ...['RS256', 'ES256', 'EdDSA'].map((alg) => `first-sight-${alg}`),
    ]);
    expect(SCENARIO_IDS.every(select(undefined).has)).toBe(true);
  });

  it('of several runs are put together', () => {
    const one = summarise({ ...makeMeasured({ repeated: 110, new: 100 }), only: ['compile'], scenarios: [] });
    const other = summarise({
      ...makeMeasured({ repeated: 110, new: 100 }),
      only: [PUBLIC_ID],
      compilations: {},
    });
    const { goals, scenarios } = mergeSummaries([one, other]);
    expect(goals.filter(({ name }) => /^compiling|floor$/.test(name))).toHaveLength(2);
    expect(scenarios).toHaveLength(4);
  });
});

describe('what a run writes', () => {
  const summary = summarise(makeMeasured({ repeated: 130, new: 200 }));

  it('a text that says which goal is missed, and what was left out', () => {
    const text = renderText(summary);
    expect(text).toMatch(/repeated token: CPU over a bare proxy.* 1\.30 .* missed$/m);
    expect(text).toContain('claimgate: commit abc1234, with edits in src/ that it lacks');
    expect(text).toContain('HAProxy jwt_verify: not installed');
  });

  it('a chart whose text is escaped', () => {
    const chart = renderChart(summary);
    expect(chart).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    expect(chart).toContain('a CPU &lt;of tests>');
    expect(chart.match(/<rect class="(repeated|new)"/g)).toHaveLength(2 + 2 * 5);
  });

  it('the figures of the page, and nothing else of it', () => {
    const page = readFileSync(PAGE, 'utf8');
    const filled = fillPage(page, summary);
    const outside = (text: string) => text.replace(/<!-- figures: [\s\S]*<!-- end -->/, '');
    expect(outside(filled)).toBe(outside(page));
    expect(filled).toContain('| **missed** |');
    expect(fillPage(filled, summary)).toBe(filled);
  });
});

describe('what the bench is made of', () => {
  it.each([false, true])(
    'policies of 2,000 routes compile, and each path has its route (flat: %s)',
    (isFlat) => {
      const vars = makePolicy({
        origin: 'https://o.example',
        jwksUri: 'https://i.example/',
        logSample: 0,
        routes: 2_000,
        isFlat,
      });
      const compiled = compilePolicy(vars);
      if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults));
      const paths = routePaths(2_000, isFlat);
      const routes = paths.map((text) => {
        const path = parsePath(text);
        if (typeof path === 'string') throw new Error(path);
        const found = match(compiled.policy, 'any.example', 'GET', path);
        return found.kind === 'match' ? found.route.key : undefined;
      });
      expect(routes).not.toContain(undefined);
      expect(new Set(routes).size).toBe(1_200);
      expect(new Set(paths.map((text) => text.split('/')[1])).size).toBe(isFlat ? 1_200 : 400);
    },
  );

  it('a spoilt token differs in its signature only', () => {
    const token = `e30.e30.${'A'.repeat(86)}`;
    expect(spoil(token)).not.toBe(token);
    expect(spoil(token)).toHaveLength(token.length);
    expect(spoil(token)).toMatch(/^e30\.e30\.A+BA+$/);
  });
});

describe('flags that make no sense', () => {
  it.each([
    [['--quik'], /Unknown option '--quik'/],
    [['now'], /Unexpected argument 'now'/],
    [['--rounds', '0'], /--rounds 0: write a number from 1 to 100/],
    [['--chart', 'no/such/folder/chart.svg'], /there is no such folder/],
    [['--from', 'package.json'], /no file that the bench wrote/],
    [['--from', 'package.json', '--quick', '--only', 'kv'], /leave out --quick and --only/],
    [['--only', 'public,nothing'], /--only nothing: write some of repeated-RS256, mixed/],
    [['--against', 'no-such-commit'], /there is no such commit here/],
    [['--docs', '--only', 'kv'], /--docs is about all of this commit/],
  ])('%j end it with 2', (flags, message) => {
    const { status, stdout, stderr } = spawnSync('node', ['bench/bench.ts', ...flags], { encoding: 'utf8' });
    expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });
});
