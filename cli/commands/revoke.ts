/** `claimgate revoke` and `unrevoke`: tokens that are refused from now on, without a deployment. */
import type { Command } from 'commander';
import { policyOf, readPolicyFile } from '../policy/file/config.ts';
import { openAdmin } from '../revocation/admin.ts';
import { type ChosenRevocation, chooseRevoked, type RevokedOptions } from '../revocation/chosen.ts';
import { printApplied, printTried, wordsOf } from '../revocation/show.ts';
import { whoAmI } from '../revocation/who.ts';
import { readFileOrInput } from '../text/files.ts';
import { quoteWord } from '../text/shell.ts';
import { CommandError, EXIT, endWith, printJson, printLine } from '../text/terminal.ts';
import { example, nowSeconds } from './options.ts';
import { demandWhy, type GatewayOptions, isRemote, withGateway } from './revocation-options.ts';

interface Options extends RevokedOptions, GatewayOptions {}

export function addRevokeCommands(program: Command): void {
  const add = (name: string, description: string, run: (options: Options) => Promise<void>) =>
    withGateway(program.command(name))
      .description(description)
      .option(
        '--issuer <name>',
        'the issuer of the tokens, by its name in the policy (default: the only one)',
      )
      .option('--sub <id>', 'all tokens of this subject that were issued up to now')
      .option('--client <id>', 'all tokens of this client that were issued up to now')
      .option('--sid <id>', 'the tokens of this session')
      .option('--jti <id>', 'the token of this id')
      .option('--token <file>', 'the token itself, for its id; - for standard input')
      .option('--all', 'all tokens of the issuer that were issued up to now')
      .action(run);
  add('revoke', 'refuse tokens everywhere within a minute: docs/revocation.md', revoke).addHelpText(
    ...example('revoke --sub auth0|5f7c --why "laptop stolen" --remote --env production'),
  );
  add('unrevoke', 'take a revocation back', unrevoke).addHelpText(
    ...example('unrevoke --sub auth0|5f7c --why "laptop found" --remote --env production'),
  );
}

async function choose(options: Options): Promise<ChosenRevocation> {
  const policy = policyOf(readPolicyFile(options.config), options.env);
  const token =
    options.token === undefined
      ? undefined
      : readFileOrInput(options.token, 'give the token on standard input with --token -');
  return chooseRevoked(options, policy, token);
}

async function revoke(options: Options): Promise<void> {
  const chosen = await choose(options);
  if (options.dryRun) {
    const { dryRun } = await import('../revocation/dry-run-command.ts');
    const tried = await dryRun(chosen, options);
    return options.json ? printJson({ dry_run: true, ...tried }) : printTried(tried, wordsOf(chosen));
  }
  const why = demandWhy(options);
  const { kind, issuer, id, livesSeconds } = chosen;
  const revoked = { kind, issuer, id };
  const admin = await openAdmin(options);
  try {
    const by = options.by ?? (await whoAmI(isRemote(options)));
    const applied = await admin.apply({ action: 'revoke', revoked, livesSeconds, by, why });
    if (options.json) return printJson({ ...applied, ...revoked, by, why });
    printApplied(applied, {
      done: 'revoked',
      what: wordsOf(chosen),
      nowSeconds: nowSeconds(),
      back: backOf(chosen, options),
    });
  } finally {
    await admin.close();
  }
}

async function unrevoke(options: Options): Promise<void> {
  const chosen = await choose(options);
  if (options.dryRun) throw new CommandError('--dry-run is for revoke and close; leave it out');
  const why = demandWhy(options);
  const { kind, issuer, id } = chosen;
  const admin = await openAdmin(options);
  try {
    const by = options.by ?? (await whoAmI(isRemote(options)));
    const applied = await admin.apply({ action: 'unrevoke', revoked: { kind, issuer, id }, by, why });
    if (options.json) printJson({ ...applied, kind, issuer, id, by, why });
    else if (applied.changed)
      printApplied(applied, {
        done: 'restored',
        what: wordsOf(chosen),
        nowSeconds: nowSeconds(),
        back: backOf(chosen, options, 'revoke'),
      });
    else printLine(`nothing revokes ${wordsOf(chosen)}; claimgate switches lists what does`);
    if (!applied.changed) endWith(EXIT.findings);
  } finally {
    await admin.close();
  }
}

const FLAGS = { subject: 'sub', client: 'client', session: 'sid', token: 'jti' } as const;

function backOf(
  { kind, id, from }: ChosenRevocation,
  { env, remote }: Options,
  command = 'unrevoke',
): string {
  const what = kind === 'issuer' ? '--all' : `--${FLAGS[kind]} ${quoteWord(id)}`;
  return [
    `claimgate ${command} --issuer ${quoteWord(from.name)} ${what} --why …`,
    ...(env === undefined ? [] : [`--env ${quoteWord(env)}`]),
    ...(remote ? ['--remote'] : []),
  ].join(' ');
}
