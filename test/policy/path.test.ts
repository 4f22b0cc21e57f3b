import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ParsedPath, parsePath } from '../../src/policy/path.ts';

function parsed(raw: string): ParsedPath {
  const path = parsePath(raw);
  if (typeof path === 'string') throw new Error(`${raw}: ${path}`);
  return path;
}

describe('parsePath', () => {
  it.each([
    ['a backslash', '/a\\b', 'separator'],
    ['an encoded backslash', '/a%5cb', 'separator'],
    ['an encoded slash', '/a%2fb', 'separator'],
    ['a full-width slash', '/a%EF%BC%8Fb', 'separator'],
    ['a sign that unfolds to one with a slash (℀)', '/%E2%84%80', 'separator'],
    ['an encoded question mark: a server that decodes first would cut there', '/admin%3Fx', 'separator'],
    ['an encoded hash', '/admin%23x', 'separator'],
    ['a full-width question mark', '/admin%EF%BC%9Fx', 'separator'],
    ['NUL', '/a%00', 'control_character'],
    ['a line feed', '/a%0ab', 'control_character'],
    ['DEL', '/a%7f', 'control_character'],
    ['a C1 control character', '/a%C2%85', 'control_character'],
    ['double encoding', '/%2561dmin', 'double_encoding'],
    ['double encoding of a dot', '/%252e%252e/admin', 'double_encoding'],
    ['double encoding by a full-width percent sign', '/%EF%BC%852e', 'double_encoding'],
    ['a lone percent sign', '/100%', 'invalid_encoding'],
    ['an escape that is none', '/%zz', 'invalid_encoding'],
    ['a %u escape', '/%u0061dmin', 'invalid_encoding'],
    ['bytes that are not UTF-8', '/%ff', 'invalid_encoding'],
    ['an overlong encoding of a slash', '/%c0%af', 'invalid_encoding'],
    ['an encoded surrogate', '/%ed%a0%80', 'invalid_encoding'],
    ['a dot segment', '/a/./b', 'dot_segment'],
    ['a double-dot segment', '/a/../b', 'dot_segment'],
    ['encoded dots', '/a/%2e%2E/b', 'dot_segment'],
    ['dots before a parameter', '/a/..;/b', 'dot_segment'],
    ['dots before an encoded parameter', '/a/..%3bx/b', 'dot_segment'],
    ['dots and blanks, which Windows drops', '/a/.%20./b', 'dot_segment'],
    ['full-width dots', '/a/%EF%BC%8E%EF%BC%8E/b', 'dot_segment'],
    ['dots split by a zero-width space', '/a/.%E2%80%8B./b', 'dot_segment'],
    ['a session of ASP.NET, which it cuts out', '/(S(lit3py55t21z5v55vlm25s55))/admin', 'dot_segment'],
    ['several of them', '/a/(a(x)%53(y)F())/b', 'dot_segment'],
    ['nothing but a parameter', '/a/;x/b', 'dot_segment'],
    ['an empty segment', '/a//b', 'empty_segment'],
    ['an empty segment at the start', '//a', 'empty_segment'],
    ['two slashes at the end', '/a//', 'empty_segment'],
  ])('refuses %s', (_why, raw, fault) => {
    expect(parsePath(raw)).toBe(fault);
  });

  it.each([
    ['/', [''], [], ['']],
    ['/a', ['a'], ['a'], ['a']],
    ['/a/', ['a', ''], ['a'], ['a', '']],
    ['/%61dmin', ['admin'], ['admin'], ['admin']],
    ['/ADMIN', ['ADMIN'], ['admin'], ['ADMIN']],
    ['/admin;x', ['admin;x'], ['admin'], ['admin;x']],
    ['/admin%3bx', ['admin;x'], ['admin'], ['admin%3Bx']],
    ['/admin%2e', ['admin.'], ['admin'], ['admin.']],
    ['/%20admin', [' admin'], ['admin'], ['%20admin']],
    ['/admin%20', ['admin '], ['admin'], ['admin%20']],
    ['/a%20b', ['a b'], ['a b'], ['a%20b']],
    ['/ad%C2%ADmin', ['ad\u00admin'], ['admin'], ['ad%C2%ADmin']],
    ['/%EF%BD%81', ['ａ'], ['a'], ['%EF%BD%81']],
    ['/caf%c3%a9', ['café'], ['café'], ['caf%C3%A9']],
    ['/é', ['é'], ['é'], ['%C3%A9']],
    ['/a|b', ['a|b'], ['a|b'], ['a%7Cb']],
    ['/a:b@c,d=e+f', ['a:b@c,d=e+f'], ['a:b@c,d=e+f'], ['a:b@c,d=e+f']],
    ['/a%2Bb', ['a+b'], ['a+b'], ['a%2Bb']],
    ['/..a/b...c', ['..a', 'b...c'], ['..a', 'b...c'], ['..a', 'b...c']],
  ])('reads %s', (raw, segments, folded, encoded) => {
    expect(parsed(raw)).toEqual({ segments, folded, encoded });
  });

  it('reads a simple path, which takes a shortcut, as it reads the same path in another spelling', () => {
    const segment = fc.stringMatching(/^[a-z0-9_-]{1,8}$/);
    const path = fc
      .array(segment, { minLength: 1, maxLength: 5 })
      .map((segments) => `/${segments.join('/')}`);
    fc.assert(
      fc.property(path, (simple) => {
        const code = simple.charCodeAt(1).toString(16).padStart(2, '0');
        expect(parsed(simple)).toEqual(parsed(`/%${code}${simple.slice(2)}`));
      }),
    );
  });

  it('never throws, whatever the path', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        parsePath(`/${text}`);
      }),
    );
  });

  it('writes what reads back as the same path, in a spelling that no URL parser changes', () => {
    const path = fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.webSegment()), { minLength: 1 });
    fc.assert(
      fc.property(path, (parts) => {
        const first = parsePath(`/${parts.map(encodeURIComponent).join('/')}`);
        fc.pre(typeof first !== 'string');
        const spelled = `/${first.encoded.join('/')}`;
        expect(parsed(spelled)).toEqual(first);
        expect(new URL(`http://origin.example${spelled}`).pathname).toBe(spelled);
      }),
    );
  });

  it('decodes once: a segment is what decodeURIComponent makes of it (RFC 3986 §2.4)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        const path = parsePath(`/${encodeURIComponent(text)}`);
        fc.pre(typeof path !== 'string');
        expect(path.segments).toEqual([text]);
      }),
    );
  });
});
