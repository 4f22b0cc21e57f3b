/** Tokens in the place that an API reads them from. */
import type { Api, TokenPlace } from '../../../src/policy/policy.ts';
import { ACCESS_HEADER, BEARER_PROTOCOL } from '../../../src/token/places.ts';

/** Puts a token where the API looks, as a client of the API does. @param api `undefined`: no route is known */
export function carryToken(headers: Headers, api: Api | undefined, token: string): void {
  const place = api?.tokenFrom ?? { kind: 'authorization' };
  switch (place.kind) {
    case 'authorization':
      headers.set('authorization', `Bearer ${token}`);
      return;
    case 'header':
      headers.set(place.header, token);
      return;
    case 'access':
      headers.set(ACCESS_HEADER, token);
      return;
    case 'cookie': {
      const others = headers.get('cookie');
      headers.set('cookie', `${others === null ? '' : `${others}; `}${place.cookie}=${token}`);
      // A browser says where the page is from; here it is the API's own.
      if (!headers.has('origin') && !headers.has('sec-fetch-site'))
        headers.set('sec-fetch-site', 'same-origin');
      return;
    }
    case 'websocket': {
      const others = headers.get('sec-websocket-protocol');
      headers.set('upgrade', 'websocket');
      headers.set(
        'sec-websocket-protocol',
        `${BEARER_PROTOCOL}, ${token}${others === null ? '' : `, ${others}`}`,
      );
    }
  }
}

/** The place in words: "the cookie __Host-session". */
export function placeWords(place: TokenPlace): string {
  switch (place.kind) {
    case 'authorization':
      return 'Authorization';
    case 'header':
      return `the header ${place.header}`;
    case 'access':
      return 'the header Cf-Access-Jwt-Assertion';
    case 'cookie':
      return `the cookie ${place.cookie}`;
    case 'websocket':
      return 'the WebSocket protocol behind bearer';
  }
}

/** What stands in the place, to tell whether there is anything. */
export function seenAt(place: TokenPlace, headers: Headers): string | null {
  switch (place.kind) {
    case 'authorization':
      return headers.get('authorization');
    case 'header':
      return headers.get(place.header);
    case 'access':
      return headers.get(ACCESS_HEADER);
    case 'cookie':
      return headers.get('cookie');
    case 'websocket':
      return headers.get('sec-websocket-protocol');
  }
}
