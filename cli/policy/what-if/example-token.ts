/** The claims of a token that someone has at hand. It is looked at, never verified, and never repeated. */
import { decodeJwt } from 'jose';
import { readClaim } from '../../../src/policy/claims.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { readFileOrInput } from '../../text/files.ts';
import { CommandError } from '../../text/terminal.ts';
import { audiencePlace } from './token.ts';

/** Throws `CommandError` where there is none. @param file `-` for standard input */
export function readExampleToken(file: string): Readonly<Record<string, unknown>> {
  const text = readFileOrInput(file, 'name a file with a token, or - for standard input');
  try {
    return decodeJwt(text.trim().replace(/^Bearer\s+/i, ''));
  } catch {
    const where = file === '-' ? 'standard input' : file;
    throw new CommandError(`${where} holds no JWT; give the access token alone, as a client sends it`);
  }
}

/** Throws `CommandError` if the token is none that these policies are about: nothing would be compared with it. */
export function demandFits(token: Readonly<Record<string, unknown>>, policies: readonly Policy[]): void {
  const issuers = policies
    .flatMap((policy) => policy.issuers)
    .filter(({ issuer }) => issuer === token['iss']);
  const [issuer] = issuers;
  if (issuer === undefined) {
    const known = new Set(policies.flatMap((policy) => policy.issuers.map((one) => one.issuer)));
    throw new CommandError(`the token's iss is no issuer of the policy; it has ${[...known].join(', ')}`);
  }
  const held = issuers.flatMap((one) => readClaim(token, audiencePlace(one)));
  const wanted = policies.flatMap(({ apis }) =>
    apis.flatMap(({ routes }) => routes.flatMap((one) => one.audiences)),
  );
  if (held.some((audience) => wanted.includes(String(audience)))) return;
  throw new CommandError(
    `the token is for no API of the policy; take one for ${[...new Set(wanted)].join(', ')}`,
  );
}
