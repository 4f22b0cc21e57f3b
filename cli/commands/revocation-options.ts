/** Flags of the commands that revoke and switch. */
import type { Command } from 'commander';
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
    .option('--by <name>', 'who does it (default: the account of wrangler, or the user of this machine)')
    .option('--dry-run', 'change nothing; with --log, say how many requests it would have refused')
    .option('--log <file>', 'with --dry-run: a log of the gateway; - for standard input')
    .hook('preAction', (_, acting) => checkPlace(acting.opts()));

/** Where the gateway is. */
export const withPlace = (command: Command): Command =>
  withConfig(command, 'the configuration of the gateway')
    .option('--env <name>', 'an environment of that file')
    .option('--local', 'act on the `wrangler dev` that runs on this machine (default)')
    .option('--remote', 'act on Cloudflare, with the login of wrangler')
    .option('--json', 'print JSON');

export const isRemote = ({ remote }: GatewayOptions): boolean => remote === true;

export function checkPlace({ local, remote, log, dryRun }: Partial<GatewayOptions>): void {
  if (local && remote) throw new CommandError('--local and --remote exclude each other; leave one out');
  if (log !== undefined && !dryRun)
    throw new CommandError('--log is for --dry-run; add it, or leave --log out');
}

/** Whoever looks at the entry in a year wants to know. */
export function demandWhy({ why }: GatewayOptions): string {
  if (why === undefined || why.trim() === '')
    throw new CommandError('say why, for the record: --why "laptop stolen, ticket 4711"');
  return why.trim().slice(0, 500);
}
