/** What ops and security events have refused since the deployment. */
import type { DecisionStep } from '../../../src/decide.ts';
import { routeName } from '../words.ts';
import { makeStep, type Step } from './step.ts';

type ClosedSeen = Extract<DecisionStep, { step: 'closed' }>;
type RevokedSeen = Extract<DecisionStep, { step: 'revoked' }>;

export function closedStep({ route, reason }: ClosedSeen): Step {
  const switched = 'entry' in reason ? `, by switch ${reason.entry}` : '';
  const why = 'why' in reason && reason.why !== '' ? `: ${reason.why}` : '';
  return makeStep('switches', routeName(route), `refused: closed${switched}${why}`, { reason });
}

export function revokedStep({ principal, reason }: RevokedSeen): Step {
  const saw = `a token of ${principal.issuer.name}`;
  if (reason === undefined) return makeStep('revocation', saw, 'nothing revokes it');
  const decided =
    reason.code === 'token_revoked'
      ? `refused: revoked by its ${reason.by}, entry ${reason.entry}`
      : 'refused: nobody can say what is revoked';
  return makeStep('revocation', saw, decided, { reason });
}
