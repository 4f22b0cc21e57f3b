import { describe, expect, it } from 'vitest';
import { FAILURES, type Failure, type FailureCode, wireError } from '../../issuer/src/failure.ts';
import { renderFailure } from '../../issuer/src/http/answer.ts';
import { reasonDetail } from '../../issuer/src/log.ts';
import { ISSUER_REASONS } from '../../scripts/reasons/issuer.ts';

const EXAMPLES: readonly Failure[] = Object.values(ISSUER_REASONS).map(({ example }) => example);
const ISSUER = 'https://auth.example.com/';

const headersOf = (failure: Failure, usedBasic = true) =>
  Object.fromEntries(renderFailure(failure, { requestId: 'request-1', issuer: ISSUER, usedBasic }).headers);

describe('the table of failures', () => {
  it('has words for people beside every row', () => {
    expect(Object.keys(ISSUER_REASONS).sort()).toEqual(Object.keys(FAILURES).sort());
    for (const [code, { example }] of Object.entries(ISSUER_REASONS)) expect(example.code).toBe(code);
  });

  it.each(EXAMPLES)('$code: an error in characters that RFC 6749 §5.2 permits', (failure) => {
    const { error, description } = wireError(failure);
    expect(error).toMatch(/^[a-z_]+$/);
    expect(description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
  });

  it.each(EXAMPLES)(
    '$code: a challenge with 401, the methods with 405, a time with 429 and 503',
    (failure) => {
      const { status } = wireError(failure);
      const headers = headersOf(failure);
      expect(headers['www-authenticate']).toBe(status === 401 ? `Basic realm="${ISSUER}"` : undefined);
      expect(headersOf(failure, false)['www-authenticate']).toBeUndefined();
      expect(headers['allow']).toBe(status === 405 ? 'POST' : undefined);
      expect(headers['retry-after'] !== undefined).toBe(status === 429 || status === 503);
    },
  );

  it('answers all failures to authenticate alike', () => {
    const answers = new Set(
      EXAMPLES.map(wireError)
        .filter(({ status }) => status === 401)
        .map((answer) => JSON.stringify(answer)),
    );
    expect(answers.size).toBe(1);
  });
});

describe('what the log has of a failure', () => {
  const DETAILS: Partial<Record<FailureCode, string>> = {
    parameter_repeated: 'scope',
    parameter_unsupported: 'organization',
    api_unknown: 'https://api.example.com/orders',
    api_disabled: 'https://api.example.com/orders',
    grant_missing: 'https://api.example.com/orders',
    scope_not_granted: 'write:orders',
    action_denied: 'invalid_request',
    action_failed: 'timeout',
    assertion_claims_invalid: 'aud',
    signing_key_missing: 'RS256',
    store_unavailable: 'records',
  };

  it.each(EXAMPLES)('$code', (failure) => {
    expect(reasonDetail(failure)).toBe(DETAILS[failure.code]);
  });

  it('is cut, and has no secret that a client put into the wrong field', () => {
    const secret = `cgs_${'a'.repeat(43)}`;
    expect(reasonDetail({ code: 'api_unknown', audience: 'x'.repeat(1000) })).toHaveLength(128);
    expect(reasonDetail({ code: 'parameter_repeated', name: secret })).not.toContain('aaaa');
  });
});
