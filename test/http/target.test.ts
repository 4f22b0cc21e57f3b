import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTarget, rawSegments, writeRawTarget, writeTarget } from '../../src/http/target.ts';

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
    ['a fragment', 'https://h/public#/../admin', 'fragment', { rawPath: '/public', query: '' }],
    ['a fragment in the query', 'https://h/a?x#y', 'fragment', { rawPath: '/a', query: '?x' }],
    ['a query in a fragment', 'https://h/a#x?y', 'fragment', { rawPath: '/a', query: '' }],
    ['user info', 'https://user@h/a', 'authority'],
    ['no host', 'https:///a', 'authority'],
    ['no path', 'https://h', 'authority'],
    ['a query for a path', 'https://h?/a', 'authority'],
    ['a backslash before the path', 'https://h\\evil/a', 'authority'],
    ['a blank in the host', 'https://h evil/a', 'authority'],
    ['no URL', '/a', 'authority'],
    ['a dot segment', 'https://h/a/../b', 'dot_segment', { rawPath: '/a/../b', query: '' }],
  ])('refuses %s', (_why, url, fault, came?: object) => {
    const raw = came && { scheme: 'https', host: 'h', authority: 'h', ...came };
    expect(parseTarget(url)).toEqual({ kind: 'fault', fault, raw });
  });

  it('never throws, and writes only what reads back as the same path', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const target = parseTarget(`https://h/${text}`);
        if (target.kind === 'fault') return;
        const again = parseTarget(`https://h${writeTarget(target)}`);
        expect({ ...again, rawPath: '' }).toEqual({ ...target, rawPath: '' });
      }),
    );
  });
});

describe('a target as it came', () => {
  const raw = (rawPath: string, query = '') =>
    ({ scheme: 'https', authority: 'h', host: 'h', rawPath, query }) as const;

  it.each([
    ['/a//b/', 0, '/a//b/'],
    ['/a%2Fb/%7Ec', 0, '/a%2Fb/%7Ec'],
    ['//evil.example/x', 0, '//evil.example/x'],
    ['/api/a//b', 1, '/a//b'],
    ['/api', 1, '/'],
    ['/', 0, '/'],
  ])('writes %s without %i segments as %s', (path, skipped, want) => {
    expect(writeRawTarget(raw(path, '?x=1'), skipped)).toBe(`${want}?x=1`);
  });

  it('is folded as every fetch does, so that it never climbs out of the path of an origin (RFC 3986 §5.2.4)', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('.', '..', '%2e', '%2E%2e', 'a', '', '\\')), (parts) => {
        const path = `/${parts.join('/')}`;
        const sent = new URL(`https://origin.example/base${writeRawTarget(raw(path))}`);
        expect(sent.pathname.startsWith('/base/')).toBe(true);
        expect(rawSegments(raw(path)).join('/')).toBe(sent.pathname.slice('/base/'.length));
      }),
    );
  });
});
