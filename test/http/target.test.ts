import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTarget, writeTarget } from '../../src/http/target.ts';

describe('parseTarget', () => {
  it.each([
    ['https://api.example.com/a?b=c', { scheme: 'https', host: 'api.example.com', query: '?b=c' }],
    [
      'http://API.Example.COM:8080/a',
      { scheme: 'http', host: 'api.example.com', authority: 'API.Example.COM:8080', query: '' },
    ],
    ['https://api.example.com./a?', { host: 'api.example.com', query: '?' }],
    ['https://api.example.com.:443/a', { host: 'api.example.com' }],
    ['http://[::1]:8787/a', { host: '[::1]' }],
    ['https://h/a?x=/../y', { query: '?x=/../y' }],
    ['https://h/a?x=\\', { query: '?x=\\' }],
  ])('reads %s', (url, want) => {
    expect(parseTarget(url)).toMatchObject({ kind: 'target', ...want });
  });

  it.each([
    ['a fragment', 'https://h/public#/../admin', 'fragment'],
    ['a fragment in the query', 'https://h/a?x#y', 'fragment'],
    ['user info', 'https://user@h/a', 'authority'],
    ['no host', 'https:///a', 'authority'],
    ['no path', 'https://h', 'authority'],
    ['a query for a path', 'https://h?/a', 'authority'],
    ['a backslash before the path', 'https://h\\evil/a', 'authority'],
    ['a blank in the host', 'https://h evil/a', 'authority'],
    ['no URL', '/a', 'authority'],
    ['a dot segment', 'https://h/a/../b', 'dot_segment'],
  ])('refuses %s', (_why, url, fault) => {
    expect(parseTarget(url)).toEqual({ kind: 'fault', fault });
  });

  it('never throws, and writes only what reads back as the same path', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const target = parseTarget(`https://h/${text}`);
        if (target.kind === 'fault') return;
        const again = parseTarget(`https://h${writeTarget(target)}`);
        expect(again).toEqual(target);
      }),
    );
  });
});
