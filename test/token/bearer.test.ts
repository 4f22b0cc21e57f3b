import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bearer, readBearer } from '../../src/token/bearer.ts';

describe('readBearer', () => {
  it.each([
    ['a token (RFC 6750 §2.1)', 'Bearer abc', { token: 'abc' }],
    ['the scheme in any case (RFC 9110 §11.1)', 'bEaReR abc', { token: 'abc' }],
    ['blanks around and between', ' \tBearer \t abc \t', { token: 'abc' }],
    ['all of b64token (RFC 6750 §2.1)', 'Bearer aZ09-._~+/==', { token: 'aZ09-._~+/==' }],
    ['no header', null, undefined],
    ['an empty header', '', undefined],
    ['another scheme', 'Basic YTpi', undefined],
    ['a scheme that begins alike', 'Bearers abc', undefined],
    ['a scheme with commas of its own', 'Digest a="b", c="d"', undefined],
    ['no token', 'Bearer', 'authorization_malformed'],
    ['blanks for a token', 'Bearer  ', 'authorization_malformed'],
    ['two parts', 'Bearer a b', 'authorization_malformed'],
    ['two headers, joined', 'Bearer a, Bearer b', 'authorization_malformed'],
    ['two headers, another scheme first', 'Basic YTpi, Bearer b', 'authorization_malformed'],
    ['two headers, one empty', 'Bearer a,', 'authorization_malformed'],
    ['a comma after the scheme', 'Bearer,a', 'authorization_malformed'],
    ['a quote', 'Bearer "a"', 'authorization_malformed'],
    ['a padding in the middle', 'Bearer a=b', 'authorization_malformed'],
    ['a letter beyond ASCII', 'Bearer ä', 'authorization_malformed'],
    ['a token of 16 KB', `Bearer ${'a'.repeat(16_384)}`, { token: 'a'.repeat(16_384) }],
    ['a token over 16 KB', `Bearer ${'a'.repeat(16_385)}`, 'token_too_large'],
  ])('%s', (_why, header, want) => {
    const result = readBearer(header);
    expect(result !== undefined && 'reason' in result ? result.reason.code : result).toEqual(want);
  });

  it('never throws, and only ever gives a b64token', () => {
    const header = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((text) => `Bearer ${text}`),
    );
    fc.assert(
      fc.property(header, (text) => {
        const result = readBearer(text);
        if (result !== undefined && 'token' in result)
          expect(result.token).toMatch(/^[A-Za-z0-9\-._~+/]+=*$/);
      }),
    );
  });

  it('takes time in proportion to the header: 100 KB of blanks are no work', () => {
    const operations = ['Bearer', ' '.repeat(100_000), 'a', '\t'.repeat(100_000), 'b'].join('');
    expect(readBearer(operations)).toHaveProperty('reason');
  });

  it.each([
    ['Bearer', 'empty'],
    ['Bearer \t ', 'empty'],
    ['Bearer Bearer abc', 'twice'],
    ['bearer bearer\tabc', 'twice'],
    ['Bearer "abc"', 'quoted'],
    ["Bearer 'abc'", 'quoted'],
    ['Bearer abc, Bearer def', 'several'],
    ['Bearer "abc", Bearer "def"', 'several'],
    ['Bearer abc,', 'several'],
    ['Basic YTpi, Bearer def', 'several'],
    ['Bearer abc def', 'form'],
    ['Bearer "abc', 'form'],
    ['Bearer \u00e4', 'form'],
    ['Bearer {"access_token":"abc"}', 'form'],
  ])('%j: says what is wrong with it', (header, fault) => {
    expect(readBearer(header)).toEqual({ reason: { code: 'authorization_malformed', fault } });
  });
});

describe('what came in place of a Bearer token', () => {
  it.each([
    [null, undefined],
    ['  ', undefined],
    ['eyJh.eyJp.c2ln', 'bare_token'],
    ['"eyJh.eyJp.c2ln"', 'bare_token'],
    ['eyJh.eyJp.', 'bare_token'],
    ['eyJh.a.b.c.d', 'bare_token'],
    ['Basic YTpi', 'basic'],
    ['basic', 'basic'],
    ['DPoP eyJh.eyJp.c2ln', 'other_scheme'],
    ['Token abc', 'other_scheme'],
    ['Bearer: eyJh.eyJp.c2ln', 'other_scheme'],
    ['Basics YTpi', 'other_scheme'],
    ['abc', 'other_scheme'],
  ])('%j: %s', (header, sent) => {
    expect(bearer(header).read()).toBeUndefined();
    expect(bearer(header).missing()).toEqual({ code: 'token_missing', ...(sent && { sent }) });
  });
});
