/**
 * What is revoked is refused in every isolate within the promised time, and nothing else is: for any order of changes,
 * requests and faults, with a KV that lags, clocks that differ and are moved, and an object that fails.
 */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { RevocationAccess } from '../../src/revocation/asked.ts';
import type { Content } from '../../src/revocation/content.ts';
import { createRevocationSource, type RevocationSource } from '../../src/revocation/source.ts';
import { compiled, principal } from '../support/policy.ts';
import { broken, promise, TIMEOUT_MS } from './support/runs.ts';

const policy = compiled({
  GATEWAY: { revocation: 'REVOCATIONS' },
  ISSUERS: { main: { issuer: 'https://issuer.example', max_token_age: 86_400 } },
  API_X: { origin: 'https://x.example', audience: 'a', routes: { 'GET /x': {} } },
});
const [route] = policy.apis[0]?.routes ?? [];
if (route === undefined) throw new Error('no route');

const START_MS = 1_800_000_000_000;
const SUBJECTS = ['one', 'two', 'three'];
/** KV's cache, and its propagation. */
const MAX_LAG_MS = 60_000;
/** The memory of isolates: docs/revocation.md. */
const MEMORY_MS = 30_000;
/** What clocks may go back by, all in all. */
const CLOCK_MS = 60_000;
/** While nobody answers. */
const LIMIT_MS = 10 * 60_000;

type Happening =
  | { readonly do: 'revoke' | 'restore'; readonly subject: number }
  | { readonly do: 'close' | 'open' }
  | { readonly do: 'ask'; readonly isolate: number; readonly lagMs: number }
  /** Clocks jump ahead by any time, and back by less than a second. */
  | { readonly do: 'move'; readonly isolate: number; readonly byMs: number }
  | { readonly do: 'fail'; readonly kv: boolean; readonly object: boolean }
  | { readonly do: 'beat' };

const isolate = fc.nat(2);
const happening: fc.Arbitrary<readonly [afterMs: number, Happening]> = fc.tuple(
  fc.oneof({ weight: 4, arbitrary: fc.nat(20_000) }, { weight: 1, arbitrary: fc.nat(700_000) }),
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('revoke', 'restore'), subject: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('close', 'open') }) },
    {
      weight: 10,
      arbitrary: fc.record({ do: fc.constant('ask'), isolate, lagMs: fc.nat(MAX_LAG_MS) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('move'),
        isolate,
        byMs: fc.constantFrom(-900, 900, 7_000, 3_600_000),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('fail'), kv: fc.boolean(), object: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('beat') }) },
  ) as fc.Arbitrary<Happening>,
);

/** What was true from a moment on. */
interface Fact {
  readonly atMs: number;
  readonly revoked: ReadonlySet<string>;
  readonly closed: boolean;
}

/** The facts that held at some moment of a time. */
const during = (facts: readonly Fact[], fromMs: number, toMs: number): readonly Fact[] =>
  facts.filter(({ atMs }, i) => atMs <= toMs && (facts[i + 1]?.atMs ?? Number.POSITIVE_INFINITY) > fromMs);

/** The world's own time: nobody in it sees it. */
class World {
  nowMs = START_MS;
  failing = { kv: false, object: false };
  lagMs = 0;
  readonly facts: Fact[] = [{ atMs: 0, revoked: new Set(), closed: false }];
  /** The times of publications: the object's clock is right. */
  readonly published: Content[] = [];
  readonly isolates = SUBJECTS.map(() => {
    const source: RevocationSource = createRevocationSource(policy.settings);
    return { source, clockMs: 0, readable: true };
  });

  constructor() {
    // Long enough ago for KV to have it everywhere.
    this.published.push({ ...this.content(), publishedAtMs: START_MS - MAX_LAG_MS });
  }

  get fact(): Fact {
    return this.facts.at(-1) as Fact;
  }

  change(next: Partial<Fact>): void {
    this.facts.push({ ...this.fact, ...next, atMs: this.nowMs });
    this.publish();
  }

  content(): Content {
    const ids = [...this.fact.revoked];
    return {
      version: this.facts.length,
      publishedAtMs: this.nowMs,
      groups: [
        {
          kind: 'subject',
          issuer: 'https://issuer.example',
          ids,
          before: ids.map(() => this.nowMs / 1000),
          numbers: ids.map((_, i) => i),
        },
      ],
      switches: this.fact.closed ? [{ number: 9, kind: 'api', target: 'API_X', status: 503, why: '' }] : [],
    };
  }

  publish(): void {
    this.published.push(this.content());
  }

  access(): RevocationAccess {
    return {
      readKv: async () => {
        if (this.failing.kv) throw new Error('made to fail');
        return this.published.findLast(({ publishedAtMs }) => publishedAtMs <= this.nowMs - this.lagMs);
      },
      object: {
        content: async () => {
          if (this.failing.object) throw new Error('made to fail');
          return this.content();
        },
      } as RevocationAccess['object'],
    };
  }

  /** What an isolate answers about each subject, and of the route. */
  async ask(isolate: number): Promise<{ refused: string[]; closed: boolean; unknown: boolean }> {
    const { source, clockMs } = this.isolates[isolate] as World['isolates'][number];
    const behind: Promise<unknown>[] = [];
    const standing = await source.get({
      access: () => this.access(),
      now: () => this.nowMs + clockMs,
      waitUntil: (work) => behind.push(work),
      log() {},
    });
    const closed = standing.closed(route as NonNullable<typeof route>)?.code;
    const refused = SUBJECTS.filter((subject) => {
      const caller = principal(policy, { sub: subject }, { subject, iat: START_MS / 1000 - 60 });
      return standing.revoked(caller)?.code === 'token_revoked';
    });
    await Promise.all(behind);
    return { refused, closed: closed === 'closed', unknown: closed === 'revocations_unavailable' };
  }
}

describe('isolates that read what is revoked', () => {
  it(
    'refuse it within the promised time, and nothing that is not revoked',
    async () => {
      const tally = await promise(
        'revocation',
        1500,
        fc.array(happening, { minLength: 10, maxLength: 60 }),
        async (happenings, counts) => {
          const world = new World();
          let bothFailedUntil = 0;
          for (const [afterMs, event] of happenings) {
            world.nowMs += afterMs;
            if (event.do === 'revoke' || event.do === 'restore') {
              const revoked = new Set(world.fact.revoked);
              const subject = SUBJECTS[event.subject] as string;
              if (event.do === 'revoke') revoked.add(subject);
              else revoked.delete(subject);
              world.change({ revoked });
            } else if (event.do === 'close' || event.do === 'open')
              world.change({ closed: event.do === 'close' });
            else if (event.do === 'beat') world.publish();
            else if (event.do === 'move') {
              const moved = world.isolates[event.isolate] as World['isolates'][number];
              moved.clockMs = Math.max(moved.clockMs + event.byMs, moved.clockMs - 900);
            } else if (event.do === 'fail') {
              if (world.failing.kv && world.failing.object) bothFailedUntil = world.nowMs;
              world.failing = { kv: event.kv, object: event.object };
            } else if (event.do === 'ask') {
              world.lagMs = event.lagMs;
              const answer = await world.ask(event.isolate);
              counts.add('answers');
              // An isolate that found nobody asks again after 5 s.
              const isDark = world.failing.kv && world.failing.object;
              const wasDark = isDark || world.nowMs - bothFailedUntil < 10_000;
              if (answer.unknown) {
                // KV may tell less than the isolate knows: then only the object can say that it holds.
                if (!wasDark && !world.failing.object) broken('a refusal without a fault', { happenings });
                counts.add('unknown');
                continue;
              }
              const promisedMs = MAX_LAG_MS + MEMORY_MS + (wasDark ? LIMIT_MS : 0) + CLOCK_MS;
              const possible = during(world.facts, world.nowMs - promisedMs, world.nowMs);
              for (const subject of SUBJECTS) {
                const isRefused = answer.refused.includes(subject);
                if (isRefused) counts.add('refused');
                if (isRefused && !possible.some(({ revoked }) => revoked.has(subject)))
                  broken('a subject that nobody revoked', { subject, happenings });
                if (!isRefused && possible.every(({ revoked }) => revoked.has(subject)))
                  broken('a revoked subject that passes', {
                    subject,
                    happenings,
                    at: world.nowMs - START_MS,
                  });
              }
              if (answer.closed && !possible.some(({ closed }) => closed))
                broken('closed by nobody', { happenings });
              if (!answer.closed && possible.every(({ closed }) => closed))
                broken('open though closed', { happenings });
            }
          }
        },
      );
      tally.demand('refused', 'answers', 0.05);
      tally.demand('unknown', 'answers', 0.005);
    },
    TIMEOUT_MS,
  );
});
