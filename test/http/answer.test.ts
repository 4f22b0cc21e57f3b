import { describe, expect, it } from 'vitest';
import { GATEWAY_REASONS } from '../../scripts/reasons/gateway.ts';
import type { Reason, ReasonCode } from '../../src/decision.ts';
import { renderDenial } from '../../src/http/answer.ts';
import { PROBLEMS } from '../../src/http/problem.ts';

const EXAMPLES: readonly Reason[] = Object.values(GATEWAY_REASONS).map(({ example }) => example);
const CONTEXT = { requestId: 'request-1', realm: 'api.example.com' };

const headersOf = (reason: Reason) => Object.fromEntries(renderDenial(reason, CONTEXT).headers);

describe('every refusal', () => {
  it.each(EXAMPLES)('$code: a problem (RFC 9457) that no cache keeps', async (reason) => {
    const response = renderDenial(reason, CONTEXT);
    const { status, title, detail } = PROBLEMS[reason.code];
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-request-id': 'request-1',
    });
    expect(await response.json()).toEqual({
      type: `urn:problem-type:claimgate:${reason.code.replaceAll('_', '-')}`,
      title,
      status,
      detail,
      reason: reason.code,
      request_id: 'request-1',
      ...('claim' in reason && { claim: reason.claim }),
      ...(reason.code === 'scopes_missing' && { scopes_needed: reason.needed }),
    });
  });

  /** What an answer may say of its reason, as docs/reasons.md has it. Nothing else may show. */
  const TOLD: Partial<Record<ReasonCode, readonly string[]>> = {
    method_not_allowed: ['allow'],
    route_unknown: ['near'],
    scopes_missing: ['needed', 'all', 'any'],
    claims_malformed: ['claim'],
    claim_mismatch: ['claim'],
    issuer_claim_mismatch: ['claim'],
    claims_too_large: ['claim'],
    keys_unavailable: ['retryAfterSeconds'],
    closed: ['retryAfterSeconds'],
    status_unavailable: ['retryAfterSeconds'],
  };

  it.each(EXAMPLES)('$code: no value of the reason, but what clients need', async (reason) => {
    const told: readonly string[] = ['code', ...(TOLD[reason.code] ?? [])];
    const marked = Object.fromEntries(
      Object.entries(reason).map(([name, value]) => {
        if (told.includes(name)) return [name, value];
        return [
          name,
          typeof value === 'number' ? 8_675_309 : Array.isArray(value) ? ['swordfish'] : 'swordfish',
        ];
      }),
    ) as unknown as Reason;
    const response = renderDenial(marked, CONTEXT);
    const text = JSON.stringify([...response.headers]) + (await response.text());
    expect(text).not.toMatch(/swordfish|8675309/);
  });
});

describe('a challenge', () => {
  /** RFC 9110 §11.6.1: a scheme, and parameters whose values are quoted strings. */
  const CHALLENGE = /^Bearer (?:[a-z_]+="(?:[^"\\]|\\.)*")(?:, [a-z_]+="(?:[^"\\]|\\.)*")*$/;

  it.each(EXAMPLES)(
    '$code: on 401, on malformed credentials and on missing scopes, with a parameter (RFC 9110 §11.6.1)',
    (reason) => {
      const header = headersOf(reason)['www-authenticate'];
      const { status, error } = PROBLEMS[reason.code];
      if (status !== 401 && error === undefined) return expect(header).toBeUndefined();
      expect(header).toMatch(CHALLENGE);
      expect(header).toMatch(/^Bearer realm="api\.example\.com"/);
      expect(header?.includes('error=')).toBe(error !== undefined);
    },
  );

  it.each(EXAMPLES.filter(({ code }) => PROBLEMS[code].status === 401))(
    '$code: has a parameter also where no host is known',
    (reason) => {
      const header = renderDenial(reason, { requestId: 'request-1' }).headers.get('www-authenticate');
      expect(header).toMatch(CHALLENGE);
    },
  );
});

describe('Retry-After', () => {
  const SECONDS: Partial<Record<ReasonCode, string>> = {
    keys_unavailable: '1',
    revocations_unavailable: '5',
    closed: '60',
    status_unavailable: '1',
    assertion_failed: '30',
    rate_limited: '60',
    policy_invalid: '30',
    binding_missing: '30',
  };

  it.each(EXAMPLES)('$code: where another try can help (RFC 9110 §10.2.3)', (reason) => {
    expect(headersOf(reason)['retry-after']).toBe(SECONDS[reason.code]);
    const { status } = PROBLEMS[reason.code];
    expect(headersOf(reason)['retry-after'] !== undefined).toBe(status === 429 || status === 503);
  });

  it('is what the reason says, where it says when', () => {
    const reason: Reason = { code: 'keys_unavailable', cause: 'timeout', retryAfterSeconds: 17 };
    expect(headersOf(reason)['retry-after']).toBe('17');
  });
});

describe('members and headers of single reasons', () => {
  it('405 names the methods of the path (RFC 9110 §15.5.6)', () => {
    expect(headersOf({ code: 'method_not_allowed', allow: ['GET', 'HEAD'] })['allow']).toBe('GET, HEAD');
  });

  it('403 names the scopes of the route', () => {
    const header = headersOf({ code: 'scopes_missing', needed: ['read:orders', 'admin'] })[
      'www-authenticate'
    ];
    expect(header).toContain('scope="read:orders admin"');
  });

  it('faults of the policy show only where they are given', async () => {
    const shown = renderDenial({ code: 'policy_invalid' }, { ...CONTEXT, faults: ['GATEWAY: broken'] });
    expect(await shown.json()).toMatchObject({ faults: ['GATEWAY: broken'] });
    expect(await renderDenial({ code: 'policy_invalid' }, CONTEXT).json()).not.toHaveProperty('faults');
  });

  it('the type is a link where the policy has a place for it', async () => {
    const linked = renderDenial(
      { code: 'token_missing' },
      { ...CONTEXT, problemBase: 'https://docs.example.com/reasons' },
    );
    expect(await linked.json()).toMatchObject({ type: 'https://docs.example.com/reasons#token-missing' });
  });
});
