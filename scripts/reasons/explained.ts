/** The words for people about a reason: for docs/reasons.md and tools. The Workers don't carry them. */

import type * as issuer from '../../issuer/src/failure.ts';
import type { ReasonCode, ReasonOf, ValueOf } from '../../src/decision.ts';

/** Markdown, in whole sentences. */
export interface Explained {
  /** Why it usually happens, the most frequent first. */
  readonly causes: readonly string[];
  /** What who writes the client does. */
  readonly client: string;
  /** What who runs the gateway or the issuer does. */
  readonly operator: string;
  /** Where the log has no line for the request: what it has in its place. */
  readonly unlogged?: string;
}

/** What the log has beside the code; a reason that carries a value must say so. */
type Told<Value> = [Value] extends [never] ? { readonly log?: string } : { readonly log: string };

/** @template Code the answer on the page is rendered from `example` */
export type GatewayReason<Code extends ReasonCode> = Explained &
  Told<ValueOf<Code>> & { readonly example: ReasonOf<Code> };

export type GatewayReasons = { readonly [Code in ReasonCode]: GatewayReason<Code> };

export type IssuerReason<Code extends issuer.FailureCode> = Explained &
  Told<issuer.ValueOf<Code>> & { readonly example: issuer.FailureOf<Code> };

export type IssuerReasons = { readonly [Code in issuer.FailureCode]: IssuerReason<Code> };
