/** The tokens that an issuer's client has still, where the gateway can revoke them. */
import type { Issuer } from '../../src/policy/policy.ts';
import { endOf } from '../../src/revocation/revocation.ts';
import { policyOf, readPolicyFile } from '../policy/file/config.ts';
import { CommandError } from '../text/terminal.ts';
import type { Gateway } from './admin.ts';
import { type Made, makeChange } from './change.ts';

/**
 * An issuer takes notice of a change within a minute (docs/issuer.md): what it gives out until then is revoked as well.
 */
export const NOTICE_SECONDS = 60;

/** The issuer as the gateway's policy has it, or why the gateway can't revoke its tokens. */
export type Revocable = { readonly from: Issuer } | { readonly missing: string };

/** @param issuer its identifier, as it stands in tokens */
export function findRevocable({ config, env }: Gateway, issuer: string): Revocable {
  try {
    const { settings, issuers } = policyOf(readPolicyFile(config), env);
    if (settings.revocation === undefined)
      return { missing: `the policy in ${config} has no revocation: docs/revocation.md says how to add it` };
    const from = issuers.find((one) => one.issuer === issuer);
    return from === undefined
      ? { missing: `the policy in ${config} has no issuer ${issuer}; name another file with --gateway` }
      : { from };
  } catch (error) {
    if (error instanceof CommandError) return { missing: error.message };
    throw error;
  }
}

/** Revokes all tokens of a client that are out, and those of the next minute. */
export async function revokeClient(
  gateway: Gateway,
  from: Issuer,
  client: string,
  why: string,
): Promise<Made> {
  const revoked = { kind: 'client', issuer: from.issuer, id: client } as const;
  const times = { livesSeconds: endOf(from, 0), andNextSeconds: NOTICE_SECONDS };
  return makeChange(gateway, (by) => ({ action: 'revoke', revoked, ...times, by, why }));
}
