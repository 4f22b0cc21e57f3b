/** The sentence of a refusal, where one reason has several. Fixed text, as in `problem.ts`. */
import type { AuthorizationFault, Reason, SentInstead } from '../decision.ts';
import type { TokenPlace } from '../policy/policy.ts';
import { PROBLEMS } from './problem.ts';

const MALFORMED: { readonly [Fault in AuthorizationFault]?: string } = {
  empty: 'There is no token behind Bearer. Is the variable empty that holds it?',
  twice: 'The word Bearer is there twice. Send it once, then a space and the token.',
  quoted: 'The token is in quotes. Send it without: Bearer, a space, and the token.',
  several:
    'There are two Authorization headers, or a comma in one. Send one: Bearer, a space, and the token.',
};

const SENT: { readonly [Sent in SentInstead]: string } = {
  bare_token: 'The Authorization header has a token without its scheme. Send Bearer, a space, and the token.',
  basic:
    'The Authorization header has the scheme Basic. Send an access token: Bearer, a space, and the token.',
  other_scheme:
    'The Authorization header has another scheme. Send an access token: Bearer, a space, and the token.',
};

export function detailOf(reason: Reason, place: TokenPlace | undefined): string {
  if (reason.code === 'authorization_malformed' && Object.hasOwn(MALFORMED, reason.fault))
    return MALFORMED[reason.fault] ?? PROBLEMS[reason.code].detail;
  if (reason.code !== 'token_missing') return PROBLEMS[reason.code].detail;
  return reason.sent !== undefined && Object.hasOwn(SENT, reason.sent)
    ? SENT[reason.sent]
    : tokenMissingDetail(place);
}

/** Where the API looks: the policy names it, and no client can guess it. */
function tokenMissingDetail(place: TokenPlace | undefined): string {
  switch (place?.kind) {
    case 'header':
      return `Send an access token in the header ${place.header}.`;
    case 'cookie':
      return `Send an access token in the cookie ${place.cookie}.`;
    case 'websocket':
      return "Open a WebSocket and offer the protocols 'bearer' and the access token.";
    case 'access':
      return 'Sign in with Cloudflare Access, which adds its token to the request.';
    default:
      return PROBLEMS.token_missing.detail;
  }
}
