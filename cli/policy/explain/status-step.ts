/** The step after the signature: what the issuer's status list says of the token. */
import type { Reason, StatusFault } from '../../../src/decision.ts';
import type { Refused, Verified } from '../../../src/token/verify.ts';
import { makeStep, type Step } from './step.ts';

/** Whether a token got as far as its status: its signature is verified then. */
export const isAboutStatus = ({ code }: Reason): boolean =>
  code === 'status_invalid' || code === 'status_unavailable';

/** @param isAsked whether lists are fetched. @returns nothing where the token has no status that counts */
export function statusSteps(verified: Verified | Refused, isAsked: boolean): Step[] {
  const status = verified.principal?.status;
  if (status === undefined) return [];
  const reason = verified.kind === 'refused' ? verified.reason : undefined;
  if (reason !== undefined && !isAboutStatus(reason)) return [];
  const saw = `index ${status.index} of ${status.uri}`;
  if (!isAsked)
    return [makeStep('status', saw, 'not looked up: no list is fetched here', { verdict: 'skipped' })];
  return [makeStep('status', saw, decided(reason), { reason })];
}

function decided(reason: Reason | undefined): string {
  switch (reason?.code) {
    case 'status_invalid':
      return `the list says: ${WORDS[reason.found[0] ?? ''] ?? reason.found[0]?.replace('_', ' ')}`;
    case 'status_unavailable':
      return `the list can't be had: ${FAULT_WORDS[reason.cause]}`;
    default:
      return 'the list says: valid';
  }
}

const WORDS: Readonly<Record<string, string>> = {
  invalid: 'revoked (1)',
  suspended: 'suspended (2)',
  out_of_range: 'nothing, it ends before this index',
};

const FAULT_WORDS: Readonly<Record<StatusFault, string>> = {
  timeout: 'its server did not answer within 5 s',
  network_error: "its server can't be reached",
  http_status: 'its server does not answer with 2xx',
  redirect: 'its server redirects, and redirects are not followed',
  too_large: 'its server sends more than 4 MB',
  insecure_uri: 'its URI has no https',
  binding_missing: 'the service binding of the issuer is missing',
  no_list: 'the answer is no status list token (typ statuslist+jwt, with iat)',
  keys_unavailable: "the issuer's keys can't be had",
  signature: 'no key of the issuer verifies it, or its algorithm is not accepted',
  issuer_mismatch: 'its iss is another issuer',
  subject_mismatch: 'its sub is not this URI',
  not_yet_valid: 'its iat or nbf lies in the future',
  expired: 'it has expired',
  older: 'it is older than the one before',
  list_malformed: 'its bits or its lst is malformed',
  list_too_large: 'it has more than 4 MB of statuses',
};
