/** Why a request is refused: one code and one sentence each. */

/** The codes of docs/assertion.md, in the order of the checks. */
export const ASSERTION_CODES = [
  'missing',
  'several',
  'too_large',
  'malformed',
  'critical_unsupported',
  'type_not_allowed',
  'algorithm_not_allowed',
  'key_unknown',
  'keys_unavailable',
  'signature_invalid',
  'claims_malformed',
  'issuer_mismatch',
  'audience_mismatch',
  'lifetime_too_long',
  'not_yet_valid',
  'expired',
  'unbound',
  'method_mismatch',
  'target_mismatch',
  'body_mismatch',
  'replayed',
] as const;

/** `secret_mismatch` is the one code that only the verifier of secrets has. */
export type RefusalCode = (typeof ASSERTION_CODES)[number] | 'secret_mismatch';

/**
 * Thrown for a request that is refused. The message is one sentence for the log. It may name the time, the method and
 * the target, and never has the assertion, a secret or a claim in it.
 */
export class OriginRefusal extends Error {
  override readonly name = 'OriginRefusal';
  readonly code: RefusalCode;

  constructor(code: RefusalCode, sentence: string) {
    super(sentence);
    this.code = code;
  }
}

/** Throws a refusal: an expression, so that it can stand behind `??`. */
export function refuse(code: RefusalCode, sentence: string): never {
  throw new OriginRefusal(code, sentence);
}

/**
 * What a refused client is answered (RFC 9457): the code, and nothing of the request. Where the keys can't be had, the
 * client is not at fault: 503.
 */
export function problemOf({ code }: OriginRefusal): { status: 401 | 503; body: string } {
  const status = code === 'keys_unavailable' ? 503 : 401;
  const title = status === 503 ? 'Keys of the gateway unavailable' : 'Not from the gateway';
  return { status, body: JSON.stringify({ type: 'about:blank', title, status, code }) };
}

export const PROBLEM_TYPE = 'application/problem+json';
