/** `claimgate check`: the policy of the gateway, before it is live. */
import type { Command } from 'commander';
import type { Policy } from '../../src/policy/policy.ts';
import { findRedirect } from '../formats/find.ts';
import type { CheckResult } from '../policy/check/check.ts';
import type { Deployment } from '../policy/check/deployment.ts';
import type { Finding } from '../policy/check/findings.ts';
import type { OnlineFacts } from '../policy/check/online.ts';
import type { PolicyFile } from '../policy/file/config.ts';
import { CommandError, EXIT, endWith, note, paint, printLine, visible } from '../text/terminal.ts';
import { VERSION } from '../text/version.ts';
import { formatOf, MODULE, type PolicyOptions, withConfig, withEnvironments } from './options.ts';

const FORMATS = ['text', 'json', 'github', 'sarif'] as const;

interface Options extends PolicyOptions {
  readonly format?: (typeof FORMATS)[number];
  readonly strict?: boolean;
  readonly online?: boolean;
  readonly token?: string;
  readonly issuerFile?: string;
  readonly deploy?: boolean;
}

export function addCheckCommand(program: Command): void {
  const command = withEnvironments(program.command('check'), FORMATS).description(
    "check the policy in wrangler's configuration: errors, and what works but is dangerous",
  );
  withConfig(command, 'the file to check')
    .option(...MODULE)
    .option('--strict', 'warnings count as errors')
    .option('--deploy', 'check as for a deployment of --env (default: CLOUDFLARE_ENV, or the top level)')
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

async function run(options: Options, command: Command): Promise<void> {
  const format = formatOf(options);
  // The checker is loaded when it is needed: other commands start without it.
  const { checkPolicy } = await import('../policy/check/check.ts');
  const { compileSection, environmentOf, environmentsOf } = await import('../policy/file/config.ts');
  const { findDeclared } = await import('../policy/check/declared.ts');
  const named = command.getOptionValueSource('config') !== 'default';
  const deployment = await findTarget(options, named);
  const config = named ? options.config : (deployment?.config ?? options.config);
  const { readPolicy } = await import('../policy/file/module.ts');
  const file = await readPolicy({ config, module: options.module });
  // wrangler's own `--env ""` is the top level.
  const wanted = deployment?.environment ?? options.env;
  const environments = wanted === undefined ? environmentsOf(file) : [wanted || undefined];
  const policies = environments.flatMap((environment) => {
    const compiled = compileSection(environmentOf(file, environment));
    return compiled.ok ? [{ environment, policy: compiled.policy }] : [];
  });
  const declared = await findDeclared(config, options.issuerFile);
  const online = options.online ? await askAll(policies) : undefined;
  const results = checkPolicy(file, {
    environments,
    facts: {
      declared,
      deployed: deployment && (deployment.environment === undefined ? 'perhaps' : 'yes'),
      token: options.token === undefined ? undefined : await readToken(options.token, policies),
      ...(online && { online }),
    },
  });
  const { examineFiles } = await import('../policy/check/which-file.ts');
  const which = examineFiles(config, { named, ...(deployment?.visible && { deploying: deployment }) });
  for (const one of which.notes) say(format, 'note ', one);
  if (deployment !== undefined) say(format, 'check', targetText(deployment));
  const report = results.map((one, i) => (i === 0 ? withFindings(one, which.findings) : one));
  const text = await render(format, file, report, online);
  if (text !== '') printLine(text);
  if (online && (format === 'github' || format === 'sarif')) {
    const { renderOnline } = await import('../policy/check/reports/online.ts');
    for (const facts of online.values()) for (const line of renderOnline(facts)) note(line);
  }
  const bad = report.some(
    ({ faults, warnings }) => faults.length > 0 || (options.strict === true && warnings.length > 0),
  );
  // A typo while editing must not end the dev server; the Worker answers 503 until it is mended.
  if (bad && process.env['WRANGLER_COMMAND'] !== 'dev') endWith(EXIT.findings);
}

/**
 * What wrangler deploys, or `--deploy` asks about; `undefined`: nothing is deployed. A file that a build tool has put in
 * place of the configuration has one environment, the one that it was built for.
 */
async function findTarget({ env, deploy }: Options, named: boolean): Promise<Deployment | undefined> {
  const { findDeployment, isDeploying, readAncestors } = await import('../policy/check/deployment.ts');
  const { WRANGLER_COMMAND, CLOUDFLARE_ENV } = process.env;
  const byHand = !isDeploying(WRANGLER_COMMAND);
  if (byHand && deploy !== true) return undefined;
  const found = findDeployment(CLOUDFLARE_ENV, byHand ? [] : readAncestors());
  const redirect = named || found.config !== undefined ? undefined : findRedirect();
  if (redirect !== undefined)
    return { ...found, environment: '', by: `${redirect.by} names ${redirect.path}`, config: redirect.path };
  if (env === undefined)
    return byHand && found.environment === undefined ? { ...found, environment: '', by: 'no --env' } : found;
  if (!byHand && found.environment !== undefined && found.environment !== env)
    throw new CommandError(
      `wrangler deploys ${nameOf(found.environment)} (${found.by}), and --env of claimgate check names ${nameOf(env)}; take --env out of [build]: the check finds the environment by itself`,
    );
  return { ...found, environment: env, by: '--env' };
}

const nameOf = (environment: string) => (environment === '' ? 'the top level' : `[env.${environment}]`);

const targetText = ({ environment, by }: Deployment) =>
  environment === undefined
    ? `deployment of an unknown environment (${by}): all are checked, and URLs of this machine are warnings. Set CLOUDFLARE_ENV to name the one that is deployed.`
    : `deployment of ${nameOf(environment)} (${by})`;

/** Reports for programs stay as they are: there it goes to standard error. */
function say(format: string, title: string, text: string): void {
  if (format === 'text') printLine(`${paint('dim', title)}  ${visible(text)}`);
  else note(text);
}

const withFindings = (result: CheckResult, findings: readonly Finding[]): CheckResult => ({
  ...result,
  faults: [...findings.filter(({ severity }) => severity === 'error'), ...result.faults],
  warnings: [...result.warnings, ...findings.filter(({ severity }) => severity === 'warning')],
});

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

async function render(
  format: string,
  file: PolicyFile,
  results: readonly CheckResult[],
  online: ReadonlyMap<string | undefined, OnlineFacts> | undefined,
): Promise<string> {
  const { readSource } = await import('../policy/file/source.ts');
  const report = { file, source: () => readSource(file), results, online };
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
