/** Compares transmitters: who can have tokens refused, and what its word is taken for. */
import type { Policy, Transmitter } from '../../../src/policy/policy.ts';
import { signalWords } from '../signal-words.ts';
import type { OtherChange } from './difference.ts';
import { writeKeys } from './issuer-settings.ts';

/** One more refuses more tokens, one less fewer. What else becomes of one is neither. */
export function signalChanges(old: Policy, now: Policy): OtherChange[] {
  const names = new Set([...old.transmitters, ...now.transmitters].map(({ name }) => name));
  return [...names].flatMap((name): OtherChange[] => {
    const [before, after] = [old, now].map((policy) => policy.transmitters.find((one) => one.name === name));
    const place = `GATEWAY.signals.${name}`;
    if (before === undefined || after === undefined) {
      const [was, is] = [before, after].map((one) => (one === undefined ? 'nobody' : signalWords(one)));
      return [
        { place, before: was ?? '', now: is ?? '', verdict: before === undefined ? 'narrower' : 'wider' },
      ];
    }
    const facts = factsOf(after);
    return Object.entries(factsOf(before)).flatMap(([field, value]) => {
      const other = facts[field] ?? '';
      return value === other ? [] : [{ place: `${place}.${field}`, before: value, now: other }];
    });
  });
}

function factsOf(transmitter: Transmitter): Readonly<Record<string, string>> {
  const { signer, algorithms, audiences, path, revokes, subjects, logoutTokens, authorization } = transmitter;
  const { rateLimit, poll } = transmitter;
  const sorted = (names: Iterable<string>) => [...names].sort().join(' ');
  return {
    issuer: signer.issuer,
    keys: writeKeys(signer),
    algorithms: sorted(algorithms),
    audience: sorted(audiences),
    revokes: sorted(revokes.map(({ name }) => name)),
    subjects: sorted(Object.entries(subjects).map(([kind, claim]) => `${kind}=${claim}`)) || 'none',
    logout_tokens: logoutTokens ?? 'none',
    path: path ?? 'nowhere',
    authorization: authorization ?? 'none',
    rate_limit: rateLimit ?? 'none',
    poll_uri: poll?.uri ?? 'none',
    poll_authorization: poll?.authorization ?? 'none',
  };
}
