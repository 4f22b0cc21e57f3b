/** One request straight to an origin. */

/** The request that all are about. */
export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly body: string | undefined;
  readonly scope: string | undefined;
  /** What right requests have, and what forged headers claim. */
  readonly subject: string;
  readonly forged: string;
}

export interface Attempt {
  readonly what: string;
  /** `unmoved`: either, as long as the answer has nothing of what forged headers claim. */
  readonly wanted: 'accepted' | 'refused' | 'unmoved';
  /** Why it matters, where it is otherwise. */
  readonly why: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: string | undefined;
  /** Accepting it is only told: without a memory, no verifier can refuse it. */
  readonly isReplay?: boolean;
}

export const forgedClaims = ({ forged }: Asked): [string, string][] => [
  ['x-claim-iss', 'https://forged.example/'],
  ['x-claim-sub', forged],
  ['x-claim-client-id', forged],
  ['x-claim-scope', 'admin root'],
];

export const ANYONE = 'whoever reaches the origin passes, as whomever they like';
