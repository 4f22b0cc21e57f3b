/** A request that was asked about, as a case for policy.test.toml. It has no token: a file of cases is for everybody. */
import { renderTable } from '../cli/formats/inline-toml.ts';
import { SECRET_NAME } from '../cli/policy/explain/mask.ts';
import type { Policy } from '../src/policy/policy.ts';
import { type Asked, ask } from './ask.ts';

export interface DraftedCase {
  readonly text: string;
  /** What the case leaves out, or where it answers otherwise than what was asked. */
  readonly notes: readonly string[];
}

/** Of one token: the next has others. */
const OF_ONE_TOKEN: readonly string[] = ['exp', 'iat', 'nbf', 'jti'];

/**
 * @param wants `now`: what the policy does now; `allow`: that it gets through
 * @returns rejects with an error whose message says why there can be no case
 */
export async function draftCase(
  policy: Policy,
  asked: Asked,
  wants: 'now' | 'allow',
  nowMs: number,
): Promise<DraftedCase> {
  const notes: string[] = [];
  const claims = claimsIn(asked.token.trim(), notes);
  const lines = asked.headers.split('\n').filter((line) => line.trim() !== '');
  const open = lines.filter((line) => !SECRET_NAME.test(line.split(':')[0]?.trim() ?? ''));
  if (open.length < lines.length) notes.push('Headers that may hold a secret are left out.');
  const token = claims === undefined ? '' : JSON.stringify(claims);
  const told = await ask(policy, { ...asked, token, keys: '', headers: open.join('\n') }, nowMs);
  const url = asked.url.trim();
  if (/\s/.test(url)) throw new Error('A case has no blanks in its URL: write them as %20.');
  const method = asked.method.trim();
  const expected =
    wants === 'allow' || told.result === 'allowed'
      ? { expect: 'allow' }
      : { expect: told.answer.status, ...(told.reason !== null && { reason: told.reason }) };
  const path = url.replace(/^https?:\/\/[^/?#]*/, '') || '/';
  const outcome =
    'reason' in expected ? expected.reason : expected.expect === 'allow' ? 'let through' : expected.expect;
  const fields = {
    name: `${method} ${path.slice(0, 80)}: ${outcome}`,
    request: `${method} ${url}`,
    ...(claims !== undefined && { claims }),
    ...(open.length > 0 && { headers: Object.fromEntries(open.map(pairOf)) }),
    ...expected,
  };
  return { text: renderTable('[[case]]', fields), notes };
}

const pairOf = (line: string) => {
  const at = line.indexOf(':');
  return [line.slice(0, at).trim(), line.slice(at + 1).trim()] as const;
};

/** @returns `undefined`: the case sends no token */
function claimsIn(token: string, notes: string[]): Record<string, unknown> | undefined {
  if (token === '') return undefined;
  const isClaims = token.startsWith('{');
  const claims = tableOf(isClaims ? parse(token) : parse(decoded(token)));
  if (claims === undefined) {
    notes.push('What was sent is no token that can be read: the case sends none.');
    return undefined;
  }
  if (isClaims) return claims;
  notes.push('The case has the claims of the token, not the token, and not its times.');
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !OF_ONE_TOKEN.includes(name)));
}

function decoded(token: string): string {
  const part = token.replace(/^(authorization:\s*)?bearer\s+/i, '').split('.')[1] ?? '';
  try {
    const bytes = Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (one) =>
      one.charCodeAt(0),
    );
    return new TextDecoder().decode(bytes);
  } catch {
    return '';
  }
}

function parse(text: string): unknown {
  try {
    // TOML has no null.
    return JSON.parse(text, (_, value: unknown) => (value === null ? undefined : value));
  } catch {
    return undefined;
  }
}

const tableOf = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
