/** Whether a request has a token, and one is needed. */
import type { DecisionStep } from '../../../src/decide.ts';
import type { AuthorizationFault, Reason } from '../../../src/decision.ts';
import { bearerMissing } from '../../../src/token/bearer.ts';
import { listed, shown } from '../../text/words.ts';
import { placeWords, seenAt } from '../what-if/place.ts';
import type { IncomingRequest } from '../what-if/simulate.ts';
import { routeName } from '../words.ts';
import { maskToken } from './mask.ts';
import { makeStep, type Step } from './step.ts';

type CredentialsSeen = Extract<DecisionStep, { step: 'credentials' }>;

export function credentialSteps(
  { routes, api: { tokenFrom }, credential }: CredentialsSeen,
  { headers }: IncomingRequest,
): Step[] {
  const authorization = seenAt(tokenFrom, headers);
  const isUsual = tokenFrom.kind === 'authorization';
  const say = (saw: string, decided: string, details?: Parameters<typeof makeStep>[3]) =>
    makeStep(isUsual ? 'authorization' : `token in ${placeWords(tokenFrom)}`, saw, decided, details);
  if (routes.length === 0) {
    const saw = authorization === null ? 'none' : 'there is one';
    return [say(saw, 'not looked at: the route is public', { verdict: 'skipped' })];
  }
  if (credential === undefined) {
    const saw = authorization === null || !isUsual ? 'none' : wordsFor(authorization);
    const demanding = routes.find(({ auth }) => auth === 'required');
    if (demanding !== undefined)
      return [
        say(saw, `${routeName(demanding)} needs a token`, { reason: missingOf(authorization, isUsual) }),
      ];
    const reported = routes.filter(({ report }) => report !== undefined).map(routeName);
    const wouldRefuse = makeStep('tried rules', listed(reported), 'would refuse: there is no token', {
      verdict: 'would_refuse',
    });
    return [say(saw, 'no token is needed'), ...(reported.length > 0 ? [wouldRefuse] : [])];
  }
  if ('token' in credential)
    return [say(`${isUsual ? 'Bearer ' : ''}${maskToken(credential.token)}`, 'a token')];
  const { reason } = credential;
  const decided =
    reason.code === 'token_too_large'
      ? 'the token is too large'
      : reason.code === 'cross_site'
        ? 'neither Sec-Fetch-Site nor Origin says that a page of this site, or of cors.origins, sent it'
        : isUsual
          ? MALFORMED[reason.code === 'authorization_malformed' ? reason.fault : 'form']
          : 'it is not exactly one token';
  return [say(`${authorization?.length ?? 0} characters`, decided, { reason })];
}

const MALFORMED: Readonly<Record<AuthorizationFault, string>> = {
  empty: 'there is no token behind Bearer',
  twice: 'it has the word Bearer twice',
  quoted: 'its token is in quotes',
  several: 'it has a comma: there are two headers, or two values',
  form: 'it is not Bearer, a blank and one token',
};

const missingOf = (authorization: string | null, isUsual: boolean): Reason =>
  isUsual ? bearerMissing(authorization) : { code: 'token_missing' };

/** What stands in place of a Bearer token. The first word may be a token itself: only a scheme is shown. */
function wordsFor(authorization: string): string {
  const missing = bearerMissing(authorization);
  if (missing.code === 'token_missing' && missing.sent === 'bare_token') return 'a token without a scheme';
  const scheme = /^[A-Za-z][A-Za-z0-9-]{0,23}(?=\s)/.exec(authorization.trim())?.[0];
  return scheme === undefined ? 'text without a scheme' : `another scheme than Bearer: ${shown(scheme)}`;
}
