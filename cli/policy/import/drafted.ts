/** What a draft holds. */
import type { DraftIssuer } from './issuers.ts';
import type { Note } from './operations.ts';

export interface DraftRoute {
  /** `GET|PUT /orders/:id`. */
  readonly key: string;
  readonly rules: Readonly<Record<string, unknown>>;
  readonly notes: readonly Note[];
  /** It stands in a comment only. */
  readonly off: boolean;
  /** It stands for an operation that was left out, and refuses everybody. */
  readonly blocks: boolean;
  /** How many operations are drafted with it. */
  readonly operations: number;
}

export interface DraftApi {
  /** `API_ORDERS`. */
  readonly name: string;
  readonly hosts: readonly string[];
  /** Whether the table answers on those hosts only; else they stand in a comment. */
  readonly isOnHosts: boolean;
  readonly origin: string;
  readonly issuer: readonly string[];
  readonly audience: readonly string[];
  /** Notes for the reviewer, by the field that they are about. */
  readonly review: {
    readonly hosts: readonly string[];
    readonly origin: readonly string[];
    readonly audience: readonly string[];
  };
  readonly routes: readonly DraftRoute[];
}

export interface Counts {
  readonly read: number;
  readonly drafted: number;
  readonly joined: number;
  readonly leftOut: number;
}

export interface Draft {
  readonly issuers: readonly DraftIssuer[];
  readonly apis: readonly DraftApi[];
  /** In operations; `read` is the sum of the others. */
  readonly counts: Counts;
}
