import type { Answer, TriedRequest } from './trial.ts';

/** The order in which they are worth reading. */
export const CHANGES = ['opened', 'widened', 'moved', 'narrowed', 'closed'] as const;
/** All methods that no route of such a path names. */
export const ANY_OTHER = '*';
export type Change = (typeof CHANGES)[number];

/** Requests that are let in or refused otherwise, for one reason. */
export interface Difference {
  readonly change: Change;
  /** The place in the policy, if it is about more than routes: `ISSUERS.auth0.algorithms`. */
  readonly place: string | undefined;
  readonly routes: readonly FoundRoute[];
  readonly before: readonly string[];
  readonly now: readonly string[];
  readonly example: Example | undefined;
}

export interface FoundRoute {
  readonly pattern: string;
  readonly methods: readonly string[];
  /** As they are named; empty: every host that the policies don't tell apart. */
  readonly hosts: readonly string[];
}

/** A request that both policies were asked about. */
export interface Example {
  readonly request: TriedRequest;
  readonly before: Answer | undefined;
  readonly now: Answer | undefined;
  /** Says who asks, if no token shows it. */
  readonly note: string | undefined;
}

/** A request that may show a difference. */
export interface Candidate extends Omit<TriedRequest, 'token'> {
  readonly tokens: readonly TriedRequest['token'][];
}

/** One that no routes are named for: it holds wherever the place does. */
export const placedDifference = (change: Change, place: string, before: string, now: string): Difference => ({
  change,
  place,
  routes: [],
  before: [before],
  now: [now],
  example: undefined,
});

/** Something that is neither about who gets in nor about what origins get. */
export interface OtherChange {
  readonly place: string;
  readonly before: string;
  readonly now: string;
  /** Of `cors`, where one lets pages do all that the other lets them, and more; of `signals`, where one is new or gone. */
  readonly verdict?: 'wider' | 'narrower';
}

export interface Comparison {
  readonly findings: readonly Difference[];
  readonly other: readonly OtherChange[];
}
