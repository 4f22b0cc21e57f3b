/** The bench without its load: what it judges, renders and refuses. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { QUICK } from '../../bench/amounts.ts';
import { renderChart } from '../../bench/chart.ts';
import { fillPage, PAGE } from '../../bench/docs.ts';
import { spoil } from '../../bench/issuer.ts';
import type { Sample } from '../../bench/measure.ts';
import { makePolicy, routePaths } from '../../bench/policies.ts';
import { type Measured, renderText, summarise } from '../../bench/report.ts';
import { firstSightId, repeatedId } from '../../bench/scenarios.ts';
import { BARE, CLAIMGATE, HONO_JOSE, HONO_JWK } from '../../bench/variants.ts';
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

/** A run in which claimgate took these times a bare proxy's 100 µs, by algorithm. */
function makeMeasured(own: Readonly<Record<'RS256' | 'ES256' | 'EdDSA', number>>): Measured {
  const algorithms = ['RS256', 'ES256', 'EdDSA'] as const;
  const samples = (alg: (typeof algorithms)[number]) => ({
    [BARE]: [sample(100), sample(200)],
    [CLAIMGATE]: [sample(own[alg]), sample(2 * own[alg])],
    [HONO_JOSE]: [sample(200), sample(400)],
    [HONO_JWK]: [sample(300), sample(600)],
  });
  return {
    machine: { cpu: 'a CPU <of tests>', cores: 2, workerd: 'workerd', node: '24' },
    source: { commit: 'abc1234', isEdited: true },
    amounts: QUICK,
    seconds: 1,
    skipped: ['HAProxy jwt_verify: not installed'],
    scenarios: algorithms.flatMap((alg) => [
      { id: repeatedId(alg), title: 'repeated', samples: samples(alg) },
      { id: firstSightId(alg), title: 'new', samples: samples(alg) },
    ]),
    startUps: { [BARE]: [10, 30, 20] },
    compilations: [31, 29, 40],
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
  it('are judged by the worst algorithm, on the ratios within a round', () => {
    expect(goalsOf(makeMeasured({ RS256: 110, ES256: 120, EdDSA: 105 }))).toContainEqual([
      'repeated token: CPU over a bare proxy (of three algorithms the worst: ES256)',
      '1.20 (1.20 – 1.20)',
      false,
    ]);
    expect(goalsOf(makeMeasured({ RS256: 110, ES256: 115, EdDSA: 105 }))).toContainEqual([
      'repeated token: throughput over a bare proxy (of three algorithms the worst: ES256)',
      '0.87 (0.87 – 0.87)',
      false,
    ]);
  });

  it('are met at the limit, and missed above', () => {
    const goals = summarise(makeMeasured({ RS256: 100, ES256: 100, EdDSA: 100 })).goals;
    const met = (name: string) => goals.find((goal) => goal.name.startsWith(name))?.met;
    expect(met('repeated token: CPU')).toBe(true);
    expect(met('new tokens')).toBe(true);
    expect(met('compiling')).toBe(false);
    expect(met('key fetches for 800 made-up key ids in 5 s, one')).toBe(true);
    expect(met('key fetches for 800 made-up key ids in 5 s, 4')).toBe(false);
    expect(met('bundle')).toBe(false);
  });

  it('that nothing was measured for are missed', () => {
    const goals = summarise({ ...makeMeasured({ RS256: 1, ES256: 1, EdDSA: 1 }), scenarios: [] }).goals;
    expect(goals.find(({ name }) => name.startsWith('2,000 routes'))).toMatchObject({ met: false });
  });
});

describe('what a run writes', () => {
  const summary = summarise(makeMeasured({ RS256: 110, ES256: 120, EdDSA: 105 }));

  it('a text that says which goal is missed, and what was left out', () => {
    const text = renderText(summary);
    expect(text).toMatch(/repeated token: CPU.* 1\.20 .* missed$/m);
    expect(text).toContain('claimgate: commit abc1234, with edits in src/ that it lacks');
    expect(text).toContain('HAProxy jwt_verify: not installed');
  });

  it('a chart whose text is escaped', () => {
    const chart = renderChart(summary);
    expect(chart).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    expect(chart).toContain('a CPU &lt;of tests>');
    expect(chart.match(/<rect class="(repeated|new)"/g)).toHaveLength(2 + 2 * 4);
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
  it('policies of 2,000 routes compile, and each path that is asked for has its route', () => {
    const vars = makePolicy({
      origin: 'https://o.example',
      jwksUri: 'https://i.example/',
      logSample: 0,
      routes: 2_000,
    });
    const compiled = compilePolicy(vars);
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults));
    const routes = routePaths(2_000).map((text) => {
      const path = parsePath(text);
      if (typeof path === 'string') throw new Error(path);
      const found = match(compiled.policy, 'any.example', 'GET', path);
      return found.kind === 'match' ? found.route.key : undefined;
    });
    expect(routes).not.toContain(undefined);
    expect(new Set(routes).size).toBe(1_200);
  });

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
    [['--from', 'package.json', '--quick'], /--from measures nothing/],
  ])('%j end it with 2', (flags, message) => {
    const { status, stdout, stderr } = spawnSync('node', ['bench/bench.ts', ...flags], { encoding: 'utf8' });
    expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });
});
