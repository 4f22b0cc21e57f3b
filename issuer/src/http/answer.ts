import { type Failure, wireError } from '../failure.ts';
import type { TokenResponse } from '../issue.ts';

/** RFC 6749 §5.1: nobody may keep an answer with a token. */
const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' };

export function renderToken(token: TokenResponse, requestId: string): Response {
  return Response.json(token, { headers: { ...NO_STORE, 'x-request-id': requestId } });
}

/**
 * RFC 6749 §5.2.
 *
 * @param usedBasic whether the client tried HTTP Basic, and so has to get a challenge; docs/decisions.md says why others
 * get none
 */
export function renderFailure(
  failure: Failure,
  context: { readonly requestId: string; readonly issuer: string; readonly usedBasic: boolean },
): Response {
  const { status, error, description, retryAfterSeconds } = wireError(failure);
  const headers = new Headers({ ...NO_STORE, 'x-request-id': context.requestId });
  if (status === 401 && context.usedBasic) headers.set('www-authenticate', `Basic realm="${context.issuer}"`);
  if (status === 405) headers.set('allow', 'POST');
  if (retryAfterSeconds !== undefined) headers.set('retry-after', String(retryAfterSeconds));
  return Response.json({ error, error_description: description }, { status, headers });
}

/** RFC 9457, for what is no token request. */
export function renderProblem(
  status: number,
  title: string,
  detail: string,
  more: { readonly headers?: Record<string, string>; readonly faults?: readonly string[] | undefined } = {},
): Response {
  const { faults, headers } = more;
  return Response.json(
    { type: 'about:blank', title, status, detail, ...(faults && { faults }) },
    {
      status,
      headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
    },
  );
}
