/** Facts about a request that let people find it again: for the log, and nothing else. */

export interface RequestFacts {
  readonly host: string;
  readonly path: string;
  readonly query: readonly string[] | undefined;
  readonly address: string | undefined;
  readonly country: string | undefined;
  readonly user_agent: string | undefined;
}

const MAX_PATH_LENGTH = 256;
const MAX_NAME_LENGTH = 64;
const MAX_NAMES = 20;
const MAX_AGENT_LENGTH = 128;

/** Values of the query are left out: they can be secrets. Everything is a stranger's text: escaped, and cut. */
export function requestFacts({ url, headers }: Pick<Request, 'url' | 'headers'>): RequestFacts {
  const [, host = '', path = '', query] = /^[^/]*\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?/.exec(url) ?? [];
  const names = query
    ?.split('&')
    .flatMap((part) => part.split('=', 1))
    .filter((name) => name !== '');
  return {
    host: escaped(host, MAX_PATH_LENGTH),
    path: escaped(path, MAX_PATH_LENGTH),
    query: names && [...new Set(names)].slice(0, MAX_NAMES).map((name) => escaped(name, MAX_NAME_LENGTH)),
    address: headers.get('cf-connecting-ip') ?? undefined,
    country: headers.get('cf-ipcountry') ?? undefined,
    user_agent: headers.get('user-agent')?.slice(0, MAX_AGENT_LENGTH),
  };
}

/** Printable ASCII stays; the rest is percent-encoded, lone surrogates as U+FFFD. */
const escaped = (text: string, maxLength: number) =>
  text
    .slice(0, maxLength)
    .toWellFormed()
    .replace(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character));
