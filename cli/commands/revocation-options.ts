/** Flags of the commands that revoke and switch. */
import type { Command } from 'commander';
import { defaultConfig } from '../formats/find.ts';
import { checkSaid } from '../revocation/change.ts';
import { quoteWord } from '../text/shell.ts';
import { CommandError } from '../text/terminal.ts';
import { withConfig } from './options.ts';

export interface GatewayOptions {
  readonly config: string;
  readonly env?: string;
  readonly local?: boolean;
  readonly remote?: boolean;
  readonly by?: string;
  readonly why?: string;
  readonly dryRun?: boolean;
  readonly log?: string;
  readonly json?: boolean;
}

export const withGateway = (command: Command): Command =>
  withPlace(command)
    .option('--why <text>', 'the reason, for the record and the log')
    .option('--by <name>', 'who does it (default: the account of wrangler, or the user of this machine)');

/** Of commands that refuse something. */
export const withDryRun = (command: Command): Command =>
  withGateway(command)
    .option('--dry-run', 'change nothing; with --log, say how many requests it would have refused')
    .option('--log <file>', 'with --dry-run: a log of the gateway; - for standard input');

/** Where the gateway is. */
export const withPlace = (command: Command): Command =>
  withConfig(command, 'the configuration of the gateway')
    .option('--env <name>', 'an environment of that file')
    .option('--local', 'act on the `wrangler dev` that runs on this machine (default)')
    .option('--remote', 'act on Cloudflare, with the login of wrangler')
    .option('--json', 'print JSON')
    .hook('preAction', (_, acting) => checkPlace(acting.opts()));

function checkPlace({ local, remote, log, dryRun }: Partial<GatewayOptions>): void {
  if (local && remote) throw new CommandError('--local and --remote exclude each other; leave one out');
  if (log !== undefined && !dryRun)
    throw new CommandError('--log is for --dry-run; add it, or leave --log out');
}

/** Whoever looks at the entry in a year wants to know. */
export function demandWhy({ why }: GatewayOptions): string {
  if (why === undefined || why.trim() === '')
    throw new CommandError(
      '--why is missing; give the reason for the record, such as --why "laptop stolen, ticket 4711"',
    );
  checkSaid('--why', why.trim());
  return why.trim();
}

/** A command about the same gateway, to be copied. @param args quoted already */
export const commandFor = (
  args: string,
  { config, env, remote }: Pick<GatewayOptions, 'config' | 'env' | 'remote'>,
): string =>
  [
    `claimgate ${args}`,
    ...(config === defaultConfig() ? [] : [`--config ${quoteWord(config)}`]),
    ...(env === undefined ? [] : [`--env ${quoteWord(env)}`]),
    ...(remote ? ['--remote'] : []),
  ].join(' ');
