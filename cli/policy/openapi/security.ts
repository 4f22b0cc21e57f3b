/** Turns a document's security requirements into rules: scopes, and what a reviewer must know. */
import type { Security, SecurityScheme } from './document.ts';

export interface DraftRules {
  readonly scopes_all?: readonly string[];
  readonly scopes_any?: readonly string[];
}

export interface Drafted {
  readonly rules: DraftRules;
  /** Notes for the reviewer, if there are any. */
  readonly review: readonly string[];
}

/** RFC 6749 §3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * The rules of an operation. They are never laxer than the document where a gateway can tell, and never open: what
 * the document leaves open needs a token until a person says otherwise.
 *
 * @param security of the operation, else of the document
 */
export function draftRules(
  security: Security | undefined,
  schemes: Readonly<Record<string, SecurityScheme>>,
): Drafted {
  if (!Array.isArray(security)) return any('the document says nothing about who may call this');
  if (security.length === 0)
    return any('the document leaves this open to anyone; if so, write auth = "none"');
  const review: string[] = [];
  const alternatives = security.map((one) => readAlternative(one, schemes, review));
  if (security.some((one) => Object.keys(one).length === 0))
    review.push('the document lets callers in without a token too; if so, write auth = "optional"');
  const usable = alternatives.filter((one) => one !== undefined);
  if (usable.length === 0) return { rules: {}, review };
  const bad = usable.flat().filter((scope) => !SCOPE.test(scope));
  const good = usable.filter((scopes) => scopes.every((scope) => SCOPE.test(scope)));
  for (const scope of new Set(bad)) review.push(`${JSON.stringify(scope)} is no scope (RFC 6749)`);
  // Without the scopes that are none, the route would let in more callers than the document.
  if (good.length === 0) return { rules: { scopes_all: ['review-me'] }, review };
  const rules = combine(good, review);
  if (rules.scopes_all === undefined && rules.scopes_any === undefined && review.length === 0)
    review.push('the document asks for a token, and for no scope');
  return { rules, review };
}

const any = (reason: string): Drafted => ({ rules: {}, review: [reason] });

/** The scopes of one alternative; `undefined` where it has nothing to do with tokens. */
function readAlternative(
  alternative: Readonly<Record<string, readonly string[]>>,
  schemes: Readonly<Record<string, SecurityScheme>>,
  review: string[],
): string[] | undefined {
  const names = Object.keys(alternative);
  if (names.length === 0) return undefined;
  const others = names.filter((name) => !isToken(schemes[name]));
  const tokens = names.filter((name) => isToken(schemes[name]));
  for (const name of others) {
    const type = schemes[name] === undefined ? 'which is not defined' : String(schemes[name]?.type);
    const what = `the scheme ${JSON.stringify(name)} (${type})`;
    review.push(
      tokens.length > 0
        ? `${what} must hold as well; the gateway does not check it, the origin must`
        : `${what} is no token that the gateway can check; callers with it alone are refused`,
    );
  }
  if (tokens.length === 0) return undefined;
  return [...new Set(tokens.flatMap((name) => [...(alternative[name] ?? [])].map(String)))];
}

function isToken(scheme: SecurityScheme | undefined): boolean {
  const { type, scheme: http } = scheme ?? {};
  return (
    type === 'oauth2' ||
    type === 'openIdConnect' ||
    (type === 'http' && String(http).toLowerCase() === 'bearer')
  );
}

/** Alternatives as `scopes_all` and `scopes_any`, which are one list each. */
function combine(alternatives: readonly (readonly string[])[], review: string[]): DraftRules {
  const [first = [], ...more] = alternatives;
  const common = first.filter((scope) => more.every((scopes) => scopes.includes(scope)));
  const rests = alternatives.map((scopes) => scopes.filter((scope) => !common.includes(scope)));
  // Whoever has what all alternatives ask for satisfies the one that asks for nothing else.
  const isCommonEnough = rests.some((rest) => rest.length === 0);
  const scopesAll = common.length === 0 ? {} : { scopes_all: common };
  if (isCommonEnough) return scopesAll;
  if (rests.every((rest) => rest.length === 1))
    return { ...scopesAll, scopes_any: [...new Set(rests.flat())] };
  const written = alternatives.map((scopes) => scopes.join(' and ')).join(', or ');
  review.push(`the document takes ${written}; a route can't say that, so it is only the first`);
  return { scopes_all: first };
}
