import type { Problem } from './problem.ts';

/** The facts that a challenge tells about the API. All of them are public. */
export interface ChallengeContext {
  /** The API's resource identifier (RFC 9728), else the host that was asked. */
  readonly realm?: string | undefined;
  /** URL of the API's metadata document (RFC 9728), if it has one. */
  readonly resourceMetadata?: string | undefined;
  /** What to ask for: enough, and no more than that. */
  readonly scope?: string | undefined;
  /** The sentence of the body. */
  readonly detail?: string | undefined;
}

/** For a refusal that belongs to no host: a challenge has at least one parameter (RFC 6750 §3). */
const NO_REALM = 'gateway';

/**
 * The `WWW-Authenticate` header (RFC 6750 §3, RFC 9728 §5.1). `undefined` where no challenge belongs: 401, malformed
 * credentials and missing scopes have one.
 */
export function challenge(
  { status, error, detail }: Problem,
  { realm, resourceMetadata, scope, detail: said = detail }: ChallengeContext,
): string | undefined {
  if (status !== 401 && error === undefined) return undefined;
  const parameters = {
    realm: realm ?? NO_REALM,
    error,
    error_description: error && said,
    scope,
    resource_metadata: resourceMetadata,
  };
  const written = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${quote(value)}`],
  );
  return `Bearer ${written.join(', ')}`;
}

/** A quoted-string (RFC 9110 §5.6.4). Characters beyond printable ASCII are not the same text to every client. */
const quote = (text: string) => `"${text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`;
