import { isReason, type ReasonOf } from '../../decision.ts';
import type { Principal, StatusReference } from '../../policy/policy.ts';
import type { StatusContext } from './fetch.ts';
import { type StatusList, statusAt } from './list.ts';
import type { StatusSource } from './source.ts';

export type StatusReason = ReasonOf<'status_invalid' | 'status_unavailable'>;

/** draft-ietf-oauth-status-list-20 §7.1. Others are for single applications, or for nobody yet. */
const STATUSES = ['valid', 'invalid', 'suspended'] as const;

/**
 * Whether its issuer still stands by a token whose signature is verified. A promise only where a list must be waited
 * for.
 */
export function checkStatus(
  { issuer, status }: Principal,
  statuses: StatusSource,
  context: StatusContext,
): StatusReason | undefined | Promise<StatusReason | undefined> {
  if (status === undefined) return undefined;
  const list = statuses.get(issuer, status.uri, context);
  return list instanceof Promise ? list.then((one) => judge(status, one)) : judge(status, list);
}

function judge(
  { index, uri }: StatusReference,
  list: StatusList | ReasonOf<'status_unavailable'>,
): StatusReason | undefined {
  if (isReason(list)) return list;
  const value = statusAt(list, index);
  if (value === 0) return undefined;
  const name = value === undefined ? 'out_of_range' : (STATUSES[value] ?? `status_${value}`);
  return { code: 'status_invalid', found: [name, new URL(uri).host] };
}
