/** A status list, from the network to statuses that can be read: everything about it is checked once, here. */
import { isReason, type StatusFault } from '../../decision.ts';
import { fetchDocument } from '../../keys/document.ts';
import type { KeyIo } from '../../keys/io.ts';
import type { KeySource } from '../../keys/source.ts';
import type { Issuer, Settings } from '../../policy/policy.ts';
import { checkHeader, isNumericDate } from '../checks.ts';
import { decodeToken, type UnverifiedToken } from '../decode.ts';
import { checkSignature } from '../signature.ts';
import { readStatusList, type StatusList } from './list.ts';

export interface StatusContext {
  readonly settings: Settings;
  readonly keys: KeySource;
  readonly io: KeyIo;
}

export interface FetchedList {
  readonly kind: 'fetched';
  readonly list: StatusList;
  /** Seconds since 1970. */
  readonly iat: number;
  readonly exp: number | undefined;
  readonly ttlSeconds: number | undefined;
}

export interface ListFault {
  readonly kind: 'fault';
  readonly fault: StatusFault;
  /** The status of the answer, where that is the fault. */
  readonly status?: number | undefined;
}

const LIST_TYPE = 'statuslist+jwt';
/** In base64url, twice: 4 MiB are 2.25 MiB of compressed statuses. */
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/**
 * Fetches a status list token (draft-ietf-oauth-status-list-20 §5.1, §8.3) as keys are fetched, and verifies it with the
 * keys and algorithms of its issuer. Never throws.
 */
export async function fetchStatusList(
  issuer: Issuer,
  uri: string,
  context: StatusContext,
): Promise<FetchedList | ListFault> {
  const { io } = context;
  const fetch = io.fetchFor(issuer);
  if (fetch === undefined) return failed('binding_missing');
  const accept = `application/${LIST_TYPE}`;
  const answer = await fetchDocument(uri, fetch, { accept, maxBytes: MAX_DOCUMENT_BYTES });
  if (answer.kind === 'fault') return { kind: 'fault', fault: answer.fault, status: answer.status };
  const token = answer.text.trim();
  const decoded = decodeToken(token);
  if (isReason(decoded)) return failed('no_list');
  const badHeader = checkHeader(decoded.header, { ...issuer, tokenTypes: LIST_TYPES });
  if (badHeader?.code === 'token_type_not_allowed') return failed('no_list');
  const fault = badHeader === undefined ? await signatureFault(token, decoded, issuer, context) : 'signature';
  if (fault !== undefined) return failed(fault);
  return readClaims(decoded.claims, issuer, uri, io.now() / 1000);
}

const LIST_TYPES: ReadonlySet<string> = new Set([LIST_TYPE]);

const failed = (fault: StatusFault): ListFault => ({ kind: 'fault', fault });

async function signatureFault(
  token: string,
  { header }: UnverifiedToken,
  issuer: Issuer,
  context: StatusContext,
): Promise<StatusFault | undefined> {
  const signed = await checkSignature(token, header, issuer, context);
  if (signed.kind === 'signed') return undefined;
  return signed.reason.code === 'keys_unavailable' ? 'keys_unavailable' : 'signature';
}

async function readClaims(
  { iss, sub, iat, nbf, exp, ttl, status_list }: UnverifiedToken['claims'],
  issuer: Issuer,
  uri: string,
  nowSeconds: number,
): Promise<FetchedList | ListFault> {
  if (iss != null && iss !== issuer.issuer) return failed('issuer_mismatch');
  // Or else a good list of the issuer could stand for another one.
  if (sub !== uri) return failed('subject_mismatch');
  const isTimed =
    isNumericDate(iat) &&
    (exp == null || isNumericDate(exp)) &&
    (nbf == null || isNumericDate(nbf)) &&
    (ttl == null || (isNumericDate(ttl) && ttl > 0));
  if (!isTimed) return failed('no_list');
  const latest = nowSeconds + issuer.clockToleranceSeconds;
  if (iat > latest || (nbf != null && nbf > latest)) return failed('not_yet_valid');
  // No tolerance here: clocks that differ make a list end too early, not too late.
  if (exp != null && nowSeconds >= exp) return failed('expired');
  const list = await readStatusList(status_list);
  if (typeof list === 'string') return failed(list);
  return { kind: 'fetched', list, iat, exp: exp ?? undefined, ttlSeconds: ttl ?? undefined };
}
