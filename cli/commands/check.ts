/** `claimgate check`: the policy of the gateway, before it is live. */
import type { Command } from 'commander';
import type { Policy } from '../../src/policy/policy.ts';
import type { CheckResult } from '../policy/check/check.ts';
import type { PolicyFile } from '../policy/file/config.ts';
import { EXIT, endWith, printLine } from '../text/terminal.ts';
import { VERSION } from '../text/version.ts';
import { formatOf, type PolicyOptions, withEnvironments } from './options.ts';

const FORMATS = ['text', 'json', 'github', 'sarif'] as const;

interface Options extends PolicyOptions {
  readonly format?: (typeof FORMATS)[number];
  readonly strict?: boolean;
  readonly online?: boolean;
  readonly token?: string;
  readonly issuerFile?: string;
}

export function addCheckCommand(program: Command): void {
  withEnvironments(program.command('check'), FORMATS)
    .description('check the policy in wrangler.toml: errors, and what may not be meant')
    .option('--config <file>', 'the file to check', 'wrangler.toml')
    .option('--strict', 'warnings count as errors')
    .option('--online', 'ask issuers and origins too: keys, algorithms, whether they answer')
    .option('--token <file>', 'an example token, to compare claims with; - for standard input')
    .option(
      '--issuer-file <file>',
      "the issuer's APIs (default: issuer.json, issuer/issuer.json beside the file)",
    )
    .addHelpText(
      'after',
      '\nExits with 1 if there are errors; with --strict, if there are warnings too.\nEvery warning is in docs/check.md.\n\nExample:\n  claimgate check --env production --strict --format github',
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const format = formatOf(options);
  // The checker is loaded when it is needed: other commands start without it.
  const { checkPolicy } = await import('../policy/check/check.ts');
  const { compileSection, environmentOf, environmentsOf, readPolicyFile } = await import(
    '../policy/file/config.ts'
  );
  const { findDeclared } = await import('../policy/check/declared.ts');
  const file = readPolicyFile(options.config);
  // wrangler's own `--env ""` is the top level.
  const environments = options.env === undefined ? environmentsOf(file) : [options.env || undefined];
  const policies = environments.flatMap((environment) => {
    const compiled = compileSection(environmentOf(file, environment));
    return compiled.ok ? [{ environment, policy: compiled.policy }] : [];
  });
  const declared = await findDeclared(options.config, options.issuerFile);
  const results = checkPolicy(file, {
    environments,
    facts: {
      declared,
      token: options.token === undefined ? undefined : await readToken(options.token, policies),
      ...(options.online && { online: await askAll(policies) }),
    },
  });
  const text = await render(format, file, results);
  if (text !== '') printLine(text);
  const bad = results.some(
    ({ faults, warnings }) => faults.length > 0 || (options.strict === true && warnings.length > 0),
  );
  // A typo while editing must not end the dev server; the Worker answers 503 until it is mended.
  if (bad && process.env['WRANGLER_COMMAND'] !== 'dev') endWith(EXIT.findings);
}

type Policies = readonly {
  readonly environment: string | undefined;
  readonly policy: Policy;
}[];

async function readToken(file: string, policies: Policies) {
  const { demandFits, readExampleToken } = await import('../policy/what-if/example-token.ts');
  const token = readExampleToken(file);
  const all = policies.map(({ policy }) => policy);
  if (all.length > 0) demandFits(token, all);
  return token;
}

async function askAll(policies: Policies) {
  const { goOnline } = await import('../policy/check/online.ts');
  const answers = policies.map(
    async ({ environment, policy }) => [environment, await goOnline(policy)] as const,
  );
  return new Map(await Promise.all(answers));
}

async function render(format: string, file: PolicyFile, results: readonly CheckResult[]): Promise<string> {
  const { readSource } = await import('../policy/file/source.ts');
  const report = { path: file.path, source: () => readSource(file.text), results };
  switch (format) {
    case 'json':
      return (await import('../policy/check/reports/json.ts')).renderJson(report);
    case 'github':
      return (await import('../policy/check/reports/github.ts')).renderGithub(report);
    case 'sarif':
      return (await import('../policy/check/reports/sarif.ts')).renderSarif(report, VERSION);
    default:
      return (await import('../policy/check/reports/text.ts')).renderText(report);
  }
}
