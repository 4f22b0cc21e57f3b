/** For Fastify. */
import { type BodyOptions, demandBody, guard } from './guard.ts';
import { OriginRefusal, PROBLEM_TYPE, problemOf } from './refusal.ts';
import type { HeadersLike } from './request.ts';
import type { OriginVerifier, VerifiedRequest } from './verifier.ts';

interface FastifyRequest {
  readonly method: string;
  readonly originalUrl: string;
  readonly headers: HeadersLike;
  /** Has each header as often as it came. Some mocks of requests don't. */
  readonly raw: { readonly headersDistinct?: HeadersLike };
}

interface FastifyReply {
  code(status: number): FastifyReply;
  type(type: string): FastifyReply;
  send(body: string): FastifyReply;
}

/**
 * A hook for `onRequest`, or for `preHandler` where the verifier needs the body. It lets through what the verifier
 * accepts, with `request.verified`. The app declares that member: `app.decorateRequest('verified', null)`.
 *
 * @throws TypeError where `body` is missing
 */
export function fastifyGuard<Incoming extends FastifyRequest>(
  verifier: OriginVerifier,
  options: BodyOptions<Incoming> = {},
): (request: Incoming, reply: FastifyReply) => Promise<unknown> {
  demandBody(verifier, options);
  return async (incoming, reply) => {
    const { method, originalUrl: target, raw } = incoming;
    const { body } = options;
    const request = {
      method,
      target,
      headers: raw.headersDistinct ?? incoming.headers,
      ...(body && { body: () => body(incoming) }),
    };
    const verified = await guard(verifier, request, incoming, options);
    if (verified instanceof OriginRefusal) {
      const problem = problemOf(verified);
      // A hook that returns the reply ends the request.
      return reply.code(problem.status).type(PROBLEM_TYPE).send(problem.body);
    }
    (incoming as Incoming & { verified: VerifiedRequest }).verified = verified;
    return undefined;
  };
}
