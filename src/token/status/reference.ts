import type { ReasonOf } from '../../decision.ts';
import type { Issuer, StatusReference } from '../../policy/policy.ts';
import { parseTrustedUri } from '../../policy/uri.ts';

const MAX_URI_LENGTH = 2048;
/** RFC 3986 §2: a URI is ASCII, without blanks. */
const URI_CHARACTERS = /^[\x21-\x7e]+$/;

/**
 * Reads `status.status_list` of a token (draft-ietf-oauth-status-list-20 §6.2), where the issuer's table asks for it.
 * Nothing is fetched here: a list may be asked for only once the token's signature is verified.
 *
 * @returns `undefined` where there is none, and none is needed
 */
export function readStatusReference(
  claims: Readonly<Record<string, unknown>>,
  { statusLists }: Issuer,
): StatusReference | undefined | ReasonOf<'claims_malformed' | 'status_invalid'> {
  if (statusLists === undefined) return undefined;
  const malformed = { code: 'claims_malformed', claim: 'status' } as const;
  const status = claims['status'] ?? {};
  if (typeof status !== 'object' || Array.isArray(status)) return malformed;
  const reference = (status as { readonly status_list?: unknown }).status_list ?? undefined;
  if (reference === undefined) return statusLists.isRequired ? malformed : undefined;
  if (typeof reference !== 'object') return malformed;
  const { idx, uri } = reference as { readonly idx?: unknown; readonly uri?: unknown };
  if (!Number.isSafeInteger(idx) || (idx as number) < 0) return malformed;
  if (typeof uri !== 'string' || uri.length > MAX_URI_LENGTH || !URI_CHARACTERS.test(uri)) return malformed;
  const url = parseTrustedUri(uri);
  if (url === undefined) return malformed;
  if (!statusLists.hosts.has(url.host)) return { code: 'status_invalid', found: ['host_not_allowed'] };
  return { index: idx as number, uri };
}
