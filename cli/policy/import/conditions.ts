/** Who gets in, as a route can say it: from which issuers, and with which scopes. */
import { both, type Choices, sameTexts, simplify, wordsOf } from './choices.ts';
import type { Access, Alternative, Note, Scheme } from './operations.ts';

export interface Condition {
  /** By their keys; `undefined`: any issuer of the API. */
  readonly issuers: readonly string[] | undefined;
  /** `undefined`: any audience of the API. */
  readonly audience: readonly string[] | undefined;
  readonly choices: Choices;
}

/** Nobody has this scope. */
export const REVIEW_ME = 'review-me';
export const REFUSE: Condition = { issuers: undefined, audience: undefined, choices: [[REVIEW_ME]] };
const ANY_TOKEN: Condition = { issuers: undefined, audience: undefined, choices: [[]] };

/** RFC 6749 §3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
/** A route with more would be hard to read, and `any_of` has a limit. */
const MAX_CHOICES = 12;
const MAX_DEMANDS = 64;
/** A variable of a Worker holds 5,000 bytes. */
const MAX_SCOPES = 64;
const MAX_TEXT = 1_500;

export interface Conditioned {
  readonly condition: Condition;
  readonly notes: readonly Note[];
}

type Token = Extract<Scheme, { kind: 'token' }>;
interface Candidate {
  readonly token: Token;
  readonly scopes: readonly string[];
}

/**
 * The condition of an operation. It is never laxer than what the description says of tokens, and never open: what the
 * description leaves open needs a token until a person says otherwise.
 */
export function conditionOf(access: Access): Conditioned {
  switch (access.kind) {
    case 'unsaid':
      return {
        condition: ANY_TOKEN,
        notes: [{ tag: 'unsaid', text: 'the description says nothing about who may call this' }],
      };
    case 'open':
      return {
        condition: ANY_TOKEN,
        notes: [
          { tag: 'open', text: 'the description leaves this open to anyone; if so, write auth = "none"' },
        ],
      };
    case 'unread':
      return { condition: REFUSE, notes: [access.note] };
    case 'asked': {
      const notes: Note[] = [];
      const candidates = access.alternatives.flatMap((one) => readAlternative(one, notes) ?? []);
      const condition =
        candidates.length === 0 ? refuse(access.alternatives, notes) : combine(candidates, notes);
      if (notes.length === 0 && condition.choices.some((scopes) => scopes.length === 0))
        notes.push({ tag: 'no scope', text: 'the description asks for a token, and for no scope' });
      return { condition, notes };
    }
  }
}

function refuse(alternatives: readonly Alternative[], notes: Note[]): Condition {
  if (alternatives.some((one) => one.length === 0)) return ANY_TOKEN;
  notes.push({
    tag: REVIEW_ME,
    text: `no token is enough, so that nobody has the scope ${REVIEW_ME}; say who may call this`,
  });
  return REFUSE;
}

/** @returns `undefined` where no token is enough */
function readAlternative(alternative: Alternative, notes: Note[]): Candidate | undefined {
  const add = (tag: string, text: string) => {
    if (!notes.some((one) => one.text === text)) notes.push({ tag, text });
    return undefined;
  };
  if (alternative.length === 0)
    return add(
      'optional',
      'the description lets callers in without a token too; if so, write auth = "optional"',
    );
  const tokens = alternative.flatMap(({ scheme, scopes }) =>
    scheme.kind === 'token' ? [{ scheme, scopes }] : [],
  );
  const [first] = tokens;
  for (const { scheme } of alternative)
    if (scheme.kind === 'unknown')
      return add(
        `unknown ${scheme.name}`,
        `the scheme ${JSON.stringify(scheme.name)}, ${scheme.why}, is refused`,
      );
  const others = alternative.flatMap(({ scheme }) => (scheme.kind === 'other' ? [scheme] : []));
  for (const { name, what } of others)
    if (first === undefined)
      add(
        `instead ${name}`,
        `the scheme ${JSON.stringify(name)} (${what}) is no token that the gateway can check; callers with it alone are refused`,
      );
    else
      add(
        `also ${name}`,
        `the scheme ${JSON.stringify(name)} (${what}) must hold as well; the gateway does not check it, the origin must`,
      );
  if (first === undefined) return undefined;
  const foreign = tokens.flatMap(({ scheme }) => scheme.notes)[0];
  if (foreign !== undefined) return add(foreign.tag, foreign.text);
  const names = [...new Set(tokens.map(({ scheme }) => scheme.name))];
  const isOne = tokens.every(
    ({ scheme }) => scheme.key === first.scheme.key && sameTexts(scheme.audience, first.scheme.audience),
  );
  if (!isOne)
    return add(
      'both',
      `it wants the tokens of ${names.join(' and ')} at once, and a request carries one; it is refused`,
    );
  const scopes = [...new Set(tokens.flatMap((one) => one.scopes))];
  const bad = scopes.find((scope) => !SCOPE.test(scope));
  if (bad !== undefined)
    return add('scope', `${JSON.stringify(bad)} is not a scope (RFC 6749); what asks for it is refused`);
  return { token: first.scheme, scopes };
}

/** Alternatives of one issuer are said exactly; of several, what satisfies all of them. */
function combine(candidates: readonly Candidate[], notes: Note[]): Condition {
  const groups = [
    ...Map.groupBy(candidates, ({ token }) => JSON.stringify([token.key, token.audience])).values(),
  ].map((some) => ({
    names: [...new Set(some.map(({ token }) => token.name))],
    condition: {
      issuers: [some[0]?.token.key ?? ''],
      audience: audienceOf(some[0]?.token.audience ?? []),
      choices: simplify(some.map(({ scopes }) => scopes)),
    },
  }));
  const [first, ...more] = groups;
  if (first === undefined) return REFUSE;
  if (more.length === 0) return limited(first.condition, notes);
  const written = groups
    .map(({ names, condition }) => `${names.join(' or ')}${wordsOf(condition.choices)}`)
    .join(', or ');
  const note = (what: string) =>
    notes.push({ tag: `either ${written}`, text: `the description takes tokens of ${written}: ${what}` });
  const [audience] = groups.map((one) => one.condition.audience);
  if (!groups.every((one) => sameTexts(one.condition.audience ?? [], audience ?? []))) {
    note('their audiences differ, so that only the first is taken');
    return limited(first.condition, notes);
  }
  const issuers = [...new Set(groups.flatMap((one) => one.condition.issuers))];
  const choices = groups.map((one) => one.condition.choices).reduce(both);
  const isSame = groups.every(
    (one) => JSON.stringify(one.condition.choices) === JSON.stringify(first.condition.choices),
  );
  if (!isSame) note("a route can't say that, so that each needs the scopes of all");
  return limited({ issuers, audience, choices }, notes);
}

const audienceOf = (audience: readonly string[]) => (audience.length === 0 ? undefined : audience);

/** What is too long for a route is its first choice, which is stricter; else nobody gets in. */
function limited(condition: Condition, notes: Note[]): Condition {
  const { choices } = condition;
  if (choices.some((one) => one.length > MAX_SCOPES || one.join().length > MAX_TEXT)) {
    notes.push({
      tag: 'too many scopes',
      text: `it asks for more scopes than a route can hold; nobody has the scope ${REVIEW_ME}`,
    });
    return REFUSE;
  }
  const demands = choices.reduce((product, one) => product * Math.max(1, one.length), 1);
  const isShort = choices.join().length <= MAX_TEXT;
  if (
    (isShort && choices.every((one) => one.length <= 1)) ||
    (choices.length <= MAX_CHOICES && demands <= MAX_DEMANDS && choices.join().length <= MAX_TEXT)
  )
    return condition;
  notes.push({
    tag: 'first only',
    text: `the description takes ${choices.length} combinations of scopes, which are too many for a route; it is only the first`,
  });
  return { ...condition, choices: choices.slice(0, 1) };
}

/** Whoever satisfies the result satisfies both. */
export function conjunction(a: Condition, b: Condition): Condition {
  const meet = (one: readonly string[] | undefined, other: readonly string[] | undefined) =>
    one === undefined ? other : other === undefined ? one : one.filter((text) => other.includes(text));
  const [issuers, audience] = [meet(a.issuers, b.issuers), meet(a.audience, b.audience)];
  if (issuers?.length === 0 || audience?.length === 0) return REFUSE;
  return limited({ issuers, audience, choices: both(a.choices, b.choices) }, []);
}

export const isSameCondition = (a: Condition, b: Condition): boolean => {
  const keyOf = ({ issuers, audience, choices }: Condition) =>
    JSON.stringify([
      issuers && [...issuers].sort(),
      audience && [...audience].sort(),
      choices.map((one) => [...one].sort().join(' ')).sort(),
    ]);
  return keyOf(a) === keyOf(b);
};
