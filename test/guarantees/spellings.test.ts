/** Two patterns of which origins may make one path let the same callers in. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { admits } from './support/admits.ts';
import { ask, compile } from './support/ask.ts';
import { exampleOf, meet } from './support/foldings.ts';
import { apisFor, mostSpecific, servedBy, shapeOf, type Word } from './support/literal.ts';
import { type Token, tablesOf, type World } from './support/model.ts';
import { worlds } from './support/policies.ts';
import { token } from './support/requests.ts';
import { broken, promise, TIMEOUT_MS } from './support/runs.ts';
import { encode } from './support/spellings.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'BREW'];

interface Pattern {
  readonly host: string;
  readonly written: string;
  /** A path that this pattern is meant by, decoded. */
  readonly segments: readonly string[];
  /** What the policy says of that path, for all methods. */
  readonly words: readonly Word[];
}

function patternsOf(world: World): Pattern[] {
  const patterns = new Map<string, Pattern>();
  for (const { hosts, entries } of world.apis)
    for (const { path: written } of entries)
      for (const host of hosts ?? ['any.example']) {
        const segments = exampleOf(written);
        const words = mostSpecific(apisFor(world, host), segments);
        // What stands for a parameter may be written somewhere, or fall under a pattern that has more of them.
        if (words.every(({ shape }) => shape.join('/') !== shapeOf(written).join('/'))) continue;
        patterns.set(`${host} ${written}`, { host, written, segments, words });
      }
  return [...patterns.values()];
}

interface Pair {
  readonly method: string;
  readonly one: Pattern;
  readonly other: Pattern;
  readonly words: readonly [Word, Word];
}

/** Two patterns of which origins may make one path, with the route that each has for a method. */
function* pairsOf(patterns: readonly Pattern[]): Generator<Pair> {
  for (const [i, one] of patterns.entries())
    for (const other of patterns.slice(i + 1)) {
      if (one.host !== other.host || !meet(one.written, other.written)) continue;
      for (const method of METHODS) {
        const [first, second] = [one, other].map(({ words }) => servedBy(words, method));
        if (first !== undefined && second !== undefined && first !== second)
          yield { method, one, other, words: [first, second] };
      }
    }
}

const pathOf = ({ segments }: Pattern) => `/${segments.map((part) => encode(part, false)).join('/')}`;

const TOKENS = 8;
const cases = fc.tuple(
  worlds({ most: 3, contrary: 4 }),
  fc.array(token, { minLength: TOKENS, maxLength: TOKENS }),
);

describe('spellings', () => {
  it(
    'lets the same callers in at two patterns of one path, for each method that both have',
    async () => {
      const tally = await promise('spellings', 1_500, cases, async ([world, tokens], counts) => {
        counts.add('policies');
        const tables = tablesOf(world);
        const policy = compile(tables);
        if (policy === undefined) return;
        counts.add('compiled');
        for (const { method, one, other, words } of pairsOf(patternsOf(world))) {
          counts.add('pairs');
          const what = { tables, method, one: one.written, other: other.written };
          if (words[0].api !== words[1].api) broken('two APIs have one path', what);
          for (const carried of ['none' as Token, ...tokens]) {
            const asked = { method, host: one.host, token: carried };
            const decisions = [
              await ask(policy, { ...asked, path: pathOf(one) }),
              await ask(policy, { ...asked, path: pathOf(other) }),
            ];
            const letIn = decisions.map(({ kind }) => kind === 'allow');
            const admitted = [
              admits(words[0], carried, one.segments),
              admits(words[1], carried, other.segments),
            ];
            counts.add('compared');
            if (letIn[0]) counts.add('let in');
            if (letIn[0] !== letIn[1] || admitted[0] !== admitted[1])
              broken('one lets in whom the other refuses', { ...what, asked, letIn, admitted });
          }
        }
      });
      tally.demand('compiled', 'policies', 0.4);
      tally.demand('pairs', 'compiled', 0.2);
      tally.demand('let in', 'compared', 0.2);
    },
    TIMEOUT_MS,
  );
});
