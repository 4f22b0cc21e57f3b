/** What a change of the issuer's records or keys came to: printed by the command line, shown by the console. */

export interface Outcome {
  /** What `--json` prints. */
  readonly json: unknown;
  /** What was done, in sentences. */
  readonly said: readonly string[];
  /** A client's id and its new secret, if there is one: it is kept nowhere else. */
  readonly credentials?: { readonly client_id: string; readonly client_secret: string | undefined };
  /** Lines for the gateway's policy that stop at once what the issuer can't stop. */
  readonly gateway?: readonly string[];
  /** What comes next. */
  readonly next?: readonly string[];
  /** What may not be meant. */
  readonly notes?: readonly string[];
}
