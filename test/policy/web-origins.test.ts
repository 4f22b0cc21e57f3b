import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readOrigin } from '../../src/policy/compile/web-origins.ts';
import { allowsOrigin, type WebOrigins } from '../../src/policy/cors.ts';

/** As the compiler makes them of entries. */
function originsOf(...entries: readonly string[]): WebOrigins {
  const read = entries.map(readOrigin);
  const never = read.find((one) => typeof one !== 'string' && 'problem' in one);
  if (never !== undefined) throw new Error(JSON.stringify(never));
  return {
    exact: new Set(read.filter((one) => typeof one === 'string')),
    patterns: read.filter((one) => typeof one !== 'string' && 'star' in one),
  } as WebOrigins;
}

// What browsers send as `Origin`: the serialisation of HTML, for own schemes as their programs register them.
describe('an entry', () => {
  it.each<[entry: string, yes: readonly string[], no: readonly string[]]>([
    [
      'https://*.example.com',
      [
        'https://pr-12.example.com',
        'https://a.example.com',
        'https://a_b.example.com',
        'https://xn--bcher-kva.example.com',
      ],
      [
        'https://example.com',
        'https://.example.com',
        'https://a.b.example.com',
        'http://a.example.com',
        'https://a.example.com:8443',
        'https://a.example.com.evil.example',
        'https://aexample.com',
        'https://evil.example/.example.com',
        'https://evil.example#.example.com',
        'https://evil@x.example.com',
        'https://evil:1.example.com',
        'https://A.example.com',
        'https://*.example.com',
        'null',
        '',
      ],
    ],
    [
      'https://*.example.com:8443',
      ['https://a.example.com:8443'],
      ['https://a.example.com', 'https://a.example.com:84430'],
    ],
    [
      'http://localhost:*',
      ['http://localhost:5173', 'http://localhost', 'http://localhost:1'],
      [
        'https://localhost:5173',
        'http://localhost:',
        'http://localhost:x',
        'http://localhost.evil.example',
        'http://localhost:80.evil.example',
        'http://localhost:80@evil.example',
        'http://localhost:*',
        'http://127.0.0.1:5173',
      ],
    ],
    ['http://[::1]:*', ['http://[::1]:3000'], ['http://[::2]:3000']],
    ['http://127.0.0.1:*', ['http://127.0.0.1:3000'], ['http://127.0.0.10:3000']],
    ['capacitor://localhost', ['capacitor://localhost'], ['capacitor://localhost:80', 'https://localhost']],
    ['tauri://localhost', ['tauri://localhost'], ['http://tauri.localhost']],
    ['ionic://localhost', ['ionic://localhost'], []],
    ['app://obsidian.md', ['app://obsidian.md'], ['app://obsidian.md.evil']],
    [
      'chrome-extension://aaaabbbbccccddddeeeeffffgggghhhh',
      ['chrome-extension://aaaabbbbccccddddeeeeffffgggghhhh'],
      ['chrome-extension://aaaabbbbccccddddeeeeffffgggghhhi'],
    ],
    [
      'moz-extension://0d2ee4c9-1f3a-4a55-9d0a-1b6ee3b1a001',
      ['moz-extension://0d2ee4c9-1f3a-4a55-9d0a-1b6ee3b1a001'],
      [],
    ],
    [
      'safari-web-extension://0D2EE4C9-1F3A-4A55-9D0A-1B6EE3B1A001',
      ['safari-web-extension://0D2EE4C9-1F3A-4A55-9D0A-1B6EE3B1A001'],
      [],
    ],
    ['vscode-webview://1q2w3e', ['vscode-webview://1q2w3e'], []],
    ['null', ['null'], ['', 'https://null']],
    ['http://10.0.0.1:8080', ['http://10.0.0.1:8080'], ['http://10.0.0.1']],
  ])('%s is matched as it is written', (entry, yes, no) => {
    const origins = originsOf(entry);
    expect(yes.filter((origin) => !allowsOrigin(origins, origin))).toEqual([]);
    expect(no.filter((origin) => allowsOrigin(origins, origin))).toEqual([]);
  });

  it.each([
    ['https://a.example/', 'did you mean "https://a.example"?'],
    ['https://a.example/path?q#f', 'did you mean "https://a.example"?'],
    ['https://a.example:443', 'did you mean "https://a.example"?'],
    ['http://a.example:80', 'did you mean "http://a.example"?'],
    ['HTTPS://a.example', 'did you mean "https://a.example"?'],
    ['https://A.example', 'did you mean "https://a.example"?'],
    ['https://me:pw@a.example', 'did you mean "https://a.example"?'],
    ['https://bücher.example', 'did you mean "https://xn--bcher-kva.example"?'],
    ['https://127.1', 'did you mean "https://127.0.0.1"?'],
    ['a.example', 'did you mean "https://a.example"?'],
    ['a.example:8443', 'did you mean "https://a.example:8443"?'],
    ['localhost:5173', 'did you mean "http://localhost:5173"?'],
    ['localhost:*', 'did you mean "http://localhost:*"?'],
    ['*.example.com', 'did you mean "https://*.example.com"?'],
    ['https://*.example.com/', 'did you mean "https://*.example.com"?'],
    ['https://*.example.com:443', 'did you mean "https://*.example.com"?'],
    ['https://*.Example.com', 'did you mean "https://*.example.com"?'],
    ['HTTPS://*.example.com', 'did you mean "https://*.example.com"?'],
    ['https://pr-*.example.com', 'did you mean "https://*.example.com"? Or name each origin'],
    ['https://*', 'write "*" alone for all origins'],
    ['https://*.com', 'write at least two labels after it: "https://*.example.com"'],
    ['https://*.localhost:3000', 'write at least two labels after it: "https://*.example.com"'],
    ['https://*.*.example.com', 'write it as the first label: "https://*.example.com"'],
    ['https://a.*.example.com', 'write it as the first label: "https://*.example.com"'],
    ['https://example.*', 'write it as the first label: "https://*.example.com"'],
    ['https://a.example.com:*', 'name each port'],
    ['http://127.0.0.2:*', 'name each port'],
    ['file://', 'write scheme, host and port as browsers do, such as "https://app.example.com"'],
    [
      'file:///home/me/index.html',
      'write scheme, host and port as browsers do, such as "https://app.example.com"',
    ],
    ['wss://a.example', 'write "https://a.example"'],
    ['ws://a.example', 'write "http://a.example"'],
    ['chrome-extension://*', 'name each origin, such as "chrome-extension://localhost"'],
    ['chrome-extension://abc', 'write chrome-extension:// and its id, 32 letters from a to p'],
    [
      'chrome-extension://AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHH',
      'did you mean "chrome-extension://aaaabbbbccccddddeeeeffffgggghhhh"?',
    ],
    [
      'chrome-extension://aaaabbbbccccddddeeeeffffgggghhhh/',
      'did you mean "chrome-extension://aaaabbbbccccddddeeeeffffgggghhhh"?',
    ],
    ['moz-extension://*', 'name each origin, such as "moz-extension://localhost"'],
    ['capacitor://localhost/', 'did you mean "capacitor://localhost"?'],
    ['Capacitor://localhost', 'did you mean "capacitor://localhost"?'],
    ['capacitor://', 'write the scheme in lower case, ://, and a host, such as "capacitor://localhost"'],
    [
      'https://a.example, https://b.example',
      'write scheme, host and port as browsers do, such as "https://app.example.com"',
    ],
    ['NULL', 'write scheme, host and port as browsers do, such as "https://app.example.com"'],
    ['localhost', 'did you mean "http://localhost"?'],
    ['', 'write scheme, host and port as browsers do, such as "https://app.example.com"'],
  ])('%s never comes: %s', (entry, remedy) => {
    expect(readOrigin(entry)).toMatchObject({ remedy });
  });

  it('is either a fault, or takes some origin that a URL parser gives back as it is', () => {
    const part = fc.constantFrom('*', 'a', 'b-c', 'example', 'com', 'localhost', 'A', '127', '1', '');
    const text = fc
      .tuple(
        fc.constantFrom('https://', 'http://', '', 'HTTPS://'),
        fc.array(part, { maxLength: 4 }),
        fc.constantFrom('', ':*', ':80', ':443', ':3000', '/', ':'),
      )
      .map(([scheme, parts, end]) => scheme + parts.join('.') + end);
    fc.assert(
      fc.property(text, (entry) => {
        const read = readOrigin(entry);
        if (typeof read !== 'string' && 'problem' in read) return;
        const origins = originsOf(entry);
        const example = entry.replace('*.', 'x.').replace(/:\*$/, ':5173');
        expect(new URL(example).origin).toBe(example);
        expect(allowsOrigin(origins, example)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it('with a star takes nothing but what it says, whatever a client sends as origin', () => {
    const origins = originsOf('https://*.example.com', 'http://localhost:*');
    const piece = fc.constantFrom(
      'https://',
      'http://',
      'localhost',
      '.example.com',
      'evil',
      '.',
      ':',
      '@',
      '/',
      '#',
      '80',
      'A',
      '*',
      '\\',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const origin = pieces.join('');
        const isMeant = /^(https:\/\/[a-z0-9_-]+\.example\.com|http:\/\/localhost(:[0-9]+)?)$/.test(origin);
        expect(allowsOrigin(origins, origin)).toBe(isMeant);
      }),
      { numRuns: 5_000 },
    );
  });
});
