/** How an origin may read a path that it gets: every composition of the liberties that servers take. */

export interface Reading {
  readonly text: string;
  /** What was done, in this order. */
  readonly steps: readonly string[];
}

const BLANK = '[\\u0020\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const BLANKS_AT_ENDS = new RegExp(`^${BLANK}+|${BLANK}+$`, 'gu');
/** Soft hyphen, grapheme joiner, zero-width characters, byte order mark. */
const INVISIBLE = /\u00ad|\u034f|\u200b|\u200c|\u200d|\u2060|\ufeff/gu;
const ESCAPES = /(?:%[0-9a-f]{2})+/gi;

const inSegments = (change: (segment: string) => string) => (path: string) =>
  path.split('/').map(change).join('/');

function decode(text: string): string {
  return text.replace(ESCAPES, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}

const LIBERTIES: Readonly<Record<string, (path: string) => string>> = {
  decoded: decode,
  'lower case': (path) => path.toLowerCase(),
  'upper case': (path) => path.toUpperCase(),
  'slash dropped': (path) => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path),
  'parameters cut': inSegments((segment) => segment.replace(/;.*$/su, '')),
  'dots cut': inSegments((segment) => segment.replace(/\.+$/u, '')),
  'blanks cut': inSegments((segment) => segment.replace(BLANKS_AT_ENDS, '')),
  'spaces cut': inSegments((segment) => segment.replace(/^ +| +$/gu, '')),
  'invisible dropped': (path) => path.replace(INVISIBLE, ''),
  NFKC: (path) => path.normalize('NFKC'),
  NFKD: (path) => path.normalize('NFKD'),
  NFC: (path) => path.normalize('NFC'),
};

/** More than any path of these tests has. */
const MOST_READINGS = 5_000;
const known = new Map<string, readonly Reading[]>();

/** All readings of a path, itself among them; each once, with the fewest steps that lead to it. */
export function readingsOf(path: string): readonly Reading[] {
  const cached = known.get(path);
  if (cached !== undefined) return cached;
  const found = new Map<string, Reading>([[path, { text: path, steps: [] }]]);
  // The map grows while it is walked through.
  for (const { text, steps } of found.values()) {
    for (const [name, read] of Object.entries(LIBERTIES)) {
      const other = read(text);
      if (!found.has(other)) found.set(other, { text: other, steps: [...steps, name] });
    }
    if (found.size > MOST_READINGS) throw new Error(`too many readings of ${JSON.stringify(path)}`);
  }
  const readings = [...found.values()];
  if (known.size > 50_000) known.clear();
  known.set(path, readings);
  return readings;
}
