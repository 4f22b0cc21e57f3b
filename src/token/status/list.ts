import { inflate } from './inflate.ts';

/** The statuses of an issuer's tokens (draft-ietf-oauth-status-list-20 §4). */
export interface StatusList {
  readonly bits: 1 | 2 | 4 | 8;
  readonly bytes: Uint8Array;
}

/** 33 million tokens of one bit each. */
export const MAX_LIST_BYTES = 4 * 1024 * 1024;

const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** Reads the claim `status_list` of a list: `{ bits, lst }`. */
export async function readStatusList(
  claim: unknown,
): Promise<StatusList | 'list_malformed' | 'list_too_large'> {
  if (typeof claim !== 'object' || claim === null) return 'list_malformed';
  const { bits, lst } = claim as { readonly bits?: unknown; readonly lst?: unknown };
  if (bits !== 1 && bits !== 2 && bits !== 4 && bits !== 8) return 'list_malformed';
  const data = typeof lst === 'string' ? decodeBase64url(lst) : undefined;
  if (data === undefined) return 'list_malformed';
  const bytes = await inflate(data, MAX_LIST_BYTES);
  if (bytes === undefined) return 'list_malformed';
  return bytes === 'too_large' ? 'list_too_large' : { bits, bytes };
}

/**
 * The status at an index. A byte has several, the first one in its lowest bits.
 *
 * @returns `undefined` beyond the end
 */
export function statusAt({ bits, bytes }: StatusList, index: number): number | undefined {
  const perByte = 8 / bits;
  const byte = bytes[Math.floor(index / perByte)];
  return byte === undefined ? undefined : (byte >> ((index % perByte) * bits)) & ((1 << bits) - 1);
}

/** Without padding, as RFC 7515 §2 has it. */
function decodeBase64url(text: string): Uint8Array | undefined {
  if (!BASE64URL.test(text) || text.length % 4 === 1) return undefined;
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
