/** Reads the entries of `cors.origins`. One that no browser ever sends is a fault: its pages could never call. */
import type { OriginPattern } from '../cors.ts';
import { parseUrl } from '../uri.ts';

interface Never {
  readonly problem: string;
  readonly remedy: string;
}

const LIKE = 'write scheme, host and port as browsers do, such as "https://app.example.com"';
const WEB = /^(https?):\/\/(.*)$/i;
const OWN_SCHEME = /^([a-z][a-z0-9+.-]*):\/\/[A-Za-z0-9._~-]+(:[1-9][0-9]*)?$/;

/** Hosts on which any port may be meant. */
const ANY_PORT = /^(https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])):\*$/;

/** Schemes whose pages have another origin, or none of their own. */
const NOT_OF_PAGES: Readonly<Record<string, string>> = {
  file: 'pages of files have the origin "null"',
  data: 'pages of data: have the origin "null"',
  blob: 'pages of blob: have the origin of the page that made them',
  about: 'pages of about: have the origin of the page that opened them',
  javascript: 'such pages have the origin of the page that opened them',
  ws: 'a WebSocket is opened by a page, whose origin is sent',
  wss: 'a WebSocket is opened by a page, whose origin is sent',
  ftp: 'browsers show no pages of it',
};

/** Schemes whose hosts have one form. */
const HOSTS: Readonly<Record<string, readonly [form: RegExp, words: string]>> = {
  'chrome-extension': [/^[a-p]{32}$/, 'its id, 32 letters from a to p'],
  'moz-extension': [/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'its UUID in lower case'],
};

/** @returns the entry as browsers send it, a pattern, or why it can never match */
export function readOrigin(text: string): string | OriginPattern | Never {
  if (text === 'null') return text;
  const no = (remedy = LIKE, why = 'is no web origin'): Never => ({
    problem: `${JSON.stringify(text)} ${why}`,
    remedy,
  });
  const [, scheme, rest = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/s.exec(text) ?? [];
  if (scheme === undefined) {
    const alone = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1]?.toLowerCase() ?? '';
    const why = NOT_OF_PAGES[alone];
    if (why !== undefined) return no('name the page’s origin', `never comes: ${why}`);
    return no(withScheme(text) ?? LIKE);
  }
  if (WEB.test(text)) return text.includes('*') ? readStar(text, no) : readExact(text, no);
  const why = NOT_OF_PAGES[scheme.toLowerCase()];
  if (why !== undefined)
    return no(
      /^wss?$/i.test(scheme) ? `write "http${scheme.slice(2)}://${rest}"` : LIKE,
      `never comes: ${why}`,
    );
  if (text.includes('*'))
    return no(
      `name each origin, such as "${scheme.toLowerCase()}://localhost"`,
      'has a star: only https:// and http:// may',
    );
  const [form, words] = HOSTS[scheme.toLowerCase()] ?? [];
  const cut = `${scheme.toLowerCase()}://${rest.replace(/[/?#].*$/s, '')}`;
  const host = cut.slice(scheme.length + 3);
  if (form !== undefined && !form.test(host))
    return no(
      form.test(host.toLowerCase())
        ? meant(cut.toLowerCase())
        : `write ${scheme.toLowerCase()}:// and ${words}`,
    );
  if (OWN_SCHEME.test(text)) return text;
  return no(
    OWN_SCHEME.test(cut)
      ? meant(cut)
      : 'write the scheme in lower case, ://, and a host, such as "capacitor://localhost"',
  );
}

type No = (remedy?: string, why?: string) => Never;

const meant = (text: string) => `did you mean ${JSON.stringify(text)}?`;

function withScheme(text: string): string | undefined {
  const isLocal = /^(localhost|127\.0\.0\.1|\[::1\])(:|\/|$)/i.test(text);
  const entry = readOrigin(`${isLocal ? 'http' : 'https'}://${text.replace(/[/?#].*$/s, '').toLowerCase()}`);
  if (!/^[A-Za-z0-9.*:[\]-]+([/?#].*)?$/s.test(text) || text.startsWith('*:')) return undefined;
  if (typeof entry === 'string') return isLocal || entry.includes('.') ? meant(entry) : undefined;
  return 'star' in entry
    ? meant(`${entry.before}${entry.star === 'port' ? ':' : ''}*${entry.after}`)
    : undefined;
}

function readExact(text: string, no: No): string | Never {
  const url = parseUrl(text);
  if (url === undefined || url.origin === 'null') return no();
  return url.origin === text ? text : no(meant(url.origin));
}

/** The star is the whole first label, or the port of this machine. */
function readStar(text: string, no: No): OriginPattern | Never {
  const anyPort = ANY_PORT.exec(text);
  if (anyPort?.[1] !== undefined) return { star: 'port', before: anyPort[1], after: '' };
  const [, scheme = '', authority = ''] = /^(https?:\/\/)([^/?#]*)/i.exec(text) ?? [];
  if (authority === '*' || authority === '') return no('write "*" alone for all origins');
  if (/:\*$/.test(authority))
    return no('name each port', 'can never match: any port (:*) is for localhost, 127.0.0.1 and [::1]');
  const first = authority.split('.', 1)[0] ?? '';
  const host = authority.slice(first.length + 1);
  if (host.includes('*') || !first.includes('*') || host === '')
    return no(
      'write it as the first label: "https://*.example.com"',
      'can never match: the star stands for one whole label, the first one',
    );
  const whole = `${scheme.toLowerCase()}*.${host}`;
  const plain = parseUrl(`${scheme}x.${host}`);
  if (plain === undefined) return no();
  const pattern = plain.origin.replace('//x.', '//*.');
  if (first !== '*')
    return no(
      `${meant(pattern)} Or name each origin`,
      'can never match: the star stands for one whole label',
    );
  if (!/^[a-z0-9_-]+(\.[a-z0-9_-]+)+(:\d+)?$/.test(pattern.slice(pattern.indexOf('*.') + 2)))
    return no(
      'write at least two labels after it: "https://*.example.com"',
      `would let in every site below .${host}`,
    );
  if (pattern !== text || whole !== text) return no(meant(pattern));
  return { star: 'label', before: scheme, after: `.${host}` };
}
