import { describe, expect, it } from 'vitest';
import { GATEWAY_REASONS } from '../../scripts/reasons/gateway.ts';
import type { Reason } from '../../src/decision.ts';
import type { LogLine, ReasonCode } from '../../src/gateway.ts';
import { PROBLEMS, problemType } from '../../src/http/problem.ts';
import { type Answered, requestLine } from '../../src/log.ts';

const CODES = Object.keys(PROBLEMS) as ReasonCode[];
const EXAMPLES: readonly Reason[] = Object.values(GATEWAY_REASONS).map(({ example }) => example);

/** Written down here once more: a status is a promise to clients. */
const STATUSES: Readonly<Record<number, readonly ReasonCode[]>> = {
  400: [
    'path_ambiguous',
    'authorization_malformed',
    'credential_malformed',
    'destination_invalid',
    'form_unread',
    'source_header',
  ],
  401: [
    'token_missing',
    'token_too_large',
    'token_malformed',
    'algorithm_not_allowed',
    'critical_header_unsupported',
    'token_type_not_allowed',
    'issuer_not_allowed',
    'claims_malformed',
    'token_expired',
    'token_not_yet_valid',
    'token_too_old',
    'audience_mismatch',
    'sender_constrained',
    'issuer_claim_mismatch',
    'key_unknown',
    'key_ambiguous',
    'signature_invalid',
    'client_blocked',
    'key_blocked',
    'token_revoked',
    'status_invalid',
  ],
  403: [
    'scopes_missing',
    'client_not_allowed',
    'claim_mismatch',
    'alternatives_unmet',
    'cross_site',
    'closed_to_all',
  ],
  404: ['route_unknown'],
  405: ['method_not_allowed'],
  429: ['rate_limited'],
  413: ['body_too_large'],
  414: ['target_too_long'],
  431: ['claims_too_large'],
  500: ['body_taken', 'internal_error'],
  502: ['origin_unreachable'],
  503: [
    'assertion_failed',
    'keys_unavailable',
    'status_unavailable',
    'policy_invalid',
    'binding_missing',
    'closed',
    'revocations_unavailable',
  ],
  504: ['origin_timeout'],
  508: ['loop'],
};

describe('the table of problems', () => {
  it('has a row for every reason, and words for people beside it', () => {
    expect(Object.keys(GATEWAY_REASONS).sort()).toEqual([...CODES].sort());
    for (const [code, { example }] of Object.entries(GATEWAY_REASONS)) expect(example.code).toBe(code);
  });

  it('has the statuses that clients rely on', () => {
    const statuses = Object.entries(STATUSES).flatMap(([status, codes]) =>
      codes.map((code) => [code, Number(status)] as const),
    );
    expect(Object.fromEntries(CODES.map((code) => [code, PROBLEMS[code].status]))).toEqual(
      Object.fromEntries(statuses),
    );
  });

  it.each(CODES)(
    '%s: one sentence or two, in characters that a challenge can carry (RFC 6750 §3)',
    (code) => {
      const { title, detail } = PROBLEMS[code];
      expect(detail).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+\.$/);
      expect(title).toMatch(/^[A-Z][A-Za-z ]+$/);
    },
  );

  it.each(CODES)('%s: an error code of RFC 6750 only with the status that belongs to it', (code) => {
    const { error, status } = PROBLEMS[code];
    const expected = { invalid_request: 400, invalid_token: 401, insufficient_scope: 403 };
    if (error !== undefined) expect(status).toBe(expected[error]);
    else if (status === 401) expect(code).toBe('token_missing'); // RFC 6750 §3.1: no error without credentials
  });
});

describe('the type of a problem', () => {
  it.each(CODES)('%s: a URN, or a link to its heading', (code) => {
    const name = code.replaceAll('_', '-');
    expect(problemType(code, undefined)).toBe(`urn:problem-type:claimgate:${name}`);
    const link = problemType(code, 'https://docs.example.com/reasons');
    expect(link).toBe(`https://docs.example.com/reasons#${name}`);
    expect(new URL(link).href).toBe(link);
  });
});

describe('what the log has of a reason', () => {
  const answered: Answered = {
    time: 0,
    requestId: 'request-1',
    ray: null,
    method: 'GET',
    status: 401,
    keyWaitMs: 0,
    originMs: 0,
  };

  const DETAILS: Partial<Record<ReasonCode, unknown>> = {
    path_ambiguous: 'dot_segment',
    authorization_malformed: 'form',
    destination_invalid: 'host',
    form_unread: 'late',
    source_header: 'x-amz-copy-source',
    credential_malformed: 'cookie',
    method_not_allowed: ['GET', 'HEAD', 'POST'],
    claims_malformed: 'exp',
    token_expired: 1_700_000_000,
    token_not_yet_valid: 1_700_000_000,
    token_too_old: 1_700_000_000,
    issuer_claim_mismatch: 'token_use',
    scopes_missing: ['read:orders'],
    claim_mismatch: 'org_id',
    claims_too_large: 'groups',
    assertion_failed: 'no_key',
    keys_unavailable: 'timeout',
    status_invalid: ['invalid', 'status.example.com'],
    status_unavailable: 'timeout',
    binding_missing: 'ORDERS',
    client_blocked: 'backoffice',
    token_revoked: 'subject',
    closed: 'the database is restored',
    closed_to_all: 'taken out of service',
  };

  it.each(EXAMPLES)('$code: its code, and the value of the policy', (reason) => {
    const line: LogLine = requestLine({ kind: 'deny', reason }, answered);
    expect([line.reason, line.reason_detail]).toEqual([reason.code, DETAILS[reason.code]]);
  });

  it.each<Reason>([
    { code: 'issuer_not_allowed', iss: 'swordfish' },
    { code: 'algorithm_not_allowed', alg: 'swordfish' },
    { code: 'token_type_not_allowed', typ: 'swordfish' },
    { code: 'key_unknown', kid: 'swordfish' },
    { code: 'key_ambiguous', kid: 'swordfish' },
  ])('$code: nothing that only the token says', (reason) => {
    expect(JSON.stringify(requestLine({ kind: 'deny', reason }, answered))).not.toContain('swordfish');
  });
});
