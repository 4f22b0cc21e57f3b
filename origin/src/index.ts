/**
 * What an origin imports as `claimgate/origin`, to check by itself that a request came by way of the gateway:
 *
 *     const verifier = createVerifier({ issuer, audience, keys: 'https://api.example.com/.well-known/…' });
 *     app.use(expressGuard(verifier));
 *
 * It needs nothing but Web Crypto and `fetch`: Node, Workers, Deno and Bun have both.
 */

export { expressGuard } from './express.ts';
export { fastifyGuard } from './fastify.ts';
export type { BodyOptions, GuardOptions, WebOptions } from './guard.ts';
export type { FetchKeys } from './key-source.ts';
export type { JwkSet } from './keys.ts';
export { ASSERTION_CODES, OriginRefusal, problemOf, type RefusalCode } from './refusal.ts';
export { createReplayMemory, type ReplayMemory } from './replay.ts';
export { type HeadersLike, type OriginCaller, type OriginRequest, userKey } from './request.ts';
export { createSecretVerifier, type SecretVerifierOptions } from './secret.ts';
export {
  createVerifier,
  type OriginVerifier,
  type VerifiedRequest,
  type VerifierOptions,
} from './verifier.ts';
export { fetchGuard, honoGuard } from './web.ts';
