/** The order in a file is for people. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { ask, compile, faultsOf, summary } from './support/ask.ts';
import { tablesOf } from './support/model.ts';
import { worlds } from './support/policies.ts';
import { request } from './support/requests.ts';
import { broken, promise, TIMEOUT_MS } from './support/runs.ts';

const REQUESTS = 8;

/** Sorts by random numbers, one for each item. */
function shuffle<T>(items: readonly T[], numbers: readonly number[], from: number): T[] {
  const order = (i: number) => numbers[(from + i) % numbers.length] ?? 0;
  return items
    .map((item, i) => [order(i), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

/** The same tables, in another order; and the routes of each. */
function shuffled(tables: Readonly<Record<string, unknown>>, numbers: readonly number[]) {
  const entries = Object.entries(tables).map(([name, table], i): [string, unknown] => {
    const { routes } = table as { routes?: object };
    if (routes === undefined) return [name, table];
    const others = Object.fromEntries(shuffle(Object.entries(routes), numbers, i + 1));
    return [name, { ...(table as object), routes: others }];
  });
  return Object.fromEntries(shuffle(entries, numbers, 0));
}

const numbers = fc.array(fc.nat(1_000), { minLength: 12, maxLength: 12 });
const cases = fc.tuple(worlds(), numbers, fc.array(request, { minLength: REQUESTS, maxLength: REQUESTS }));

describe('order', () => {
  it(
    'never matters, neither of tables nor of the routes in them',
    async () => {
      const tally = await promise('order', 1_000, cases, async ([world, order, requests], counts) => {
        const tables = tablesOf(world);
        const others = shuffled(tables, order);
        counts.add('policies');
        if (JSON.stringify(tables) === JSON.stringify(others)) return;
        counts.add('shuffled');
        const [policy, other] = [compile(tables), compile(others)];
        if ((policy === undefined) !== (other === undefined))
          broken('one is an error and the other is none', {
            tables,
            others,
            faults: [faultsOf(tables), faultsOf(others)],
          });
        if (policy === undefined || other === undefined) return;
        counts.add('compiled');
        for (const make of requests) {
          const asked = make(world);
          const [one, two] = [summary(await ask(policy, asked)), summary(await ask(other, asked))];
          counts.add('requests');
          if (one['kind'] === 'allow') counts.add('allowed');
          if (one['allow'] !== undefined) counts.add('with a list of methods');
          if ((one['nearMisses'] as string[]).length > 0) counts.add('with near misses');
          if (JSON.stringify(one) !== JSON.stringify(two))
            broken('another order, another decision', { tables, others, asked, one, two });
        }
      });
      tally.demand('compiled', 'policies', 0.4);
      tally.demand('allowed', 'requests', 0.2);
      tally.demand('with near misses', 'requests', 0.02);
    },
    TIMEOUT_MS,
  );
});
