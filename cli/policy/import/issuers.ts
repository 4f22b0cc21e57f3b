/** Names for the issuers of a description's tokens. */
import { CommandError } from '../../text/terminal.ts';
import type { Operation, Scheme } from './operations.ts';

/** Chosen by the user: one for all, or one for each scheme. */
export interface IssuerNames {
  readonly all: string | undefined;
  readonly byScheme: ReadonlyMap<string, string>;
}

export interface DraftIssuer {
  readonly name: string;
  /** As it stands in `iss`, as far as the description knows. */
  readonly issuer: string;
  readonly review: string;
}

type Token = Extract<Scheme, { kind: 'token' }>;

/** A policy has at least one issuer. Nobody can have tokens of this one. */
const NOBODY = 'https://review-me.invalid/';

/** Throws `CommandError` where the chosen names don't fit the description. */
export function nameIssuers(
  operations: readonly Operation[],
  { all, byScheme }: IssuerNames,
): { all: readonly DraftIssuer[]; nameOf: (key?: string) => string } {
  const tokens = new Map<string, Token>();
  const schemes = new Map<string, string>();
  for (const { access } of operations)
    for (const { scheme } of access.kind === 'asked' ? access.alternatives.flat() : [])
      if (scheme.kind === 'token') {
        if (!tokens.has(scheme.key)) tokens.set(scheme.key, scheme);
        schemes.set(scheme.name, scheme.key);
      }
  demandKnown(byScheme, schemes);
  if (all !== undefined && tokens.size > 1 && byScheme.size < tokens.size)
    throw new CommandError(
      `the description has tokens of several kinds: ${[...tokens.values()].map(({ name }) => name).join(', ')}; name an issuer for each: ${[...tokens.values()].map(({ name }) => `--issuer ${name}=NAME`).join(' ')}`,
    );
  const names = new Map<string, string>();
  const drafted: DraftIssuer[] = [];
  for (const [key, token] of tokens) {
    const chosen = [...byScheme].find(([scheme]) => schemes.get(scheme) === key)?.[1] ?? all;
    const name = chosen ?? uniqueName(token.name, new Set(names.values()));
    names.set(key, name);
    if (chosen === undefined) drafted.push(draftIssuer(name, token));
  }
  if (tokens.size > 0)
    return {
      all: drafted,
      nameOf: (key) => (key === undefined ? undefined : names.get(key)) ?? names.values().next().value ?? '',
    };
  const name = all ?? 'review_me';
  const review = 'the description names no issuer of tokens; write it as it stands in iss';
  return { all: all === undefined ? [{ name, issuer: NOBODY, review }] : [], nameOf: () => name };
}

function demandKnown(byScheme: ReadonlyMap<string, string>, schemes: ReadonlyMap<string, string>): void {
  for (const scheme of byScheme.keys())
    if (!schemes.has(scheme))
      throw new CommandError(
        `no operation asks for tokens of ${JSON.stringify(scheme)}; its schemes are ${[...schemes.keys()].join(', ') || 'none'}`,
      );
}

function draftIssuer(name: string, { issuer, says, name: scheme }: Token): DraftIssuer {
  return issuer === undefined
    ? {
        name,
        issuer: `${NOBODY}${name}`,
        review: `the description does not name the issuer of ${JSON.stringify(scheme)} (${says}); write it as it stands in iss`,
      }
    : { name, issuer, review: 'as it stands in iss: a slash at the end counts' };
}

function uniqueName(scheme: string, taken: ReadonlySet<string>): string {
  const plain = scheme.replace(/[^A-Za-z0-9_-]+/g, '_').slice(0, 60) || 'tokens';
  let name = plain;
  for (let count = 2; taken.has(name); count++) name = `${plain}_${count}`;
  return name;
}
