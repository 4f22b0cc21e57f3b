/** What commands of the issuer do about tokens that a client has still: say how to revoke them, or do it. */
import type { Command } from 'commander';
import type { Outcome } from '../issuer/outcome.ts';
import type { Place, PlaceOptions } from '../issuer/place.ts';
import { findClient } from '../issuer/records.ts';
import { findRevocable, NOTICE_SECONDS, revokeClient } from '../revocation/client-tokens.ts';
import { printApplied } from '../revocation/show.ts';
import { quoteWord } from '../text/shell.ts';
import { CommandError, EXIT, endWith, printJson, printLine } from '../text/terminal.ts';
import { takeGatewayConfig } from './options.ts';
import { printOutcome } from './outcome.ts';
import { commandFor, demandWhy } from './revocation-options.ts';

/** Those of `withTokenRevocation`. */
export type TokenOptions = PlaceOptions & {
  readonly revoke?: boolean;
  readonly why?: string;
  readonly gateway?: string;
};

/** The options of a command after which a client's tokens should be good no longer. */
export const withTokenRevocation = (command: Command): Command =>
  command
    .option('--revoke', 'revoke the tokens that it has, at the gateway: docs/revocation.md')
    .option('--why <text>', 'with --revoke: the reason, for the record and the log')
    .option('--gateway <file>', "the gateway's configuration (default: the file that wrangler reads)")
    .hook('preAction', takeGatewayConfig);

/**
 * Makes a change of a client, and then revokes its tokens where that is asked for. Where that fails the change stands.
 * Throws `CommandError` before anything is changed where the gateway can't revoke them.
 *
 * @param done what stands then, in the perfect tense
 */
export async function changeThenRevoke(
  place: Place,
  name: string,
  options: TokenOptions,
  change: () => Promise<Outcome>,
  done: string,
): Promise<void> {
  const { revoke = false, why } = options;
  if (why !== undefined && !revoke)
    throw new CommandError('--why is for --revoke; add it, or leave --why out');
  const gateway = { config: options.gateway ?? '', env: place.environment, remote: place.remote };
  const found = findRevocable(gateway, place.issuer);
  if (revoke && 'missing' in found)
    throw new CommandError(`${found.missing}. Nothing was changed; without --revoke the issuer is`);
  const { client_id: id } = await findClient(place.records, name);
  const reason = why === undefined ? `${id}: ${done}` : demandWhy({ why, config: '' });
  const outcome = await change();
  if ('missing' in found) return printOutcome(outcome, options);
  const client = `--issuer ${quoteWord(found.from.name)} --client=${quoteWord(id)}`;
  const { config, env, remote } = gateway;
  const at = { config, remote, ...(env !== undefined && { env }) };
  const command = commandFor(`revoke ${client} --and-next ${NOTICE_SECONDS}s --why ${quoteWord(reason)}`, at);
  // A revocation is at once, and ends by itself: lines for the policy would be a second way.
  const { gateway: _, next: __, ...said } = outcome;
  if (!revoke) {
    const advice = ['To refuse all tokens that it has, everywhere within a minute:', '', `  ${command}`];
    return printOutcome(
      { ...said, json: { ...Object(outcome.json), revoke: command }, next: advice },
      options,
    );
  }
  const made = await revokeClient(gateway, found.from, id, reason).catch((error: unknown) => {
    printOutcome({ ...said, json: { ...Object(outcome.json), revoked: null, revoke: command } }, options);
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(
      `${done}, but its tokens are not revoked: ${error.message}. To do it then: ${command}`,
      EXIT.failed,
    );
  });
  if (options.json) printJson({ ...Object(outcome.json), revoked: made });
  else {
    for (const line of said.said) printLine(line);
    printApplied(made, {
      done: 'revoked',
      what: `client ${id} of ${found.from.name}`,
      toleranceSeconds: found.from.clockToleranceSeconds,
      back: commandFor(`unrevoke ${client} --why …`, at),
    });
  }
  if (!made.published) endWith(EXIT.failed);
}
