/** `claimgate check`: the policy of the gateway, before it is live. */
import type { Command } from 'commander';
import type { Fault } from '../../src/policy/fault.ts';
import { type CheckResult, checkConfig } from '../policy/check.ts';
import { EXIT, paint, printJson, printLine } from '../terminal.ts';

export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .description('check the policy in wrangler.toml: the top level and every environment')
    .option('--config <file>', 'the file to check', 'wrangler.toml')
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', '\nExample:\n  claimgate check --config wrangler.toml')
    .action(({ config, json }: { config: string; json?: boolean }) => {
      const results = checkConfig(config);
      if (json) printJson(results);
      else for (const result of results) printResult(config, result);
      // A typo while editing must not end the dev server; the Worker answers 503 until it is mended.
      const watching = process.env['WRANGLER_COMMAND'] === 'dev';
      if (results.some(({ faults }) => faults.length > 0) && !watching) process.exitCode = EXIT.findings;
    });
}

function printResult(config: string, { environment, faults, warnings, routes }: CheckResult): void {
  const where = environment === undefined ? config : `${config} [env.${environment}]`;
  if (faults.length === 0) {
    printLine(`${paint('green', 'ok')}     ${where}: ${routes} routes`);
    if (warnings.length > 0) printLine(`${paint('yellow', 'warning')}`);
    printFaults(warnings);
    return;
  }
  const count = faults.length === 1 ? '1 error' : `${faults.length} errors`;
  printLine(`${paint('red', 'error')}  ${where}: ${count} in the policy`);
  printFaults(faults);
}

function printFaults(faults: readonly Fault[]): void {
  for (const { at, problem, remedy } of faults) {
    printLine(`       ${paint('bold', at)}`);
    printLine(`         ${problem}; ${remedy}`);
  }
}
