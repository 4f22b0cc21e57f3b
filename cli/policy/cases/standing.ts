/** What a case says is revoked and closed, as the gateway would read it. */
import { suggest } from '../../../src/policy/compile/fault.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import type { RevokedGroup, Switch } from '../../../src/revocation/content.ts';
import type { RevocationKind } from '../../../src/revocation/revocation.ts';
import {
  createStanding,
  idsOf,
  indexRevocations,
  type Standing,
  switchTarget,
} from '../../../src/revocation/standing.ts';
import { CommandError } from '../../text/terminal.ts';
import { writtenKey } from '../words.ts';
import { type Case, timeOf } from './read.ts';

export interface Stated {
  readonly standing: Standing;
  /** Kinds of which the case's token has nothing that could be revoked. */
  readonly missing: ReadonlySet<RevocationKind>;
}

/**
 * `undefined` where the case says nothing of it, or the policy asks for none.
 *
 * @param nameOf another name of a route: a mutant may have renamed it
 */
export function statedBy(
  { revoked = [], closed = [] }: Case,
  policy: Policy,
  nowMs: number,
  nameOf: (target: string) => string = (target) => target,
): Stated | undefined {
  if (policy.settings.revocation === undefined || revoked.length + closed.length === 0) return undefined;
  const nowSeconds = Math.floor(nowMs / 1000);
  const switches = closed.map((one, i): Switch => {
    const { target, status } = typeof one === 'string' ? { target: one, status: 503 as const } : one;
    const kind = target.trim().includes(' ') ? 'route' : 'api';
    return { number: i + 1, kind, target: nameOf(writtenKey(target)), status, why: '' };
  });
  const missing = new Set<RevocationKind>();
  const standingFor = (groups: readonly RevokedGroup[]) =>
    createStanding({ switches }, indexRevocations(groups), policy.settings, nowSeconds);
  return {
    missing,
    standing: {
      ...standingFor([]),
      revoked(principal) {
        const groups = revoked.map((one, i): RevokedGroup => {
          const ids = typeof one === 'string' ? idsOf(principal)[one] : [one.id ?? ''];
          if (typeof one === 'string' && ids.length === 0) missing.add(one);
          const before = typeof one === 'string' || one.before === undefined ? nowMs : timeOf(one.before);
          return {
            ...(typeof one === 'string' ? { kind: one } : { kind: one.kind }),
            issuer: (typeof one === 'string' ? undefined : one.issuer) ?? principal.issuer.issuer,
            ids,
            before: ids.map(() => Math.floor(before / 1000)),
            numbers: ids.map(() => i + 1),
          };
        });
        return standingFor(groups).revoked(principal);
      },
    },
  };
}

/** Throws `CommandError` where a case says what the policy can't know. */
export function demandRevocable({ revoked, closed = [], file, index }: Case, policy: Policy): void {
  const fail = (field: string, problem: string) => {
    throw new CommandError(`${file.path}:${file.lineOf(index, field)}  ${field}: ${problem}`);
  };
  const field = revoked === undefined ? 'closed' : 'revoked';
  if (policy.settings.revocation === undefined && (revoked !== undefined || closed.length > 0))
    fail(
      field,
      'the policy has no revocation; add revocation = "REVOCATIONS" to [vars.GATEWAY], or leave it out',
    );
  const names = namesIn(policy);
  for (const one of closed) {
    const target = writtenKey(typeof one === 'string' ? one : one.target);
    if (!names.includes(target))
      fail('closed', `there is no API or route ${JSON.stringify(target)}; ${suggest(target, names)}`);
  }
}

const namesIn = ({ apis }: Policy): string[] =>
  apis.flatMap(({ name, routes }) => [name, ...routes.map(switchTarget)]);

/** For reports: what a token would need for a kind. */
export const CLAIM_OF: Readonly<Record<RevocationKind, string>> = {
  token: 'a jti',
  subject: 'a sub',
  session: 'a sid',
  client: 'a client id',
  issuer: 'an iss',
};
