import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBearer } from '../../src/token/bearer.ts';

describe('readBearer', () => {
  it.each([
    ['a token', 'Bearer abc', { token: 'abc' }],
    ['the scheme in any case', 'bEaReR abc', { token: 'abc' }],
    ['blanks around and between', ' \tBearer \t abc \t', { token: 'abc' }],
    ['all of b64token', 'Bearer aZ09-._~+/==', { token: 'aZ09-._~+/==' }],
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
});
