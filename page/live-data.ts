/** What the console tells its page while it runs: written by the command, read in the browser. */
import type { PageData } from './data.ts';

/** In place of a policy, in the page that a console serves. */
export interface ConsoleShell {
  readonly console: true;
}

/** A request, as the gateway's log has it. Texts are as they came, cut, and without tokens: some are a stranger's. */
export interface DecisionData {
  /** Counted from 1. */
  readonly seq: number;
  readonly atMs: number;
  readonly method: string;
  readonly host: string | null;
  readonly path: string | null;
  /** API and key, as the policy has them. */
  readonly route: string | null;
  readonly status: number;
  readonly allowed: boolean;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly wouldDeny: string | null;
  readonly wouldDenyDetail: string | null;
  /** The client that asked, or what is known instead. */
  readonly caller: string;
  /** What the token says, as far as the log has it, as claims to ask with; `null`: there was none. */
  readonly claims: Readonly<Record<string, string | readonly string[]>> | null;
  /** The issuer's name in the policy. */
  readonly issuer: string | null;
}

/** An event that the gateway logged, with others of its kind. */
export interface EventData {
  /** The latest. */
  readonly atMs: number | null;
  readonly event: string;
  readonly issuer: string | null;
  readonly detail: string | null;
  readonly count: number;
}

export interface LogState {
  /** What is read: `standard input`, a file, `wrangler tail`. */
  readonly name: string;
  /** `none`: the console was given no log. */
  readonly state: 'none' | 'waiting' | 'reading' | 'ended' | 'failed';
  /** What is wrong, and what to do. */
  readonly problem: string | null;
  /** All that were read, those that are no longer kept among them. */
  readonly decisions: number;
  /** Lines that are none of the gateway's. */
  readonly otherLines: number;
  /** The first of them, cut. */
  readonly strange: string | null;
  readonly brokenLines: number;
  /** Why requests are missing from the log, if it says so. */
  readonly sampled: string | null;
  /** Lines that came too fast, and were left out. */
  readonly lostLines: number;
}

export interface LiveData {
  /** To ask for what comes after it. */
  readonly cursor: number;
  /** The decisions after the cursor that was given, oldest first. */
  readonly decisions: readonly DecisionData[];
  /** How many came between the cursor and the first of these: they are no longer kept. */
  readonly missed: number;
  /** The latest first. */
  readonly events: readonly EventData[];
  readonly log: LogState;
  /** Changes with whatever is told of the log. */
  readonly logVersion: number;
  /** Changes whenever the policy was read again. */
  readonly policyVersion: number;
}

export interface PolicyState {
  readonly version: number;
  /** The latest that could be read; `null`: none could. */
  readonly page: PageData | null;
  /** Why the file can't be read now, with the place. */
  readonly problem: string | null;
  readonly readAtMs: number;
  /** Whether the console manages an issuer. */
  readonly hasIssuer: boolean;
  /** Where cases are appended. */
  readonly casesFile: string;
}

export interface IssuerKeysData {
  readonly name: string;
  readonly status: string;
  readonly keys: number;
  readonly ageSeconds: number | null;
  readonly failure: string | null;
}

export type KeysData =
  | { readonly kind: 'keys'; readonly status: string; readonly issuers: readonly IssuerKeysData[] }
  /** Why there is nothing to show, and what to do. */
  | { readonly kind: 'nothing'; readonly why: string };
