/** Whatever an origin makes of a path that it gets, the rules of what it makes of it have held. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { admits } from './support/admits.ts';
import { ask, compile, sentPath } from './support/ask.ts';
import { type Reading, readingsOf } from './support/lax.ts';
import { apisFor, compareShapes, mostSpecific, segmentsOf, servedBy, type Word } from './support/literal.ts';
import { type ApiModel, type Asked, keyOf, tablesOf, type World } from './support/model.ts';
import { worlds } from './support/policies.ts';
import { request } from './support/requests.ts';
import { broken, promise, type Tally, TIMEOUT_MS } from './support/runs.ts';

const REQUESTS = 8;

interface Let {
  readonly world: World;
  readonly asked: Asked;
  /** What is written for the path itself. */
  readonly own: Word;
  readonly apis: readonly ApiModel[];
  /** Decoded. */
  readonly segments: readonly string[];
  readonly sent: string;
  /** What the gateway says it took into account. */
  readonly counted: readonly string[];
}

const cases = fc.tuple(worlds(), fc.array(request, { minLength: REQUESTS, maxLength: REQUESTS }));

/** Runs what is demanded of each request that is let in. */
async function forAllowed(
  [world, requests]: readonly [World, readonly ((world: World) => Asked)[]],
  tally: Tally,
  holds: (one: Let) => void,
): Promise<void> {
  tally.add('policies');
  const policy = compile(tablesOf(world));
  if (policy === undefined) return;
  tally.add('compiled');
  for (const make of requests) {
    const asked = make(world);
    tally.add('requests');
    const decision = await ask(policy, asked);
    if (decision.kind !== 'allow') {
      tally.add(decision.reason.code);
      continue;
    }
    tally.add('allowed');
    const apis = apisFor(world, asked.host);
    const segments = segmentsOf(asked.path).map((segment) => decodeURIComponent(segment));
    const own = servedBy(mostSpecific(apis, segments), asked.method);
    const served = `${decision.route.api.name} ${decision.route.key}`;
    if (own === undefined || `${own.api.name} ${keyOf(own.entry)}` !== served)
      broken('another route serves the path than the policy says', { ...shown(world, asked), served, own });
    const counted = [decision.route, ...decision.nearMisses].flatMap(({ rateLimit }) =>
      rateLimit === undefined ? [] : [JSON.stringify([rateLimit.binding, rateLimit.scope])],
    );
    holds({ world, asked, own, apis, segments, sent: sentPath(policy, decision), counted });
  }
}

const shown = (world: World, asked: Asked) => ({ tables: tablesOf(world), asked });

/** Readings that the policy has a word on, with what it says: nothing less specific than the route that serves. */
function* meant({ own, apis, sent }: Let): Generator<readonly [Reading, readonly Word[]]> {
  const prefix = own.api.strip ?? '';
  for (const reading of readingsOf(sent)) {
    const read = segmentsOf(prefix + reading.text);
    if (read.slice(0, -1).includes('')) continue;
    const words = mostSpecific(apis, read);
    const [first] = words;
    if (first !== undefined && compareShapes(first.shape, own.shape) >= 0) yield [reading, words];
  }
}

describe('near misses', () => {
  it(
    'lets a request in only if the rules of every path hold that an origin may take it for',
    async () => {
      const tally = await promise('near misses', 600, cases, (one, counts) =>
        forAllowed(one, counts, (let_) => {
          const { world, asked, own, segments } = let_;
          let differs = false;
          for (const [reading, words] of meant(let_)) {
            const word = servedBy(words, asked.method);
            const details = { ...shown(world, asked), sent: let_.sent, reading, written: words[0]?.entry };
            if (word === undefined) broken('a path that does not have the method', details);
            if (!admits(word, asked.token, segments))
              broken('a rule that does not hold', { ...details, rule: word.entry });
            differs ||= word.shape.join('/') !== own.shape.join('/');
          }
          if (differs) counts.add('read as another pattern');
        }),
      );
      tally.demand('compiled', 'policies', 0.4);
      tally.demand('allowed', 'requests', 0.2);
      tally.demand('read as another pattern', 'allowed', 0.02);
    },
    TIMEOUT_MS,
  );

  it(
    'never passes on what an origin may read as a step up, or as the same directory',
    async () => {
      await promise('dots', 300, cases, (one, counts) =>
        forAllowed(one, counts, ({ world, asked, sent }) => {
          for (const reading of readingsOf(sent))
            if (segmentsOf(reading.text).some((segment) => segment === '.' || segment === '..'))
              broken('a dot segment', { ...shown(world, asked), sent, reading });
        }),
      );
    },
    TIMEOUT_MS,
  );

  it(
    'never serves a path that an origin may take for one of another API',
    async () => {
      const tally = await promise('other APIs', 600, cases, (one, counts) =>
        forAllowed(one, counts, (let_) => {
          const { world, asked, own, sent } = let_;
          if (let_.apis.length > 1) counts.add('among APIs');
          for (const [reading, words] of meant(let_))
            for (const { api, entry } of words)
              if (api !== own.api && servedBy(words, asked.method)?.entry === entry)
                broken('the route of another API', { ...shown(world, asked), sent, reading, entry });
        }),
      );
      tally.demand('among APIs', 'allowed', 0.1);
    },
    TIMEOUT_MS,
  );

  it(
    'counts a request for the limits of every path that an origin may take it for',
    async () => {
      const tally = await promise('limits', 600, cases, (one, counts) =>
        forAllowed(one, counts, (let_) => {
          const { world, asked, own, sent, counted } = let_;
          const owners = new Map<string, Set<string>>();
          for (const [reading, words] of [[undefined, [own]] as const, ...meant(let_)]) {
            const word = servedBy(words, asked.method);
            if (word === undefined) continue;
            const ownLimit = word.entry.rule['rate_limit'];
            const limit = ownLimit ?? word.api.rateLimit;
            if (limit === undefined) continue;
            const owner = ownLimit === undefined ? word.api.name : `${word.api.name} ${keyOf(word.entry)}`;
            const known = owners.get(String(limit)) ?? new Set();
            owners.set(String(limit), known.add(owner));
            const count = counted.filter((text) => JSON.parse(text)[0] === limit).length;
            if (count < known.size)
              broken('a limit that is not counted', {
                ...shown(world, asked),
                sent,
                reading,
                owners: [...known],
                counted,
              });
          }
          if (owners.size > 0) counts.add('limited');
          if ([...owners.values()].reduce((sum, { size }) => sum + size, 0) > 1) counts.add('limited twice');
        }),
      );
      tally.demand('limited', 'allowed', 0.2);
    },
    TIMEOUT_MS,
  );
});
