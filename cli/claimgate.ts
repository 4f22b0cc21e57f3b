#!/usr/bin/env node
import { parseArgs, styleText } from 'node:util';
import { type CheckResult, ConfigError, checkConfig } from './check.ts';

const HELP = `claimgate check [--config wrangler.toml] [--json]

Checks the policy in wrangler.toml: the top level and every environment.

  --config FILE   the file to check (default: wrangler.toml)
  --json          prints the findings as JSON

Exit codes: 0 fine, 1 the policy has errors, 2 wrong use.
Example: claimgate check --config wrangler.toml
`;

/** Exit codes of every command. */
const FINE = 0;
const FINDINGS = 1;
const MISUSE = 2;

process.exitCode = main(process.argv.slice(2));

function main(args: string[]): number {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    return misuse((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help || positionals.length === 0) {
    process.stdout.write(HELP);
    return values.help ? FINE : MISUSE;
  }
  if (positionals[0] !== 'check' || positionals.length > 1)
    return misuse(`there is no command "${positionals.join(' ')}"`);
  try {
    return check(values.config, values.json);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return misuse(error.message);
  }
}

function parse(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      config: { type: 'string', default: 'wrangler.toml' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
}

function misuse(message: string): number {
  process.stderr.write(`claimgate: ${message}\n\n${HELP}`);
  return MISUSE;
}

function check(config: string, json: boolean): number {
  const results = checkConfig(config);
  const failed = results.some(({ faults }) => faults.length > 0);
  if (json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  else for (const result of results) printResult(config, result);
  // A typo while editing must not end the dev server; the Worker answers 503 until it is mended.
  const watching = process.env['WRANGLER_COMMAND'] === 'dev';
  return failed && !watching ? FINDINGS : FINE;
}

function printResult(config: string, { environment, faults, routes }: CheckResult): void {
  const where = environment === undefined ? config : `${config} [env.${environment}]`;
  if (faults.length === 0) {
    process.stdout.write(`${paint('green', 'ok')}     ${where}: ${routes} routes\n`);
    return;
  }
  const count = faults.length === 1 ? '1 error' : `${faults.length} errors`;
  process.stdout.write(`${paint('red', 'error')}  ${where}: ${count} in the policy\n`);
  for (const { at, problem, remedy } of faults) {
    process.stdout.write(`       ${paint('bold', at)}\n         ${problem}; ${remedy}\n`);
  }
}

function paint(style: 'green' | 'red' | 'bold', text: string): string {
  return styleText(style, text, { stream: process.stdout });
}
