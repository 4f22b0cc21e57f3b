/** The answer of `claimgate logs`, as `--json` prints it: names are stable. Lists begin with the most frequent. */
import type { FormatName } from '../read/formats.ts';
import type { Timed } from './counters.ts';
import type { Dimension } from './dimensions.ts';
import type { Turn } from './turn.ts';

export interface RouteCount {
  readonly route: string;
  allowed: number;
  denied: number;
  would_deny: number;
  /** Times of the requests that were let through. */
  origin_ms_mean: number | null;
  origin_ms_max: number | null;
  /** How long it had traffic that was let through: pauses count for six hours at most. */
  active_s: number;
}

export interface Denial {
  readonly route: string;
  readonly reason: string;
  readonly detail: string | null;
  readonly client: string;
}

/** A denial that a rule on trial would have made. */
export interface TriedDenial extends Denial {
  /** Other routes whose rules were asked as well: the rule may be theirs. */
  readonly near_miss: readonly string[];
}

export interface NearMiss {
  readonly route: string;
  readonly near_miss: readonly string[];
}

export interface EventCount {
  readonly event: string;
  readonly issuer: string | null;
  readonly detail: string | null;
  times: number;
  /** `null` where the log does not say. */
  first: string | null;
  last: string | null;
}

export interface Bucket {
  readonly from: string;
  readonly allowed: number;
  readonly denied: number;
  readonly would_deny: number;
}

export interface ReasonCount {
  readonly reason: string;
  /** Whether a rule on trial would have refused, or the gateway did. */
  readonly trial: boolean;
}

export interface Broken {
  readonly parts: number;
  /** The first ones. */
  readonly first: readonly { readonly line: number; readonly problem: string }[];
}

export interface Summary {
  /** The oldest and the newest request that is counted. */
  readonly from: string | null;
  readonly to: string | null;
  readonly requests: number;
  readonly allowed: number;
  readonly denied: number;
  /** Spans without requests are left out. */
  readonly timeline: { readonly bucket_s: number; readonly buckets: readonly Bucket[] };
  readonly change: Turn | null;
  readonly reasons: readonly Timed<ReasonCount>[];
  readonly routes: readonly RouteCount[];
  readonly denials: readonly Timed<Denial>[];
  readonly would_deny: readonly Timed<TriedDenial>[];
  /** Of refused requests, those that a rule on trial would refuse among them; versions are of all. */
  readonly refused: Readonly<Record<Dimension, readonly Timed<{ value: string }>[]>>;
  readonly near_misses: readonly Timed<NearMiss>[];
  readonly events: readonly EventCount[];
  /** Invocations that the runtime ended. */
  readonly outcomes: readonly { readonly outcome: string; readonly times: number }[];
  /** The longest wait for keys. */
  readonly key_wait_ms_max: number | null;
  /** Lines that were read before, and are not counted again: exports that overlap have them twice. */
  readonly copies: number;
  /** Whether requests are missing from the log, and why. */
  readonly sampled: boolean;
  readonly sampled_why: readonly string[];
  /** The order of the lines: requests that are older than one before them, and by how much at most. */
  readonly order: { readonly backwards: number; readonly back_s_max: number };
  /** All requests of the log, whatever was asked for. */
  readonly seen: {
    readonly requests: number;
    readonly from: string | null;
    readonly to: string | null;
    /** By default, the log has the paths of refused requests only. */
    readonly pathless: number;
  };
  /** What was read: values of each format. */
  readonly formats: Readonly<Partial<Record<FormatName, number>>>;
  /** Lines that are none of the gateway's. */
  readonly other_lines: number;
  /** Parts that begin as JSON, or as a line of the gateway, and were cut. */
  readonly broken: Broken;
}
