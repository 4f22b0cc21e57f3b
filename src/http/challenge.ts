import type { Reason } from '../decision.ts';
import type { Problem } from './problem.ts';

/**
 * The `WWW-Authenticate` header (RFC 6750 §3, RFC 9728 §5.1). `undefined` where no challenge belongs: 401, malformed
 * credentials and missing scopes have one.
 *
 * @param resourceMetadata URL of the API's metadata document, if it has one
 */
export function challenge(
  reason: Reason,
  problem: Problem,
  resourceMetadata: string | undefined,
): string | undefined {
  const { status, error, detail } = problem;
  if (status !== 401 && error === undefined) return undefined;
  const parameters: string[] = [];
  if (error !== undefined) {
    parameters.push(`error="${error}"`, `error_description="${detail}"`);
    if (reason.code === 'scopes_missing') parameters.push(`scope="${reason.needed.join(' ')}"`);
  }
  if (resourceMetadata !== undefined) parameters.push(`resource_metadata="${resourceMetadata}"`);
  return parameters.length === 0 ? 'Bearer' : `Bearer ${parameters.join(', ')}`;
}
