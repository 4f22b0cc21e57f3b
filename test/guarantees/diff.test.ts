/** Nobody gets in, and nobody is shut out, by a change of which `diff` is silent. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { comparePolicies } from '../../cli/policy/diff/diff.ts';
import { encodeUnsigned } from '../../cli/policy/what-if/token.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { isAbout, type Difference as Seen } from './support/about.ts';
import { askWith, compile } from './support/ask.ts';
import { change, type Sketch, sketch } from './support/changes.ts';
import { NOW_SECONDS, tablesOf } from './support/model.ts';
import { request } from './support/requests.ts';
import { broken, promise, type Tally, TIMEOUT_MS } from './support/runs.ts';

const REQUESTS = 8;
const TOKENS = 8;
const GAINS = ['opened', 'widened'];
const LOSSES = ['narrowed', 'closed'];

const query = fc.constantFrom(
  ...[
    '',
    '',
    '',
    '?q=1',
    '?q=2',
    '?r=2',
    '?q=1&r=2',
    '?q=1&q=2',
    '?Q=1',
    '?q=x',
    '?q=x&q=1&r=2',
    '?q%5B%5D=1',
    '?q=1;r=2',
  ],
);

const cases = fc.record({
  change,
  requests: fc.array(fc.tuple(request, fc.boolean(), query), { minLength: REQUESTS, maxLength: REQUESTS }),
  tokens: fc.array(sketch, { minLength: TOKENS, maxLength: TOKENS }),
});

interface Difference extends Seen {
  readonly token: Sketch | undefined;
}

async function* differences(
  [old, now]: readonly [Policy, Policy],
  asked: Difference['asked'],
  tokens: readonly (Sketch | undefined)[],
  counts: Tally,
): AsyncGenerator<Difference> {
  for (const token of tokens) {
    const authorization = token === undefined ? null : `Bearer ${encodeUnsigned(token)}`;
    const [before, after] = [
      await askWith(old, asked, authorization),
      await askWith(now, asked, authorization),
    ];
    counts.add('requests');
    if (before.kind === 'allow' || after.kind === 'allow') counts.add('let in by one');
    if (before.kind !== after.kind) yield { asked, token, old: before, now: after };
  }
}

describe('diff', () => {
  it(
    'tells of every request that only one of two policies lets in',
    async () => {
      const tally = await promise('diff', 800, cases, async ({ change: pair, requests, tokens }, counts) => {
        counts.add('changes');
        const tables = { old: tablesOf(pair.old), now: tablesOf(pair.now) };
        const [old, now] = [compile(tables.old), compile(tables.now)];
        if (old === undefined || now === undefined) return;
        counts.add('compiled');
        const { findings } = await comparePolicies(old, now, NOW_SECONDS);
        let differs = false;
        for (const [make, isOfNow, asQuery] of requests) {
          const world = isOfNow && pair.now.apis.length > 0 ? pair.now : pair.old;
          const { token: _, ...made } = make(world);
          const asked = { ...made, path: made.path + asQuery };
          for await (const difference of differences([old, now], asked, tokens, counts)) {
            const isGain = difference.now.kind === 'allow';
            counts.add(isGain ? 'gains' : 'losses');
            differs = true;
            const wanted = isGain ? GAINS : LOSSES;
            if (findings.some((one) => wanted.includes(one.change) && isAbout(one, difference))) continue;
            broken(`diff does not say: ${wanted.join(' or ')}`, {
              tables,
              asked,
              token: difference.token,
              reasons: [difference.old, difference.now].map((one) => one.kind === 'deny' && one.reason),
              findings: findings.map(({ example: _example, ...rest }) => rest),
            });
          }
        }
        if (differs) counts.add('seen to differ');
      });
      tally.demand('compiled', 'changes', 0.4);
      tally.demand('seen to differ', 'compiled', 0.2);
      tally.demand('gains', 'requests', 0.005);
      tally.demand('losses', 'requests', 0.005);
    },
    TIMEOUT_MS,
  );
});
