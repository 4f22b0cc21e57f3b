/** Whether a request has a token, and one is needed. */
import type { DecisionStep } from '../../../src/decide.ts';
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
    const saw =
      authorization === null || !isUsual
        ? 'none'
        : `another scheme than Bearer: ${shown(authorization.split(/\s/)[0])}`;
    const demanding = routes.find(({ auth }) => auth === 'required');
    if (demanding !== undefined)
      return [say(saw, `${routeName(demanding)} needs a token`, { reason: { code: 'token_missing' } })];
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
          ? 'it is not Bearer, a blank and one token'
          : 'it is not exactly one token';
  return [say(`${authorization?.length ?? 0} characters`, decided, { reason })];
}
