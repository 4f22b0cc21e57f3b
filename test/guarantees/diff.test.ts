/** Nobody gets in, and nobody is shut out, by a change of which `diff` is silent. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { comparePolicies } from '../../cli/policy/diff/diff.ts';
import type { Difference as Finding } from '../../cli/policy/diff/difference.ts';
import { encodeUnsigned } from '../../cli/policy/what-if/token.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { type Answer, askWith, compile } from './support/ask.ts';
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

interface Difference {
  readonly asked: { readonly method: string; readonly host: string; readonly path: string };
  readonly token: Sketch | undefined;
  readonly old: Answer;
  readonly now: Answer;
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

/** A pattern without the names of its parameters. */
const shape = (pattern: string) => pattern.replace(/(?<!\w):\w+/g, ':');

/** Whether a finding is about the route of such a request, in one of the policies. */
function isAbout({ routes, place }: Finding, { asked, old, now }: Difference): boolean {
  // No policy has a word on these paths, but for a trial.
  if ([old, now].some((one) => one.kind === 'deny' && one.reason.code === 'path_ambiguous'))
    return place?.startsWith('paths that can be read in two ways') === true;
  const concerned = new Set(
    [old, now].flatMap(({ route, nearMisses = [] }) =>
      (route === undefined ? nearMisses : [route, ...nearMisses]).map(({ key }) =>
        shape(key.slice(key.indexOf('/'))),
      ),
    ),
  );
  return routes.some(
    ({ pattern, methods, hosts }) =>
      concerned.has(shape(pattern)) &&
      (methods.includes(asked.method) || methods.includes('*')) &&
      (hosts.includes(asked.host) ||
        hosts.includes(asked.host.replace(/^[^.]*/, '*')) ||
        hosts.includes('') ||
        hosts.length === 0),
  );
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
