/** What ops and security events have refused since the deployment. */
import { type Decision, type DecisionStep, isStrict } from '../../../src/decide.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import type { Content } from '../../../src/revocation/content.ts';
import type { Standing } from '../../../src/revocation/standing.ts';
import { countOf } from '../../text/words.ts';
import { routeName } from '../words.ts';
import { makeStep, type Step } from './step.ts';

/** What was known of revocations and switches when a request was explained. */
export interface Snapshot {
  readonly content: Content;
  readonly standing: Standing;
}

type ClosedSeen = Extract<DecisionStep, { step: 'closed' }>;
type RevokedSeen = Extract<DecisionStep, { step: 'revoked' }>;

export function closedStep({ route, reason }: ClosedSeen): Step {
  const switched = 'entry' in reason ? `, by switch ${reason.entry}` : '';
  const why = 'why' in reason && reason.why !== '' ? `: ${reason.why}` : '';
  return makeStep('switches', routeName(route), `refused: closed${switched}${why}`, { reason });
}

export function revokedStep({ principal, reason }: RevokedSeen, standing: Standing | undefined): Step {
  const saw = `a token of ${principal.issuer.name}`;
  if (reason === undefined) {
    // A token that says no date is taken for an old one.
    const older = standing?.revoked({ ...principal, iat: undefined });
    const hint =
      older?.code === 'token_revoked'
        ? `; entry ${older.entry} is about older tokens of its ${older.by}`
        : '';
    return makeStep('revocation', saw, `nothing revokes it${hint}`);
  }
  const decided =
    reason.code === 'token_revoked'
      ? `refused: revoked by its ${reason.by}, entry ${reason.entry}`
      : 'refused: nobody can say what is revoked';
  return makeStep('revocation', saw, decided, { reason });
}

/** What the list says of a request that passes. Empty where the policy asks for none. */
export function listSteps(decision: Decision, { settings }: Policy, snapshot: Snapshot | undefined): Step[] {
  if (settings.revocation === undefined) return [];
  const when = isStrict(decision)
    ? `asked of ${settings.revocation} on this very request`
    : 'read by each isolate every 30 s';
  if (snapshot === undefined)
    return [
      makeStep('revocation', when, 'not asked here; claimgate explain --remote asks', { verdict: 'skipped' }),
    ];
  const { groups, switches } = snapshot.content;
  const entries = groups.reduce((sum, { ids }) => sum + ids.length, 0);
  const saw = `${countOf(entries, 'revocation')} and ${switches.length} ${switches.length === 1 ? 'switch' : 'switches'}, ${when}`;
  return [makeStep('switches', saw, 'nothing is closed that it asks for')];
}
