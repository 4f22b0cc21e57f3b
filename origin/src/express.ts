/** For Express and servers that have its middleware. */
import { type BodyOptions, demandBody, guard } from './guard.ts';
import { OriginRefusal, PROBLEM_TYPE, problemOf } from './refusal.ts';
import type { HeadersLike } from './request.ts';
import type { OriginVerifier, VerifiedRequest } from './verifier.ts';

declare global {
  namespace Express {
    interface Request {
      /** Behind `expressGuard` it is always there. */
      verified: VerifiedRequest;
    }
  }
}

interface ExpressRequest {
  readonly method: string;
  readonly originalUrl: string;
  readonly headers: HeadersLike;
  /** Each header as often as it came. Some mocks of requests lack it. */
  readonly headersDistinct?: HeadersLike;
  verified?: VerifiedRequest;
}

interface ExpressResponse {
  status(code: number): this;
  type(type: string): this;
  send(body: string): unknown;
}

/** Lets through what the verifier accepts, with `req.verified`. @throws TypeError where `body` is missing */
export function expressGuard<Incoming extends ExpressRequest>(
  verifier: OriginVerifier,
  options: BodyOptions<Incoming> = {},
): (req: Incoming, res: ExpressResponse, next: (error?: unknown) => void) => void {
  demandBody(verifier, options);
  return (req, res, next) => {
    const { method, originalUrl: target, headersDistinct: headers = req.headers } = req;
    const { body } = options;
    const request = { method, target, headers, ...(body && { body: () => body(req) }) };
    guard(verifier, request, req, options).then((verified) => {
      if (verified instanceof OriginRefusal) {
        const problem = problemOf(verified);
        res.status(problem.status).type(PROBLEM_TYPE).send(problem.body);
      } else {
        req.verified = verified;
        next();
      }
    }, next);
  };
}
