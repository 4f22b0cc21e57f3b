/** Requests that the gateway lets in, and what the policy says of all that origins may make of them. */
import fc from 'fast-check';
import { ask, compile, sentPath } from './ask.ts';
import { type Reading, readingsOf } from './lax.ts';
import { apisFor, compareShapes, mostSpecific, segmentsOf, servedBy, type Word } from './literal.ts';
import { type ApiModel, type Asked, keyOf, tablesOf, type World } from './model.ts';
import { worlds } from './policies.ts';
import { type MakeRequest, request, requestWithSteps } from './requests.ts';
import { broken, type Tally } from './runs.ts';

const REQUESTS = 8;

export interface LetIn {
  readonly world: World;
  readonly asked: Asked;
  /** What is written for the path itself. */
  readonly own: Word;
  readonly apis: readonly ApiModel[];
  /** Decoded. */
  readonly segments: readonly string[];
  readonly sent: string;
  /** What the gateway says it took into account. */
  readonly counted: readonly (readonly [limit: string, counter: string])[];
}

export type Case = readonly [world: World, requests: readonly MakeRequest[]];
export const cases: fc.Arbitrary<Case> = fc.tuple(
  worlds(),
  fc.array(request, { minLength: REQUESTS, maxLength: REQUESTS }),
);

export const casesWithSteps: fc.Arbitrary<Case> = fc.tuple(
  worlds(),
  fc.array(requestWithSteps, { minLength: REQUESTS, maxLength: REQUESTS }),
);

/** Runs what is demanded of each request that is let in. */
export async function forAllowed(
  [world, requests]: Case,
  tally: Tally,
  holds: (one: LetIn) => void,
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
      rateLimit === undefined ? [] : [[rateLimit.binding, rateLimit.scope] as const],
    );
    holds({ world, asked, own, apis, segments, sent: sentPath(policy, decision), counted });
  }
}

export const shown = (world: World, asked: Asked) => ({ tables: tablesOf(world), asked });

/** Readings that the policy has a word on, with what it says: nothing less specific than the route that serves. */
export function* meant({ own, apis, sent }: LetIn): Generator<readonly [Reading, readonly Word[]]> {
  const prefix = own.api.strip ?? '';
  for (const reading of readingsOf(sent)) {
    const read = segmentsOf(prefix + reading.text);
    if (read.slice(0, -1).includes('')) continue;
    const words = mostSpecific(apis, read);
    const [first] = words;
    if (first !== undefined && compareShapes(first.shape, own.shape) >= 0) yield [reading, words];
  }
}
