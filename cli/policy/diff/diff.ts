/** Two policies compared: findings, each with a request that both were asked about. */
import { tableOf } from '../../../src/policy/hosts.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { listed } from '../../text/words.ts';
import type { Collected } from './collect.ts';
import { collectDifferences } from './compare.ts';
import {
  type Candidate,
  CHANGES,
  type Change,
  type Comparison,
  type Difference,
  type Example,
  placedDifference,
} from './difference.ts';
import { hostGroups } from './hosts.ts';
import { preflightDifferences } from './preflights.ts';
import { revocationDifferences } from './revocation.ts';
import { type Answer, tryRequest } from './trial.ts';

export async function comparePolicies(old: Policy, now: Policy, nowSeconds: number): Promise<Comparison> {
  const { found, other } = collectDifferences(old, now, nowSeconds);
  const findings: Difference[] = [];
  for (const { candidates, ...rest } of found) {
    const example = await findExample(rest, candidates, old, now, nowSeconds);
    // The place of a claim matters to tokens that have it elsewhere, and to rules that look at it.
    if (example === undefined && rest.place !== undefined && /_claim$/.test(rest.place)) continue;
    findings.push({ ...rest, example });
  }
  findings.push(
    ...revocationDifferences(old, now),
    ...ownHeaderDifferences(old, now),
    ...unreadDifferences(old, now),
    ...preflightDifferences(old, now),
  );
  // A sort that keeps the order of what is equal.
  findings.sort(byChange);
  return { findings, other };
}

/** The gravest first. */
export const byChange = (a: Difference, b: Difference): number =>
  CHANGES.indexOf(a.change) - CHANGES.indexOf(b.change);

async function findExample(
  { change, place }: Omit<Collected, 'candidates'>,
  candidates: readonly Candidate[],
  old: Policy,
  now: Policy,
  nowSeconds: number,
): Promise<Example | undefined> {
  for (const { method, host, path, tokens } of candidates) {
    for (const token of tokens) {
      const request = { method, host, path, token };
      const before = await tryRequest(old, request, nowSeconds);
      const after = await tryRequest(now, request, nowSeconds);
      if (shows(change, before, after)) return { request, before, now: after, note: undefined };
    }
  }
  const [first] = candidates;
  if (first === undefined) return undefined;
  const { method, host, path } = first;
  const request = { method, host, path, token: undefined };
  const byKey = place?.endsWith('.keys') === true;
  const isProof = place?.endsWith('.assertion') === true;
  if (!byKey && !isProof && change !== 'moved') return undefined;
  const note = byKey
    ? `with a token signed by a key that only ${change === 'widened' ? 'the new' : 'the old'} place has`
    : isProof
      ? 'sent straight to the origin, which can check less of it'
      : undefined;
  return { request, before: undefined, now: undefined, note };
}

function shows(change: Change, before: Answer, now: Answer): boolean {
  switch (change) {
    case 'opened':
    case 'widened':
      return !before.letIn && now.letIn;
    case 'moved':
      return before.letIn && now.letIn;
    default:
      return before.letIn && !now.letIn;
  }
}

/**
 * A header that some API sets is dropped from what clients send, on all routes of all APIs. One that no API sets any
 * more reaches every origin as the client wrote it.
 */
function ownHeaderDifferences(old: Policy, now: Policy): Difference[] {
  if (old.apis.length === 0 || now.apis.length === 0) return [];
  const moved = (name: string, before: string, after: string) =>
    placedDifference('moved', `the header ${name} of clients`, before, after);
  const [passes, dropped] = ['passed on to every origin', 'dropped'];
  const missing = (from: ReadonlySet<string>, to: ReadonlySet<string>) =>
    [...from].filter((name) => !to.has(name));
  return [
    ...missing(old.ownHeaders, now.ownHeaders).map((name) => moved(name, dropped, passes)),
    ...missing(now.ownHeaders, old.ownHeaders).map((name) => moved(name, passes, dropped)),
  ];
}

/** Paths that no policy can say anything of are let through where all of a host is on trial. */
function unreadDifferences(old: Policy, now: Policy): Difference[] {
  const [passed, refused] = ['passed on as they came, to an API on trial', 'nobody: 400'];
  return hostGroups([old, now]).flatMap(({ names, host }) => {
    const [before, after] = [old, now].map(
      (policy) => tableOf(policy, host)?.fallback?.api.trial?.isAlone === true,
    );
    if (before === after) return [];
    const place = `paths that can be read in two ways${names.length === 0 ? '' : ` on ${listed(names)}`}`;
    return placedDifference(
      after ? 'opened' : 'closed',
      place,
      before ? passed : refused,
      after ? passed : refused,
    );
  });
}
