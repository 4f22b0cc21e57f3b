/** Compares what an origin gets besides the request, of a request that is let in. */
import type { Match } from '../../../src/policy/match.ts';
import type { Api, ForwardedClaim } from '../../../src/policy/policy.ts';
import { isOnTrial } from '../../../src/policy/trial.ts';
import { assertionWords } from '../assertion-words.ts';
import { placeWords } from '../what-if/place.ts';
import { askedWords, onlyWords } from '../words.ts';
import { lostTokens } from './caller-differences.ts';
import type { Callers, Side } from './callers.ts';

/** One thing that is sent otherwise. */
export interface SentChange {
  readonly before: string;
  readonly now: string;
}

type Served = Side & { readonly found: Match };

export const isServed = (side: Side): side is Served => side.found.kind === 'match';

export function sentChanges(old: Served, now: Served, nowSeconds: number): SentChange[] {
  const [before, after] = [old.found.route.api, now.found.route.api];
  const changes = [
    change('to ', askedWords(before.origin), askedWords(after.origin)),
    change('the path without its first segments: ', before.prefix.length, after.prefix.length),
    change('the path ', pathOf(old.found), pathOf(now.found)),
    change('client certificate ', before.mtls ?? 'none', after.mtls ?? 'none'),
    change('the assertion ', assertionWords(old.policy, before), assertionWords(now.policy, after)),
    change('the token from ', placeWords(before.tokenFrom), placeWords(after.tokenFrom)),
    ...headerChanges(before, after),
    change('Authorization ', passesOn(old.found), passesOn(now.found)),
    ...claimsChange(old, now, nowSeconds),
  ];
  return changes.filter((one) => one !== undefined);
}

function change(label: string, before: string | number, now: string | number): SentChange | undefined {
  return before === now ? undefined : { before: `${label}${before}`, now: `${label}${now}` };
}

const pathOf = ({ route }: Match) => (isOnTrial(route) ? 'as it came' : 'in its one spelling');

const passesOn = ({ route, nearMisses }: Match): string =>
  [route, ...nearMisses].every((one) => one.forwardAuthorization) ? 'sent on' : 'not sent on';

const DROPPED = 'dropped';
/** What becomes of a header that one policy has a word on, in the other. */
const without = (word: string | undefined) => (word === DROPPED ? 'as the client sends it' : 'not set');

function headerChanges(before: Api, after: Api): (SentChange | undefined)[] {
  const [old, now] = [headersOf(before), headersOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])].map((name) =>
    change(`${name} `, old.get(name) ?? without(now.get(name)), now.get(name) ?? without(old.get(name))),
  );
}

function headersOf({ forward, originHeaders, dropped }: Api): Map<string, string> {
  const encoding = ({ as, only }: ForwardedClaim) =>
    (as === 'text' ? '' : `, as ${as}`) + (only === undefined ? '' : `, ${onlyWords(only)}`);
  return new Map([
    ...[...dropped].map((name) => [name, DROPPED] as const),
    ...forward.map((one) => [one.header, `from the claim ${one.claim.text}${encoding(one)}`] as const),
    ...originHeaders.map(({ header, secret }) => [header, `from the secret ${secret}`] as const),
  ]);
}

/** The claims are sent of those whose token was verified: not all who get in need one. */
function claimsChange(old: Side, now: Side, nowSeconds: number): SentChange[] {
  const isLost = (from: Side, to: Side): boolean => {
    const tokens = tokensOf(from.callers);
    if (tokens === undefined || to.callers.kind !== 'anyone') return false;
    const { verified } = to.callers;
    return (
      verified === undefined ||
      lostTokens(tokens, verified, from.policy.settings, to.policy.settings, nowSeconds).length > 0
    );
  };
  const [fewer, more] = [isLost(old, now), isLost(now, old)];
  if (fewer && more) return [{ before: 'the claims of some tokens', now: 'the claims of other tokens' }];
  if (fewer) return [{ before: 'the claims of good tokens', now: claimsOf(now.callers) }];
  return more ? [{ before: claimsOf(old.callers), now: 'the claims of good tokens' }] : [];
}

const claimsOf = (callers: Callers): string =>
  callers.kind === 'anyone' && callers.verified === undefined ? 'no claims' : 'the claims of fewer tokens';

function tokensOf(callers: Callers) {
  if (callers.kind === 'nobody') return undefined;
  return callers.kind === 'anyone' ? callers.verified : callers.tokens;
}
