/** `claimgate revoke` and `unrevoke`: tokens that are refused from now on, without a deployment. */
import type { Command } from 'commander';
import { policyOf, readPolicyFile } from '../policy/file/config.ts';
import { makeChange } from '../revocation/change.ts';
import { type ChosenRevocation, chooseRevoked, isToken, type RevokedOptions } from '../revocation/chosen.ts';
import { printApplied, printTried, wordsOf } from '../revocation/show.ts';
import { readFileOrInput } from '../text/files.ts';
import { quoteWord } from '../text/shell.ts';
import { CommandError, EXIT, endWith, printJson, printLine, visible } from '../text/terminal.ts';
import { example, readDuration } from './options.ts';
import { commandFor, demandWhy, type GatewayOptions, withDryRun, withGateway } from './revocation-options.ts';

interface Options extends RevokedOptions, GatewayOptions {
  readonly andNext?: number;
}

/** Whoever needs more is better served by disabling at the issuer. */
const MAX_AND_NEXT_SECONDS = 86_400;

export function addRevokeCommands(program: Command): void {
  withChoice(withDryRun(program.command('revoke')))
    .description('refuse tokens everywhere within a minute: docs/revocation.md')
    .option(
      '--and-next <time>',
      'also those issued within this time, such as 1min: an issuer may take notice late',
      readDuration,
    )
    .action(revoke)
    .addHelpText(...example('revoke --sub auth0|5f7c --why "laptop stolen" --remote --env production'));
  withChoice(withGateway(program.command('unrevoke')))
    .description('take a revocation back')
    .action(unrevoke)
    .addHelpText(...example('unrevoke --sub auth0|5f7c --why "laptop found" --remote --env production'));
}

const withChoice = (command: Command): Command =>
  command
    .option('--issuer <name>', 'the issuer of the tokens, by its name in the policy (default: the only one)')
    .option('--sub <id>', 'all tokens of this subject that were issued up to now')
    .option('--client <id>', 'all tokens of this client that were issued up to now')
    .option('--sid <id>', 'the tokens of this session')
    .option('--jti <id>', 'the token of this id')
    .option('--token <file>', 'the token itself, for its id; - for standard input')
    .option('--all', 'all tokens of the issuer that were issued up to now');

function choose(options: Options): ChosenRevocation {
  const policy = policyOf(readPolicyFile(options.config), options.env);
  const { token, log } = options;
  const remedy = 'give the token on standard input with --token -';
  // Not even in an error: command lines are kept by shells, and seen by others of the machine.
  if (token !== undefined && isToken(token))
    throw new CommandError(`--token takes the name of a file; ${remedy}`);
  if (token === '-' && log === '-')
    throw new CommandError('--token and --log both read standard input; put one of them into a file');
  return chooseRevoked(options, policy, token === undefined ? undefined : readFileOrInput(token, remedy));
}

async function revoke(options: Options): Promise<void> {
  const chosen = choose(options);
  const { kind, issuer, id, from, livesSeconds } = chosen;
  const isDated = kind !== 'token' && kind !== 'session';
  const { andNext = 0 } = options;
  if (andNext > 0 && !isDated)
    throw new CommandError('--and-next is for --sub, --client and --all; leave it out');
  if (andNext > MAX_AND_NEXT_SECONDS)
    throw new CommandError('--and-next is at most a day; disable what gets tokens at the issuer');
  if (options.dryRun) {
    const { dryRun } = await import('../revocation/dry-run-command.ts');
    const tried = await dryRun(chosen, options);
    return options.json ? printJson({ dry_run: true, ...tried }) : printTried(tried, wordsOf(chosen));
  }
  const why = demandWhy(options);
  const revoked = { kind, issuer, id };
  const made = await makeChange(options, (by) => ({
    action: 'revoke',
    revoked,
    livesSeconds,
    ...(andNext > 0 && { andNextSeconds: andNext }),
    by,
    why,
  }));
  if (options.json) printJson({ ...made, ...revoked, why });
  else
    printApplied(made, {
      done: 'revoked',
      what: wordsOf(chosen),
      ...(isDated && { toleranceSeconds: from.clockToleranceSeconds }),
      back: backOf(chosen, options),
    });
  if (!made.published) endWith(EXIT.failed);
}

async function unrevoke(options: Options): Promise<void> {
  const chosen = choose(options);
  const why = demandWhy(options);
  const { kind, issuer, id } = chosen;
  const revoked = { kind, issuer, id };
  const made = await makeChange(options, (by) => ({ action: 'unrevoke', revoked, by, why }));
  if (options.json) printJson({ ...made, ...revoked, why });
  else if (made.changed)
    printApplied(made, {
      done: 'restored',
      what: wordsOf(chosen),
      back: backOf(chosen, options, 'revoke'),
    });
  else printLine(`nothing revokes ${visible(wordsOf(chosen))}; claimgate switches lists what is revoked`);
  if (!made.changed) endWith(EXIT.findings);
  else if (!made.published) endWith(EXIT.failed);
}

const FLAGS = { subject: 'sub', client: 'client', session: 'sid', token: 'jti' } as const;

function backOf({ kind, id, from }: ChosenRevocation, options: Options, command = 'unrevoke'): string {
  // A value that begins with a dash would be taken for a flag.
  const what = kind === 'issuer' ? '--all' : `--${FLAGS[kind]}=${quoteWord(id)}`;
  return commandFor(`${command} --issuer ${quoteWord(from.name)} ${what} --why …`, options);
}
