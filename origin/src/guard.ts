/** What all adapters have in common. */
import { readLimited } from './key-source.ts';
import { OriginRefusal, refuse } from './refusal.ts';
import type { OriginRequest } from './request.ts';
import type { OriginVerifier, VerifiedRequest } from './verifier.ts';

export interface GuardOptions<Incoming> {
  /** Told of each refusal, for the log: `code` and a sentence. */
  readonly onRefusal?: (refusal: OriginRefusal, request: Incoming) => void;
}

/** For servers that have read the body before, or never do. */
export interface BodyOptions<Incoming> extends GuardOptions<Incoming> {
  /** The bytes of the body as they came. Needed where the verifier has `bind: 'body'`. */
  readonly body?: (request: Incoming) => Uint8Array | string | Promise<Uint8Array | string>;
}

/** For servers whose requests can be read twice. */
export interface WebOptions extends GuardOptions<Request> {
  /** Longer bodies are refused with `bind: 'body'`. Default: 1 MiB, the most that a gateway signs. */
  readonly maxBodyBytes?: number;
}

const MAX_BODY_BYTES = 1_048_576;

/** @returns what was verified, or the refusal: other errors are thrown, so that the server answers 500 */
export async function guard<Incoming>(
  verifier: OriginVerifier,
  request: OriginRequest,
  incoming: Incoming,
  { onRefusal }: GuardOptions<Incoming>,
): Promise<VerifiedRequest | OriginRefusal> {
  try {
    return await verifier.verify(request);
  } catch (error) {
    if (!(error instanceof OriginRefusal)) throw error;
    onRefusal?.(error, incoming);
    return error;
  }
}

/** @throws TypeError where the verifier needs bodies, and there is no way to get at them */
export function demandBody<Incoming>({ bind }: OriginVerifier, { body }: BodyOptions<Incoming>): void {
  if (bind === 'body' && body === undefined)
    throw new TypeError("body: with bind: 'body' write a function that returns the bytes of the body");
}

/** The body of a request that a handler reads again. */
export const bodyOf =
  (request: Request, { maxBodyBytes = MAX_BODY_BYTES }: WebOptions) =>
  async (): Promise<Uint8Array> => {
    const stream = request.clone().body as ReadableStream<Uint8Array> | null;
    if (stream === null) return new Uint8Array();
    const bytes = await readLimited(stream, maxBodyBytes);
    return bytes ?? refuse('body_mismatch', `The body has more than ${maxBodyBytes} bytes.`);
  };
