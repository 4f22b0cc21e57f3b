/** What is remembered of texts: pure, bounded, and nothing else. */
import { describe, expect, it } from 'vitest';
import { parseTarget } from '../src/http/target.ts';
import { remember } from '../src/memory.ts';

function counted(bounds: { maxEntries: number; maxLength: number }) {
  const made: string[] = [];
  const read = remember((text) => {
    made.push(text);
    return { text };
  }, bounds);
  return { read, made };
}

describe('a function with a memory', () => {
  it('makes the same text once, and another one anew', () => {
    const { read, made } = counted({ maxEntries: 10, maxLength: 10 });
    expect(read('a')).toBe(read('a'));
    expect(read('b')).toEqual({ text: 'b' });
    expect(made).toEqual(['a', 'b']);
  });

  it('forgets all when it is full, so that it does not grow with what clients send', () => {
    const { read, made } = counted({ maxEntries: 2, maxLength: 10 });
    for (const text of ['a', 'b', 'c', 'c', 'a']) read(text);
    expect(made).toEqual(['a', 'b', 'c', 'a']);
  });

  it('keeps no long text', () => {
    const { read, made } = counted({ maxEntries: 10, maxLength: 2 });
    for (const text of ['ab', 'ab', 'abc', 'abc']) read(text);
    expect(made).toEqual(['ab', 'abc', 'abc']);
  });
});

describe('targets', () => {
  it('that differ in a letter are two, also where one was seen before', () => {
    const read = (url: string) => {
      const target = parseTarget(url);
      return target.kind === 'target' ? [target.host, target.path.segments, target.query] : target.fault;
    };
    expect(read('https://a.example/x')).toEqual(['a.example', ['x'], '']);
    expect(read('https://b.example/x')).toEqual(['b.example', ['x'], '']);
    expect(read('https://a.example/x?y')).toEqual(['a.example', ['x'], '?y']);
    expect(read('https://a.example/X')).toEqual(['a.example', ['X'], '']);
    expect(read('https://a.example//x')).toBe('empty_segment');
    expect(read('https://a.example//x')).toBe('empty_segment');
    expect(read('https://a.example/x')).toEqual(['a.example', ['x'], '']);
  });
});
