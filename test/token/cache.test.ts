import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTokenCache, type RememberedToken } from '../../src/token/cache.ts';

const remembered = (keyId: string) => ({ keyId }) as RememberedToken;

describe('createTokenCache', () => {
  it('forgets the least recently used token first', () => {
    const cache = createTokenCache(2);
    cache.set('a', remembered('a'));
    cache.set('b', remembered('b'));
    cache.get('a');
    cache.set('c', remembered('c'));
    expect(['a', 'b', 'c'].map((token) => cache.get(token)?.keyId)).toEqual(['a', undefined, 'c']);
  });

  it('is bounded in bytes', () => {
    const cache = createTokenCache(1000, 4000);
    for (let i = 0; i < 100; i++) cache.set(String(i).padStart(100, '0'), remembered('x'));
    const held = Array.from({ length: 100 }, (_, i) => cache.get(String(i).padStart(100, '0'))).filter(
      Boolean,
    );
    expect(held).toHaveLength(10);
  });

  it('does not count a token twice', () => {
    const cache = createTokenCache(1000, 1000);
    for (let i = 0; i < 100; i++) cache.set('a'.repeat(100), remembered(String(i)));
    cache.set('b'.repeat(100), remembered('b'));
    expect(cache.get('a'.repeat(100))?.keyId).toBe('99');
    expect(cache.get('b'.repeat(100))?.keyId).toBe('b');
  });

  it('forgets on demand', () => {
    const cache = createTokenCache();
    cache.set('a', remembered('a'));
    cache.delete('a');
    cache.delete('a');
    expect(cache.get('a')).toBeUndefined();
  });

  it('holds what a list in the order of use would hold, whatever is done to it', () => {
    const step = fc.tuple(
      fc.constantFrom('get', 'set', 'delete'),
      fc.constantFrom('a', 'bb', 'ccc', 'd', 'ee'),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const cache = createTokenCache(3, 28);
        let list: { token: string; id: string }[] = [];
        for (const [i, [does, token]] of steps.entries()) {
          const held = list.find((one) => one.token === token);
          const others = list.filter((one) => one.token !== token);
          if (does === 'get') expect(cache.get(token)?.keyId).toBe(held?.id);
          if (does === 'get' && held !== undefined) list = [...others, held];
          if (does === 'delete') cache.delete(token);
          if (does === 'delete') list = others;
          if (does !== 'set') continue;
          cache.set(token, remembered(String(i)));
          list = [...others, { token, id: String(i) }];
          const bytes = () => list.reduce((sum, one) => sum + one.token.length * 4, 0);
          while (list.length > 3 || bytes() > 28) list.shift();
        }
        for (const one of list) expect(cache.get(one.token)?.keyId).toBe(one.id);
        for (const token of ['a', 'bb', 'ccc', 'd', 'ee'])
          if (!list.some((one) => one.token === token)) expect(cache.get(token)).toBeUndefined();
      }),
    );
  });
});
