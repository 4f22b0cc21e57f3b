/** The command line, whole: what a user types, and what it ends with. */
import { Command, CommanderError, Help } from 'commander';
import { addApiCommands } from './commands/api.ts';
import { addAssertionCommands } from './commands/assertion.ts';
import { addCheckCommand } from './commands/check.ts';
import { addClientCommands } from './commands/client.ts';
import { addConsoleCommand } from './commands/console.ts';
import { addDiffCommand } from './commands/diff.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addExplainCommand } from './commands/explain.ts';
import { addImportCommands } from './commands/import.ts';
import { addInitCommand } from './commands/init.ts';
import { addKeyCommands } from './commands/keys.ts';
import { addLogsCommand } from './commands/logs.ts';
import { addOriginTestCommand } from './commands/origin-test.ts';
import { addPageCommand } from './commands/page.ts';
import { addPushCommands } from './commands/push.ts';
import { addRevokeCommands } from './commands/revoke.ts';
import { addRoutesCommand } from './commands/routes.ts';
import { addSchemaCommand } from './commands/schema.ts';
import { addSwitchCommands } from './commands/switches.ts';
import { addTestCommand } from './commands/test.ts';
import { addTokenCommand } from './commands/token.ts';
import { hasIssuer } from './issuer/place.ts';
import { CommandError, EXIT, endWith, printError, type Terminal, useTerminal } from './text/terminal.ts';
import { VERSION } from './text/version.ts';

/** @param args what follows `claimgate` */
export async function main(args: readonly string[], terminal: Terminal): Promise<void> {
  useTerminal(terminal);
  try {
    await createProgram(terminal).parseAsync(args, { from: 'user' });
  } catch (error) {
    endWith(explain(error));
  }
}

export function createProgram({ stdout, stderr }: Terminal): Command {
  const program = new Command('claimgate')
    .version(VERSION)
    .description('The gateway, its policy, and the issuer beside it.')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 the answer is no (errors in a policy, a refused token), 2 wrong use, 3 it could not be done.',
    )
    .showHelpAfterError('(claimgate … --help shows how)')
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
    .exitOverride();
  addInitCommand(program);
  addCheckCommand(program);
  addSchemaCommand(program);
  addRoutesCommand(program);
  addExplainCommand(program);
  addDiffCommand(program);
  addTestCommand(program);
  addLogsCommand(program);
  addRevokeCommands(program);
  addSwitchCommands(program);
  addAssertionCommands(program);
  addKeyCommands(program);
  addApiCommands(program);
  addClientCommands(program);
  addTokenCommand(program);
  addPageCommand(program);
  addConsoleCommand(program);
  addOriginTestCommand(program);
  addDoctorCommand(program);
  addPushCommands(program);
  addImportCommands(program);
  if (!hasIssuer()) hideIssuer(program);
  return program;
}

/** Commands that act on an issuer of one's own, as `--help` lists them. */
const OF_ISSUER: readonly string[] = ['issuer', 'keys', 'api', 'client', 'token', 'push', 'pull'];

/** Without an issuer they can't work. They are still understood, and say what to do. */
function hideIssuer(program: Command): void {
  const help = new Help();
  program
    .configureHelp({
      visibleCommands: (parent) =>
        help.visibleCommands(parent).filter((one) => parent !== program || !OF_ISSUER.includes(one.name())),
    })
    .addHelpText(
      'after',
      `\nThere is no issuer/wrangler.toml here. With it there are also: ${OF_ISSUER.join(', ')}. claimgate init --issuer writes it.`,
    );
}

/** Says what went wrong. An unexpected error keeps its stack: that is a bug to be reported. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.misuse; // it has spoken already
  if (error instanceof CommandError) {
    printError(error.message);
    return error.exitCode;
  }
  printError(`unexpected: ${error instanceof Error ? error.stack : String(error)}`);
  return EXIT.failed;
}
