/** What isolates ask of the two that know: KV, and the object that writes. */
import type { Content } from './content.ts';
import type { EventWriter, RevocationKind } from './revocation.ts';

/** What a request with a strict route wants to know. */
export interface Question {
  /** The ids of its token, where it has one. */
  readonly issuer?: string | undefined;
  readonly ids?: Readonly<Record<RevocationKind, readonly string[]>> | undefined;
}

/** What the object offers to the Worker's own code. The commands call it by way of `RevocationAdmin`. */
export interface RevocationObject extends EventWriter {
  content(): Promise<Content>;
  /** Only what a request asks about. */
  ask(question: Question): Promise<Content>;
  /** Publishes anew where the last time is long ago: isolates tell by it that nothing is held back. */
  beat(): Promise<void>;
}

export interface RevocationAccess {
  /** `undefined` where there is nothing. Throws where KV can't be read, or what is there is no content. */
  readKv(): Promise<Content | undefined>;
  readonly object: RevocationObject;
}
