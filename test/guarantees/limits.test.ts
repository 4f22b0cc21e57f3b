/** The limits of a path can't be walked around by another spelling of it. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { type Case, cases, forAllowed, type LetIn, meant, shown } from './support/allowed.ts';
import { compile } from './support/ask.ts';
import { gatewayFor } from './support/counting.ts';
import { servedBy } from './support/literal.ts';
import { clean, keyOf, tablesOf, type World } from './support/model.ts';
import { broken, promise, type Tally, TIMEOUT_MS } from './support/runs.ts';

/** Names of limits, each with the routes and APIs that count by it what the request may be. */
function expected(letIn: LetIn): Map<string, Set<string>> {
  const owners = new Map<string, Set<string>>();
  for (const words of [[letIn.own], ...[...meant(letIn)].map(([, found]) => found)]) {
    const word = servedBy(words, letIn.asked.method);
    if (word === undefined) continue;
    const own = word.entry.rule['rate_limit'];
    const limit = own ?? word.api.rateLimit;
    if (limit === undefined) continue;
    const owner = own === undefined ? word.api.name : `${word.api.name} ${keyOf(word.entry)}`;
    const known = owners.get(String(limit)) ?? new Set();
    owners.set(String(limit), known.add(owner));
  }
  return owners;
}

function demandCounted(letIn: LetIn, counted: readonly (readonly [string, string])[], tally: Tally): void {
  const { world, asked, sent } = letIn;
  let sum = 0;
  for (const [limit, owners] of expected(letIn)) {
    sum += owners.size;
    const counters = new Set(counted.filter(([name]) => name === limit).map(([, counter]) => counter));
    if (counters.size < owners.size)
      broken('a limit that is not counted', {
        ...shown(world, asked),
        sent,
        limit,
        owners: [...owners],
        counted,
      });
  }
  if (sum > 0) tally.add('limited');
  if (sum > 1) tally.add('limited twice');
}

/** The same routes, open to anyone, so that requests need no signature. */
const opened = (world: World): World => ({
  ...world,
  apis: world.apis.map((api) => ({
    ...api,
    entries: api.entries.map((entry) => ({
      ...entry,
      rule: clean({ auth: 'none', rate_limit: entry.rule['rate_limit'] }),
    })),
  })),
});

const openCases: fc.Arbitrary<Case> = cases.map(
  ([world, requests]): Case => [
    opened(world),
    requests.map((make) => {
      const makeOpen = (of: World) => {
        const { method, ...rest } = make(of);
        return { ...rest, method: method === 'TRACE' ? 'GET' : method.toUpperCase(), token: 'none' as const };
      };
      return Object.assign(makeOpen, { [fc.toStringMethod]: () => 'a request' });
    }),
  ],
);

describe('limits', () => {
  it(
    'decides to count a request for every path that an origin may take it for',
    async () => {
      const tally = await promise('limits', 800, cases, (one, counts) =>
        forAllowed(one, counts, (letIn) => demandCounted(letIn, letIn.counted, counts)),
      );
      tally.demand('limited', 'allowed', 0.2);
      tally.demand('limited twice', 'allowed', 0.02);
    },
    TIMEOUT_MS,
  );

  it(
    'asks the platform about all of them',
    async () => {
      const tally = await promise('counting', 200, openCases, async (one, counts) => {
        const tables = tablesOf(one[0]);
        if (compile(tables) === undefined) return;
        const count = gatewayFor(tables);
        const all: LetIn[] = [];
        await forAllowed(one, counts, (letIn) => all.push(letIn));
        for (const letIn of all) {
          const { world, asked } = letIn;
          const { status, counted } = await count(asked.method, `https://${asked.host}${asked.path}`);
          if (status !== 200) broken(`answered with ${status}`, shown(world, asked));
          demandCounted(letIn, counted, counts);
        }
      });
      tally.demand('limited', 'allowed', 0.2);
      tally.demand('limited twice', 'allowed', 0.02);
    },
    TIMEOUT_MS,
  );
});
