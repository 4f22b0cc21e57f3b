/** What the page is made of: written by the command, read in the browser. */

export interface PageData {
  /** Name of the configuration. */
  readonly file: string;
  /** Of claimgate. */
  readonly version: string;
  readonly environments: readonly EnvironmentData[];
}

export interface EnvironmentData {
  /** `null`: the top level. */
  readonly name: string | null;
  /** The tables of the policy, as they stand in the configuration, without what may be a secret. */
  readonly vars: Readonly<Record<string, unknown>>;
  readonly findings: readonly FindingData[];
  /** What the cases beside the policy leave open; `null`: there are no cases. */
  readonly coverage: CoverageData | null;
  /** Against an earlier policy; `null`: it was compared with none. */
  readonly changes: ChangesData | null;
}

export interface FindingData {
  readonly severity: 'error' | 'warning';
  readonly rule: string;
  /** As it is written: `API_ORDERS.routes."GET /orders"`. */
  readonly at: string;
  /** The API and route that it is about, if it is about one. */
  readonly api: string | null;
  readonly route: string | null;
  readonly problem: string;
  readonly remedy: string;
  readonly why: string;
  readonly line: number;
}

export interface CoverageData {
  readonly cases: number;
  /** What no case has shown, by route: `API_ORDERS GET /orders`. */
  readonly open: Readonly<Record<string, readonly string[]>>;
}

export interface ChangesData {
  readonly from: string;
  readonly differences: readonly DifferenceData[];
  readonly other: readonly string[];
}

export interface DifferenceData {
  readonly change: string;
  readonly subject: readonly string[];
  readonly before: readonly string[];
  readonly now: readonly string[];
  /** A request that shows it, and what becomes of it. */
  readonly example: readonly string[];
}
