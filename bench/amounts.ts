/** How much is measured. */
export interface Amounts {
  readonly kind: 'full' | 'quick';
  /** Of the scenarios that goals are about; the others have half as many. */
  readonly rounds: number;
  /** Requests a round and variant, where tokens come again. */
  readonly repeated: number;
  /** Requests a round and variant, each with a token that no one has seen. */
  readonly firstSight: number;
  /** Requests a round and variant with a body of a megabyte. */
  readonly large: number;
  readonly startUps: number;
  readonly compilations: number;
  /** Requests with made-up key ids, and the seconds that they are spread over. */
  readonly unknownKeys: number;
  readonly unknownKeySeconds: number;
  /** KV is counted so long while an isolate is idle, and while it is busy. */
  readonly kvSeconds: number;
}

export const FULL: Amounts = {
  kind: 'full',
  rounds: 9,
  repeated: 3_000,
  firstSight: 2_500,
  large: 400,
  startUps: 7,
  compilations: 15,
  unknownKeys: 10_000,
  unknownKeySeconds: 60,
  kvSeconds: 60,
};

export const QUICK: Amounts = {
  kind: 'quick',
  rounds: 1,
  repeated: 1_200,
  firstSight: 700,
  large: 30,
  startUps: 1,
  compilations: 5,
  unknownKeys: 800,
  unknownKeySeconds: 5,
  kvSeconds: 2,
};
