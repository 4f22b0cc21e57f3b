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
});
