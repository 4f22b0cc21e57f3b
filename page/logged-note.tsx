import type { Explanation } from '../cli/policy/explain/explanation.ts';
import { PROBLEMS } from '../src/http/problem.ts';
import { reasonOf } from './live.ts';
import type { Question } from './question.ts';

/** What the log says of a request, beside what the policy says of it now. */
export function LoggedNote({
  question,
  now,
}: {
  readonly question: Question;
  /** `undefined`: something else was asked since. */
  readonly now: Explanation | undefined;
}) {
  const { decision, gaps } = question;
  const { atMs, status, caller, detail, wouldDeny, wouldDenyDetail, allowed } = decision;
  const reason = reasonOf(decision);
  const about = allowed ? wouldDenyDetail : detail;
  const today = now === undefined ? undefined : (now.reason ?? now.would_deny);
  const logged = decision.reason ?? wouldDeny;
  const title = PROBLEMS[logged as keyof typeof PROBLEMS]?.title;
  return (
    <section class="logged">
      <h2>The log says</h2>
      <p id="logged">
        <strong class={allowed ? 'warn' : 'bad'}>
          {status} {reason}
        </strong>
        {about !== null && ` (${about})`}
        {title !== undefined && `: ${title}`}
      </p>
      <p class="quiet">
        {new Date(atMs).toLocaleString()}, {caller}
      </p>
      {gaps.map((gap) => (
        <p key={gap} class="quiet">
          {gap}
        </p>
      ))}
      {now !== undefined && today !== logged && (
        <p class="warn" id="differs">
          Asked now, it is {today ?? now.result}: the policy has changed since, or {whyOther(logged)}.
        </p>
      )}
    </section>
  );
}

/** Why the claims that a log has may not be what decided. */
function whyOther(reason: string | null): string {
  if (
    reason !== null &&
    /^(token|key|signature|algorithm|critical|authorization|credential|claims)_/.test(reason)
  )
    return 'something was wrong with the token itself, which the log does not have: paste it to see';
  if (reason !== null && /^(rate_limited|origin|loop|body|internal|assertion|binding|policy)/.test(reason))
    return 'it was decided by more than policy and token';
  return 'the log lacks what decided';
}
