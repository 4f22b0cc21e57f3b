/** `token_from`: the one place that an API reads tokens from. */
import { normaliseHeaderName } from '../headers.ts';
import type { TokenPlace } from '../policy.ts';
import type { Faults } from './faults.ts';

const TOKEN_PLACES = '"authorization", "header:NAME", "cookie:NAME", "websocket" or "access"';

/** RFC 9110 §5.6.2, which RFC 6265 takes for the names of cookies, too. */
const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** Headers that mean something else to a server, or that the gateway sets. */
const TAKEN =
  /^(host|origin|referer|accept.*|content-.*|sec-.*|proxy-.*|x-claim-.*|x-request-id|cf-.*)$|^(connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|destination|overwrite|depth)$/;

const AUTHORIZATION: TokenPlace = { kind: 'authorization' };

export function compileTokenPlace(text: string | undefined, at: Faults): TokenPlace {
  if (text === undefined || text === 'authorization') return AUTHORIZATION;
  if (text === 'websocket' || text === 'access') return { kind: text };
  const [kind = '', ...rest] = text.split(':');
  const name = rest.join(':');
  if (kind === 'query' || kind === 'body') {
    at.add('tokens are never read from a query or a body', `write ${TOKEN_PLACES}`);
    return AUTHORIZATION;
  }
  if ((kind !== 'header' && kind !== 'cookie') || rest.length === 0) {
    at.add(`${JSON.stringify(text)} is not a place where a token can be`, `write ${TOKEN_PLACES}`);
    return AUTHORIZATION;
  }
  if (!NAME.test(name)) {
    at.add(`${JSON.stringify(name)} is not a name of a ${kind}`, `write it like ${EXAMPLES[kind]}`);
    return AUTHORIZATION;
  }
  if (kind === 'cookie') return { kind, cookie: name };
  const header = name.toLowerCase();
  const meant = MEANT[normaliseHeaderName(header)];
  if (meant !== undefined) at.add(`the header ${name} is a place of its own`, `write ${meant}`);
  else if (TAKEN.test(normaliseHeaderName(header)))
    at.add(`the header ${name} is not for tokens`, 'choose a name of your own, such as "header:x-api-token"');
  return { kind, header };
}

const EXAMPLES = { header: '"header:x-api-token"', cookie: '"cookie:__Host-session"' } as const;

const MEANT: Readonly<Record<string, string>> = {
  authorization: '"authorization"',
  cookie: '"cookie:NAME"',
  'cf-access-jwt-assertion': '"access"',
  'sec-websocket-protocol': '"websocket"',
};
